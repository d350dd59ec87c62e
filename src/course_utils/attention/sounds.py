"""Spoken words made of sines, their spectrograms, and a small network that spots them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from course_utils.attention.blocks import Encoder

RATE = 4000  # samples a second
FRAME, HOP = 128, 64  # 32 ms, a new frame every 16 ms
# The two lowest resonances of the mouth, in Hz.
VOWELS = {"a": (750, 1200), "i": (300, 1800), "u": (320, 800)}
SPOKEN = ("ai", "ia", "au", "ua", "iu", "ui")


def speak(word: str, noise: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return 0.5 s of sound, ``(2000,)``: two resonances that glide from one vowel to the next.

    Pitch, speed, start and loudness vary. ``noise`` is the deviation of white noise on top, where
    the word has about 0.5. Raises ValueError for a letter that is no vowel.
    """
    if len(word) != 2 or not set(word) <= set(VOWELS):
        raise ValueError(f"word must be two of {''.join(VOWELS)}, got {word!r}")
    t = np.arange(RATE // 2) / RATE
    glide = 1 / (1 + np.exp(-(t - rng.uniform(0.2, 0.3)) / 0.02))
    first, last = (np.array(VOWELS[vowel]) * rng.uniform(0.94, 1.06) for vowel in word)
    sound = np.zeros(len(t))
    for low, high in zip(first, last, strict=True):
        frequency = low + (high - low) * glide
        sound += np.sin(2 * np.pi * np.cumsum(frequency) / RATE + rng.uniform(0, 2 * np.pi))
    loud = np.clip(np.minimum(t - rng.uniform(0, 0.06), 0.47 - t) / 0.03, 0, 1)
    return 0.5 * rng.uniform(0.7, 1.3) * loud * sound + noise * rng.normal(size=len(t))


def spectrogram(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the log-powers of the frames, ``(T, D)`` with ``T = (n - 128) // 64 + 1``, D = 64.

    Each frame of 128 samples is weighed by a Hann window; row t holds the frequencies 1 to 64
    times ``4000 / 128`` Hz. Raises ValueError for a sound without a frame.
    """
    if sound.ndim != 1 or len(sound) < FRAME:
        raise ValueError(f"expected one axis of at least {FRAME} samples, got {sound.shape}")
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    powers = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2
    return np.log(powers[:, 1:] + 1e-2).astype(np.float32)


def recordings(count: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return the spectrograms of ``count`` random words, ``(N, T, D)``, and their numbers."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(SPOKEN), count)
    heard = np.stack([spectrogram(speak(SPOKEN[label], noise, rng)) for label in labels])
    return torch.from_numpy(heard), torch.from_numpy(labels)


class Listener(nn.Module):
    """Spectrogram ``(N, T, D)`` to logits: a 1-D convolution, pooling, a transformer, a mean.

    The convolution has its channels in the frequencies and slides along the time; pooling halves
    the length; learned vectors tell the blocks where a frame stands.
    """

    def __init__(self, frames: int, frequencies: int = FRAME // 2, d: int = 32, K: int = 5) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(frequencies)
        self.convolve = nn.Conv1d(frequencies, d, K)
        self.pool = nn.MaxPool1d(2)
        self.places = nn.Parameter(0.02 * torch.randn((frames - K + 1) // 2, d))
        self.encoder = Encoder(d, heads=4, layers=1)
        self.head = nn.Linear(d, len(SPOKEN))

    def forward(self, heard: Tensor) -> Tensor:
        """Return the logits of the words."""
        along = self.norm(heard.transpose(1, 2))  # (N, D, T): a 1-D convolution wants time last
        features = self.pool(torch.relu(self.convolve(along))).transpose(1, 2)
        return self.head(self.encoder(features + self.places).mean(dim=1))

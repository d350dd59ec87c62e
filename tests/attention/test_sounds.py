"""Spoken words: the spectrogram against the Fourier sum, the shapes, and a short training."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.attention.sounds import (
    FRAME,
    HOP,
    RATE,
    SPOKEN,
    Listener,
    recordings,
    speak,
    spectrogram,
)
from course_utils.training import descend, seed_everything


def test_a_row_is_the_fourier_sum_of_its_frame() -> None:
    sound = np.random.default_rng(0).normal(size=400)
    rows, n = spectrogram(sound), np.arange(FRAME)
    assert rows.shape == ((400 - FRAME) // HOP + 1, FRAME // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / (FRAME - 1))
    for t, k in ((0, 1), (2, 17), (4, 64)):
        frame = window * sound[t * HOP : t * HOP + FRAME]
        power = abs(np.sum(frame * np.exp(-2j * np.pi * k * n / FRAME))) ** 2
        assert rows[t, k - 1] == pytest.approx(np.log(power + 1e-2), rel=1e-4)


def test_a_sine_stands_in_its_own_row() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(2000) / RATE)
    loudest = spectrogram(tone).argmax(axis=1) + 1
    assert (loudest * RATE / FRAME == 1000).all()


def test_other_sounds_and_words_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 128"):
        spectrogram(np.zeros(100))
    with pytest.raises(ValueError, match="two of aiu"):
        speak("oi", 0.1, np.random.default_rng(0))


def test_a_listener_learns_words_whose_order_matters() -> None:
    torch.set_num_threads(1)
    heard, said = recordings(300, 0.2, 0)
    test, truth = recordings(150, 0.2, 1)
    seed_everything(0)
    model = Listener(heard.shape[1])
    draw = torch.Generator().manual_seed(0)

    def loss() -> torch.Tensor:
        chosen = torch.randint(0, len(heard), (32,), generator=draw)
        return functional.cross_entropy(model(heard[chosen]), said[chosen])

    descend(model, loss, 60, lr=0.005)
    assert (model(test).argmax(dim=1) == truth).float().mean() > 0.9
    assert model(test).shape == (150, len(SPOKEN))

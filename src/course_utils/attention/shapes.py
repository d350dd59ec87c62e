"""Drawn shapes and captions in a language of fifteen words, for two encoders to agree on."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SIDE = 16
COLOURS = {
    "red": (0.9, 0.2, 0.2),
    "green": (0.2, 0.75, 0.3),
    "blue": (0.25, 0.4, 0.95),
    "yellow": (0.95, 0.85, 0.2),
    "purple": (0.65, 0.3, 0.8),
    "white": (0.95, 0.95, 0.95),
}
SHAPES = ("circle", "square", "triangle", "cross", "ring")
SIZES = ("small", "large")
WORDS = ("", "a", "shape", *SIZES, *COLOURS, *SHAPES)  # the first one fills up
# Six of the thirty pairs of a colour and a shape are kept out of training.
HELD_OUT = ((0, 2), (1, 4), (2, 1), (3, 0), (4, 3), (5, 2))
LENGTH = 4


class Drawings(NamedTuple):
    """``traits`` (N, 3): colour, shape, size; ``images`` (N, 3, 16, 16) float32 in [0, 1]."""

    traits: NDArray[np.int64]
    images: Tensor


def drawings(count: int, rng: np.random.Generator, held_out: bool = False) -> Drawings:
    """Draw ``count`` shapes, one a picture, of the pairs in training or of those held out.

    Place, size, brightness and ground vary a little, and noise of deviation 0.06 lies on top.
    """
    pairs = [(c, s) for c in range(len(COLOURS)) for s in range(len(SHAPES))]
    chosen = np.array([pair for pair in pairs if (pair in HELD_OUT) == held_out])
    traits = chosen[rng.integers(0, len(chosen), count)]
    traits = np.column_stack([traits, rng.integers(0, len(SIZES), count)])
    return Drawings(traits, torch.tensor(_draw(traits, rng), dtype=torch.float32))


def _draw(traits: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    colour, shape, size = traits.T
    n = len(traits)
    r = (np.where(size == 0, 3.6, 6.0) + rng.uniform(-0.4, 0.4, n))[:, None, None]
    middle = (SIDE - 1) / 2 + rng.uniform(-1.6, 1.6, (2, n, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    x, y = np.abs(columns - middle[0]), rows - middle[1]
    far, near = np.maximum(x, np.abs(y)), np.minimum(x, np.abs(y))
    disc, hole = x**2 + y**2 < r**2, x**2 + y**2 < (0.55 * r) ** 2
    triangle = (y < 0.75 * r) & (y > 2 * x - r)
    masks = np.stack([disc, far < 0.85 * r, triangle, (near < 0.33 * r) & (far < r), disc & ~hole])
    mask = masks[shape, np.arange(n)][:, None]
    paint = np.array(list(COLOURS.values()))[colour] * rng.uniform(0.75, 1.0, (n, 1))
    ground = rng.uniform(0.05, 0.3, (n, 1, 1, 1))
    clean = np.where(mask, paint[:, :, None, None], ground)
    return (clean + rng.normal(0, 0.06, clean.shape)).clip(0, 1)


def captions(traits: NDArray[np.int64], rng: np.random.Generator) -> list[str]:
    """Describe each drawing: always an "a", then size, colour and shape, some of them left out."""
    colours = list(COLOURS)
    found = []
    for (colour, shape, size), chance in zip(traits, rng.random((len(traits), 3)), strict=True):
        words = [SIZES[size]] if chance[0] < 0.5 else []
        words += [colours[colour]] if chance[1] < 0.85 else []
        named = chance[2] < 0.85 or chance[1] >= 0.85  # never neither colour nor shape
        found.append(" ".join(["a", *words, SHAPES[shape] if named else "shape"]))
    return found


def tokens(phrases: list[str]) -> Tensor:
    """Return the numbers of the words, ``(N, 4)``, filled up with 0.

    Raises ValueError for a word outside of WORDS or a phrase of more than four.
    """
    out = torch.zeros(len(phrases), LENGTH, dtype=torch.long)
    for row, phrase in enumerate(phrases):
        words = phrase.split()
        unknown = [word for word in words if word not in WORDS]
        if unknown or len(words) > LENGTH:
            raise ValueError(f"expected up to {LENGTH} known words, got {phrase!r}")
        out[row, : len(words)] = torch.tensor([WORDS.index(word) for word in words])
    return out

"""Random crops of a segmented image: one field of view becomes as many pictures as you like."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Span = tuple[float, float]


def nuclei_crops(
    image: NDArray[np.floating],
    instances: NDArray[np.integer],
    batch: int,
    side: int,
    rng: np.random.Generator,
    *,
    scales: Span = (0.8, 1.25),
    gains: Span = (0.7, 1.3),
    shifts: Span = (-0.05, 0.05),
) -> tuple[Tensor, Tensor]:
    """Draw ``batch`` square crops: images ``(batch, 1, S, S)``, labels ``(batch, S, S)``, S = side.

    ``image`` and ``instances`` are ``(H, W)`` or ``(N, H, W)``. Each crop has a random place, one
    of the eight symmetries of the square, a scale (the image read bilinear, the labels nearest), a
    gain and a shift of the grey value, each uniform in its span. Labels are int64 and keep their
    numbers. Raises ValueError where the shapes disagree or a crop is larger than the image.
    """
    images, labels = _as_stack(image), _as_stack(instances)
    height, width = images.shape[1:]
    if images.shape != labels.shape:
        raise ValueError(f"image and instances differ: {images.shape} and {labels.shape}")
    if batch < 1 or not 1 <= side <= min(height, width):
        raise ValueError(
            f"expected batch >= 1, 1 <= side <= {min(height, width)}, got {batch}, {side}"
        )
    # At most so much larger that the window fits into the image.
    scale = np.minimum(rng.uniform(*scales, batch), min(height, width) / side)
    grid = torch.from_numpy(_grids(scale, side, height, width, rng))
    which = rng.integers(len(images), size=batch)
    x, y = torch.empty(batch, side, side), torch.empty(batch, side, side)
    for n in np.unique(which):  # all crops of one image are read in one go
        mine = torch.from_numpy(which == n)
        x[mine] = _read(images[n], grid[mine], "bilinear")
        y[mine] = _read(labels[n], grid[mine], "nearest")
    gain = torch.from_numpy(rng.uniform(*gains, (batch, 1, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(rng.uniform(*shifts, (batch, 1, 1, 1)).astype(np.float32))
    return gain * x[:, None] + shift, y.round().long()


def stretched(
    images: NDArray[np.floating], low: float = 1.0, high: float = 99.8
) -> NDArray[np.float32]:
    """Move the ``low`` and ``high`` percentiles of each image to 0 and 1: ``(N, H, W)``.

    For sets whose brightness differs between images. Values beyond them are kept.
    """
    bottom, top = np.percentile(images, (low, high), axis=(1, 2), keepdims=True)
    return ((images - bottom) / np.maximum(top - bottom, 1e-6)).astype(np.float32)


def _grids(
    scale: NDArray[np.float64], side: int, height: int, width: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return where each pixel of each crop reads: ``(B, side, side, 2)`` of (x, y) in [-1, 1]."""
    batch, half = len(scale), scale * side / 2
    row = rng.uniform(half, height - half)  # the centres, in pixels
    column = rng.uniform(half, width - half)
    offset = np.arange(side) - (side - 1) / 2
    flips = rng.choice([-1.0, 1.0], (2, batch))
    swap = rng.random(batch) < 0.5
    down = (flips[0] * scale)[:, None] * offset  # (B, side)
    right = (flips[1] * scale)[:, None] * offset
    across = np.broadcast_to(right[:, None, :], (batch, side, side))
    along = np.broadcast_to(down[:, :, None], (batch, side, side))
    turn = swap[:, None, None]
    y = np.where(turn, across, along) + row[:, None, None]
    x = np.where(turn, along, across) + column[:, None, None]
    return np.stack([2 * x / width - 1, 2 * y / height - 1], -1).astype(np.float32)


def _read(picture: NDArray, grid: Tensor, mode: str) -> Tensor:
    """Sample ``(H, W)`` at ``grid (n, S, S, 2)``: ``(n, S, S)``."""
    source = torch.from_numpy(picture.astype(np.float32))[None, None]
    rows = grid.reshape(1, -1, *grid.shape[2:])  # the crops under one another
    read = nn.functional.grid_sample(
        source, rows, mode=mode, padding_mode="border", align_corners=False
    )
    return read.reshape(grid.shape[:3])


def _as_stack(array: NDArray) -> NDArray:
    if array.ndim not in (2, 3):
        raise ValueError(f"expected (H, W) or (N, H, W), got shape {array.shape}")
    return array if array.ndim == 3 else array[None]

"""Outputs for an image of any size, tile by tile."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BLENDS = ("linear", "mean", "centre")


def tile_starts(length: int, side: int, overlap: int) -> list[int]:
    """Return where tiles of ``side`` begin so that they cover ``length`` pixels.

    Neighbours share at least ``overlap`` pixels; the last tile ends with the image. Raises
    ValueError unless ``0 <= overlap < side <= length``.
    """
    if not 0 <= overlap < side <= length:
        raise ValueError(f"expected 0 <= overlap < side <= length, got {overlap}, {side}, {length}")
    starts = list(range(0, length - side, side - overlap))
    return [*starts, length - side]


def tile_profile(start: int, side: int, overlap: int, length: int, blend: str) -> Tensor:
    """Return the weight of a tile along one axis: ``(side,)``.

    "mean" weighs all pixels alike, "linear" rises over the overlap, "centre" gives nothing to the
    outer half of the overlap. At the border of the image there is no neighbour: weight 1 up to it.
    """
    if blend not in BLENDS:
        raise ValueError(f"blend must be one of {BLENDS}, got {blend!r}")
    weight = torch.ones(side)
    if blend == "mean" or overlap == 0:
        return weight
    if blend == "linear":
        ramp = torch.arange(1, overlap + 1) / (overlap + 1)
    else:
        # Never quite nothing: a pixel that two centres leave out still has an answer.
        ramp = (torch.arange(overlap) >= overlap // 2).float().clamp(min=1e-6)
    if start > 0:
        weight[:overlap] = torch.minimum(weight[:overlap], ramp)
    if start + side < length:
        weight[side - overlap :] = torch.minimum(weight[side - overlap :], ramp.flip(0))
    return weight


@torch.no_grad()
def predict_tiled(
    model: nn.Module,
    image: NDArray[np.floating],
    side: int,
    overlap: int,
    *,
    blend: str = "linear",
) -> Tensor:
    """Return the outputs ``(K, H, W)`` for an image ``(H, W)`` or ``(C, H, W)``, from square tiles.

    Where tiles overlap their outputs are averaged with the weights of `tile_profile`. Raises
    ValueError as `tile_starts` does, or where the image has another number of axes.
    """
    if image.ndim not in (2, 3):
        raise ValueError(f"image must be (H, W) or (C, H, W), got shape {image.shape}")
    x = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))
    x = x if x.ndim == 3 else x[None]
    height, width = x.shape[1:]
    total, weights = None, torch.zeros(height, width)
    model.eval()
    for top in tile_starts(height, side, overlap):
        for left in tile_starts(width, side, overlap):
            place = (slice(top, top + side), slice(left, left + side))
            y = model(x[(slice(None), *place)][None])[0]
            weight = torch.outer(
                tile_profile(top, side, overlap, height, blend),
                tile_profile(left, side, overlap, width, blend),
            )
            total = y.new_zeros(len(y), height, width) if total is None else total
            total[(slice(None), *place)] += weight * y
            weights[place] += weight
    assert total is not None
    return total / weights

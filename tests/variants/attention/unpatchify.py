"""Right pictures from patches, made differently."""

import numpy as np
import torch

from tests.bank import variant


def refuse(patches, patch, height, width):
    if patches.ndim != 3 or patches.size == 0 or patch < 1 or min(height, width) < 1:
        raise ValueError(f"(B, N, C p p) expected, got {patches.shape}, {patch}, {height}, {width}")
    if height % patch or width % patch or patches.shape[2] % patch**2:
        raise ValueError("no multiple of the patch")
    if patches.shape[1] != height // patch * (width // patch):
        raise ValueError(f"{patches.shape[1]} patches do not make {height} by {width}")


@variant
def axes(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), height // patch, width // patch, -1, patch, patch)
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)


@variant
def pixel_by_pixel(patches, patch, height, width):
    refuse(patches, patch, height, width)
    out = np.empty((len(patches), patches.shape[2] // patch**2, height, width), patches.dtype)
    for b, c, r, s in np.ndindex(out.shape):
        place = r // patch * (width // patch) + s // patch
        inside = r % patch * patch + s % patch
        out[b, c, r, s] = patches[b, place, c * patch**2 + inside]
    return out


@variant
def fold(patches, patch, height, width):
    refuse(patches, patch, height, width)
    columns = torch.tensor(np.ascontiguousarray(patches, dtype=np.float64)).transpose(1, 2)
    images = torch.nn.functional.fold(columns, (height, width), patch, stride=patch)
    return images.numpy().astype(patches.dtype)


@variant
def rows_of_patches(patches, patch, height, width):
    """Join the patches of a row, then the rows."""
    refuse(patches, patch, height, width)
    across = width // patch
    pieces = patches.reshape(*patches.shape[:2], -1, patch, patch)
    rows = [
        np.concatenate([pieces[:, n + k] for k in range(across)], axis=3)
        for n in range(0, pieces.shape[1], across)
    ]
    return np.concatenate(rows, axis=2)

"""Right patches, made differently."""

import numpy as np
import torch

from tests.bank import variant


def refuse(images, patch):
    if images.ndim != 4 or images.size == 0 or patch < 1:
        raise ValueError(f"(B, C, H, W) and a patch of at least 1 expected, got {images.shape}")
    if images.shape[2] % patch or images.shape[3] % patch:
        raise ValueError(f"{images.shape} is no multiple of {patch}")


@variant
def axes(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // patch, patch, w // patch, patch)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(b, -1, c * patch * patch)


@variant
def pixel_by_pixel(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    across = w // patch
    out = np.empty((b, h // patch * across, c * patch**2), images.dtype)
    for n, k, r, s in np.ndindex(images.shape):
        place = r // patch * across + s // patch
        out[n, place, (k * patch + r % patch) * patch + s % patch] = images[n, k, r, s]
    return out


@variant
def unfold(images, patch):
    refuse(images, patch)
    x = torch.tensor(np.ascontiguousarray(images, dtype=np.float64))
    columns = torch.nn.functional.unfold(x, patch, stride=patch)  # (B, C p p, patches)
    return columns.transpose(1, 2).numpy().astype(images.dtype)


@variant
def windows(images, patch):
    refuse(images, patch)
    x = np.lib.stride_tricks.sliding_window_view(images, (patch, patch), axis=(2, 3))
    x = np.moveaxis(x[:, :, ::patch, ::patch], 1, 3)
    return x.reshape(len(images), x.shape[1] * x.shape[2], -1)

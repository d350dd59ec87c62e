"""Right random crops and flips, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, padding):
    if x.ndim != 4 or x.size == 0 or padding < 0:
        raise ValueError(f"x must be (B, C, H, W), padding at least 0, got {x.shape}, {padding}")


@variant
def image_by_image(x, padding, rng):
    refuse(x, padding)
    height, width = x.shape[2:]
    out = np.empty_like(x)
    for i, image in enumerate(x):
        wide = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
        row, column = rng.integers(0, 2 * padding + 1, size=2)
        crop = wide[:, row : row + height, column : column + width]
        out[i] = crop[..., ::-1] if rng.random() < 0.5 else crop
    return out


@variant
def flipped_first(x, padding, rng):
    refuse(x, padding)
    batch, channels, height, width = x.shape
    flips = rng.integers(0, 2, batch).astype(bool)
    turned = np.where(flips[:, None, None, None], x[..., ::-1], x)
    wide = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), x.dtype)
    wide[:, :, padding : padding + height, padding : padding + width] = turned
    windows = np.lib.stride_tricks.sliding_window_view(wide, (height, width), axis=(2, 3))
    rows, columns = rng.integers(2 * padding, size=(2, batch), endpoint=True)
    return windows[np.arange(batch), :, rows, columns]


@variant
def index_arrays(x, padding, rng):
    refuse(x, padding)
    batch, channels, height, width = x.shape
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = np.arange(width) + rng.choice(2 * padding + 1, size=(batch, 1))
    rows = np.arange(height) + rng.choice(2 * padding + 1, size=(batch, 1))
    flips = rng.binomial(1, 0.5, size=batch) == 1
    columns[flips] = columns[flips, ::-1]
    b, c = np.arange(batch)[:, None, None, None], np.arange(channels)[:, None, None]
    return wide[b, c, rows[:, None, :, None], columns[:, None, None, :]]


@variant
def shifted_by_slices(x, padding, rng):
    refuse(x, padding)
    height, width = x.shape[2:]
    out = np.zeros(x.shape, x.dtype)
    for target, image in zip(out, x, strict=True):
        down, right = (int(v) for v in rng.integers(-padding, padding + 1, size=2))
        h, w = height - abs(down), width - abs(right)
        if h > 0 and w > 0:
            top, left = max(down, 0), max(right, 0)
            target[:, top : top + h, left : left + w] = image[
                :, max(-down, 0) : max(-down, 0) + h, max(-right, 0) : max(-right, 0) + w
            ]
        if rng.uniform() >= 0.5:
            target[:] = target[:, :, ::-1].copy()
    return out

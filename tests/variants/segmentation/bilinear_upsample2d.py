"""Right bilinear upsamplings, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, factor):
    if x.ndim != 4 or x.size == 0 or factor < 1:
        raise ValueError(f"(B, C, H, W) and a factor expected, got {x.shape}, {factor}")


@variant
def pixel_by_pixel(x, factor):
    refuse(x, factor)
    height, width = x.shape[2:]
    y = np.zeros((*x.shape[:2], height * factor, width * factor), x.dtype)
    for i in range(height * factor):
        row = min(max((i + 0.5) / factor - 0.5, 0), height - 1)
        top = int(row)
        bottom = min(top + 1, height - 1)
        for j in range(width * factor):
            column = min(max((j + 0.5) / factor - 0.5, 0), width - 1)
            left = int(column)
            right = min(left + 1, width - 1)
            a, b = row - top, column - left
            upper = x[:, :, top, left] * (1 - b) + x[:, :, top, right] * b
            lower = x[:, :, bottom, left] * (1 - b) + x[:, :, bottom, right] * b
            y[:, :, i, j] = upper * (1 - a) + lower * a
    return y


@variant
def numpys_interp(x, factor):
    refuse(x, factor)

    def one(row):
        places = (np.arange(len(row) * factor) + 0.5) / factor - 0.5
        return np.interp(places, np.arange(len(row)), row)

    return np.apply_along_axis(one, 3, np.apply_along_axis(one, 2, x)).astype(x.dtype)


@variant
def edge_padding(x, factor):
    """Repeat the border once and blend shifted copies, phase by phase."""
    refuse(x, factor)
    y = x.astype(np.float64)
    for axis in (2, 3):
        y = np.moveaxis(y, axis, -1)
        padded = np.pad(y, [(0, 0)] * 3 + [(1, 1)], mode="edge")
        n, phases = y.shape[-1], []
        for phase in range(factor):
            place = (phase + 0.5) / factor + 0.5  # counted from the padded pixel
            low, share = int(place), place - int(place)
            phases.append(
                padded[..., low : low + n] * (1 - share)
                + (padded[..., low + 1 : low + 1 + n] * share if share else 0)
            )
        y = np.moveaxis(np.stack(phases, axis=-1).reshape(*y.shape[:-1], n * factor), -1, axis)
    return y.astype(x.dtype)


@variant
def matrices(x, factor):
    refuse(x, factor)

    def matrix(n):
        table = np.zeros((n * factor, n), x.dtype)
        for i in range(n * factor):
            place = (i + 0.5) / factor - 0.5
            low = int(np.floor(place))
            table[i, max(low, 0)] += 1 - (place - low)
            table[i, min(low + 1, n - 1)] += place - low
        return table

    return matrix(x.shape[2]) @ x @ matrix(x.shape[3]).T

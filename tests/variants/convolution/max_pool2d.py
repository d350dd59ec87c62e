"""Right max poolings, written differently."""

import numpy as np

from tests.bank import variant


def checked(x, k, stride):
    """Return k, the stride and the output size as pairs, or raise ValueError."""
    pairs = [v if isinstance(v, tuple) else (v, v) for v in (k, k if stride is None else stride)]
    if min(*pairs[0], *pairs[1]) < 1:
        raise ValueError(f"k and stride must be at least 1, got {k} and {stride}")
    if x.ndim != 4 or 0 in x.shape:
        raise ValueError(f"x must be (B, C, H, W), got {x.shape}")
    size = [(n - a) // s + 1 for n, a, s in zip(x.shape[2:], *pairs, strict=True)]
    if min(size) < 1:
        raise ValueError(f"a window of {k} does not fit {x.shape}")
    return *pairs, size


@variant
def loops(x, k, stride=None):
    k, s, size = checked(x, k, stride)
    y = np.empty((*x.shape[:2], *size), dtype=x.dtype)
    for b, c, i, j in np.ndindex(*y.shape):
        y[b, c, i, j] = x[b, c, s[0] * i :, s[1] * j :][: k[0], : k[1]].max()
    return y


@variant
def running_maximum(x, k, stride=None):
    k, s, (rows, columns) = checked(x, k, stride)
    y = np.full((*x.shape[:2], rows, columns), -np.inf, dtype=x.dtype)
    for u in range(k[0]):
        for v in range(k[1]):
            part = x[:, :, u : u + s[0] * rows : s[0], v : v + s[1] * columns : s[1]]
            np.maximum(y, part, out=y)
    return y


@variant
def rows_then_columns(x, k, stride=None):
    """A maximum over a rectangle is a maximum of maxima."""
    k, s, size = checked(x, k, stride)
    tall = np.stack([x[:, :, s[0] * i : s[0] * i + k[0]].max(axis=2) for i in range(size[0])], 2)
    wide = [tall[..., s[1] * j : s[1] * j + k[1]].max(axis=3) for j in range(size[1])]
    return np.stack(wide, axis=3)


@variant
def gathered(x, k, stride=None):
    k, s, (rows, columns) = checked(x, k, stride)
    down = s[0] * np.arange(rows)[:, None] + np.arange(k[0])
    right = s[1] * np.arange(columns)[:, None] + np.arange(k[1])
    patches = x[:, :, down[:, None, :, None], right[None, :, None, :]]
    return np.sort(patches.reshape(*patches.shape[:4], -1), axis=4)[..., -1]

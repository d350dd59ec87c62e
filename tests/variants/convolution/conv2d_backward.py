"""Right gradients of a convolution, written differently."""

import numpy as np

from tests.bank import variant


def two(value, least):
    rows, columns = (value, value) if np.ndim(value) == 0 else value
    if rows < least or columns < least:
        raise ValueError(f"expected at least {least}, got {value}")
    return rows, columns


def checked(grad_y, x, w, stride, padding):
    s, p = two(stride, 1), two(padding, 0)
    if x.ndim != 4 or w.ndim != 4 or min(x.shape) == 0 or min(w.shape) == 0:
        raise ValueError(f"four axes of at least 1 expected, got {x.shape} and {w.shape}")
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"x has {x.shape[1]} channels, w takes {w.shape[1]}")
    size = [(x.shape[2 + a] + 2 * p[a] - w.shape[2 + a]) // s[a] + 1 for a in (0, 1)]
    if min(size) < 1 or grad_y.shape != (len(x), len(w), *size):
        raise ValueError(f"grad_y must be {(len(x), len(w), *size)}, got {grad_y.shape}")
    return s, p


def around(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


@variant
def window_by_window(grad_y, x, w, stride=1, padding=0):
    s, p = checked(grad_y, x, w, stride, padding)
    image = around(x, p)
    wide, dw, db = np.zeros_like(image), np.zeros_like(w), np.zeros(len(w), x.dtype)
    for i in range(grad_y.shape[2]):
        for j in range(grad_y.shape[3]):
            window = np.s_[:, :, s[0] * i :, s[1] * j :]
            patch = image[window][:, :, : w.shape[2], : w.shape[3]]
            g = grad_y[:, :, i, j]
            wide[window][:, :, : w.shape[2], : w.shape[3]] += np.tensordot(g, w, axes=(1, 0))
            dw += np.tensordot(g, patch, axes=(0, 0))
            db += g.sum(axis=0)
    return wide[:, :, p[0] :, p[1] :][:, :, : x.shape[2], : x.shape[3]], dw, db


@variant
def spread_flipped_and_correlated(grad_y, x, w, stride=1, padding=0):
    """Put zeros between and around the entries of grad_y, then correlate with the flipped w."""
    s, p = checked(grad_y, x, w, stride, padding)
    image, (k_h, k_w) = around(x, p), w.shape[2:]
    spread = np.zeros(
        (*grad_y.shape[:2], image.shape[2] - k_h + 1, image.shape[3] - k_w + 1), grad_y.dtype
    )
    spread[:, :, :: s[0], :: s[1]] = grad_y
    full = np.pad(spread, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(full, (k_h, k_w), axis=(2, 3))
    wide = np.einsum("bohwuv,ocuv->bchw", windows, w[:, :, ::-1, ::-1])
    seen = np.lib.stride_tricks.sliding_window_view(image, spread.shape[2:], axis=(2, 3))
    dw = np.einsum("bcuvhw,bohw->ocuv", seen, spread)
    rows, columns = slice(p[0], p[0] + x.shape[2]), slice(p[1], p[1] + x.shape[3])
    return wide[:, :, rows, columns], dw, np.einsum("bohw->o", grad_y)


@variant
def im2col_and_col2im(grad_y, x, w, stride=1, padding=0):
    s, p = checked(grad_y, x, w, stride, padding)
    (rows, columns), (k_h, k_w) = grad_y.shape[2:], w.shape[2:]
    down = (s[0] * np.arange(rows)[:, None] + np.arange(k_h))[:, None, :, None]
    right = (s[1] * np.arange(columns)[:, None] + np.arange(k_w))[None, :, None, :]
    image = around(x, p)
    patches = image[:, :, down, right].transpose(0, 2, 3, 1, 4, 5)  # (B, H', W', C, k_h, k_w)
    flat = grad_y.transpose(0, 2, 3, 1).reshape(-1, len(w))
    dw = (flat.T @ patches.reshape(len(flat), -1)).reshape(w.shape)
    shares = (flat @ w.reshape(len(w), -1)).reshape(patches.shape).transpose(0, 3, 1, 2, 4, 5)
    wide = np.zeros_like(image)
    np.add.at(wide, (slice(None), slice(None), down, right), shares)
    dx = wide[:, :, p[0] : wide.shape[2] - p[0], p[1] : wide.shape[3] - p[1]]
    return dx, dw, flat.sum(axis=0)


@variant
def transposed_matrix(grad_y, x, w, stride=1, padding=0):
    """Build the layer's matrix and use its transpose; sum over pairs of pixels for dw."""
    s, p = checked(grad_y, x, w, stride, padding)
    size = grad_y.shape[2:]
    met = np.zeros((*size, *w.shape[2:], *x.shape[2:]), x.dtype)  # 1 where they meet
    for i, j, u, v in np.ndindex(*met.shape[:4]):
        r, c = s[0] * i + u - p[0], s[1] * j + v - p[1]
        if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]:
            met[i, j, u, v, r, c] = 1
    seen = np.tensordot(x, met, axes=([2, 3], [4, 5]))  # (B, C, H', W', k_h, k_w)
    dw = np.tensordot(grad_y, seen, axes=([0, 2, 3], [0, 2, 3]))
    given = np.tensordot(grad_y, w, axes=(1, 0))  # (B, H', W', C, k_h, k_w)
    dx = np.einsum("bijcuv,ijuvhw->bchw", given, met, optimize=True)
    return [dx, dw, grad_y.reshape(*grad_y.shape[:2], -1).sum(axis=(0, 2))]

"""Right transposed convolutions, written differently."""

import numpy as np

from tests.bank import variant


def checked(x, w, stride, padding):
    """Return stride, padding and the uncut output size as pairs, or raise ValueError."""
    s = stride if isinstance(stride, tuple) else (stride, stride)
    p = padding if isinstance(padding, tuple) else (padding, padding)
    if min(s) < 1 or min(p) < 0:
        raise ValueError(f"stride {stride} or padding {padding} is out of range")
    if x.ndim != 4 or w.ndim != 4 or 0 in x.shape or 0 in w.shape or x.shape[1] != len(w):
        raise ValueError(f"{x.shape} and {w.shape} do not fit")
    size = [(x.shape[2 + a] - 1) * s[a] + w.shape[2 + a] for a in (0, 1)]
    if size[0] <= 2 * p[0] or size[1] <= 2 * p[1]:
        raise ValueError(f"padding {padding} leaves nothing of {size}")
    return s, p, size


@variant
def pixel_by_pixel(x, w, stride=1, padding=0):
    s, p, size = checked(x, w, stride, padding)
    full = np.zeros((len(x), w.shape[1], *size), x.dtype)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            top, left = s[0] * i, s[1] * j
            stamp = np.einsum("bc,couv->bouv", x[:, :, i, j], w)
            full[:, :, top : top + w.shape[2], left : left + w.shape[3]] += stamp
    return full[:, :, p[0] : size[0] - p[0], p[1] : size[1] - p[1]]


@variant
def zeros_between_and_a_flipped_kernel(x, w, stride=1, padding=0):
    """Correlate the spread image with the flipped kernel, channels exchanged."""
    s, p, _ = checked(x, w, stride, padding)
    k_h, k_w = w.shape[2:]
    spread = np.zeros(
        (*x.shape[:2], (x.shape[2] - 1) * s[0] + 1, (x.shape[3] - 1) * s[1] + 1), x.dtype
    )
    spread[:, :, :: s[0], :: s[1]] = x
    around = np.pad(spread, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (k_h, k_w), axis=(2, 3))
    full = np.tensordot(windows, np.flip(w, axis=(2, 3)), axes=([1, 4, 5], [0, 2, 3]))
    full = np.moveaxis(full, 3, 1)
    return full[:, :, p[0] : full.shape[2] - p[0], p[1] : full.shape[3] - p[1]]


@variant
def gathered_at_each_output(x, w, stride=1, padding=0):
    """For each output pixel, look for the inputs that reach it."""
    s, p, size = checked(x, w, stride, padding)
    y = np.zeros((len(x), w.shape[1], size[0] - 2 * p[0], size[1] - 2 * p[1]), x.dtype)
    for r, c in np.ndindex(*y.shape[2:]):
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                u, v = r + p[0] - s[0] * i, c + p[1] - s[1] * j
                if 0 <= u < w.shape[2] and 0 <= v < w.shape[3]:
                    y[:, :, r, c] += x[:, :, i, j] @ w[:, :, u, v]
    return y


@variant
def fourier(x, w, stride=1, padding=0):
    """A true convolution of the spread image with the kernel is a product of transforms."""
    s, p, size = checked(x, w, stride, padding)
    spread = np.zeros((*x.shape[:2], *size))
    spread[:, :, : s[0] * x.shape[2] : s[0], : s[1] * x.shape[3] : s[1]] = x
    product = np.einsum("bchw,cohw->bohw", np.fft.fft2(spread), np.fft.fft2(w, s=tuple(size)))
    full = np.fft.ifft2(product).real.astype(x.dtype)
    return full[:, :, p[0] : size[0] - p[0], p[1] : size[1] - p[1]]

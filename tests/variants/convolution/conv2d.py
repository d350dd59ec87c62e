"""Right convolution layers, written differently."""

import numpy as np

from tests.bank import variant


def two(value, least):
    rows, columns = (value, value) if np.ndim(value) == 0 else value
    if rows < least or columns < least:
        raise ValueError(f"expected at least {least}, got {value}")
    return rows, columns


def checked(x, w, b, stride, padding, dilation):
    """Return the settings as pairs and the size of the output, or raise ValueError."""
    s, p, d = two(stride, 1), two(padding, 0), two(dilation, 1)
    if x.ndim != 4 or w.ndim != 4 or min(x.shape) == 0 or min(w.shape) == 0:
        raise ValueError(f"four axes of at least 1 expected, got {x.shape} and {w.shape}")
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"x has {x.shape[1]} channels, w takes {w.shape[1]}")
    if b is not None and b.shape != (len(w),):
        raise ValueError(f"b must be ({len(w)},), got {b.shape}")
    size = [
        (x.shape[2 + a] + 2 * p[a] - d[a] * (w.shape[2 + a] - 1) - 1) // s[a] + 1 for a in (0, 1)
    ]
    if min(size) < 1:
        raise ValueError("the kernel does not fit")
    return s, p, d, size


def around(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


@variant
def loops_over_outputs(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d, (rows, columns) = checked(x, w, b, stride, padding, dilation)
    image = around(x, p)
    y = np.empty((len(x), len(w), rows, columns), dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            down = s[0] * i + d[0] * np.arange(w.shape[2])
            right = s[1] * j + d[1] * np.arange(w.shape[3])
            patch = image[:, :, down[:, None], right]
            y[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3]))
            if b is not None:
                y[:, :, i, j] += b
    return y


@variant
def loops_over_everything_without_padding(x, w, b=None, stride=1, padding=0, dilation=1):
    """Skip what lies outside, and leave the batch and the input channels to numpy."""
    s, p, d, size = checked(x, w, b, stride, padding, dilation)
    y = np.zeros((len(x), len(w), *size), x.dtype)
    for o, i, j, u, v in np.ndindex(len(w), *size, *w.shape[2:]):
        r, c = s[0] * i + d[0] * u - p[0], s[1] * j + d[1] * v - p[1]
        if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]:
            y[:, o, i, j] += x[:, :, r, c] @ w[o, :, u, v]
    for o in range(len(w)):
        y[:, o] += 0 if b is None else b[o]
    return y


@variant
def loops_over_weights(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d, (rows, columns) = checked(x, w, b, stride, padding, dilation)
    image = around(x, p)
    y = np.zeros((len(x), len(w), rows, columns), dtype=x.dtype)
    if b is not None:
        y += b.reshape(1, -1, 1, 1)
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            top, left = d[0] * u, d[1] * v
            part = image[:, :, top : top + s[0] * rows : s[0], left : left + s[1] * columns : s[1]]
            y += np.einsum("bcij,oc->boij", part, w[:, :, u, v])
    return y


@variant
def strided_windows(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d, size = checked(x, w, b, stride, padding, dilation)
    image = around(x, p)
    n, c, h, v = image.strides
    windows = np.lib.stride_tricks.as_strided(
        image,
        (*image.shape[:2], *size, *w.shape[2:]),
        (n, c, h * s[0], v * s[1], h * d[0], v * d[1]),
        writeable=False,
    )
    y = np.einsum("bcijuv,ocuv->boij", windows, w)
    return y if b is None else y + b[None, :, None, None]


@variant
def im2col_and_matmul(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d, (rows, columns) = checked(x, w, b, stride, padding, dilation)
    k_h, k_w = w.shape[2:]
    down = s[0] * np.arange(rows)[:, None] + d[0] * np.arange(k_h)  # (H', k_h)
    right = s[1] * np.arange(columns)[:, None] + d[1] * np.arange(k_w)  # (W', k_w)
    patches = around(x, p)[:, :, down[:, None, :, None], right[None, :, None, :]]
    table = patches.transpose(0, 2, 3, 1, 4, 5).reshape(len(x) * rows * columns, -1)
    y = table @ w.reshape(len(w), -1).T
    y = y if b is None else y + b
    return y.reshape(len(x), rows, columns, len(w)).transpose(0, 3, 1, 2)


@variant
def every_position_then_thinned(x, w, b=None, stride=1, padding=0, dilation=1):
    """Fill the gaps of the kernel with zeros, compute stride 1, and keep every s-th output."""
    s, p, d, _ = checked(x, w, b, stride, padding, dilation)
    k_h, k_w = w.shape[2:]
    spread = np.zeros((*w.shape[:2], d[0] * (k_h - 1) + 1, d[1] * (k_w - 1) + 1), w.dtype)
    spread[:, :, :: d[0], :: d[1]] = w
    windows = np.lib.stride_tricks.sliding_window_view(around(x, p), spread.shape[2:], axis=(2, 3))
    y = np.tensordot(windows, spread, axes=([1, 4, 5], [1, 2, 3]))[:, :: s[0], :: s[1]]
    return np.moveaxis(y if b is None else y + b, -1, 1)


@variant
def fourier(x, w, b=None, stride=1, padding=0, dilation=1):
    """Multiply the transform of the image by the conjugate one of the spread kernel."""
    s, p, d, (rows, columns) = checked(x, w, b, stride, padding, dilation)
    image = around(x, p).astype(np.float64)
    height, width = image.shape[2:]
    spread = np.zeros((*w.shape[:2], height, width))
    down, right = d[0] * np.arange(w.shape[2]), d[1] * np.arange(w.shape[3])
    spread[:, :, down[:, None], right] = w
    products = np.einsum("bchw,ochw->bohw", np.fft.fft2(image), np.conj(np.fft.fft2(spread)))
    full = np.fft.ifft2(products).real
    y = full[:, :, : s[0] * rows : s[0], : s[1] * columns : s[1]]
    return (y if b is None else y + b[:, None, None]).astype(x.dtype)


@variant
def toeplitz(x, w, b=None, stride=1, padding=0, dilation=1):
    """Write the layer as one matrix on flattened images, one entry for each weight and output."""
    s, p, d, size = checked(x, w, b, stride, padding, dilation)
    matrix = np.zeros((len(w), *size, *x.shape[1:]), w.dtype)
    for i, j, u, v in np.ndindex(*size, *w.shape[2:]):
        r, c = s[0] * i + d[0] * u - p[0], s[1] * j + d[1] * v - p[1]
        if r in range(x.shape[2]) and c in range(x.shape[3]):
            matrix[:, i, j, :, r, c] = w[:, :, u, v]
    y = x.reshape(len(x), -1) @ matrix.reshape(-1, x[0].size).T
    y = y.reshape(len(x), len(w), *size)
    return y if b is None else y + b[:, np.newaxis, np.newaxis]

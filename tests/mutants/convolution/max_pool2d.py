"""Wrong max poolings, most of them on a view of all windows."""

import numpy as np

from tests.bank import mutant


def two(value):
    return (value, value) if isinstance(value, int) else value


def windows(x, k, s):
    """Return (B, C, H', W', k_h k_w), one whole window at each position."""
    view = np.lib.stride_tricks.sliding_window_view(x, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    return view.reshape(*view.shape[:4], -1)


def right(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return windows(x, k, s).max(axis=4)


def looped(x, k, s, rows, columns, largest=np.max):
    """Go through rows x columns windows, which may stick out of the image."""
    y = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    for b, c, i, j in np.ndindex(*y.shape):
        top, left = i * s[0], j * s[1]
        y[b, c, i, j] = largest(x[b, c, top : top + k[0], left : left + k[1]])
    return y


@mutant("mean-for-maximum")
def average_pooling(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return windows(x, k, s).mean(axis=4)


@mutant("starts-at-zero")
def maximum_of_zero_and_more(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    rows, columns = (x.shape[2] - k[0]) // s[0] + 1, (x.shape[3] - k[1]) // s[1] + 1
    y = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    for u in range(k[0]):
        for v in range(k[1]):
            shifted = x[:, :, u : u + s[0] * rows : s[0], v : v + s[1] * columns : s[1]]
            y = np.maximum(y, shifted)
    return y


@mutant("largest-magnitude")
def absolute_values(x, k, stride=None):
    return right(np.abs(x), k, stride)


@mutant("channels-pooled")
def one_map_left(x, k, stride=None):
    return right(x, k, stride).max(axis=1, keepdims=True)


@mutant("channels-pooled")
def the_same_in_all_channels(x, k, stride=None):
    y = right(x, k, stride)
    return np.repeat(y.max(axis=1, keepdims=True), x.shape[1], axis=1)


@mutant("stride-defaults-to-1")
def one_by_default(x, k, stride=None):
    return right(x, k, 1 if stride is None else stride)


@mutant("stride-ignored")
def always_side_by_side(x, k, stride=None):
    k_h, k_w = two(k)
    rows, columns = x.shape[2] // k_h, x.shape[3] // k_w
    blocks = x[:, :, : rows * k_h, : columns * k_w]
    return blocks.reshape(*x.shape[:2], rows, k_h, columns, k_w).max(axis=(3, 5))


@mutant("stride-one-always")
def every_position(x, k, stride=None):
    return right(x, k, 1)


@mutant("incomplete-windows-kept")
def minus_infinity_at_the_border(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    rows = int(np.ceil((x.shape[2] - k[0]) / s[0])) + 1
    columns = int(np.ceil((x.shape[3] - k[1]) / s[1])) + 1
    after = (rows - 1) * s[0] + k[0] - x.shape[2], (columns - 1) * s[1] + k[1] - x.shape[3]
    sides = [(0, 0), (0, 0), (0, max(0, after[0])), (0, max(0, after[1]))]
    return windows(np.pad(x, sides, constant_values=-np.inf), k, s)[:, :, :rows, :columns].max(4)


@mutant("zeros-at-the-border")
def zeros_for_the_last_window(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    after = [-(n - m) % step for n, m, step in zip(x.shape[2:], k, s, strict=True)]
    return windows(np.pad(x, [(0, 0), (0, 0), (0, after[0]), (0, after[1])]), k, s).max(axis=4)


@mutant("plus-one-forgotten")
def fence_posts(x, k, stride=None):
    return right(x, k, stride)[:, :, :-1, :-1]


@mutant("divided-by-the-stride")
def n_over_s(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return looped(x, k, s, x.shape[2] // s[0], x.shape[3] // s[1])


@mutant("divided-by-the-window")
def n_over_k(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return looped(x, k, s, x.shape[2] // k[0], x.shape[3] // k[1])


@mutant("pairs-swapped")
def width_then_height(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return right(x, (k[1], k[0]), (s[1], s[0]))


@mutant("pairs-swapped")
def stride_the_wrong_way_round(x, k, stride=None):
    s = two(k if stride is None else stride)
    return right(x, k, (s[1], s[0]))


@mutant("first-of-the-pair")
def square_windows(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return right(x, k[0], s[0])


@mutant("dtype")
def minus_infinity_in_float64(x, k, stride=None):
    y = right(x, k, stride)
    return np.maximum(np.full(y.shape, -np.inf), y)


@mutant("mutates")
def sorted_in_place(x, k, stride=None):
    y = right(x, k, stride)
    x.sort(axis=0)
    return y


@mutant("exception")
def numbers_only(x, k, stride=None):
    stride = stride or k
    rows = (x.shape[2] - k) // stride + 1
    return right(x, k, stride)[:, :, :rows]


@mutant("validation")
def takes_anything(x, k, stride=None):
    k, s = two(k), two(stride or k)
    rows, columns = ((n - m) // max(t, 1) + 1 for n, m, t in zip(x.shape[2:], k, s, strict=True))
    return looped(x, k, s, rows, columns)


@mutant("starts-at-zero")
def smallest_positive_float(x, k, stride=None):
    return np.maximum(right(x, k, stride), np.finfo(x.dtype).tiny)


@mutant("value")
def minus_a_billion(x, k, stride=None):
    return np.maximum(right(x, k, stride), -1e9).astype(x.dtype)


@mutant("incomplete-windows-kept")
def as_far_as_the_image_goes(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    return looped(x, k, s, len(range(0, x.shape[2], s[0])), len(range(0, x.shape[3], s[1])))


@mutant("incomplete-windows-kept")
def rounded_up(x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    rows, columns = (1 - (k[a] - x.shape[2 + a]) // s[a] for a in (0, 1))
    return looped(x, k, s, rows, columns)


@mutant("pairs-swapped")
def window_the_wrong_way_round(x, k, stride=None):
    return right(x, two(k)[::-1], stride)

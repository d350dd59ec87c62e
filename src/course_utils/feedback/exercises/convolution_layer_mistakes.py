"""Chapter 4: mistakes in the sums of a convolution layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import Pair, Two, named, padded, pair

Array = np.ndarray
Settings = tuple[Two, Two, Two]


def _sum_over_channels(patch: Array, tap: Array) -> Array:
    return np.einsum("bchw,oc->bohw", patch, tap)


def _size(n: int, k: int, s: int, d: int) -> int:
    return (n - d * (k - 1) - 1) // s + 1


def _bias(y: Array, b: Array, w: Array) -> Array:
    return y + b[:, None, None]


def layer(
    kernel: Callable[[Array], Array] = lambda w: w,
    settings: Callable[[Two, Two, Two], Settings] = lambda s, p, d: (s, p, d),
    pad: Callable[[Array, Two, Array], Array] = lambda x, p, w: padded(x, p, p),
    size: Callable[[int, int, int, int], int] = _size,
    mix: Callable[[Array, Array], Array] = _sum_over_channels,
    bias: Callable[[Array, Array, Array], Array] = _bias,
    finish: Callable[[Array], Array] = lambda y: y,
) -> Callable[..., Array]:
    """Return a layer with one step changed; it sums over the weights of the kernel."""

    def conv2d(
        x: Array,
        w: Array,
        b: Array | None = None,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
    ) -> Array:
        w = kernel(w)
        s, p, d = settings(pair(stride), pair(padding), pair(dilation))
        image, k = pad(x, p, w), w.shape[2:]
        rows, columns = (size(image.shape[2 + a], k[a], s[a], d[a]) for a in (0, 1))
        if rows < 0 or columns < 0:
            raise ValueError("negative dimensions are not allowed")
        room = padded(image, (0, 0), s)  # zeros for windows that reach too far
        y: Any = 0
        for u, v in np.ndindex(*k):
            down = room[:, :, d[0] * u :: s[0], d[1] * v :: s[1]]
            y = y + mix(down[:, :, :rows, :columns], w[:, :, u, v])
        return finish(y if b is None else bias(y, b, w))

    return conv2d


def _matmul_swapped(patch: Array, tap: Array) -> Array:
    return np.moveaxis(np.moveaxis(patch, 1, -1) @ tap, -1, 1)


def _loops_swapped(patch: Array, tap: Array) -> Array:
    """Take as many input channels as w has on its first axis: an IndexError where x has fewer."""
    return np.einsum("bchw,co->bohw", patch[:, np.arange(len(tap))], tap)


def _patches_by_pixel(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> Array:
    """Flatten the patches as (k_h, k_w, C), and the kernels as (C, k_h, k_w)."""
    mixed = np.moveaxis(w.reshape(len(w), *w.shape[2:], w.shape[1]), -1, 1)
    return layer()(x, mixed, b, stride, padding, dilation)


def _reshaped(y: Array) -> Array:
    return np.moveaxis(y, 1, -1).reshape(y.shape)


def _first_image(y: Array) -> Array:
    return np.concatenate([y[:1], np.zeros_like(y[1:])])


def _times(number: Callable[[Array], int]) -> Callable[[Array, Array, Array], Array]:
    return lambda y, b, w: y + number(w) * b[:, None, None]


CHANNELS = [
    *named(
        "channels-swapped",
        "w was read as (C_in, C_out, ...). Its first axis counts the outputs: each output has a "
        "kernel for every input channel.",
        layer(kernel=lambda w: w.swapaxes(0, 1)),
        layer(mix=_matmul_swapped),
        layer(mix=_loops_swapped),
    ),
    *named(
        "channels-summed-first",
        "the channels were added up before they met their weights. Each channel has its own "
        "kernel: multiply first, then sum.",
        layer(mix=lambda patch, tap: np.einsum("bchw,oi->bohw", patch, tap)),
    ),
    *named(
        "channels-averaged",
        "the products were averaged over the input channels. Sum them.",
        layer(mix=lambda patch, tap: _sum_over_channels(patch, tap) / tap.shape[1]),
    ),
    *named(
        "one-channel-only",
        "only one input channel is used. Sum over all of them.",
        layer(mix=lambda patch, tap: _sum_over_channels(patch[:, :1], tap[:, :1])),
        layer(mix=lambda patch, tap: _sum_over_channels(patch[:, -1:], tap[:, -1:])),
    ),
    *named(
        "channels-not-summed",
        "each input channel kept a result of its own. An output channel is their sum.",
        layer(mix=lambda patch, tap: np.einsum("bchw,oc->bochw", patch, tap)),
        layer(mix=lambda patch, tap: np.einsum("bchw,oc->bcohw", patch, tap)),
    ),
    *named(
        "patches-in-another-order",
        "patches and kernels were flattened in different orders. A row of w.reshape(C_out, -1) "
        "runs over (C_in, k_h, k_w): a patch must too.",
        _patches_by_pixel,
    ),
    *named(
        "reshaped-not-transposed",
        "the channels came last and were moved by reshape, which mixes them with the pixels. "
        "Move an axis with transpose or moveaxis.",
        layer(finish=_reshaped),
    ),
    *named(
        "first-image-only",
        "only the first image of the batch was processed.",
        layer(finish=_first_image),
    ),
]

SUMS = [
    *named(
        "flipped-kernel",
        "the kernel is flipped: this is the convolution of mathematics. The layer correlates: "
        "weight (u, v) meets pixel (i + u, j + v).",
        layer(kernel=lambda w: w[:, :, ::-1, ::-1]),
    ),
    *named(
        "kernel-transposed",
        "rows and columns of the kernel were swapped. Its last two axes are (k_h, k_w), like "
        "those of the image.",
        layer(kernel=lambda w: w.swapaxes(2, 3)),
    ),
    *named(
        "bias-ignored",
        "the sums are right, but the bias is not added.",
        layer(bias=lambda y, b, w: y),
    ),
    *named(
        "bias-on-the-wrong-axis",
        "the bias was added along rows or columns. One number belongs to each output channel: "
        "b[:, None, None].",
        layer(bias=lambda y, b, w: y + b),
        layer(bias=lambda y, b, w: y + b[:, None]),
    ),
    *named(
        "bias-inside-the-sum",
        "the bias was added once for every term of the sum. Add it once, after the sum.",
        layer(bias=_times(lambda w: w.shape[1])),
        layer(bias=_times(lambda w: w.shape[2] * w.shape[3])),
        layer(bias=_times(lambda w: w.shape[1] * w.shape[2] * w.shape[3])),
    ),
]

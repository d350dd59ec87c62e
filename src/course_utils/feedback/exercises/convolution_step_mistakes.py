"""Chapter 4: mistakes in the stride, the padding and the dilation of a convolution layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    Two,
    first,
    named,
    output_shape,
    padded,
    pair,
    strict,
    swap,
)
from course_utils.feedback.exercises.convolution_layer_mistakes import Array, Settings, layer


def _swap(which: str) -> Callable[[Two, Two, Two], Settings]:
    def settings(s: Two, p: Two, d: Two) -> Settings:
        return (
            swap(s) if "s" in which else s,
            swap(p) if "p" in which else p,
            swap(d) if "d" in which else d,
        )

    return settings


def _every_dth_pixel(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> Array:
    d, p = pair(dilation), pair(padding)
    return layer()(padded(x, p, p)[:, :, :: d[0], :: d[1]], w, b, stride)


def _fit_without_padding(x: Array, w: Array, *args: Any, **settings: Any) -> Array:
    if w.shape[2] > x.shape[2] or w.shape[3] > x.shape[3]:
        raise ValueError("the kernel does not fit")
    return layer()(x, w, *args, **settings)


def _pixel_by_pixel(
    tested: bool = True, negative: bool = True, start: Callable[[int, int, int], int] | None = None
) -> Callable[..., Array]:
    """Return a layer that reads the image itself, without zeros around it.

    Unless ``tested``, every pixel is read; unless ``negative``, those before the first are not
    left out, so that numpy counts them from the end. ``start`` places window i.
    """

    def conv2d(
        x: Array,
        w: Array,
        b: Array | None = None,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
    ) -> Array:
        s, p, d = pair(stride), pair(padding), pair(dilation)
        y = np.zeros((len(x), len(w), *output_shape(x.shape[2:], w.shape[2:], s, p, d)), x.dtype)
        for i, j in np.ndindex(*y.shape[2:]):
            top, left = (
                start(n, s[a], p[a]) if start else s[a] * n - p[a] for a, n in enumerate((i, j))
            )
            for u, v in np.ndindex(*w.shape[2:]):
                r, c = top + d[0] * u, left + d[1] * v
                outside = r >= x.shape[2] or c >= x.shape[3] or (negative and min(r, c) < 0)
                if not (tested and outside):
                    y[:, :, i, j] += x[:, :, r, c] @ w[:, :, u, v].T
        return y if b is None else y + b[:, None, None]

    return conv2d


def _size_with_gaps_only(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> Array:
    """Count the windows of the dilated kernel, then read the pixels side by side."""
    s, p, d = pair(stride), pair(padding), pair(dilation)
    rows, columns = output_shape(x.shape[2:], w.shape[2:], s, p, d)
    return layer()(x, w, b, stride, padding)[:, :, :rows, :columns]


def _rows_for_columns(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> Array:
    """Give the output as many columns as rows, and let its last windows be cut off."""
    s, p, d = pair(stride), pair(padding), pair(dilation)
    image, (k_h, k_w) = padded(x, p, p), w.shape[2:]
    side = output_shape(x.shape[2:], (k_h, k_w), s, p, d)[0]
    y = np.zeros((len(x), len(w), side, side), x.dtype)
    for i, j in np.ndindex(side, side):
        down = slice(s[0] * i, s[0] * i + d[0] * (k_h - 1) + 1, d[0])
        right = slice(s[1] * j, s[1] * j + d[1] * (k_w - 1) + 1, d[1])
        y[:, :, i, j] = np.einsum("bcuv,ocuv->bo", image[:, :, down, right], w)
    return y if b is None else y + b[:, None, None]


def _half(w: Array) -> Two:
    return w.shape[2] // 2, w.shape[3] // 2


def _halves(p: Two) -> Two:
    return p[0] // 2, p[1] // 2


def _rest(p: Two) -> Two:
    return p[0] - p[0] // 2, p[1] - p[1] // 2


def _twice(p: int) -> Two:
    return p, p


STEPS = [
    *named(
        "stride-ignored",
        "the stride is ignored: every position was computed.",
        layer(settings=lambda s, p, d: ((1, 1), p, d)),
    ),
    *named(
        "padding-ignored",
        "the padding is ignored. Put p rows and columns of zeros on each side first.",
        layer(settings=lambda s, p, d: (s, (0, 0), d)),
        strict(layer(settings=lambda s, p, d: (s, (0, 0), d))),
    ),
    *named(
        "fit-without-padding",
        "a kernel larger than the image was refused. With padding it may fit: compare it with the "
        "padded image.",
        _fit_without_padding,
    ),
    *named(
        "padding-on-one-side",
        "the zeros are not on both sides. Padding p puts p of them before and p after.",
        layer(pad=lambda x, p, w: padded(x, p, (0, 0))),
        layer(pad=lambda x, p, w: padded(x, (0, 0), p)),
        layer(pad=lambda x, p, w: padded(x, (2 * p[0], 2 * p[1]), (0, 0))),
        layer(pad=lambda x, p, w: padded(x, (0, 0), (2 * p[0], 2 * p[1]))),
    ),
    *named(
        "padding-split",
        "the padding was split over the two sides. Each side gets p zeros, 2p in all.",
        layer(pad=lambda x, p, w: padded(x, _halves(p), _rest(p))),
    ),
    *named(
        "padding-not-zero",
        "the border was repeated outwards. Padding means zeros here.",
        layer(pad=lambda x, p, w: np.pad(x, ((0, 0), (0, 0), _twice(p[0]), _twice(p[1])), "edge")),
    ),
    *named(
        "same-size-assumed",
        "the image was padded by k // 2 whatever the argument. Pad by what padding says.",
        layer(pad=lambda x, p, w: padded(x, _half(w), _half(w))),
    ),
    *named(
        "counted-from-the-end",
        "left of the image and above it, pixels from the other side were read: x[-1] is the last "
        "one. Outside are zeros: pad first, or leave negative indices out.",
        _pixel_by_pixel(negative=False),
        _pixel_by_pixel(tested=False),
    ),
    *named(
        "padding-times-stride",
        "the stride multiplies the padding. Window i starts at pixel s i - p, not at s (i - p).",
        _pixel_by_pixel(start=lambda n, s, p: s * (n - p)),
    ),
    *named(
        "as-many-columns-as-rows",
        "the output was given as many columns as rows. H' and W' are two numbers: compute each.",
        _rows_for_columns,
    ),
    *named(
        "ceil-for-floor",
        "the output is too large: its last window reaches beyond the image. A window that is not "
        "whole does not count: round down.",
        layer(size=lambda n, k, s, d: -((d * (k - 1) + 1 - n) // s) + 1),
    ),
    *named(
        "plus-one-forgotten",
        "the last row and column of outputs are missing. n - k counts the steps, and the first "
        "position needs none: add 1.",
        layer(size=lambda n, k, s, d: (n - d * (k - 1) - 1) // s),
        strict(layer(size=lambda n, k, s, d: (n - d * (k - 1) - 1) // s)),
    ),
    *named(
        "plus-one-inside",
        "the 1 was added before the division by the stride. Divide the steps first: "
        "(n + 2p - k) // s + 1.",
        layer(size=lambda n, k, s, d: (n - d * (k - 1)) // s),
        strict(layer(size=lambda n, k, s, d: (n - d * (k - 1)) // s)),
    ),
    *named(
        "pairs-swapped",
        "rows and columns of a pair were swapped. A pair is (rows, columns), like H and W.",
        *(layer(settings=_swap(which)) for which in ("spd", "s", "p", "d", "sp", "sd", "pd")),
    ),
    *named(
        "first-of-the-pair",
        "the first number of a pair was used for rows and columns. The second is for the columns.",
        layer(settings=lambda s, p, d: (first(s), first(p), first(d))),
        layer(settings=lambda s, p, d: (first(s), p, d)),
        layer(settings=lambda s, p, d: (s, first(p), d)),
        layer(settings=lambda s, p, d: (s, p, first(d))),
    ),
]


DILATION = [
    *named(
        "dilation-ignored",
        "the dilation is ignored. Weight (u, v) meets the pixel d_h u rows and d_w v columns on.",
        layer(settings=lambda s, p, d: (s, p, (1, 1))),
    ),
    *named(
        "dilation-as-stride",
        "the dilation was used as a stride. It spreads the weights of a window, not the windows.",
        layer(settings=lambda s, p, d: ((s[0] * d[0], s[1] * d[1]), p, (1, 1))),
        layer(settings=lambda s, p, d: (d, p, (1, 1)) if d != (1, 1) else (s, p, d)),
    ),
    *named(
        "every-dth-pixel",
        "every d-th pixel of the image was taken, and the rest is lost. Windows still start at "
        "every pixel; the gaps are inside them.",
        _every_dth_pixel,
    ),
    *named(
        "gaps-in-the-size-only",
        "the gaps are in the output size, but the pixels were read side by side. Weight (u, v) "
        "meets the pixel d_h u rows and d_w v columns on.",
        _size_with_gaps_only,
    ),
    *named(
        "dilated-size",
        "the dilated kernel was taken to be d k long. It has k - 1 gaps: d (k - 1) + 1.",
        layer(size=lambda n, k, s, d: (n - d * k) // s + 1),
        strict(layer(size=lambda n, k, s, d: (n - d * k) // s + 1)),
    ),
]

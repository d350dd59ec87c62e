"""Chapter 4: mistakes in a transposed convolution."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    Two,
    first,
    named,
    padded,
    pair,
    swap,
)
from course_utils.feedback.exercises.convolution_layer import conv2d

Array = np.ndarray


def grown(image: Two, kernel: Two, stride: Two, padding: Two = (0, 0)) -> Two:
    """Return (n - 1) s + k - 2p for rows and columns."""
    rows, columns = (
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(image, kernel, stride, padding, strict=True)
    )
    return rows, columns


def _add(total: Array, place: tuple, part: Array) -> None:
    total[place] += part


def _set(total: Array, place: tuple, part: Array) -> None:
    total[place] = part


def _crop(full: Array, p: Two) -> Array:
    return full[:, :, p[0] : full.shape[2] - p[0], p[1] : full.shape[3] - p[1]]


def _transposed(
    kernel: Callable[[Array], Array] = lambda w: w,
    settings: Callable[[Two, Two], tuple[Two, Two]] = lambda s, p: (s, p),
    mix: str = "bihw,io->bohw",
    put: Callable[[Array, tuple, Array], None] = _add,
    size: Callable[[Two, Two, Two], Two] = grown,
    crop: Callable[[Array, Two], Array] = _crop,
) -> Callable[..., Array]:
    """Return a transposed convolution with one step changed; it goes through the weights."""

    def conv_transpose2d(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
        s, p = settings(pair(stride), pair(padding))
        w = kernel(w)
        (height, width), (k_h, k_w) = x.shape[2:], w.shape[2:]
        rows, columns = size((height, width), (k_h, k_w), s)
        channels = np.einsum(mix, x[:, :, :1, :1], w[:, :, 0, 0]).shape[1]
        room = np.zeros((len(x), channels, rows + k_h * s[0], columns + k_w * s[1]), x.dtype)
        for u, v in np.ndindex(k_h, k_w):
            down = slice(u, u + s[0] * (height - 1) + 1, s[0])
            right = slice(v, v + s[1] * (width - 1) + 1, s[1])
            put(room, np.s_[:, :, down, right], np.einsum(mix, x, w[:, :, u, v]))
        return crop(room[:, :, :rows, :columns], p)

    return conv_transpose2d


def _matmul_swapped(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    if w.shape[1] != x.shape[1]:
        raise ValueError("matmul: the channels do not fit")
    return _transposed(kernel=lambda w: w.swapaxes(0, 1))(x, w, stride, padding)


def _window_by_window(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    """Set each window in turn: a later one wipes out what an earlier one put there."""
    s, (k_h, k_w) = pair(stride), w.shape[2:]
    full = np.zeros((len(x), w.shape[1], *grown(x.shape[2:], (k_h, k_w), s)), x.dtype)
    for i, j in np.ndindex(*x.shape[2:]):
        place = np.s_[:, :, s[0] * i : s[0] * i + k_h, s[1] * j : s[1] * j + k_w]
        full[place] = np.einsum("bi,iouv->bouv", x[:, :, i, j], w)
    return _crop(full, pair(padding))


def _averaged(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    ones = np.ones((1, 1, *x.shape[2:])), np.ones((1, 1, *w.shape[2:]))
    count = _transposed()(*ones, stride, padding)
    return _transposed()(x, w, stride, padding) / np.maximum(count, 1).astype(x.dtype)


def _ordinary(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    return conv2d(x, w.swapaxes(0, 1), None, stride, padding)


def _nearest(whole: bool) -> Callable[..., Array]:
    """Return a version that repeats each pixel s times, the last ones only where ``whole``."""

    def conv_transpose2d(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
        s, p = pair(stride), pair(padding)
        blocks = x.repeat(s[0], axis=2).repeat(s[1], axis=3)
        if not whole:
            blocks = blocks[:, :, : blocks.shape[2] - s[0] + 1, : blocks.shape[3] - s[1] + 1]
        return _crop(_transposed()(blocks, w), p)

    return conv_transpose2d


def _gaps_of_s(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    s = pair(stride)
    return _transposed()(x, w, (s[0] + 1, s[1] + 1), padding)


def _correlated(after: int, border: Callable[[Two, Two], Two]) -> Callable[..., Array]:
    """Return a version that puts zeros between the pixels, then correlates with the flipped w.

    ``after`` is 1 where zeros come after the last pixel too; ``border`` is the padding.
    """

    def conv_transpose2d(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
        s, sizes = pair(stride), x.shape[2:]
        rows, columns = ((sizes[a] - 1 + after) * s[a] + 1 - after for a in (0, 1))
        spread = np.zeros((*x.shape[:2], rows, columns), x.dtype)
        spread[:, :, :: s[0], :: s[1]] = x
        edge = border(w.shape[2:], pair(padding))
        if min(edge) < 0:
            return _transposed()(x, w, stride, padding)
        if any(n + 2 * p < k for n, p, k in zip((rows, columns), edge, w.shape[2:], strict=True)):
            raise ValueError("the kernel does not fit")
        return conv2d(spread, w.swapaxes(0, 1)[:, :, ::-1, ::-1], None, 1, edge)

    return conv_transpose2d


def _rim(kernel: Two, p: Two) -> Two:
    return kernel[0] - 1 - p[0], kernel[1] - 1 - p[1]


def _minus_p(full: Array, p: Two) -> Array:
    return full[:, :, p[0] : -p[0], p[1] : -p[1]]


def _grow(full: Array, p: Two) -> Array:
    return np.pad(full, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


def _padded_input(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    return _transposed()(padded(x, pair(padding), pair(padding)), w, stride)


def _half_cut(full: Array, p: Two) -> Array:
    ends = (full.shape[2] - (p[0] - p[0] // 2), full.shape[3] - (p[1] - p[1] // 2))
    return full[:, :, p[0] // 2 : ends[0], p[1] // 2 : ends[1]]


def _one_side(before: Two, after: Two) -> Callable[..., Array]:
    """Return a version that cuts before * p and after * p from the two sides."""

    def crop(full: Array, p: Two) -> Array:
        ends = (full.shape[2] - after[0] * p[0], full.shape[3] - after[1] * p[1])
        return full[:, :, before[0] * p[0] : ends[0], before[1] * p[1] : ends[1]]

    return _transposed(crop=crop)


MISTAKES = [
    *named(
        "kernel-flipped",
        "the kernel appears flipped in the output. Weight (u, v) belongs at row s_h i + u, column "
        "s_w j + v. If you correlate over pixels with zeros in between, flip w first.",
        _transposed(kernel=lambda w: w[:, :, ::-1, ::-1]),
    ),
    *named(
        "channels-as-in-conv2d",
        "w was read as (C_out, C_in, ...). The adjoint takes the w of the convolution as it is, "
        "and runs from its first axis to its second: sum over the first.",
        _transposed(mix="bihw,oi->bohw"),
        _matmul_swapped,
    ),
    *named(
        "overlap-overwritten",
        "where the kernels of two pixels overlap, one replaced the other. Add them with +=.",
        _transposed(put=_set),
        _window_by_window,
    ),
    *named(
        "overlap-averaged",
        "overlapping kernels were averaged. The adjoint adds them.",
        _averaged,
    ),
    *named(
        "stride-ignored",
        "the stride is ignored. Neighbouring pixels place their kernels s_h rows and s_w columns "
        "apart.",
        _transposed(settings=lambda s, p: ((1, 1), p)),
    ),
    *named(
        "ordinary-convolution",
        "this is an ordinary convolution, which shrinks the image. The transposed one grows it: "
        "each pixel spreads over a window.",
        _ordinary,
    ),
    *named(
        "pixels-repeated",
        "each pixel was repeated s times. Between the pixels belong zeros, s - 1 of them.",
        _nearest(whole=False),
        _nearest(whole=True),
    ),
    *named(
        "one-gap-too-many",
        "the pixels lie s + 1 apart. For a stride s, s - 1 zeros go between two of them.",
        _gaps_of_s,
    ),
    *named(
        "zeros-after-the-last-pixel",
        "zeros were put after the last pixel too, and the output is s - 1 too large. They lie "
        "between pixels: (n - 1) s + 1 in all.",
        _correlated(1, _rim),
    ),
    *named(
        "padding-of-a-convolution",
        "the pixels with zeros in between were padded by p. A correlation over them needs "
        "k - 1 - p on each side: p is what is cut off.",
        _correlated(0, lambda k, p: p),
    ),
    *named(
        "size-times-stride",
        "the output has s n rows. Its size is (n - 1) s + k - 2p: the last pixel spreads over k.",
        _transposed(size=lambda n, k, s: (n[0] * s[0], n[1] * s[1])),
    ),
    *named(
        "padding-ignored",
        "the padding is ignored. What fell on the padding of the convolution is cut off: p on "
        "each side.",
        _transposed(crop=lambda full, p: full),
    ),
    *named(
        "padding-added",
        "the padding makes the output larger. For the adjoint it makes it smaller: cut p off "
        "each side.",
        _transposed(crop=_grow),
        _padded_input,
    ),
    *named(
        "padding-split",
        "p rows and columns were cut off in all. Cut p off each side, 2p in all.",
        _transposed(crop=_half_cut),
    ),
    *named(
        "cropped-on-one-side",
        "the padding was cut off on one side. Cut p off both sides.",
        _one_side((1, 1), (0, 0)),
        _one_side((0, 0), (1, 1)),
        _one_side((2, 2), (0, 0)),
        _one_side((0, 0), (2, 2)),
    ),
    *named(
        "minus-zero-slice",
        "the output is empty where the padding is 0: a slice [0:-0] ends where it begins. Give "
        "the end as a size.",
        _transposed(crop=_minus_p),
    ),
    *named(
        "pairs-swapped",
        "rows and columns of a pair were swapped. A pair is (rows, columns), like H and W.",
        _transposed(settings=lambda s, p: (swap(s), swap(p))),
        _transposed(settings=lambda s, p: (swap(s), p)),
        _transposed(settings=lambda s, p: (s, swap(p))),
    ),
    *named(
        "first-of-the-pair",
        "the first number of a pair was used for rows and columns. The second is for the columns.",
        _transposed(settings=lambda s, p: (first(s), first(p))),
        _transposed(settings=lambda s, p: (first(s), p)),
        _transposed(settings=lambda s, p: (s, first(p))),
    ),
]

"""Chapter 4: max pooling."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    Two,
    first,
    named,
    narrow,
    output_shape,
    pair,
    strict,
    swap,
    view,
)

SECTION, TITLE = "04_cnn/04_sizes", "Padding, stride, dilation and pooling"
Array = np.ndarray


def max_pool2d(x: Array, k: Pair, stride: Pair | None = None) -> Array:
    """Take the largest of the k_h k_w shifted and thinned copies of x."""
    window, s = pair(k), pair(k if stride is None else stride)
    rows, columns = output_shape(x.shape[2:], window, s, (0, 0))
    copies = [x[:, :, u :: s[0], v :: s[1]][:, :, :rows, :columns] for u, v in np.ndindex(window)]
    return np.stack(copies).max(axis=0)


def _steps(n: int, k: int, s: int) -> int:
    return (n - k) // s + 1


def _pool(
    reduce: Callable[[Array], Array] = lambda window: window.max(axis=(2, 3)),
    settings: Callable[[Two, Two], tuple[Two, Two]] = lambda k, s: (k, s),
    count: Callable[[int, int, int], int] = _steps,
    default: Callable[[Pair], Pair] = lambda k: k,
) -> Callable[..., Array]:
    """Return a pooling with one step changed; it goes through the windows, cut off at the edge."""

    def max_pool2d(x: Array, k: Pair, stride: Pair | None = None) -> Array:
        (k_h, k_w), s = settings(pair(k), pair(default(k) if stride is None else stride))
        rows, columns = count(x.shape[2], k_h, s[0]), count(x.shape[3], k_w, s[1])
        y = np.zeros((*x.shape[:2], rows, columns), x.dtype)
        for i, j in np.ndindex(rows, columns):
            top, left = s[0] * i, s[1] * j
            y[:, :, i, j] = reduce(x[:, :, top : top + k_h, left : left + k_w])
        return y

    return max_pool2d


def _ceil(n: int, k: int, s: int) -> int:
    return -((k - n) // s) + 1


def _inside(n: int, k: int, s: int) -> int:
    """Round up, but drop a window that begins behind the last pixel."""
    return min(_ceil(n, k, s), (n - 1) // s + 1)


def _filled(value: float) -> Callable[..., Array]:
    """Return a pooling of the image, filled up with a value until the windows fit."""

    def max_pool2d(x: Array, k: Pair, stride: Pair | None = None) -> Array:
        window, s = pair(k), pair(k if stride is None else stride)
        far = [(_ceil(x.shape[2 + a], window[a], s[a]) - 1) * s[a] + window[a] for a in (0, 1)]
        after = [(0, max(0, far[a] - x.shape[2 + a])) for a in (0, 1)]
        wide = np.pad(x, [(0, 0), (0, 0), *after], constant_values=value)
        return _pool()(wide, k, stride)

    return max_pool2d


def _largest_magnitude(window: Array) -> Array:
    flat = window.reshape(*window.shape[:2], -1)
    place = np.abs(flat).argmax(axis=2)[:, :, None]
    return np.take_along_axis(flat, place, axis=2)[:, :, 0]


def _over_channels(window: Array) -> Array:
    return np.broadcast_to(window.max(axis=(1, 2, 3), keepdims=True)[:, :, 0, 0], window.shape[:2])


def _one_channel(x: Array, k: Pair, stride: Pair | None = None) -> Array:
    return _pool()(x.max(axis=1, keepdims=True), k, stride)


MISTAKES = [
    *named(
        "mean-for-maximum",
        "this is the mean of each window. Take its largest value.",
        _pool(lambda window: window.mean(axis=(2, 3))),
    ),
    *named(
        "starts-at-zero",
        "no result is below 0: the search for the maximum began at 0 or above. All of a window "
        "may be negative: begin at -inf or at its first value.",
        _pool(lambda window: np.maximum(window.max(axis=(2, 3)), 0)),
        _pool(lambda window: np.maximum(window.max(axis=(2, 3)), np.finfo(window.dtype).tiny)),
    ),
    *named(
        "largest-magnitude",
        "the value of largest magnitude was taken. The maximum keeps the sign: 1 beats -3.",
        _pool(lambda window: np.abs(window).max(axis=(2, 3))),
        _pool(_largest_magnitude),
    ),
    *named(
        "channels-pooled",
        "the maximum runs over the channels too. Each channel is pooled by itself.",
        _pool(_over_channels),
        _one_channel,
    ),
    *named(
        "stride-defaults-to-1",
        "without a stride the windows moved by 1. By default the stride is k: windows side by "
        "side.",
        _pool(default=lambda k: 1),
    ),
    *named(
        "stride-ignored",
        "the stride is ignored: the windows lie side by side. They move by the stride, and overlap "
        "where it is below k.",
        _pool(settings=lambda k, s: (k, k)),
    ),
    *named(
        "stride-one-always",
        "the windows always moved by 1. They move by the stride, which is k by default.",
        _pool(settings=lambda k, s: (k, (1, 1))),
    ),
    *named(
        "incomplete-windows-kept",
        "windows that stick out of the image were kept. Only whole windows count: round down.",
        _pool(count=_inside),
        _pool(count=_ceil),
        _pool(count=lambda n, k, s: -(-n // s)),
        _filled(-np.inf),
    ),
    *named(
        "zeros-at-the-border",
        "the image was filled up with zeros for a last window. Nothing is padded here: a window "
        "that is not whole does not count.",
        _filled(0.0),
    ),
    *named(
        "plus-one-forgotten",
        "the last row and column of outputs are missing. (n - k) // s counts the steps, and the "
        "first window needs none: add 1.",
        _pool(count=lambda n, k, s: (n - k) // s),
        strict(_pool(count=lambda n, k, s: (n - k) // s)),
    ),
    *named(
        "divided-by-the-stride",
        "the size was taken to be n // s, which holds only for a stride of k. It is "
        "(n - k) // s + 1.",
        _pool(count=lambda n, k, s: n // s),
    ),
    *named(
        "divided-by-the-window",
        "the size was taken to be n // k, which holds only for a stride of k. It is "
        "(n - k) // s + 1.",
        _pool(count=lambda n, k, s: n // k),
    ),
    *named(
        "pairs-swapped",
        "rows and columns of a pair were swapped. A pair is (rows, columns), like H and W.",
        _pool(settings=lambda k, s: (swap(k), swap(s))),
        _pool(settings=lambda k, s: (swap(k), s)),
        _pool(settings=lambda k, s: (k, swap(s))),
        _pool(settings=lambda k, s: (swap(k), s), default=lambda k: swap(pair(k))),
    ),
    *named(
        "first-of-the-pair",
        "the first number of a pair was used for rows and columns. The second is for the columns.",
        _pool(settings=lambda k, s: (first(k), first(s))),
        _pool(settings=lambda k, s: (first(k), s)),
        _pool(settings=lambda k, s: (k, first(s))),
    ),
]


def _worked() -> list[Case]:
    x = np.array([[-1.0, -2.0, 3.0, 1.0, 9.0], [-4.0, -3.0, 2.0, 5.0, 9.0]]).reshape(1, 1, 2, 5)
    return [
        Case(
            (x, 2),
            note="two windows side by side, and a column that no window reaches",
            expected=np.array([-1.0, 5.0]).reshape(1, 1, 1, 2),
        ),
        Case(
            (x, (1, 2), (1, 3)),
            note="one row and two columns, three columns apart",
            expected=np.array([-1.0, 9.0, -3.0, 9.0]).reshape(1, 1, 2, 2),
        ),
    ]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(shape: tuple, note: str, k: Pair, **settings: Any) -> Case:
        return Case((rng.normal(size=shape), k), settings, note=note)

    step = int(rng.integers(1, 3))
    below = rng.permutation(-1.0 - np.arange(2 * 35)).reshape(1, 2, 5, 7)
    return [
        case((1, 1, 4, 6), "side by side", 2),
        case((2, 3, 5, 7), "a last row and column that no window reaches", 2),
        case((2, 2, 6, 7), "a window that is not square", (3, 2)),
        case((1, 2, 5, 5), "overlapping windows", 3, stride=1),
        case((2, 2, 6, 5), "overlapping windows", (2, 3), stride=(1, 2)),
        case((1, 3, 7, 8), "strides that differ", (3, 2), stride=(2, 3)),
        case((1, 1, 7, 6), "gaps between the windows", 2, stride=(3, step)),
        case((2, 2, 4, 4), "a window as large as the image", 4),
        case((1, 2, 3, 4), "windows of one pixel", 1, stride=2),
        Case((below, 3), {"stride": 2}, note="all values negative"),
        Case((1e30 * below, (2, 3)), note="values below -10^30"),
        Case((narrow(rng, 2, 2, 5, 6), (2, 3)), note="float32"),
        Case((view(rng, 2, 2, 5, 6), (2, 1)), note="a view"),
    ]


def pool_bad_inputs(*grad: Array) -> list[BadInput]:
    """Return the settings and shapes that no pooling takes, behind the arguments in ``grad``."""
    x = np.ones((1, 2, 2, 3))
    cases: list[tuple[Array, Pair, dict[str, Any], str]] = [
        (x, (3, 1), {}, "a window higher than the image"),
        (x, (1, 4), {}, "a window wider than the image"),
        (x, 0, {}, "a window of 0"),
        (x, (2, 0), {}, "a window without columns"),
        (x, -1, {}, "a negative window"),
        (x, 2, {"stride": 0}, "a stride of 0"),
        (x, 2, {"stride": (1, 0)}, "a stride of 0 in the columns"),
        (x, 2, {"stride": -1}, "a negative stride"),
        (x[0], 2, {}, "an x with three axes"),
        (x[:0], 2, {}, "an empty batch"),
    ]
    return [BadInput((*grad, x, k), because, settings) for x, k, settings, because in cases]


MAX_POOL2D = Exercise(
    key="convolution/max_pool2d",
    points=2,
    concept="Max pooling",
    section=SECTION,
    section_title=TITLE,
    reference=max_pool2d,
    worked=_worked(),
    draw=_draw,
    bad_inputs=pool_bad_inputs(),
    misconceptions=MISTAKES,
    inputs=("x", "k", "stride"),
)

"""Chapter 4: mistakes in the gradient of max pooling."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    Two,
    first,
    named,
    output_shape,
    pair,
    swap,
)

Array = np.ndarray


def _one_hot(flat: Array, place: Array) -> Array:
    return (np.arange(flat.shape[2]) == place[:, :, None]).astype(np.float64)


def _first(window: Array) -> Array:
    flat = window.reshape(*window.shape[:2], -1)
    return _one_hot(flat, flat.argmax(axis=2)).reshape(window.shape)


def _last(window: Array) -> Array:
    return _first(window[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


def _by_columns(window: Array) -> Array:
    return _first(window.swapaxes(2, 3)).swapaxes(2, 3)


def _every(window: Array) -> Array:
    return (window == window.max(axis=(2, 3), keepdims=True)).astype(np.float64)


def _shared(window: Array) -> Array:
    hits = _every(window)
    return hits / hits.sum(axis=(2, 3), keepdims=True)


def _evenly(window: Array) -> Array:
    return np.full(window.shape, 1 / (window.shape[2] * window.shape[3]))


def _decoded_by_height(window: Array) -> Array:
    """Turn the flat index into row and column with the height in place of the width."""
    batch, channels, k_h = window.shape[:3]
    share = np.zeros(window.shape)
    place = window.reshape(batch, channels, -1).argmax(axis=2)
    for b, c in np.ndindex(batch, channels):
        share[b, c, place[b, c] // k_h, place[b, c] % k_h] = 1
    return share


def _add(dx: Array, place: tuple, share: Array, gradient: Array) -> None:
    dx[place] += share * gradient


def _set(dx: Array, place: tuple, share: Array, gradient: Array) -> None:
    dx[place] = share * gradient


def _set_where_largest(dx: Array, place: tuple, share: Array, gradient: Array) -> None:
    dx[place] = np.where(share > 0, share * gradient, dx[place])


def _back(
    choose: Callable[[Array], Array] = _first,
    put: Callable[[Array, tuple, Array, Array], None] = _add,
    settings: Callable[[Two, Two], tuple[Two, Two]] = lambda k, s: (k, s),
    default: Callable[[Pair], Pair] = lambda k: k,
    worth: Callable[[Array, Array], Array] = lambda g, window: g,
    finish: Callable[[Array, int, int], Array] = lambda dx, rows, columns: dx,
) -> Callable[..., Array]:
    """Return a gradient with one step changed; it goes through the windows."""

    def max_pool2d_backward(g: Array, x: Array, k: Pair, stride: Pair | None = None) -> Array:
        (k_h, k_w), s = settings(pair(k), pair(default(k) if stride is None else stride))
        dx = np.zeros_like(x)
        for i, j in np.ndindex(*g.shape[2:]):
            top, left = s[0] * i, s[1] * j
            place = np.s_[:, :, top : top + k_h, left : left + k_w]
            gradient = worth(g[:, :, i, j], x[place])
            put(dx, place, choose(x[place]), gradient[:, :, None, None])
        rows, columns = (s[a] * (g.shape[2 + a] - 1) + (k_h, k_w)[a] for a in (0, 1))
        return finish(dx, rows, columns)

    return max_pool2d_backward


def _into_the_image(
    by: Callable[[Two], int], grid: Callable[[Two, Two], Two]
) -> Callable[..., Array]:
    """Return a gradient that writes to row grid * i + index // by, column grid * j + index % by."""

    def max_pool2d_backward(g: Array, x: Array, k: Pair, stride: Pair | None = None) -> Array:
        (k_h, k_w), s = pair(k), pair(k if stride is None else stride)
        dx, step = np.zeros_like(x), grid((k_h, k_w), s)
        for b, c, i, j in np.ndindex(g.shape):
            top, left = s[0] * i, s[1] * j
            index = int(x[b, c, top : top + k_h, left : left + k_w].argmax())
            u, v = divmod(index, by((k_h, k_w)))
            dx[b, c, step[0] * i + u, step[1] * j + v] += g[b, c, i, j]
        return dx

    return max_pool2d_backward


def _refused(change: Callable[[Two, Two], tuple[Two, Two]]) -> Callable[..., Array]:
    """Return the wrong settings with a grad_y refused that does not fit them."""

    def max_pool2d_backward(g: Array, x: Array, k: Pair, stride: Pair | None = None) -> Array:
        window, s = change(pair(k), pair(k if stride is None else stride))
        if g.shape[2:] != output_shape(x.shape[2:], window, s, (0, 0)):
            raise ValueError("grad_y does not fit")
        return _back(settings=change)(g, x, k, stride)

    return max_pool2d_backward


def _largest(window: Array) -> Array:
    return window.max(axis=(2, 3))


MISTAKES = [
    *named(
        "every-maximum",
        "where values tie, each of them got the whole gradient. Only the first in reading order "
        "does.",
        _back(_every),
    ),
    *named(
        "ties-share",
        "where values tie, the gradient was shared among them. All of it goes to the first in "
        "reading order.",
        _back(_shared),
    ),
    *named(
        "last-maximum",
        "where values tie, the last one got the gradient. It goes to the first in reading order: "
        "replace a maximum only by what is larger.",
        _back(_last),
    ),
    *named(
        "columns-first",
        "ties were broken column by column. Reading order runs along the rows.",
        _back(_by_columns),
    ),
    *named(
        "overlap-overwritten",
        "a pixel that is the maximum of several windows kept the gradient of one. It collects "
        "from all of them: add with +=.",
        _back(put=_set),
        _back(put=_set_where_largest),
    ),
    *named(
        "spread-evenly",
        "the gradient was spread over the window, as for a mean. It goes to the maximum alone.",
        _back(_evenly),
        _back(lambda window: np.ones(window.shape)),
    ),
    *named(
        "mask-without-gradient",
        "the result counts maxima. Multiply by the gradient that arrives, grad_y.",
        _back(worth=lambda g, window: np.ones(g.shape)),
    ),
    *named(
        "times-the-maximum",
        "the gradient was multiplied by the maximum. The derivative of the maximum is 1 where it "
        "is and 0 elsewhere.",
        _back(worth=lambda g, window: g * _largest(window)),
    ),
    *named(
        "maximum-in-place-of-gradient",
        "dx holds the values of the maxima. At their places it must hold grad_y.",
        _back(worth=lambda g, window: _largest(window)),
    ),
    *named(
        "index-by-height",
        "the flat index of the maximum was split with the height of the window. In reading order "
        "row and column are divmod(index, k_w).",
        _back(_decoded_by_height),
        _into_the_image(lambda k: k[0], lambda k, s: s),
    ),
    *named(
        "windows-side-by-side",
        "each gradient was put where windows lie side by side. The corner of window (i, j) is at "
        "row s_h i and column s_w j, not k_h i and k_w j.",
        _into_the_image(lambda k: k[1], lambda k, s: k),
    ),
    *named(
        "border-lost",
        "the last rows or columns of x, which no window reached, are missing from dx. Their "
        "gradient is 0, and dx has the shape of x.",
        _back(finish=lambda dx, rows, columns: dx[:, :, :rows, :columns]),
    ),
    *named(
        "stride-defaults-to-1",
        "without a stride the windows moved by 1. By default the stride is k: windows side by "
        "side.",
        _back(default=lambda k: 1),
    ),
    *named(
        "stride-ignored",
        "the stride is ignored: the windows lie side by side. Window (i, j) starts at row s_h i "
        "and column s_w j.",
        _back(settings=lambda k, s: (k, k)),
        _refused(lambda k, s: (k, k)),
    ),
    *named(
        "pairs-swapped",
        "rows and columns of a pair were swapped. A pair is (rows, columns), like H and W.",
        _back(settings=lambda k, s: (swap(k), swap(s))),
        _back(settings=lambda k, s: (swap(k), s)),
        _back(settings=lambda k, s: (k, swap(s))),
        _refused(lambda k, s: (swap(k), swap(s))),
    ),
    *named(
        "first-of-the-pair",
        "the first number of a pair was used for rows and columns. The second is for the columns.",
        _back(settings=lambda k, s: (first(k), first(s))),
        _back(settings=lambda k, s: (first(k), s)),
        _back(settings=lambda k, s: (k, first(s))),
        _refused(lambda k, s: (first(k), first(s))),
    ),
]

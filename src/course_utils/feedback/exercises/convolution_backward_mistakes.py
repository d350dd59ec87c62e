"""Chapter 4: mistakes in the gradients of a convolution layer."""

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
    swap,
)

Array = np.ndarray
Grads = tuple[Array, Array, Array]
Settings = tuple[Two, Two]


def _add(total: Array, place: tuple, part: Array) -> None:
    total[place] += part


def _set(total: Array, place: tuple, part: Array) -> None:
    total[place] = part


def _crop(wide: Array, p: Two, x: Array) -> Array:
    return wide[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def _gradients(
    back: Callable[[Array], Array] = lambda w: w,
    settings: Callable[[Two, Two], Settings] = lambda s, p: (s, p),
    put: Callable[[Array, tuple, Array], None] = _add,
    crop: Callable[[Array, Two, Array], Array] = _crop,
    front: Callable[[Two], Two] = lambda p: p,
    finish: Callable[[Array, Array, Array, Array], Any] = lambda dx, dw, db, g: (dx, dw, db),
) -> Callable[..., Any]:
    """Return the gradients with one step changed; it goes through the weights of the kernel."""

    def conv2d_backward(g: Array, x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Any:
        s, p = settings(pair(stride), pair(padding))
        before = front(p)
        image = padded(x, before, (2 * p[0] - before[0], 2 * p[1] - before[1]))
        wide, dw, kernel = np.zeros_like(image), np.zeros_like(w), back(w)
        for u, v in np.ndindex(*w.shape[2:]):
            rows = slice(u, u + s[0] * (g.shape[2] - 1) + 1, s[0])
            columns = slice(v, v + s[1] * (g.shape[3] - 1) + 1, s[1])
            place = np.s_[:, :, rows, columns]
            put(wide, place, np.einsum("bohw,oc->bchw", g, kernel[:, :, u, v]))
            dw[:, :, u, v] = np.einsum("bohw,bchw->oc", g, image[place])
        return finish(crop(wide, p, x), dw, g.sum(axis=(0, 2, 3)), g)

    return conv2d_backward


def _on_dw(change: Callable[[Array], Array]) -> Callable[..., Any]:
    return _gradients(finish=lambda dx, dw, db, g: (dx, change(dw), db))


def _on_db(other: Callable[[Array], Array]) -> Callable[..., Any]:
    return _gradients(finish=lambda dx, dw, db, g: (dx, dw, other(g)))


def _only_dx(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradients of which only dx is wrong."""

    def conv2d_backward(*args: Any, **settings: Any) -> Any:
        return (wrong(*args, **settings)[0], *_gradients()(*args, **settings)[1:])

    return conv2d_backward


def _only_dw(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradients of which only dw is wrong."""

    def conv2d_backward(*args: Any, **settings: Any) -> Any:
        dx, _, db = _gradients()(*args, **settings)
        return dx, wrong(*args, **settings)[1], db

    return conv2d_backward


def _window_by_window(g: Array, x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Any:
    """Set each window of dx in turn: a later one wipes out what an earlier one put there."""
    s, p = pair(stride), pair(padding)
    wide = np.zeros_like(padded(x, p, p))
    k_h, k_w = w.shape[2:]
    for i, j in np.ndindex(*g.shape[2:]):
        place = np.s_[:, :, s[0] * i : s[0] * i + k_h, s[1] * j : s[1] * j + k_w]
        wide[place] = np.einsum("bo,ocuv->bcuv", g[:, :, i, j], w)
    return (_crop(wide, p, x), *_gradients()(g, x, w, stride, padding)[1:])


def _last_image(g: Array, x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Any:
    dx, _, db = _gradients()(g, x, w, stride, padding)
    return dx, _gradients()(g[-1:], x[-1:], w, stride, padding)[1], db


def _reached(wide: Array, p: Two, x: Array, g: Array, w: Array, s: Two) -> Array:
    height, width = (s[a] * (g.shape[2 + a] - 1) + w.shape[2 + a] - 2 * p[a] for a in (0, 1))
    return wide[:, :, p[0] : p[0] + height, p[1] : p[1] + width]


def _reached_only(g: Array, x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Any:
    """Give dx the size (n_out - 1) s + k - 2p, that of a transposed convolution."""
    s, p = pair(stride), pair(padding)
    right = _gradients(crop=lambda wide, p, x: wide)(g, x, w, stride, padding)
    return (_reached(right[0], p, x, g, w, s), *right[1:])


def _dense(change: Callable[[Two, Two], Settings]) -> list[Callable[..., Any]]:
    """Return the wrong settings in dx and dw, and in one of them."""
    wrong = _gradients(settings=change)
    return [wrong, _only_dx(wrong), _only_dw(wrong)]


def _refused(change: Callable[[Two, Two], Settings]) -> Callable[..., Any]:
    """Return the wrong settings with a grad_y refused that does not fit them."""

    def conv2d_backward(g: Array, x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Any:
        if g.shape[2:] != output_shape(
            x.shape[2:], w.shape[2:], *change(pair(stride), pair(padding))
        ):
            raise ValueError("grad_y does not fit")
        return _gradients(settings=change)(g, x, w, stride, padding)

    return conv2d_backward


def _averaged(*which: int) -> Callable[..., Any]:
    def finish(dx: Array, dw: Array, db: Array, g: Array) -> Any:
        return tuple(a / len(g) if n in which else a for n, a in enumerate((dx, dw, db)))

    return _gradients(finish=finish)


def _ordered(*order: int) -> Callable[..., Any]:
    def finish(dx: Array, dw: Array, db: Array, g: Array) -> Any:
        return tuple((dx, dw, db)[n] for n in order)

    return _gradients(finish=finish)


def _minus_p(wide: Array, p: Two, x: Array) -> Array:
    return wide[:, :, p[0] : -p[0], p[1] : -p[1]]


def _from_the_corner(wide: Array, p: Two, x: Array) -> Array:
    return wide[:, :, : x.shape[2], : x.shape[3]]


_UNPADDED_FRONT = _gradients(front=lambda p: (0, 0), crop=_from_the_corner)
_SWAPPED = _gradients(back=lambda w: w.swapaxes(0, 1))

MISTAKES = [
    *named(
        "not-three-arrays",
        "one of the three gradients is missing. Return the tuple (dx, dw, db).",
        lambda *args, **settings: None,
    ),
    *named(
        "order-swapped",
        "the gradients come in another order. Return (dx, dw, db).",
        *(_ordered(*order) for order in ((1, 0, 2), (1, 2, 0), (2, 1, 0), (0, 2, 1), (2, 0, 1))),
    ),
    *named(
        "kernel-not-flipped",
        "dx was made with the kernel the wrong way round. Weight (u, v) took from pixel "
        "(i + u, j + v) and gives back to it: written as a correlation, the kernel is flipped.",
        _gradients(back=lambda w: w[:, :, ::-1, ::-1]),
    ),
    *named(
        "channels-swapped",
        "input and output channels are swapped in dx. Pixel c collects w[o, c] times the "
        "gradient of every output channel o.",
        _SWAPPED,
        _only_dx(_SWAPPED),
    ),
    *named(
        "overlap-overwritten",
        "where windows overlap, one share of dx replaced the other. A pixel that feeds several "
        "outputs collects from all: add with +=.",
        _gradients(put=_set),
        _window_by_window,
    ),
    *named(
        "padding-not-cropped",
        "dx still has the zeros around it. Cut the padding off: dx has the shape of x.",
        _gradients(crop=lambda wide, p, x: wide),
    ),
    *named(
        "minus-zero-slice",
        "dx is empty where the padding is 0: a slice [0:-0] ends where it begins. Cut out "
        "[p : p + H] instead.",
        _gradients(crop=_minus_p),
    ),
    *named(
        "padding-on-one-side",
        "pixel (0, 0) was taken to be in the corner of the padded image. It is p rows and p "
        "columns further in.",
        _UNPADDED_FRONT,
        _only_dx(_UNPADDED_FRONT),
        _only_dw(_UNPADDED_FRONT),
    ),
    *named(
        "border-lost",
        "the last rows or columns of x, which no window reached, are missing from dx. Their "
        "gradient is 0, and dx has the shape of x.",
        _reached_only,
    ),
    *named(
        "stride-ignored",
        "the stride is ignored on the way back. Output (i, j) belongs to the window that starts "
        "at row s_h i and column s_w j.",
        *_dense(lambda s, p: ((1, 1), p)),
        _refused(lambda s, p: ((1, 1), p)),
    ),
    *named(
        "pairs-swapped",
        "rows and columns of a pair were swapped. A pair is (rows, columns), like H and W.",
        *_dense(lambda s, p: (swap(s), swap(p))),
        _gradients(settings=lambda s, p: (swap(s), p)),
        _gradients(settings=lambda s, p: (s, swap(p))),
        _refused(lambda s, p: (swap(s), swap(p))),
    ),
    *named(
        "first-of-the-pair",
        "the first number of a pair was used for rows and columns. The second is for the columns.",
        *_dense(lambda s, p: (first(s), first(p))),
        _refused(lambda s, p: (first(s), first(p))),
    ),
    *named(
        "dw-flipped",
        "dw is flipped. It is the correlation of the padded x with grad_y, without a flip.",
        _on_dw(lambda dw: dw[:, :, ::-1, ::-1]),
    ),
    *named(
        "dw-channels-swapped",
        "dw came as (C_in, C_out, ...). A gradient has the shape of its variable.",
        _on_dw(lambda dw: dw.swapaxes(0, 1)),
    ),
    *named(
        "dw-of-the-last-image",
        "dw holds the last image of the batch only. One w serves all images: sum over the batch.",
        _last_image,
    ),
    *named(
        "averaged-over-batch",
        "a gradient was divided by the batch size. grad_y holds whatever mean there is: sum.",
        *(_averaged(*which) for which in ((0, 1, 2), (1, 2), (1,), (2,), (0,))),
    ),
    *named(
        "db-averaged",
        "db was averaged over positions. b is added at each of them: sum.",
        _on_db(lambda g: g.mean(axis=(2, 3)).sum(axis=0)),
        _on_db(lambda g: g.mean(axis=(0, 2, 3))),
    ),
    *named(
        "db-per-image",
        "db has a batch axis. One b serves every image: sum over the batch too.",
        _on_db(lambda g: g.sum(axis=(2, 3))),
    ),
    *named(
        "db-per-pixel",
        "db has rows and columns. One number serves all positions: sum over them too.",
        _on_db(lambda g: g.sum(axis=0)),
    ),
    *named(
        "db-over-wrong-axes",
        "db was summed over the channels. Sum over batch, rows and columns: axes 0, 2 and 3.",
        *(_on_db(lambda g, a=axes: g.sum(axis=a)) for axes in ((1, 2, 3), (0, 1, 2), (0, 1, 3), 1)),
    ),
    *named(
        "db-keeps-axes",
        "db kept axes of length 1. It has the shape (C_out,), like b.",
        _on_db(lambda g: g.sum(axis=(0, 2, 3), keepdims=True)),
        _on_db(lambda g: g.sum(axis=(0, 2, 3))[:, None]),
    ),
]

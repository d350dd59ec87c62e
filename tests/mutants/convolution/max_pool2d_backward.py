"""Wrong gradients of max pooling, most of them one output at a time."""

import numpy as np

from tests.bank import mutant


def two(value):
    return (value, value) if isinstance(value, int) else value


def first_maximum(patch):
    return [np.unravel_index(np.argmax(patch), patch.shape)]


def student(pick=first_maximum, settings=None, amount=None, overwrite=False):
    """Return a gradient that goes through the outputs, with the given steps replaced.

    ``pick`` returns the places of a window that take the gradient, ``amount`` what they take.
    """

    def max_pool2d_backward(grad_y, x, k, stride=None):
        k, s = two(k), two(k if stride is None else stride)
        if settings:
            k, s = settings(k, s)
        dx = np.zeros_like(x)
        for b, c, i, j in np.ndindex(*grad_y.shape):
            top, left = s[0] * i, s[1] * j
            patch = x[b, c, top : top + k[0], left : left + k[1]]
            places = pick(patch)
            for u, v in places:
                g = amount(grad_y[b, c, i, j], patch, places) if amount else grad_y[b, c, i, j]
                old = 0 if overwrite else dx[b, c, top + u, left + v]
                dx[b, c, top + u, left + v] = old + g
        return dx

    return max_pool2d_backward


right = student()


def every_maximum(patch):
    return np.argwhere(patch == patch.max()).tolist()


@mutant("every-maximum", factory=True)
def mask_of_the_maximum():
    return student(pick=every_maximum)


@mutant("ties-share", factory=True)
def mask_divided_by_its_sum():
    return student(pick=every_maximum, amount=lambda g, patch, places: g / len(places))


@mutant("last-maximum", factory=True)
def greater_or_equal():
    def pick(patch):
        best, place = -np.inf, None
        for u in range(patch.shape[0]):
            for v in range(patch.shape[1]):
                if patch[u, v] >= best:
                    best, place = patch[u, v], (u, v)
        return [place]

    return student(pick=pick)


@mutant("columns-first", factory=True)
def loops_the_other_way_round():
    def pick(patch):
        best, place = -np.inf, None
        for v in range(patch.shape[1]):
            for u in range(patch.shape[0]):
                if patch[u, v] > best:
                    best, place = patch[u, v], (u, v)
        return [place]

    return student(pick=pick)


@mutant("overlap-overwritten", factory=True)
def assigned():
    return student(overwrite=True)


@mutant("overlap-overwritten")
def indexed_with_arrays(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    view = np.lib.stride_tricks.sliding_window_view(x, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    place = view.reshape(*grad_y.shape, -1).argmax(axis=4)
    b, c, i, j = np.indices(grad_y.shape)
    dx = np.zeros_like(x)
    dx[b, c, s[0] * i + place // k[1], s[1] * j + place % k[1]] += grad_y  # once for each pixel
    return dx


@mutant("overlap-overwritten")
def whole_windows_assigned(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    dx = np.zeros_like(x)
    for b, c, i, j in np.ndindex(*grad_y.shape):
        window = np.s_[b, c, s[0] * i : s[0] * i + k[0], s[1] * j : s[1] * j + k[1]]
        share = np.zeros(k)
        share[np.unravel_index(np.argmax(x[window]), k)] = grad_y[b, c, i, j]
        dx[window] = share
    return dx


@mutant("spread-evenly", factory=True)
def average_pooling():
    return student(
        pick=lambda patch: list(np.ndindex(patch.shape)),
        amount=lambda g, patch, places: g / patch.size,
    )


@mutant("mask-without-gradient", factory=True)
def ones():
    return student(amount=lambda g, patch, places: 1.0)


@mutant("times-the-maximum", factory=True)
def chain_rule_with_the_value():
    return student(amount=lambda g, patch, places: g * patch.max())


@mutant("maximum-in-place-of-gradient", factory=True)
def unpooling():
    return student(amount=lambda g, patch, places: patch.max())


@mutant("index-by-height")
def divmod_by_height(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    dx = np.zeros_like(x)
    for b, c, i, j in np.ndindex(*grad_y.shape):
        window = np.s_[b, c, s[0] * i : s[0] * i + k[0], s[1] * j : s[1] * j + k[1]]
        u, v = divmod(int(np.argmax(x[window])), k[0])
        dx[window][u, v] += grad_y[b, c, i, j]
    return dx


@mutant("border-lost")
def size_of_the_windows(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    rows, columns = (grad_y.shape[2] - 1) * s[0] + k[0], (grad_y.shape[3] - 1) * s[1] + k[1]
    return right(grad_y, x[:, :, :rows, :columns], k, s)


@mutant("stride-defaults-to-1")
def one_by_default(grad_y, x, k, stride=None):
    return right(grad_y, x, k, 1 if stride is None else stride)


@mutant("stride-ignored", factory=True)
def always_side_by_side():
    return student(settings=lambda k, s: (k, k))


@mutant("pairs-swapped", factory=True)
def width_then_height():
    return student(settings=lambda k, s: ((k[1], k[0]), (s[1], s[0])))


@mutant("first-of-the-pair", factory=True)
def square_windows():
    return student(settings=lambda k, s: ((k[0], k[0]), (s[0], s[0])))


@mutant("dtype")
def float64_zeros(grad_y, x, k, stride=None):
    return right(grad_y, x, k, stride) + np.zeros(x.shape)


@mutant("mutates")
def maxima_marked_in_x(grad_y, x, k, stride=None):
    dx = right(grad_y, x, k, stride)
    x[dx != 0] = np.inf
    return dx


@mutant("exception")
def numbers_only(grad_y, x, k, stride=None):
    return right(grad_y, x, int(k), stride)


@mutant("validation")
def takes_what_comes(grad_y, x, k, stride=None):
    return right(grad_y, x, k, stride)


@mutant("index-by-height")
def row_is_index_over_k_h(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    dx = np.zeros_like(x)
    for b, c, i, j in np.ndindex(*grad_y.shape):
        patch = x[b, c, s[0] * i : s[0] * i + k[0], s[1] * j : s[1] * j + k[1]]
        best = np.argmax(patch)
        dx[b, c, s[0] * i + best // k[0], s[1] * j + best % k[0]] += grad_y[b, c, i, j]
    return dx


@mutant("windows-side-by-side")
def places_counted_in_windows(grad_y, x, k, stride=None):
    k, s = two(k), two(k if stride is None else stride)
    dx = np.zeros(x.shape, x.dtype)
    view = np.lib.stride_tricks.sliding_window_view(x, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    best = view.reshape(*view.shape[:4], -1).argmax(axis=4)
    b, c, i, j = np.indices(best.shape)
    np.add.at(dx, (b, c, k[0] * i + best // k[1], k[1] * j + best % k[1]), grad_y)
    return dx


def refusing(settings):
    """Return a gradient with wrong settings, which refuses a grad_y that does not fit them."""

    def max_pool2d_backward(grad_y, x, k, stride=None):
        k, s = settings(two(k), two(k if stride is None else stride))
        size = tuple((x.shape[2 + a] - k[a]) // s[a] + 1 for a in (0, 1))
        if grad_y.shape != (*x.shape[:2], *size):
            raise ValueError(f"grad_y should be {size}")
        return right(grad_y, x, k, s)

    return max_pool2d_backward


@mutant("stride-ignored", factory=True)
def refused_where_windows_overlap():
    return refusing(lambda k, s: (k, k))


@mutant("pairs-swapped", factory=True)
def refused_swapped():
    return refusing(lambda k, s: (k[::-1], s[::-1]))


@mutant("first-of-the-pair", factory=True)
def refused_pairs():
    return refusing(lambda k, s: ((k[0], k[0]), (s[0], s[0])))

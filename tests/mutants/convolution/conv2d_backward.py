"""Wrong gradients of a convolution, most of them window by window."""

import numpy as np

from tests.bank import mutant


def two(value):
    return (value, value) if isinstance(value, int) else value


def zeros_around(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


def middle(wide, p, x):
    return wide[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def student(kernel=None, settings=None, crop=None, pad=None, overwrite=False):
    """Return gradients that go from window to window, with the given steps replaced."""

    def conv2d_backward(grad_y, x, w, stride=1, padding=0):
        s, p = two(stride), two(padding)
        if settings:
            s, p = settings(s, p)
        image = (pad or zeros_around)(x, p)
        wide, dw = np.zeros_like(image), np.zeros_like(w)
        k_h, k_w = w.shape[2:]
        seen = kernel(w) if kernel else w
        for i in range(grad_y.shape[2]):
            for j in range(grad_y.shape[3]):
                window = np.s_[:, :, s[0] * i : s[0] * i + k_h, s[1] * j : s[1] * j + k_w]
                share = np.einsum("bo,ocuv->bcuv", grad_y[:, :, i, j], seen)
                wide[window] = share if overwrite else wide[window] + share
                dw += np.einsum("bo,bcuv->ocuv", grad_y[:, :, i, j], image[window])
        return (crop or middle)(wide, p, x), dw, grad_y.sum(axis=3).sum(axis=2).sum(axis=0)

    return conv2d_backward


right = student()


def changed(dx=None, dw=None, db=None):
    """Return the right gradients with one of them changed."""

    def conv2d_backward(grad_y, x, w, stride=1, padding=0):
        ours = right(grad_y, x, w, stride, padding)
        return (
            dx(ours[0]) if dx else ours[0],
            dw(ours[1]) if dw else ours[1],
            db(grad_y) if db else ours[2],
        )

    return conv2d_backward


@mutant("not-three-arrays")
def dx_only(grad_y, x, w, stride=1, padding=0):
    return right(grad_y, x, w, stride, padding)[0]


@mutant("not-three-arrays")
def no_db(grad_y, x, w, stride=1, padding=0):
    return right(grad_y, x, w, stride, padding)[:2]


@mutant("not-three-arrays")
def nothing_returned(grad_y, x, w, stride=1, padding=0):
    right(grad_y, x, w, stride, padding)


@mutant("not-three-arrays")
def db_left_for_later(grad_y, x, w, stride=1, padding=0):
    dx, dw, _ = right(grad_y, x, w, stride, padding)
    return dx, dw, None


@mutant("order-swapped")
def weights_first(grad_y, x, w, stride=1, padding=0):
    dx, dw, db = right(grad_y, x, w, stride, padding)
    return dw, db, dx


@mutant("kernel-not-flipped", factory=True)
def full_correlation():
    return student(kernel=lambda w: np.flip(w, axis=(2, 3)))


@mutant("kernel-not-flipped")
def spread_then_correlated(grad_y, x, w, stride=1, padding=0):
    """Zeros between the entries of grad_y, k - 1 zeros around it, then windows: no flip."""
    s, p, (k_h, k_w) = two(stride), two(padding), w.shape[2:]
    rows, columns = x.shape[2] + 2 * p[0] + k_h - 1, x.shape[3] + 2 * p[1] + k_w - 1
    spread = np.zeros((*grad_y.shape[:2], rows, columns), grad_y.dtype)
    down, right_ = s[0] * grad_y.shape[2], s[1] * grad_y.shape[3]
    target = spread[:, :, k_h - 1 : k_h - 1 + down : s[0], k_w - 1 : k_w - 1 + right_ : s[1]]
    target[...] = grad_y
    windows = np.lib.stride_tricks.sliding_window_view(spread, (k_h, k_w), axis=(2, 3))
    wide = np.einsum("boijuv,ocuv->bcij", windows, w)
    return (middle(wide, p, x), *right(grad_y, x, w, stride, padding)[1:])


@mutant("channels-swapped")
def kernel_not_transposed(grad_y, x, w, stride=1, padding=0):
    dx, _, _ = student(kernel=lambda w: np.transpose(w, (1, 0, 2, 3)))(
        grad_y, x, w, stride, padding
    )
    return (dx, *right(grad_y, x, w, stride, padding)[1:])


@mutant("overlap-overwritten", factory=True)
def windows_assigned():
    return student(overwrite=True)


@mutant("overlap-overwritten")
def taps_assigned(grad_y, x, w, stride=1, padding=0):
    s, p = two(stride), two(padding)
    wide = np.zeros_like(zeros_around(x, p))
    rows, columns = grad_y.shape[2:]
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            met = np.s_[:, :, u : u + s[0] * rows : s[0], v : v + s[1] * columns : s[1]]
            wide[met] = np.einsum("boij,oc->bcij", grad_y, w[:, :, u, v])
    return (middle(wide, p, x), *right(grad_y, x, w, stride, padding)[1:])


@mutant("padding-not-cropped", factory=True)
def padded_gradient():
    return student(crop=lambda wide, p, x: wide)


@mutant("minus-zero-slice", factory=True)
def cut_with_minus_p():
    return student(crop=lambda wide, p, x: wide[:, :, p[0] : -p[0], p[1] : -p[1]])


@mutant("padding-on-one-side", factory=True)
def cut_at_the_end():
    return student(crop=lambda wide, p, x: wide[:, :, : x.shape[2], : x.shape[3]])


@mutant("padding-on-one-side", factory=True)
def padded_at_the_end():
    return student(
        pad=lambda x, p: np.pad(x, ((0, 0), (0, 0), (0, 2 * p[0]), (0, 2 * p[1]))),
        crop=lambda wide, p, x: wide[:, :, : x.shape[2], : x.shape[3]],
    )


@mutant("border-lost")
def size_of_a_transposed_convolution(grad_y, x, w, stride=1, padding=0):
    s, p = two(stride), two(padding)
    dx, dw, db = right(grad_y, x, w, stride, padding)
    rows = (grad_y.shape[2] - 1) * s[0] + w.shape[2] - 2 * p[0]
    columns = (grad_y.shape[3] - 1) * s[1] + w.shape[3] - 2 * p[1]
    grown = np.zeros((*x.shape[:2], max(rows, dx.shape[2]), max(columns, dx.shape[3])), x.dtype)
    grown[:, :, : dx.shape[2], : dx.shape[3]] = dx
    return grown[:, :, :rows, :columns], dw, db


@mutant("stride-ignored", factory=True)
def steps_of_one():
    return student(settings=lambda s, p: ((1, 1), p))


@mutant("stride-ignored")
def steps_of_one_for_the_weights(grad_y, x, w, stride=1, padding=0):
    dx, _, db = right(grad_y, x, w, stride, padding)
    return dx, right(grad_y, x, w, 1, padding)[1], db


@mutant("pairs-swapped", factory=True)
def columns_then_rows():
    return student(settings=lambda s, p: ((s[1], s[0]), (p[1], p[0])))


@mutant("first-of-the-pair", factory=True)
def rows_for_both():
    return student(settings=lambda s, p: ((s[0], s[0]), (p[0], p[0])))


@mutant("dw-flipped", factory=True)
def rotated_weights():
    return changed(dw=lambda dw: np.rot90(dw, 2, axes=(2, 3)))


@mutant("dw-channels-swapped", factory=True)
def inputs_before_outputs():
    return changed(dw=lambda dw: np.transpose(dw, (1, 0, 2, 3)))


@mutant("dw-of-the-last-image")
def assigned_image_by_image(grad_y, x, w, stride=1, padding=0):
    dx, _, db = right(grad_y, x, w, stride, padding)
    for g, image in zip(grad_y, x, strict=True):
        dw = right(g[None], image[None], w, stride, padding)[1]
    return dx, dw, db


@mutant("averaged-over-batch")
def mean_of_everything(grad_y, x, w, stride=1, padding=0):
    return tuple(grad / len(x) for grad in right(grad_y, x, w, stride, padding))


@mutant("averaged-over-batch")
def mean_of_the_weights(grad_y, x, w, stride=1, padding=0):
    dx, dw, db = right(grad_y, x, w, stride, padding)
    return dx, dw / len(x), db


@mutant("averaged-over-batch", factory=True)
def mean_of_the_bias_over_images():
    return changed(db=lambda g: g.mean(axis=0).sum(axis=(1, 2)))


@mutant("db-averaged", factory=True)
def mean_of_the_bias():
    return changed(db=lambda g: np.mean(g, axis=(0, 2, 3)))


@mutant("db-per-image", factory=True)
def one_bias_an_image():
    return changed(db=lambda g: np.einsum("boij->bo", g))


@mutant("db-per-pixel", factory=True)
def one_bias_a_pixel():
    return changed(db=lambda g: np.einsum("boij->oij", g))


@mutant("db-over-wrong-axes", factory=True)
def summed_over_channels():
    return changed(db=lambda g: np.einsum("boij->b", g))


@mutant("db-keeps-axes", factory=True)
def kept_dimensions():
    return changed(db=lambda g: g.sum(axis=(0, 2, 3), keepdims=True))


@mutant("dtype", factory=True)
def float64_weights():
    return changed(dw=lambda dw: dw + np.zeros(dw.shape))


@mutant("mutates")
def gradient_divided_in_place(grad_y, x, w, stride=1, padding=0):
    grad_y *= 2
    return tuple(grad / 2 for grad in right(grad_y, x, w, stride, padding))


@mutant("exception")
def wrong_slice(grad_y, x, w, stride=1, padding=0):
    return right(grad_y, x, w, stride[0], padding)


@mutant("validation")
def reads_what_fits(grad_y, x, w, stride=1, padding=0):
    return right(grad_y, x, w, stride, padding)


def refusing(settings):
    """Return gradients with wrong settings, which refuse a grad_y that does not fit them."""

    def conv2d_backward(grad_y, x, w, stride=1, padding=0):
        s, p = settings(two(stride), two(padding))
        size = tuple((x.shape[2 + a] + 2 * p[a] - w.shape[2 + a]) // s[a] + 1 for a in (0, 1))
        if grad_y.shape != (len(x), len(w), *size):
            raise ValueError(f"grad_y should be {size}")
        return right(grad_y, x, w, s, p)

    return conv2d_backward


@mutant("stride-ignored", factory=True)
def refused_at_stride_2():
    return refusing(lambda s, p: ((1, 1), p))


@mutant("pairs-swapped", factory=True)
def refused_swapped():
    return refusing(lambda s, p: (s[::-1], p[::-1]))


@mutant("first-of-the-pair", factory=True)
def refused_pairs():
    return refusing(lambda s, p: ((s[0], s[0]), (p[0], p[0])))

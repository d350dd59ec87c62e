"""Wrong transposed convolutions, most of them pixel by pixel."""

import numpy as np

from tests.bank import mutant


def two(value):
    return (value, value) if isinstance(value, int) else value


def cut(full, p):
    rows, columns = full.shape[2:]
    return full[:, :, p[0] : rows - p[0], p[1] : columns - p[1]]


def place_kernels(x, w, s, overwrite=False):
    """Put w times each pixel on a canvas, s rows and columns apart."""
    rows = (x.shape[2] - 1) * s[0] + w.shape[2]
    columns = (x.shape[3] - 1) * s[1] + w.shape[3]
    full = np.zeros((len(x), w.shape[1], rows, columns), dtype=x.dtype)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            stamp = np.tensordot(x[:, :, i, j], w, axes=(1, 0))
            top, left = i * s[0], j * s[1]
            spot = full[:, :, top : top + w.shape[2], left : left + w.shape[3]]
            spot[...] = stamp if overwrite else spot + stamp
    return full


def right(x, w, stride=1, padding=0):
    return cut(place_kernels(x, w, two(stride)), two(padding))


@mutant("kernel-flipped")
def flipped(x, w, stride=1, padding=0):
    return right(x, w[..., ::-1, ::-1], stride, padding)


@mutant("kernel-flipped")
def zeros_between_then_correlated(x, w, stride=1, padding=0):
    """Spread the pixels, pad by k - 1, and correlate as conv2d does."""
    s, (k_h, k_w) = two(stride), w.shape[2:]
    rows, columns = (x.shape[2] - 1) * s[0] + 1, (x.shape[3] - 1) * s[1] + 1
    spread = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    spread[:, :, :: s[0], :: s[1]] = x
    spread = np.pad(spread, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(spread, (k_h, k_w), axis=(2, 3))
    return cut(np.einsum("bcijuv,couv->boij", windows, w), two(padding))


@mutant("channels-as-in-conv2d")
def output_channels_first(x, w, stride=1, padding=0):
    return right(x, np.transpose(w, (1, 0, 2, 3)), stride, padding)


@mutant("overlap-overwritten")
def stamped_over(x, w, stride=1, padding=0):
    return cut(place_kernels(x, w, two(stride), overwrite=True), two(padding))


@mutant("overlap-overwritten")
def taps_assigned(x, w, stride=1, padding=0):
    s = two(stride)
    full = np.zeros_like(place_kernels(x, w, s))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            values = np.einsum("bcij,co->boij", x, w[:, :, u, v])
            down, across = u + s[0] * x.shape[2], v + s[1] * x.shape[3]
            full[:, :, u : down : s[0], v : across : s[1]] = values
    return cut(full, two(padding))


@mutant("overlap-averaged")
def blended(x, w, stride=1, padding=0):
    full = place_kernels(x, w, two(stride))
    count = place_kernels(np.ones_like(x[:1, :1]), np.ones_like(w[:1, :1]), two(stride))
    return cut(full / np.where(count == 0, 1, count), two(padding))


@mutant("stride-ignored")
def side_by_side(x, w, stride=1, padding=0):
    return right(x, w, 1, padding)


@mutant("ordinary-convolution")
def forward(x, w, stride=1, padding=0):
    s, p = two(stride), two(padding)
    image = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
    windows = np.lib.stride_tricks.sliding_window_view(image, w.shape[2:], axis=(2, 3))
    return np.einsum("bcijuv,couv->boij", windows[:, :, :: s[0], :: s[1]], w)


@mutant("pixels-repeated")
def enlarged_first(x, w, stride=1, padding=0):
    s = two(stride)
    rows, columns = (x.shape[2] - 1) * s[0] + 1, (x.shape[3] - 1) * s[1] + 1
    large = x[:, :, np.arange(rows) // s[0]][:, :, :, np.arange(columns) // s[1]]
    return right(large, w, 1, padding)


@mutant("one-gap-too-many")
def stride_many_zeros(x, w, stride=1, padding=0):
    s = two(stride)
    return right(x, w, (s[0] + 1, s[1] + 1), padding)


@mutant("size-times-stride")
def s_times_n(x, w, stride=1, padding=0):
    s = two(stride)
    full = place_kernels(x, w, s)
    rows, columns = s[0] * x.shape[2], s[1] * x.shape[3]
    canvas = np.zeros((*full.shape[:2], rows, columns), x.dtype)
    part = full[:, :, :rows, :columns]
    canvas[:, :, : part.shape[2], : part.shape[3]] = part
    return cut(canvas, two(padding))


@mutant("padding-ignored")
def never_cut(x, w, stride=1, padding=0):
    return place_kernels(x, w, two(stride))


@mutant("padding-added")
def grown_by_padding(x, w, stride=1, padding=0):
    p = two(padding)
    return np.pad(right(x, w, stride), ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


@mutant("padding-added")
def pixels_padded_as_in_conv2d(x, w, stride=1, padding=0):
    p = two(padding)
    return right(np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1]))), w, stride)


@mutant("padding-split")
def p_in_all(x, w, stride=1, padding=0):
    full, p = right(x, w, stride), two(padding)
    rows, columns = full.shape[2] - p[0], full.shape[3] - p[1]
    return full[:, :, p[0] // 2 :, p[1] // 2 :][:, :, :rows, :columns]


@mutant("cropped-on-one-side")
def cut_before(x, w, stride=1, padding=0):
    p = two(padding)
    return right(x, w, stride)[:, :, p[0] :, p[1] :]


@mutant("cropped-on-one-side")
def right_size_from_the_corner(x, w, stride=1, padding=0):
    full, p = right(x, w, stride), two(padding)
    return full[:, :, : full.shape[2] - 2 * p[0], : full.shape[3] - 2 * p[1]]


@mutant("minus-zero-slice")
def cut_with_minus_p(x, w, stride=1, padding=0):
    p_h, p_w = two(padding)
    return right(x, w, stride)[:, :, p_h:-p_h, p_w:-p_w]


@mutant("pairs-swapped")
def width_then_height(x, w, stride=1, padding=0):
    s, p = two(stride), two(padding)
    return right(x, w, (s[1], s[0]), (p[1], p[0]))


@mutant("pairs-swapped")
def padding_the_wrong_way_round(x, w, stride=1, padding=0):
    p = two(padding)
    return right(x, w, stride, (p[1], p[0]))


@mutant("first-of-the-pair")
def rows_for_both(x, w, stride=1, padding=0):
    return right(x, w, two(stride)[0], two(padding)[0])


@mutant("dtype")
def float64_canvas(x, w, stride=1, padding=0):
    y = right(x, w, stride, padding)
    return np.zeros(y.shape) + y


@mutant("mutates")
def scaled_in_place(x, w, stride=1, padding=0):
    w /= 2
    return right(x, 2 * w, stride, padding)


@mutant("exception")
def pairs_only(x, w, stride=1, padding=0):
    return right(x, w, (stride[0], stride[1]), padding)


@mutant("validation")
def takes_what_fits(x, w, stride=1, padding=0):
    return right(x, w, stride, padding)


def correlated(spread, w, border):
    """Correlate with the flipped kernels, with a border of zeros."""
    around = ((0, 0), (0, 0), (border[0], border[0]), (border[1], border[1]))
    view = np.lib.stride_tricks.sliding_window_view(np.pad(spread, around), w.shape[2:], (2, 3))
    return np.einsum("bcijuv,couv->boij", view, w[:, :, ::-1, ::-1])


@mutant("zeros-after-the-last-pixel")
def s_times_n_pixels(x, w, stride=1, padding=0):
    s, (k_h, k_w) = two(stride), w.shape[2:]
    spread = np.zeros((*x.shape[:2], x.shape[2] * s[0], x.shape[3] * s[1]), x.dtype)
    spread[:, :, :: s[0], :: s[1]] = x
    return cut(correlated(spread, w, (k_h - 1, k_w - 1)), two(padding))


@mutant("padding-of-a-convolution")
def padded_by_p(x, w, stride=1, padding=0):
    s = two(stride)
    rows, columns = (x.shape[2] - 1) * s[0] + 1, (x.shape[3] - 1) * s[1] + 1
    spread = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    spread[:, :, :: s[0], :: s[1]] = x
    return correlated(spread, w, two(padding))


@mutant("pixels-repeated")
def enlarged_with_kron(x, w, stride=1, padding=0):
    s = two(stride)
    large = np.kron(x, np.ones((1, 1, *s), x.dtype))
    return cut(place_kernels(large, w, (1, 1)), two(padding))

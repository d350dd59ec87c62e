"""Wrong convolution layers, most of them window by window."""

import numpy as np

from tests.bank import mutant


def two(value):
    return (value, value) if isinstance(value, int) else value


def reach(k, d):
    return d * (k - 1) + 1


def zeros_around(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


def fits(n, k, s, d):
    return (n - reach(k, d)) // s + 1


def dot(patch, w):
    return np.einsum("bcuv,ocuv->bo", patch, w)


def student(pad=None, size=None, product=None, settings=None, bias=None):
    """Return a layer that goes from window to window, with the given steps replaced."""

    def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
        s, p, d = two(stride), two(padding), two(dilation)
        if settings:
            s, p, d = settings(s, p, d)
        image = pad(x, p, w) if pad else zeros_around(x, p)
        k_h, k_w = w.shape[2:]
        rows = (size or fits)(image.shape[2], k_h, s[0], d[0])
        columns = (size or fits)(image.shape[3], k_w, s[1], d[1])
        y = np.zeros((len(x), len(w), rows, columns), dtype=x.dtype)
        for i in range(rows):
            for j in range(columns):
                top, left = s[0] * i, s[1] * j
                patch = image[
                    :, :, top : top + reach(k_h, d[0]) : d[0], left : left + reach(k_w, d[1]) : d[1]
                ]
                y[:, :, i, j] = (product or dot)(patch, w)
        if b is None:
            return y
        return bias(y, b, w) if bias else y + b.reshape(1, -1, 1, 1)

    return conv2d


right = student()


@mutant("flipped-kernel")
def true_convolution(x, w, b=None, stride=1, padding=0, dilation=1):
    return right(x, np.flip(w, axis=(2, 3)), b, stride, padding, dilation)


@mutant("kernel-transposed")
def width_before_height(x, w, b=None, stride=1, padding=0, dilation=1):
    return right(x, np.transpose(w, (0, 1, 3, 2)), b, stride, padding, dilation)


@mutant("channels-swapped", factory=True)
def input_channels_first():
    return student(product=lambda patch, w: np.einsum("bcuv,couv->bo", patch, w))


@mutant("channels-swapped")
def loops_over_swapped_channels(x, w, b=None, stride=1, padding=0, dilation=1):
    c_in, c_out = w.shape[:2]
    channels = []
    for o in range(c_out):
        maps = [
            right(x[:, [c]], w[c, o][None, None], None, stride, padding, dilation)
            for c in range(c_in)
        ]
        channels.append(np.sum(maps, axis=0))
    y = np.concatenate(channels, axis=1)
    return y if b is None else y + b[:, None, None]


@mutant("channels-summed-first", factory=True)
def one_grey_image():
    return student(
        product=lambda patch, w: np.einsum("buv,ouv->bo", patch.sum(axis=1), w.sum(axis=1))
    )


@mutant("channels-averaged", factory=True)
def mean_over_channels():
    return student(product=lambda patch, w: np.einsum("bcuv,ocuv->boc", patch, w).mean(axis=2))


@mutant("one-channel-only", factory=True)
def red_only():
    return student(product=lambda patch, w: np.einsum("buv,ouv->bo", patch[:, 0], w[:, 0]))


@mutant("one-channel-only", factory=True)
def overwritten_channel_by_channel():
    def product(patch, w):
        for c in range(w.shape[1]):
            total = np.einsum("buv,ouv->bo", patch[:, c], w[:, c])
        return total

    return student(product=product)


@mutant("channels-not-summed")
def a_map_for_each_pair(x, w, b=None, stride=1, padding=0, dilation=1):
    maps = [right(x[:, [c]], w[:, [c]], None, stride, padding, dilation) for c in range(w.shape[1])]
    y = np.stack(maps, axis=2)
    return y if b is None else y + b[:, None, None, None]


@mutant("patches-in-another-order", factory=True)
def channels_last_patches():
    def product(patch, w):
        flat = patch.transpose(0, 2, 3, 1).reshape(len(patch), -1)
        return flat @ w.reshape(len(w), -1).T

    return student(product=product)


@mutant("reshaped-not-transposed")
def im2col_then_reshape(x, w, b=None, stride=1, padding=0, dilation=1):
    y = right(x, w, b, stride, padding, dilation)
    rows = y.transpose(0, 2, 3, 1).reshape(-1, len(w))  # one window a row, as after im2col
    return rows.reshape(y.shape)


@mutant("first-image-only")
def batch_forgotten(x, w, b=None, stride=1, padding=0, dilation=1):
    y = np.zeros_like(right(x, w, None, stride, padding, dilation))
    y[0] = right(x[:1], w, b, stride, padding, dilation)[0]
    return y


@mutant("stride-ignored", factory=True)
def every_position():
    return student(settings=lambda s, p, d: ((1, 1), p, d))


@mutant("padding-ignored", factory=True)
def never_padded():
    return student(pad=lambda x, p, w: x)


@mutant("padding-on-one-side", factory=True)
def padded_before():
    return student(pad=lambda x, p, w: np.pad(x, ((0, 0), (0, 0), (p[0], 0), (p[1], 0))))


@mutant("padding-on-one-side", factory=True)
def larger_image_filled_from_the_corner():
    def pad(x, p, w):
        image = np.zeros((*x.shape[:2], x.shape[2] + 2 * p[0], x.shape[3] + 2 * p[1]), x.dtype)
        image[:, :, : x.shape[2], : x.shape[3]] = x
        return image

    return student(pad=pad)


@mutant("padding-split", factory=True)
def half_on_each_side():
    def pad(x, p, w):
        sides = [(n // 2, n - n // 2) for n in p]
        return np.pad(x, [(0, 0), (0, 0), *sides])

    return student(pad=pad)


@mutant("padding-not-zero", factory=True)
def border_repeated():
    def pad(x, p, w):
        rows = np.clip(np.arange(-p[0], x.shape[2] + p[0]), 0, x.shape[2] - 1)
        columns = np.clip(np.arange(-p[1], x.shape[3] + p[1]), 0, x.shape[3] - 1)
        return x[:, :, rows][:, :, :, columns]

    return student(pad=pad)


@mutant("same-size-assumed", factory=True)
def always_same():
    return student(pad=lambda x, p, w: zeros_around(x, (w.shape[2] // 2, w.shape[3] // 2)))


@mutant("ceil-for-floor")
def last_window_kept(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d = two(stride), two(padding), two(dilation)
    after = []
    for axis in (0, 1):
        n, k = x.shape[2 + axis] + 2 * p[axis], reach(w.shape[2 + axis], d[axis])
        positions = int(np.ceil((n - k) / s[axis])) + 1
        after.append(p[axis] + (positions - 1) * s[axis] + k - n)
    image = np.pad(x, ((0, 0), (0, 0), (p[0], after[0]), (p[1], after[1])))
    return right(image, w, b, stride, 0, dilation)


@mutant("plus-one-forgotten", factory=True)
def fence_posts():
    return student(size=lambda n, k, s, d: (n - reach(k, d)) // s)


@mutant("plus-one-inside", factory=True)
def one_added_too_early():
    return student(size=lambda n, k, s, d: (n - reach(k, d) + 1) // s)


@mutant("pairs-swapped", factory=True)
def width_then_height():
    return student(settings=lambda s, p, d: ((s[1], s[0]), (p[1], p[0]), (d[1], d[0])))


@mutant("pairs-swapped", factory=True)
def stride_the_wrong_way_round():
    return student(settings=lambda s, p, d: ((s[1], s[0]), p, d))


@mutant("pairs-swapped", factory=True)
def padding_the_wrong_way_round():
    return student(settings=lambda s, p, d: (s, (p[1], p[0]), d))


@mutant("first-of-the-pair", factory=True)
def rows_only():
    return student(settings=lambda s, p, d: ((s[0],) * 2, (p[0],) * 2, (d[0],) * 2))


@mutant("dilation-ignored", factory=True)
def no_gaps():
    return student(settings=lambda s, p, d: (s, p, (1, 1)))


@mutant("dilation-as-stride", factory=True)
def steps_of_d():
    return student(settings=lambda s, p, d: ((s[0] * d[0], s[1] * d[1]), p, (1, 1)))


@mutant("every-dth-pixel", factory=True)
def thinned_image():
    def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
        d = two(dilation)
        thin = zeros_around(x, two(padding))[:, :, :: d[0], :: d[1]]
        return right(thin, w, b, stride)

    return conv2d


@mutant("dilated-size", factory=True)
def kernel_of_length_d_k():
    return student(size=lambda n, k, s, d: (n - d * k) // s + 1)


@mutant("bias-ignored", factory=True)
def no_bias():
    return student(bias=lambda y, b, w: y)


@mutant("bias-on-the-wrong-axis", factory=True)
def bias_along_the_width():
    return student(bias=lambda y, b, w: y + b)


@mutant("bias-on-the-wrong-axis", factory=True)
def bias_along_the_height():
    return student(bias=lambda y, b, w: y + b[None, None, :, None])


@mutant("bias-inside-the-sum")
def bias_for_each_channel(x, w, b=None, stride=1, padding=0, dilation=1):
    y = 0
    for c in range(x.shape[1]):
        y = y + right(x[:, c : c + 1], w[:, c : c + 1], b, stride, padding, dilation)
    return y


@mutant("bias-inside-the-sum", factory=True)
def bias_for_each_weight():
    return student(bias=lambda y, b, w: y + (b * w[0].size).reshape(-1, 1, 1))


@mutant("dtype")
def float64_zeros(x, w, b=None, stride=1, padding=0, dilation=1):
    y = np.zeros(right(x, w, b, stride, padding, dilation).shape)
    y += right(x, w, b, stride, padding, dilation)
    return y


@mutant("mutates")
def kernel_flipped_twice_in_place(x, w, b=None, stride=1, padding=0, dilation=1):
    w[...] = np.flip(w, axis=(2, 3)).copy()
    return right(x, np.flip(w, axis=(2, 3)), b, stride, padding, dilation)


@mutant("exception")
def truth_of_an_array(x, w, b=None, stride=1, padding=0, dilation=1):
    y = right(x, w, None, stride, padding, dilation)
    if b:
        y = y + b[:, None, None]
    return y


@mutant("exception")
def pairs_only(x, w, b=None, stride=1, padding=0, dilation=1):
    s_h, s_w = stride
    return right(x, w, b, (s_h, s_w), padding, dilation)


@mutant("validation")
def broadcasts_quietly(x, w, b=None, stride=1, padding=0, dilation=1):
    return right(x, w, b, stride, padding, dilation)


@mutant("none")
def nothing_returned(x, w, b=None, stride=1, padding=0, dilation=1):
    right(x, w, b, stride, padding, dilation)


@mutant("fit-without-padding")
def refused_before_padding(x, w, b=None, stride=1, padding=0, dilation=1):
    if any(k > n for k, n in zip(w.shape[2:], x.shape[2:], strict=True)):
        raise ValueError(f"a kernel of {w.shape[2:]} does not fit {x.shape[2:]}")
    return right(x, w, b, stride, padding, dilation)


def from_the_image(start, seen):
    """Return a layer with no zeros around: ``seen`` says which pixels of the image it reads."""

    def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
        (s_h, s_w), (p_h, p_w), (d_h, d_w) = two(stride), two(padding), two(dilation)
        k_h, k_w = w.shape[2:]
        rows = fits(x.shape[2] + 2 * p_h, k_h, s_h, d_h)
        columns = fits(x.shape[3] + 2 * p_w, k_w, s_w, d_w)
        y = np.zeros((len(x), len(w), rows, columns), x.dtype)
        for i, j, u, v in np.ndindex(rows, columns, k_h, k_w):
            r, c = start(i, s_h, p_h) + d_h * u, start(j, s_w, p_w) + d_w * v
            if seen(r, x.shape[2]) and seen(c, x.shape[3]):
                y[..., i, j] += np.tensordot(x[..., r, c], w[..., u, v], axes=(1, 1))
        return y if b is None else y + b.reshape(-1, 1, 1)

    return conv2d


@mutant("counted-from-the-end", factory=True)
def only_the_far_border_tested():
    return from_the_image(lambda i, s, p: s * i - p, lambda r, n: r < n)


@mutant("counted-from-the-end", factory=True)
def no_border_tested():
    return from_the_image(lambda i, s, p: s * i - p, lambda r, n: True)


@mutant("padding-times-stride", factory=True)
def padding_in_brackets():
    return from_the_image(lambda i, s, p: (i - p) * s, lambda r, n: 0 <= r < n)


@mutant("gaps-in-the-size-only")
def slices_without_a_step(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d = two(stride), two(padding), two(dilation)
    image, (k_h, k_w) = zeros_around(x, p), w.shape[2:]
    rows, columns = fits(image.shape[2], k_h, s[0], d[0]), fits(image.shape[3], k_w, s[1], d[1])
    y = np.zeros((len(x), len(w), rows, columns), x.dtype)
    for i, j in np.ndindex(rows, columns):
        top, left = s[0] * i, s[1] * j
        y[..., i, j] = dot(image[..., top : top + k_h, left : left + k_w], w)
    return y if b is None else y + b[:, None, None]


@mutant("as-many-columns-as-rows")
def one_size(x, w, b=None, stride=1, padding=0, dilation=1):
    s, p, d = two(stride), two(padding), two(dilation)
    image, (k_h, k_w) = zeros_around(x, p), w.shape[2:]
    n = fits(image.shape[2], k_h, s[0], d[0])
    y = np.zeros((len(x), len(w), n, n), x.dtype)
    for o, i, j in np.ndindex(len(w), n, n):
        rows = slice(s[0] * i, s[0] * i + reach(k_h, d[0]), d[0])
        columns = slice(s[1] * j, s[1] * j + reach(k_w, d[1]), d[1])
        y[:, o, i, j] = (image[:, :, rows, columns] * w[o]).sum(axis=(1, 2, 3))
    return y if b is None else y + b[:, None, None]

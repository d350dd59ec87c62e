"""Wrong random crops and flips."""

import numpy as np

from tests.bank import mutant


def refuse(x, padding):
    if x.ndim != 4 or x.size == 0 or padding < 0:
        raise ValueError(f"x must be (B, C, H, W), padding at least 0, got {x.shape}, {padding}")


def padded(x, padding, mode="constant"):
    return np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)], mode=mode)


def cut(wide, x, i, row, column):
    return wide[i, :, row : row + x.shape[2], column : column + x.shape[3]]


def crop_each(x, padding, draw, flip=lambda image: image, mode="constant"):
    wide = padded(x, padding, mode)
    return np.stack([flip(cut(wide, x, i, *draw())) for i in range(len(x))])


def coin_flip(rng):
    return lambda image: image[:, :, ::-1] if rng.random() < 0.5 else image


def two(rng, padding):
    return lambda: rng.integers(0, 2 * padding + 1, 2)


@mutant("one-crop-for-the-batch")
def batch_sliced(x, padding, rng):
    refuse(x, padding)
    row, column = rng.integers(0, 2 * padding + 1, size=2)
    out = padded(x, padding)[:, :, row : row + x.shape[2], column : column + x.shape[3]]
    flips = rng.random(len(x)) < 0.5
    return np.where(flips[:, None, None, None], out[..., ::-1], out)


@mutant("one-flip-for-the-batch")
def batch_flipped(x, padding, rng):
    refuse(x, padding)
    out = crop_each(x, padding, two(rng, padding))
    return out[..., ::-1] if rng.random() < 0.5 else out


@mutant("one-draw-for-the-batch")
def all_alike(x, padding, rng):
    refuse(x, padding)
    top, left = rng.integers(2 * padding, size=2, endpoint=True)
    out = padded(x, padding)[:, :, top : top + x.shape[2], left : left + x.shape[3]]
    return out[..., ::-1].copy() if rng.random() < 0.5 else out.copy()


@mutant("last-offset-never-drawn")
def exclusive_end(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, lambda: rng.integers(0, 2 * padding, 2), coin_flip(rng))


@mutant("half-of-the-offsets")
def up_to_the_padding(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, lambda: rng.integers(0, padding + 1, 2), coin_flip(rng))


@mutant("rows-tied-to-columns")
def diagonal(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, lambda: [rng.integers(0, 2 * padding + 1)] * 2, coin_flip(rng))


@mutant("never-cropped")
def flips_alone(x, padding, rng):
    refuse(x, padding)
    out = x.copy()
    flips = rng.random(len(x)) < 0.5
    out[flips] = out[flips][..., ::-1]
    return out


@mutant("never-flipped")
def crops_alone(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, two(rng, padding))


@mutant("always-flipped")
def mirror(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, two(rng, padding), lambda image: image[..., ::-1])


@mutant("upside-down")
def rows_reversed(x, padding, rng):
    refuse(x, padding)
    turn = lambda image: image[:, ::-1] if rng.random() < 0.5 else image  # noqa: E731
    return crop_each(x, padding, two(rng, padding), turn)


@mutant("pixels-invented")
def reflected(x, padding, rng):
    refuse(x, padding)
    return crop_each(x, padding, two(rng, padding), coin_flip(rng), "reflect")


@mutant("pixels-invented")
def rolled(x, padding, rng):
    refuse(x, padding)
    out = []
    for image in x:
        shifts = rng.integers(-padding, padding + 1, size=2)
        moved = np.roll(image, shifts, axis=(1, 2))
        out.append(np.flip(moved, axis=2) if rng.integers(2) else moved)
    return np.array(out)


@mutant("channels-apart")
def each_channel(x, padding, rng):
    refuse(x, padding)
    planes = x.reshape(-1, 1, *x.shape[2:])
    return crop_each(planes, padding, two(rng, padding), coin_flip(rng)).reshape(x.shape)


@mutant("global-generator")
def np_random(x, padding, rng):
    refuse(x, padding)
    draw = lambda: np.random.randint(0, 2 * padding + 1, 2)  # noqa: E731
    flip = lambda image: image[:, :, ::-1] if np.random.rand() < 0.5 else image  # noqa: E731
    return crop_each(x, padding, draw, flip)


@mutant("own-generator")
def default_rng_inside(x, padding, rng):
    refuse(x, padding)
    rng = np.random.default_rng()
    return crop_each(x, padding, two(rng, padding), coin_flip(rng))


@mutant("same-draws-every-time")
def seeded_inside(x, padding, rng):
    refuse(x, padding)
    rng = np.random.default_rng(42)
    return crop_each(x, padding, two(rng, padding), coin_flip(rng))


@mutant("value")
def rarely_flipped(x, padding, rng):
    refuse(x, padding)
    flip = lambda image: image[:, :, ::-1] if rng.random() < 0.25 else image  # noqa: E731
    return crop_each(x, padding, two(rng, padding), flip)


@mutant("value")
def images_shuffled(x, padding, rng):
    refuse(x, padding)
    return crop_each(rng.permutation(x), padding, two(rng, padding), coin_flip(rng))


@mutant("shape")
def padding_kept(x, padding, rng):
    refuse(x, padding)
    wide = padded(x, padding)
    flips = rng.random(len(x)) < 0.5
    wide[flips] = wide[flips][..., ::-1]
    return wide


@mutant("mutates")
def written_into_x(x, padding, rng):
    refuse(x, padding)
    x[:] = crop_each(x, padding, two(rng, padding), coin_flip(rng))
    return x


@mutant("dtype")
def zeros_of_float64(x, padding, rng):
    refuse(x, padding)
    out = np.zeros(x.shape)
    out[:] = crop_each(x, padding, two(rng, padding), coin_flip(rng))
    return out


@mutant("validation")
def nothing_refused(x, padding, rng):
    batch, channels, height, width = x.shape if x.ndim == 4 else (1, *x.shape)
    out = np.zeros((batch, channels, height, width), x.dtype)
    p = abs(padding)
    for i, image in enumerate(x.reshape(out.shape)):
        wide = padded(image[None], p)
        row, column = rng.integers(0, 2 * p + 1, 2)
        out[i] = coin_flip(rng)(wide[0, :, row : row + height, column : column + width])
    return out

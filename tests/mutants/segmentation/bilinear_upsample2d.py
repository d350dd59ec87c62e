"""Wrong bilinear upsamplings."""

import numpy as np

from tests.bank import mutant


def refuse(x, factor):
    if x.ndim != 4 or x.size == 0 or factor < 1:
        raise ValueError(f"(B, C, H, W) and a factor expected, got {x.shape}, {factor}")


def half_pixels(n, factor):
    return np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, n - 1)


def along(x, axis, places, hold=True):
    """Interpolate along an axis at places inside it."""
    n = x.shape[axis]
    low = np.clip(np.floor(places).astype(int), 0, n - 1)
    high = np.minimum(low + 1, n - 1)
    shape = [1] * 4
    shape[axis] = -1
    share = (places - low).reshape(shape)
    return x.take(low, axis) * (1 - share) + x.take(high, axis) * share


def placed(kind, places, axes=(2, 3)):
    def upsample(x, factor):
        refuse(x, factor)
        y = x
        for axis in axes:
            y = along(y, axis, places(x.shape[axis], factor))
        return y.astype(x.dtype)

    return mutant(kind)(upsample)


corners = placed("corners-aligned", lambda n, f: np.linspace(0, n - 1, n * f))
shifted = placed("half-pixel-forgotten", lambda n, f: np.minimum(np.arange(n * f) / f, n - 1))
from_the_edge = placed(
    "half-pixel-not-taken-back", lambda n, f: np.minimum((np.arange(n * f) + 0.5) / f, n - 1)
)
fine_half = placed(
    "half-pixel-in-fine-pixels-only", lambda n, f: np.clip((np.arange(n * f) - 0.5) / f, 0, n - 1)
)
rows_alone = placed("one-axis-enlarged", half_pixels, axes=(2,))
columns_alone = placed("one-axis-enlarged", half_pixels, axes=(3,))
wrong_axes = placed("channels-last", half_pixels, axes=(1, 2))


@mutant("nearest-neighbour")
def repeated(x, factor):
    refuse(x, factor)
    return np.kron(x, np.ones((1, 1, factor, factor), x.dtype))


@mutant("rows-only")
def columns_repeated(x, factor):
    refuse(x, factor)
    return along(x, 2, half_pixels(x.shape[2], factor)).repeat(factor, axis=3).astype(x.dtype)


@mutant("columns-only")
def rows_repeated(x, factor):
    refuse(x, factor)
    return along(x, 3, half_pixels(x.shape[3], factor)).repeat(factor, axis=2).astype(x.dtype)


@mutant("zeros-outside")
def zero_padding(x, factor):
    refuse(x, factor)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    for axis in (2, 3):
        n = x.shape[axis]
        places = (np.arange(n * factor) + 0.5) / factor + 0.5
        padded = along(padded, axis, places)
    return padded.astype(x.dtype)


@mutant("wrapped-around")
def negative_indices(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        n = x.shape[axis]
        places = (np.arange(n * factor) + 0.5) / factor - 0.5
        low = np.floor(places).astype(int)
        shape = [1] * 4
        shape[axis] = -1
        share = (places - low).reshape(shape)
        y = y.take(low % n, axis) * (1 - share) + y.take((low + 1) % n, axis) * share
    return y.astype(x.dtype)


@mutant("extrapolated")
def drawn_on(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        n = x.shape[axis]
        places = (np.arange(n * factor) + 0.5) / factor - 0.5
        low = np.clip(np.floor(places).astype(int), 0, max(n - 2, 0))
        shape = [1] * 4
        shape[axis] = -1
        share = (places - low).reshape(shape)
        y = y.take(low, axis) * (1 - share) + y.take(np.minimum(low + 1, n - 1), axis) * share
    return y.astype(x.dtype)


@mutant("weights-exchanged")
def exchanged(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        n = x.shape[axis]
        places = half_pixels(n, factor)
        low = np.floor(places).astype(int)
        shape = [1] * 4
        shape[axis] = -1
        share = (places - low).reshape(shape)
        y = y.take(low, axis) * share + y.take(np.minimum(low + 1, n - 1), axis) * (1 - share)
    return y.astype(x.dtype)


@mutant("zeros-between")
def stuffed(x, factor):
    refuse(x, factor)
    y = np.zeros((*x.shape[:2], x.shape[2] * factor, x.shape[3] * factor), x.dtype)
    y[..., ::factor, ::factor] = x
    return y


@mutant("brightness-shared-out")
def divided(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        y = along(y, axis, half_pixels(x.shape[axis], factor))
    return (y / factor**2).astype(x.dtype)


@mutant("smoothstep")
def smooth(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        places = half_pixels(x.shape[axis], factor)
        low = np.floor(places)
        share = places - low
        y = along(y, axis, low + share * share * (3 - 2 * share))
    return y.astype(x.dtype)


@mutant("dtype")
def always_double(x, factor):
    refuse(x, factor)
    y = x
    for axis in (2, 3):
        y = along(y, axis, half_pixels(x.shape[axis], factor))
    return y.astype(np.float64)


@mutant("validation")
def no_checks(x, factor):
    y = x
    for axis in (2, 3):
        y = along(y, axis, half_pixels(x.shape[axis], max(factor, 1)))
    return y.astype(x.dtype)

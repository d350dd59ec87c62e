"""Wrong pictures from patches."""

import numpy as np

from tests.bank import mutant


def refuse(patches, patch, height, width):
    if patches.ndim != 3 or patches.size == 0 or patch < 1 or min(height, width) < 1:
        raise ValueError(f"(B, N, C p p) expected, got {patches.shape}, {patch}, {height}, {width}")
    if height % patch or width % patch or patches.shape[2] % patch**2:
        raise ValueError("no multiple of the patch")
    if patches.shape[1] != height // patch * (width // patch):
        raise ValueError(f"{patches.shape[1]} patches do not make {height} by {width}")


def made(kind, piece=lambda x, c, p: x.reshape(c, p, p), order="C"):
    """Mark pictures filled by loops; ``piece`` makes (C, p, p) of a row."""

    def pictures(patches, patch, height, width):
        refuse(patches, patch, height, width)
        channels = patches.shape[2] // patch**2
        out = np.zeros((len(patches), channels, height, width), patches.dtype)
        grid = (height // patch, width // patch)
        for b, n in np.ndindex(patches.shape[:2]):
            i, j = np.unravel_index(n, grid, order=order)
            rows, cols = slice(i * patch, (i + 1) * patch), slice(j * patch, (j + 1) * patch)
            out[b, :, rows, cols] = piece(patches[b, n], channels, patch)
        return out

    return mutant(kind)(pictures)


columns = made("patches-column-by-column", order="F")
channels_last = made("channels-last", lambda x, c, p: np.moveaxis(x.reshape(p, p, c), -1, 0))
between_rows = made("channels-between-rows", lambda x, c, p: x.reshape(p, c, p).swapaxes(0, 1))
transposed_inside = made(
    "pixels-column-by-column", lambda x, c, p: x.reshape(c, p, p).swapaxes(1, 2)
)


@mutant("dtype")
def float64_pictures(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), height // patch, width // patch, -1, patch, patch)
    return np.einsum("bijcpq->bcipjq", x).reshape(len(patches), -1, height, width) * 1.0


@mutant("cut-by-reshape")
def reshaped(patches, patch, height, width):
    refuse(patches, patch, height, width)
    return patches.reshape(len(patches), -1, height, width)


@mutant("channels-before-patches")
def channels_first(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), -1, height // patch, width // patch, patch, patch)
    return x.swapaxes(3, 4).reshape(len(patches), -1, height, width)


@mutant("pixels-spread")
def every_nth_pixel(patches, patch, height, width):
    refuse(patches, patch, height, width)
    i, j = height // patch, width // patch
    out = np.zeros((len(patches), patches.shape[2] // patch**2, height, width), patches.dtype)
    for n in range(i * j):
        piece = patches[:, n].reshape(len(patches), -1, patch, patch)
        out[:, :, n // j :: i, n % j :: j] = piece
    return out


@mutant("height-and-width-exchanged")
def width_by_height(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), width // patch, height // patch, -1, patch, patch)
    return np.einsum("bijcpq->bcipjq", x).reshape(len(patches), -1, width, height)


@mutant("height-and-width-exchanged")
def grid_exchanged(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), width // patch, height // patch, -1, patch, patch)
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)


@mutant("height-and-width-exchanged")
def square_grid(patches, patch, height, width):
    refuse(patches, patch, height, width)
    n = round(patches.shape[1] ** 0.5)
    x = patches.reshape(len(patches), n, n, -1, patch, patch)
    return x.transpose(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)


@mutant("channels-at-the-end")
def to_show(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), height // patch, width // patch, -1, patch, patch)
    return np.einsum("bijcpq->bipjqc", x).reshape(len(patches), height, width, -1)


@mutant("pictures-transposed")
def at_the_diagonal(patches, patch, height, width):
    refuse(patches, patch, height, width)
    x = patches.reshape(len(patches), height // patch, width // patch, -1, patch, patch)
    return np.einsum("bijcpq->bcjqip", x).reshape(len(patches), -1, width, height)


@mutant("validation")
def whatever_reshapes(patches, patch, height, width):
    if patch < 1:
        raise ValueError("patch must be at least 1")
    x = patches.reshape(len(patches), height // patch, width // patch, -1, patch, patch)
    out = np.einsum("bijcpq->bcipjq", x)
    return out.reshape(*out.shape[:2], height // patch * patch, width // patch * patch)

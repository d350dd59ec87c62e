"""Wrong patches."""

import numpy as np

from tests.bank import mutant


def refuse(images, patch):
    if images.ndim != 4 or images.size == 0 or patch < 1:
        raise ValueError(f"(B, C, H, W) and a patch of at least 1 expected, got {images.shape}")
    if images.shape[2] % patch or images.shape[3] % patch:
        raise ValueError(f"{images.shape} is no multiple of {patch}")


def made(kind, order="C", flat=lambda x: x.ravel(), gather=None):
    """Mark patches cut by loops; ``flat`` flattens (C, p, p), order F goes column by column."""

    def patches(images, patch):
        refuse(images, patch)
        b, _, h, w = images.shape
        places = [(r, c) for r in range(0, h, patch) for c in range(0, w, patch)]
        if order == "F":
            places.sort(key=lambda place: place[::-1])
        cut = [[x[:, r : r + patch, c : c + patch] for r, c in places] for x in images]
        if gather:
            return gather(cut, b)
        return np.array([[flat(piece) for piece in row] for row in cut])

    return mutant(kind)(patches)


columns = made("patches-column-by-column", "F")
channels_last = made("channels-last", flat=lambda x: np.moveaxis(x, 0, -1).ravel())
between_rows = made("channels-between-rows", flat=lambda x: x.swapaxes(0, 1).ravel())
transposed = made("pixels-column-by-column", flat=lambda x: x.swapaxes(1, 2).ravel())
own_channels = made(
    "channels-are-patches",
    gather=lambda cut, b: np.array(
        [[x[c].ravel() for c in range(len(row[0])) for x in row] for row in cut]
    ),
)
own_channels_beside = made(
    "channels-are-patches",
    gather=lambda cut, b: np.array([[each.ravel() for x in row for each in x] for row in cut]),
)
one_axis = made(
    "batch-and-patches-joined",
    gather=lambda cut, b: np.array([x.ravel() for row in cut for x in row]),
)
unflattened = made("patches-not-flattened", gather=lambda cut, b: np.array(cut))
halved_bytes = made("dtype", flat=lambda x: x.ravel().astype(np.float64))


@mutant("cut-by-reshape")
def reshaped(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    return images.reshape(b, h * w // patch**2, c * patch * patch)


@mutant("channels-before-patches")
def channels_first(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // patch, patch, w // patch, patch).swapaxes(3, 4)
    return x.reshape(b, -1, c * patch * patch)


@mutant("pixels-spread")
def every_nth_pixel(images, patch):
    refuse(images, patch)
    i, j = images.shape[2] // patch, images.shape[3] // patch
    cut = [images[:, :, r::i, k::j].reshape(len(images), -1) for r in range(i) for k in range(j)]
    return np.stack(cut, axis=1)


@mutant("grid-kept")
def grid(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // patch, patch, w // patch, patch)
    return np.einsum("bcipjq->bijcpq", x).reshape(b, h // patch, w // patch, c * patch * patch)


@mutant("height-and-width-exchanged")
def width_first(images, patch):
    refuse(images, patch)
    b, c, h, w = images.shape
    x = images.reshape(b, c, w // patch, patch, h // patch, patch)
    return np.einsum("bcipjq->bijcpq", x).reshape(b, -1, c * patch * patch)


@mutant("height-and-width-exchanged")
def height_twice(images, patch):
    refuse(images, patch)
    n = images.shape[2] // patch
    x = images.reshape(*images.shape[:2], n, patch, n, patch)
    return np.einsum("bcipjq->bijcpq", x).reshape(len(images), n * n, -1)


@mutant("overlapping")
def sliding(images, patch):
    refuse(images, patch)
    x = np.lib.stride_tricks.sliding_window_view(images, (patch, patch), axis=(2, 3))
    return np.moveaxis(x, 1, 3).reshape(len(images), x.shape[2] * x.shape[3], -1)


@mutant("validation")
def cuts_the_rest_off(images, patch):
    if images.ndim != 4 or patch < 1 or patch > min(images.shape[2:]):
        raise ValueError("(B, C, H, W) expected")
    b, c, h, w = images.shape
    i, j = h // patch, w // patch
    x = images[:, :, : i * patch, : j * patch].reshape(b, c, i, patch, j, patch)
    return np.einsum("bcipjq->bijcpq", x).reshape(b, i * j, c * patch * patch)


@mutant("validation")
def counts_batches_of_none(images, patch):
    b, c, h, w = images.shape
    if h % patch or w % patch or patch < 1:
        raise ValueError("no multiple")
    i, j = h // patch, w // patch
    x = images.reshape(b, c, i, patch, j, patch)
    return np.einsum("bcipjq->bijcpq", x).reshape(b, i * j, c * patch * patch)

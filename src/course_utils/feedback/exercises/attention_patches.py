"""Chapter 9: pictures as rows of patches."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.attention_steps import Array, view
from course_utils.feedback.exercises.convolution_geometry import named

SECTION, TITLE = "09_attention/07_vit", "Pictures as sentences"
PLAIN, CHANNELS = "one channel", "channels"


def patchify(images: Array, patch: int) -> Array:
    """Cut out one patch after the other, in reading order."""
    rows, columns = (range(0, n, patch) for n in images.shape[2:])
    cut = [images[:, :, r : r + patch, c : c + patch] for r in rows for c in columns]
    return np.stack([each.reshape(len(images), -1) for each in cut], axis=1)


# Axes of a picture that is cut: batch, channel, row of patches i, row in the patch p, column of
# patches j, column in the patch q.
PICTURE, RIGHT = "bcipjq", "bijcpq"

ORDERS = {
    "cut-by-reshape": (
        "the numbers were only reshaped, which cuts them in the order of memory: a run of pixels "
        "is no square. Split H and W in two axes each, exchange axes, then reshape.",
        PICTURE,
    ),
    "patches-column-by-column": (
        "the patches come column by column. Reading order goes row by row.",
        "bjicpq",
    ),
    "channels-last": (
        "a patch was flattened with its channels last. The order is (C, p, p).",
        "bijpqc",
    ),
    "channels-between-rows": (
        "a patch was flattened row by row with all channels of a row together. The order is "
        "(C, p, p): one channel after the other.",
        "bijpcq",
    ),
    "pixels-column-by-column": (
        "the pixels of a patch come column by column. Rows first.",
        "bijcqp",
    ),
    "channels-before-patches": (
        "the channels come before the patches: a patch mixes several places. Each patch holds all "
        "channels of its place.",
        "bcijpq",
    ),
}


def turned(x: Array, before: str, after: str) -> Array:
    """Return x with its axes, named ``before``, in the order ``after``."""
    return x.transpose([before.index(letter) for letter in after])


def _cut(x: Array, patch: int, spread: bool = False) -> Array:
    """Return (B, C, H/p, p, W/p, p), axes bcipjq; ``spread`` takes H as p runs of H/p instead."""
    b, c, h, w = x.shape
    i, j = h // patch, w // patch
    if spread:
        return x.reshape(b, c, patch, i, patch, j).transpose(0, 1, 3, 2, 5, 4)
    return x.reshape(b, c, i, patch, j, patch)


def _patches(order: str = RIGHT, spread: bool = False, end: Any = None) -> Callable[..., Any]:
    """Return patchify with another order of axes."""

    def wrong(images: Array, patch: int) -> Any:
        b, c, h, w = images.shape
        found = turned(_cut(images, patch, spread), PICTURE, order)
        if end:
            return end(found)
        return found.reshape(b, (h // patch) * (w // patch), c * patch**2)

    return wrong


def _square(images: Array, patch: int) -> Array:
    """Exchange the numbers of patches in a row and in a column."""
    b, c, h, w = images.shape
    i, j = h // patch, w // patch
    found = images.reshape(b, c, j, patch, i, patch).transpose(0, 2, 4, 1, 3, 5)
    return found.reshape(b, i * j, -1)


def _rows_only(images: Array, patch: int) -> Array:
    i = images.shape[2] // patch
    found = images.reshape(*images.shape[:2], i, patch, i, patch).transpose(0, 2, 4, 1, 3, 5)
    return found.reshape(len(images), i * i, -1)


def _steps_of_one(images: Array, patch: int) -> Array:
    rows, columns = (range(n - patch + 1) for n in images.shape[2:])
    cut = [images[:, :, r : r + patch, k : k + patch] for r in rows for k in columns]
    return np.stack([each.reshape(len(images), -1) for each in cut], axis=1)


def in_each_order(make: Callable[[str], Callable[..., Any]]) -> list[Misconception]:
    """Return the mistakes in the order of the axes; ``make`` takes the wrong order."""
    return [Misconception(name, hint, make(order)) for name, (hint, order) in ORDERS.items()]


_PATCHIFY_MISTAKES = [
    *in_each_order(_patches),
    *named(
        "pixels-spread",
        "a patch holds every n-th pixel of the whole picture. H splits into (H/p, p), in this "
        "order: neighbours stay together.",
        _patches(spread=True),
    ),
    *named(
        "grid-kept",
        "the patches still stand in a grid. Make one axis of its rows and columns.",
        _patches(end=lambda found: found.reshape(*found.shape[:3], -1)),
    ),
    *named(
        "patches-not-flattened",
        "the patches are not flattened. Each becomes one row of C p p numbers.",
        _patches(end=lambda found: found.reshape(len(found), -1, *found.shape[3:])),
    ),
    *named(
        "channels-are-patches",
        "every channel gives patches of its own. A patch holds all channels of its place.",
        _patches("bcijpq", end=lambda f: f.reshape(len(f), -1, f.shape[-1] ** 2)),
        _patches("bijcpq", end=lambda f: f.reshape(len(f), -1, f.shape[-1] ** 2)),
    ),
    *named(
        "batch-and-patches-joined",
        "pictures and patches share one axis. Keep the batch apart.",
        _patches(end=lambda f: f.reshape(-1, int(np.prod(f.shape[3:])))),
    ),
    *named(
        "height-and-width-exchanged",
        "H and W are exchanged, or one was used for both: pictures need not be square.",
        _square,
        _rows_only,
    ),
    *named(
        "overlapping",
        "the patches overlap. The next one starts where the last one ends: step p.",
        _steps_of_one,
    ),
]


def pictures(rng: np.random.Generator) -> list[tuple[Array, int, str, str]]:
    """Return images, the side of a patch, a note and the part."""
    patch = int(rng.integers(2, 4))

    def normal(*shape: int) -> Array:
        return rng.normal(size=shape)

    colours = rng.integers(0, 256, size=(2, 3, 4, 6)).astype(np.uint8)
    return [
        (normal(1, 1, 4, 4), 2, "four patches", PLAIN),
        (normal(1, 1, 4, 8), 2, "two rows of four", PLAIN),
        (normal(2, 1, 6, 4), 2, "two pictures, three rows of two", PLAIN),
        (normal(3, 1, 3 * patch, 2 * patch), patch, "three pictures", PLAIN),
        (normal(1, 1, 4, 4), 4, "one patch", PLAIN),
        (view(rng, 2, 1, 4, 6), 2, "a view", PLAIN),
        (normal(1, 3, 4, 4), 2, "three channels", CHANNELS),
        (normal(2, 3, 6, 4), 2, "two pictures of three channels", CHANNELS),
        (normal(2, 2, 2, 6), 2, "as many channels as rows", CHANNELS),
        (normal(2, 4, 4, 4), 2, "as many channels as patches", CHANNELS),
        (normal(2, 3, 3, 2), 1, "patches of one pixel", CHANNELS),
        (normal(2, 5, patch, patch), patch, "one patch of five channels", CHANNELS),
        (normal(2, 3, 4, 6).astype(np.float32), 2, "float32", CHANNELS),
        (colours, 2, "uint8", CHANNELS),
    ]


IMAGE = np.arange(8.0).reshape(1, 1, 2, 4)
SIDE_BY_SIDE = np.array([[[0.0, 1, 4, 5], [2, 3, 6, 7]]])
TWO_CHANNELS = np.array([[[[0.0, 1], [2, 3]], [[10, 11], [12, 13]]]])
ONE_ROW = np.array([[[0.0, 1, 2, 3, 10, 11, 12, 13]]])


PATCHIFY = Exercise(
    key="attention/patchify",
    points=2,
    concept="Patches",
    section=SECTION,
    section_title=TITLE,
    reference=patchify,
    worked=[
        Case(
            (IMAGE, 2),
            note="two patches side by side",
            expected=SIDE_BY_SIDE,
            part=PLAIN,
        ),
        Case((TWO_CHANNELS, 2), note="one patch, two channels", expected=ONE_ROW, part=CHANNELS),
    ],
    draw=lambda rng: [
        Case((x, patch), note=note, part=part) for x, patch, note, part in pictures(rng)
    ],
    bad_inputs=[
        BadInput((np.ones((1, 1, 5, 4)), 2), "a height that is no multiple of the patch"),
        BadInput((np.ones((1, 1, 4, 5)), 2), "a width that is no multiple of the patch"),
        BadInput((np.ones((1, 1, 4, 4)), 0), "a patch of 0"),
        BadInput((np.ones((1, 1, 4, 4)), -2), "a negative patch"),
        BadInput((np.ones((1, 4, 4)), 2), "images with three axes"),
        BadInput((np.ones((0, 1, 4, 4)), 2), "no images"),
        BadInput((np.ones((1, 1, 4, 4)), 8), "a patch that is larger than the image"),
    ],
    misconceptions=_PATCHIFY_MISTAKES,
    weights={PLAIN: 0.4, CHANNELS: 0.4, VALIDATION: 0.2},
    inputs=("images", "patch"),
)

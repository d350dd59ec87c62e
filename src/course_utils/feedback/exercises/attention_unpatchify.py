"""Chapter 9: patches put together to pictures."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_patches import (
    CHANNELS,
    IMAGE,
    ONE_ROW,
    PICTURE,
    PLAIN,
    RIGHT,
    SECTION,
    SIDE_BY_SIDE,
    TITLE,
    TWO_CHANNELS,
    in_each_order,
    patchify,
    pictures,
    turned,
)
from course_utils.feedback.exercises.attention_steps import Array
from course_utils.feedback.exercises.convolution_geometry import named


def unpatchify(patches: Array, patch: int, height: int, width: int) -> Array:
    """Put one patch after the other in its place."""
    channels = patches.shape[2] // patch**2
    images = np.zeros((len(patches), channels, height, width), patches.dtype)
    places = [(r, c) for r in range(0, height, patch) for c in range(0, width, patch)]
    for n, (r, c) in enumerate(places):
        flat = patches[:, n].reshape(len(patches), channels, patch, patch)
        images[:, :, r : r + patch, c : c + patch] = flat
    return images


def _pictures(
    order: str = RIGHT, after: str = PICTURE, end: Callable[[Array], Any] | None = None
) -> Callable[..., Any]:
    """Return unpatchify that reads the axes of patches in ``order``."""

    def wrong(patches: Array, patch: int, height: int, width: int) -> Any:
        sizes = {"b": len(patches), "c": patches.shape[2] // patch**2, "p": patch, "q": patch}
        sizes |= {"i": height // patch, "j": width // patch}
        found = turned(patches.reshape([sizes[letter] for letter in order]), order, after)
        images = found.reshape(len(patches), sizes["c"], height, width)
        return end(images) if end else images

    return wrong


def _exchanged(patches: Array, patch: int, height: int, width: int) -> Array:
    return _pictures()(patches, patch, width, height)


def _exchanged_inside(patches: Array, patch: int, height: int, width: int) -> Array:
    """Read the grid as W/p rows of H/p patches, then reshape to (H, W)."""
    return _pictures()(patches, patch, width, height).reshape(len(patches), -1, height, width)


def _square(patches: Array, patch: int, height: int, width: int) -> Array:
    side = round(patches.shape[1] ** 0.5)
    grid = patches.reshape(len(patches), side, side, -1, patch, patch)
    return grid.transpose(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)


_MISTAKES = [
    *in_each_order(_pictures),
    *named(
        "pixels-spread",
        "the pixels of a patch were spread over the whole picture. A patch is a square: its rows "
        "stand inside a row of patches.",
        _pictures(after="bcpiqj"),
    ),
    *named(
        "height-and-width-exchanged",
        "H and W are exchanged, or the grid was taken for a square.",
        _exchanged,
        _exchanged_inside,
        _square,
    ),
    *named(
        "channels-at-the-end",
        "the channels are the last axis. Pictures are (B, C, H, W).",
        _pictures(end=lambda images: images.transpose(0, 2, 3, 1)),
    ),
    *named(
        "pictures-transposed",
        "the pictures are mirrored at their diagonal: rows and columns are exchanged at the end.",
        _pictures(end=lambda images: images.swapaxes(2, 3)),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    return [
        Case((patchify(x, patch), patch, *x.shape[2:]), note=note, part=part)
        for x, patch, note, part in pictures(rng)
    ] + [Case((rng.normal(size=(2, 6, 24))[:, ::-1, ::2], 2, 4, 6), note="strides", part=CHANNELS)]


def _bad_inputs() -> list[BadInput]:
    rows = np.ones((2, 6, 12))
    return [
        BadInput((rows, 2, 4, 4), "another number of patches than fit"),
        BadInput((rows, 2, 5, 6), "a height that is no multiple of the patch"),
        BadInput((rows, 2, 4, 7), "a width that is no multiple of the patch"),
        BadInput((np.ones((2, 6, 10)), 2, 4, 6), "rows that are no multiple of p squared"),
        BadInput((rows, 0, 4, 6), "a patch of 0"),
        BadInput((rows[0], 2, 4, 6), "patches with two axes"),
        BadInput((rows, 2, -4, -6), "a negative height and width"),
        BadInput((rows[:0], 2, 4, 6), "no pictures"),
    ]


UNPATCHIFY = Exercise(
    key="attention/unpatchify",
    points=2,
    concept="Pictures from patches",
    section=SECTION,
    section_title=TITLE,
    reference=unpatchify,
    worked=[
        Case(
            (SIDE_BY_SIDE, 2, 2, 4),
            note="two patches side by side",
            expected=IMAGE,
            part=PLAIN,
        ),
        Case(
            (ONE_ROW, 2, 2, 2),
            note="one patch, two channels",
            expected=TWO_CHANNELS,
            part=CHANNELS,
        ),
    ],
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=_MISTAKES,
    weights={PLAIN: 0.4, CHANNELS: 0.4, VALIDATION: 0.2},
    inputs=("patches", "patch", "height", "width"),
)

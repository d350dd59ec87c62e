"""Chapter 7: connected pixels as objects."""

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.segmentation_labelling import (
    EIGHT,
    Array,
    backwards,
    by_size,
    column_order,
    connected_instances,
    flood,
    one_pass,
    place_of_the_first,
    recursive,
    rows_apart,
)

SECTION, TITLE = "07_segmentation/05_instances", "From pixels to objects"
OBJECTS, NUMBERS = "objects", "their numbers"
_LETTERS = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0, 1],
        [1, 0, 1, 0, 1, 1, 1, 0, 0],
        [1, 0, 1, 0, 1, 0, 0, 0, 1],
        [1, 1, 1, 0, 1, 0, 1, 1, 1],
        [0, 0, 0, 1, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 1, 0, 1, 0, 1],
    ]
)


def _blobs(rng: np.random.Generator, height: int, width: int, share: float) -> Array:
    """Return a random mask; U, corner, border and diagonal are stamped on it."""
    mask = rng.random((height, width)) < share
    mask[:6, :9] = _LETTERS.astype(bool)
    return mask


def _draw(rng: np.random.Generator) -> list[Case]:
    mask, dense = _blobs(rng, 9, 12, 0.4), _blobs(rng, 12, 11, 0.6)
    wide = _blobs(rng, 10, 24, 0.55)
    large = np.ones((80, 80), bool)
    large[rng.integers(20, 30), :70] = False
    return [
        Case((_LETTERS.astype(bool),), note="bends, corners and borders", part=OBJECTS),
        Case((mask,), note="many small objects", part=OBJECTS),
        Case((dense.astype(np.uint8),), note="a mask of uint8", part=NUMBERS),
        Case((wide[::-1, ::2],), note="a view", part=NUMBERS),
        Case((mask.T,), note="columns in memory", part=NUMBERS),
        Case((large,), note="an object of thousands of pixels", part=OBJECTS),
        Case((np.zeros((3, 4), bool),), note="no object", part=OBJECTS),
    ]


def _mask(*rows: str) -> Array:
    return np.array([[letter == "#" for letter in row] for row in rows])


CONNECTED_INSTANCES = Exercise(
    key="segmentation/connected_instances",
    points=3,
    concept="Connected components",
    section=SECTION,
    section_title=TITLE,
    reference=connected_instances,
    worked=[
        Case(
            (_mask("#.#", "#.#", "..#"),),
            note="two objects",
            expected=np.array([[1, 0, 2], [1, 0, 2], [0, 0, 2]]),
            part=OBJECTS,
        ),
        Case(
            (_mask("#.", ".#"),),
            note="corners do not connect",
            expected=np.array([[1, 0], [0, 2]]),
            part=OBJECTS,
        ),
        Case(
            (_mask("#.#", "###"),),
            note="two arms that meet below",
            expected=np.array([[1, 0, 1], [1, 1, 1]]),
            part=OBJECTS,
        ),
        # The arms take two names before they meet; the third object is number 2 all the same.
        Case(
            (_mask("#.#.#", "###.."),),
            note="numbers have no gaps",
            expected=np.array([[1, 0, 1, 0, 2], [1, 1, 1, 0, 0]]),
            part=NUMBERS,
        ),
        Case(
            (_mask("..#", "#..", "#.."),),
            note="the upper object comes first",
            expected=np.array([[0, 0, 1], [2, 0, 0], [2, 0, 0]]),
            part=NUMBERS,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.ones((1, 2, 2), bool),), "a mask with three axes"),
        BadInput((np.ones(4, bool),), "a mask with one axis"),
        BadInput((np.array([[0, 1], [2, 0]]),), "a value that is not 0 or 1"),
        BadInput((np.array([[0.2, 0.9]]),), "probabilities: set a threshold first"),
        BadInput((np.zeros((0, 3), bool),), "a mask without pixels"),
    ],
    misconceptions=[
        Misconception(
            "eight-neighbours",
            "pixels that touch at a corner were connected. Neighbours share a side: up, down, "
            "left, right.",
            flood(EIGHT),
        ),
        *named(
            "labels-not-joined",
            "an object whose arms meet below got several numbers: where the label above and the "
            "one to the left differ, both are the same object.",
            one_pass,
            flood(((1, 0), (0, 1))),
            flood(((1, 0), (0, -1), (0, 1))),
        ),
        Misconception(
            "gaps-in-the-numbers",
            "numbers are missing: those that were joined with others leave gaps. Number what is "
            "left again from 1.",
            lambda mask: one_pass(mask, equal=True),
        ),
        Misconception(
            "rows-apart",
            "only neighbours in the same row were connected.",
            rows_apart,
        ),
        Misconception(
            "columns-apart",
            "only neighbours in the same column were connected.",
            flood(((-1, 0), (1, 0))),
        ),
        Misconception(
            "numbered-by-columns",
            "the objects are numbered column by column. Reading order goes along the rows.",
            flood(order=column_order),
        ),
        Misconception(
            "numbered-by-size",
            "the objects are numbered by size. The one whose first pixel is read first is 1.",
            flood(finish=by_size),
        ),
        Misconception(
            "numbered-backwards",
            "the objects are numbered from the last to the first.",
            flood(order=backwards),
        ),
        Misconception(
            "numbered-by-position",
            "an object's number is the position of its first pixel. Count the objects: 1, 2, 3.",
            flood(finish=place_of_the_first),
        ),
        *named(
            "counted-from-0",
            "the first object got the number 0, which is that of the background. Begin with 1.",
            flood(finish=lambda labels: np.maximum(labels - 1, 0)),
            flood(finish=lambda labels: labels - 1),
        ),
        Misconception(
            "counted-from-2",
            "the first object got the number 2. Begin with 1.",
            flood(finish=lambda labels: labels + (labels > 0)),
        ),
        *named(
            "wrapped-around",
            "the left and right, or upper and lower border were connected: index -1 is the last "
            "pixel.",
            flood(wrap=lambda place, size: place % size),
            flood(wrap=lambda place, size: place + size if place < 0 else place),
        ),
        Misconception(
            "background-numbered",
            "the background was numbered and the objects left at 0.",
            flood(value=0),
        ),
        Misconception(
            "one-number-for-all",
            "every object has the number 1. Each has its own.",
            lambda mask: np.asarray(mask).astype(np.int64),
        ),
        Misconception(
            "recursion-too-deep",
            "a function that calls itself once a pixel ends with a RecursionError on a large "
            "object. Keep the pixels still to visit in a list.",
            recursive,
        ),
    ],
    weights={OBJECTS: 0.5, NUMBERS: 0.3, VALIDATION: 0.2},
    inputs=("mask",),
)

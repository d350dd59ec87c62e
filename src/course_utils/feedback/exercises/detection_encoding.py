"""Chapter 6: boxes as seen from their anchors, and back."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.detection_boxes import (
    Array,
    eighths,
    rows,
    scattered,
    shaken,
    strided,
)
from course_utils.feedback.exercises.detection_encoding_mistakes import (
    DECODE_MISTAKES,
    ENCODE_MISTAKES,
)

ANCHORS, ANCHORS_TITLE = "06_detection/04_anchors", "A detector with anchors"


def encode_boxes(boxes: Array, anchors: Array) -> Array:
    """Return the deltas row by row, in logarithms of quotients of corners."""
    found = []
    for (x1, y1, x2, y2), (u1, v1, u2, v2) in zip(rows(boxes), rows(anchors), strict=True):
        width, height = u2 - u1, v2 - v1
        move = 0.5 * (x1 + x2 - u1 - u2) / width, 0.5 * (y1 + y2 - v1 - v2) / height
        found.append([*move, np.log(x2 - x1) - np.log(width), np.log(y2 - y1) - np.log(height)])
    return np.array(found, dtype=np.float64).reshape(-1, 4).astype(boxes.dtype)


def decode_boxes(deltas: Array, anchors: Array) -> Array:
    """Return the boxes row by row."""
    found = []
    for (tx, ty, tw, th), (u1, v1, u2, v2) in zip(rows(deltas), rows(anchors), strict=True):
        width, height = u2 - u1, v2 - v1
        left = u1 + width * (0.5 + tx - 0.5 * np.exp(tw))
        top = v1 + height * (0.5 + ty - 0.5 * np.exp(th))
        found.append([left, top, left + width * np.exp(tw), top + height * np.exp(th)])
    return np.array(found, dtype=np.float64).reshape(-1, 4).astype(deltas.dtype)


def _draw_boxes(rng: np.random.Generator) -> list[Case]:
    def case(count: int, note: str, change: Callable[[Array], Array] = lambda b: b) -> Case:
        anchors = scattered(rng, count)
        return Case((change(shaken(rng, anchors, 0.4)), change(anchors)), note=note)

    wide = np.array([[0.0, 0.0, 64.0, 16.0]])
    return [
        case(1, "one pair"),
        case(4, "as many rows as columns"),
        case(7, "seven pairs"),
        Case((scattered(rng, 6), scattered(rng, 6)), note="boxes far from their anchors"),
        Case((scattered(rng, 1), wide), note="an anchor that is wider than high"),
        case(6, "float32", eighths),
        case(6, "views", strided),
        Case((np.zeros((0, 4)), np.zeros((0, 4))), note="no boxes"),
    ]


def _draw_deltas(rng: np.random.Generator) -> list[Case]:
    def deltas(count: int) -> Array:
        return rng.normal(size=(count, 4)) * [0.4, 0.4, 0.5, 0.5]

    return [
        Case((deltas(1), scattered(rng, 1)), note="one pair"),
        Case((deltas(4), scattered(rng, 4)), note="as many rows as columns"),
        Case((deltas(7), scattered(rng, 7)), note="seven pairs"),
        Case(
            (deltas(5) * 4, scattered(rng, 5) - 30), note="large deltas: boxes may leave the image"
        ),
        Case((np.zeros((3, 4)), scattered(rng, 3)), note="deltas of 0: the anchors"),
        Case((deltas(6).astype(np.float32), eighths(scattered(rng, 6))), note="float32"),
        Case((strided(deltas(6)), strided(scattered(rng, 6))), note="views"),
        Case((np.zeros((0, 4)), np.zeros((0, 4))), note="no boxes"),
    ]


_ANCHOR = np.array([[10.0, 20.0, 30.0, 60.0]])  # centre (20, 40), 20 wide, 40 high
_BOX = np.array([[20.0, 20.0, 30.0, 100.0]])  # centre (25, 60), 10 wide, 80 high
_DELTA = np.array([[0.25, 0.5, np.log(0.5), np.log(2.0)]])

ENCODE_BOXES = Exercise(
    key="detection/encode_boxes",
    points=2,
    concept="Encoding of boxes",
    section=ANCHORS,
    section_title=ANCHORS_TITLE,
    reference=encode_boxes,
    worked=[
        Case(
            (_BOX, _ANCHOR), note="5 and 20 further, half as wide, twice as high", expected=_DELTA
        ),
        Case((_ANCHOR, _ANCHOR), note="the anchor itself", expected=np.zeros((1, 4))),
    ],
    draw=_draw_boxes,
    bad_inputs=[
        BadInput((np.repeat(_BOX, 2, axis=0), _ANCHOR), "two boxes and one anchor"),
        BadInput((_BOX[0], _ANCHOR[0]), "a box with one axis"),
        BadInput((_BOX[:, :3], _ANCHOR[:, :3]), "boxes of three numbers"),
        BadInput((_BOX * [1, 1, 0, 1] + [0, 0, 20, 0], _ANCHOR), "a box of width 0"),
        BadInput((_BOX[:, [0, 3, 2, 1]], _ANCHOR), "a box with y2 < y1"),
        BadInput((_BOX, _ANCHOR[:, [2, 1, 0, 3]]), "an anchor with x2 < x1"),
        BadInput((_BOX, _ANCHOR * [1, 1, 1, 0] + [0, 0, 0, 20]), "an anchor of height 0"),
    ],
    misconceptions=ENCODE_MISTAKES,
    inputs=("boxes", "anchors"),
)

DECODE_BOXES = Exercise(
    key="detection/decode_boxes",
    points=2,
    concept="Decoding of boxes",
    section=ANCHORS,
    section_title=ANCHORS_TITLE,
    reference=decode_boxes,
    worked=[
        Case((_DELTA, _ANCHOR), note="half as wide, twice as high", expected=_BOX),
        Case((np.zeros((1, 4)), _ANCHOR), note="deltas of 0", expected=_ANCHOR),
    ],
    draw=_draw_deltas,
    bad_inputs=[
        BadInput((np.repeat(_DELTA, 2, axis=0), _ANCHOR), "deltas for two boxes and one anchor"),
        BadInput((_DELTA[0], _ANCHOR[0]), "deltas with one axis"),
        BadInput((_DELTA[:, :3], _ANCHOR[:, :3]), "deltas of three numbers"),
        BadInput((_DELTA, _ANCHOR[:, [2, 1, 0, 3]]), "an anchor with x2 < x1"),
        BadInput((_DELTA, _ANCHOR * [1, 1, 1, 0] + [0, 0, 0, 20]), "an anchor of height 0"),
    ],
    misconceptions=DECODE_MISTAKES,
    inputs=("deltas", "anchors"),
)

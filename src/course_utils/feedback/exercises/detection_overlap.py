"""Chapter 6: intersection over union, and its generalisation."""

import numpy as np

from course_utils.feedback.exercise import MAIN, VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.detection_boxes import (
    BOXES,
    BOXES_TITLE,
    Array,
    crowd,
    eighths,
    iou_of_pairs,
    pair_iou,
    rows,
    scattered,
    shaken,
    shared,
    size,
    strided,
)
from course_utils.feedback.exercises.detection_giou_mistakes import GIOU_MISTAKES
from course_utils.feedback.exercises.detection_overlap_mistakes import IOU_MISTAKES

NONE = "no boxes"


def box_iou(a: Array, b: Array) -> Array:
    """Return the intersection over union pair by pair, in the dtype of the boxes."""
    return iou_of_pairs(a, b).astype(a.dtype)


def _pair_giou(a: list[float], b: list[float]) -> float:
    hull = [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]
    union = size(a) + size(b) - shared(a, b)
    return pair_iou(a, b) - ((size(hull) - union) / size(hull) if size(hull) > 0 else 0.0)


def giou(a: Array, b: Array) -> Array:
    """Return the generalised intersection over union pair by pair."""
    values = [[_pair_giou(one, other) for other in rows(b)] for one in rows(a)]
    return np.array(values, dtype=np.float64).reshape(len(a), len(b)).astype(a.dtype)


def _boxes(*corners: list[float]) -> Array:
    return np.array(corners, dtype=np.float64)


def _draw(rng: np.random.Generator) -> list[Case]:
    few, many = scattered(rng, 4), crowd(rng, 6, 4)
    flat = scattered(rng, 4)
    flat[1, 2], flat[2, 3], flat[3, 2:] = flat[1, 0], flat[2, 1], flat[3, :2]
    small = crowd(rng, 3, 3, 0.25) / 1000
    single = eighths(crowd(rng, 4, 3))
    return [
        Case((few, shaken(rng, few)), note="as many boxes in a as in b"),
        Case((few, crowd(rng, 3, 2)), note="four and six boxes"),
        Case((crowd(rng, 2, 3), scattered(rng, 1)), note="six boxes and one"),
        Case((many, crowd(rng, 10, 3)), note="many boxes"),
        Case((many, many), note="boxes with themselves"),
        Case((scattered(rng, 5) - 40, scattered(rng, 4) - 40), note="negative coordinates"),
        Case((small, small[::-1]), note="relative coordinates: sides of hundredths"),
        Case((flat, np.concatenate([flat, few])), note="boxes without area"),
        Case((single[:5], single[5:]), note="float32"),
        Case((strided(many[:6]), strided(many[4:])), note="views"),
        Case((np.zeros((0, 4)), few), note="no boxes in a", part=NONE),
        Case((few, np.zeros((0, 4))), note="no boxes in b", part=NONE),
    ]


_A, _B = _boxes([0, 0, 4, 2]), _boxes([2, 1, 6, 3])
_APART = _boxes([5, 6, 8, 9])
_POINT = _boxes([3, 3, 3, 3])
_BAD = [
    BadInput((_A[0], _B), "a box with one axis"),
    BadInput((_A, _B[:, :3]), "boxes of three numbers"),
    BadInput((_A, _B[:, [2, 1, 0, 3]]), "a box with x2 < x1"),
    BadInput((_A[:, [0, 3, 2, 1]], _B), "a box with y2 < y1"),
]

BOX_IOU = Exercise(
    key="detection/box_iou",
    points=2,
    concept="Intersection over union",
    section=BOXES,
    section_title=BOXES_TITLE,
    reference=box_iou,
    worked=[
        Case((_A, _B), note="2 pixels of 14 are shared", expected=np.array([[1 / 7]])),
        Case((_A, _APART), note="apart in both directions", expected=np.array([[0.0]])),
        Case((_A, _boxes([4, 0, 8, 2])), note="they share an edge", expected=np.array([[0.0]])),
        Case((_A, _boxes([1, 0, 3, 1])), note="one inside", expected=np.array([[0.25]])),
        Case((_POINT, _POINT), note="the union is empty", expected=np.array([[0.0]])),
        Case(
            (_A, np.concatenate([_B, _APART])),
            note="one box and two",
            expected=np.array([[1 / 7, 0.0]]),
        ),
    ],
    draw=_draw,
    bad_inputs=_BAD,
    misconceptions=IOU_MISTAKES,
    weights={MAIN: 0.7, NONE: 0.1, VALIDATION: 0.2},
    inputs=("a", "b"),
)

GIOU = Exercise(
    key="detection/giou",
    points=2,
    concept="Generalised IoU",
    section=BOXES,
    section_title=BOXES_TITLE,
    reference=giou,
    worked=[
        # IoU 2/14; the hull has 6 x 3 = 18 pixels, 4 of them in neither.
        Case((_A, _B), note="hull of 18, union of 14", expected=np.array([[1 / 7 - 4 / 18]])),
        # Areas 8 and 9, hull 8 x 9.
        Case((_A, _APART), note="apart", expected=np.array([[-55 / 72]])),
        Case(
            (_A, np.concatenate([_B, _APART])),
            note="one box and two",
            expected=np.array([[1 / 7 - 4 / 18, -55 / 72]]),
        ),
        Case((_A, _boxes([4, 0, 8, 2])), note="side by side", expected=np.array([[0.0]])),
        Case(
            (_A, _boxes([1, 0, 3, 1])),
            note="one inside: the hull is a",
            expected=np.array([[0.25]]),
        ),
        Case((_POINT, _POINT), note="the hull has no area", expected=np.array([[0.0]])),
    ],
    draw=_draw,
    bad_inputs=_BAD,
    misconceptions=GIOU_MISTAKES,
    weights={MAIN: 0.7, NONE: 0.1, VALIDATION: 0.2},
    inputs=("a", "b"),
)

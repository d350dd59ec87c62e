"""Chapter 6: which anchor must predict which box."""

from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.detection_anchors_mistakes import MISTAKES
from course_utils.feedback.exercises.detection_boxes import (
    Array,
    eighths,
    iou_of_pairs,
    scattered,
    shaken,
    strided,
)
from course_utils.feedback.exercises.detection_encoding import ANCHORS, ANCHORS_TITLE

THRESHOLDS, FORCED = "thresholds", "a box without an anchor"


def _without_force(iou: list[list[float]], pos: float, neg: float) -> list[int]:
    """Return what the thresholds alone say of each anchor."""
    found = []
    for row in iou:
        best = max(row, default=0.0)
        found.append(row.index(best) if row and best >= pos else -1 if best < neg else -2)
    return found


def match_anchors(anchors: Array, boxes: Array, pos: float = 0.5, neg: float = 0.4) -> Array:
    """Go through the anchors, and then through the boxes."""
    iou = iou_of_pairs(anchors, boxes).tolist()
    found = _without_force(iou, pos, neg) if len(boxes) else [-1] * len(anchors)
    for box in range(len(boxes)):
        column = [row[box] for row in iou]
        found[column.index(max(column))] = box
    return np.array(found, dtype=np.int64)


def _grid(rng: np.random.Generator) -> Array:
    """Return 48 anchors: three sizes at the centres of a grid."""
    centres = np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 1, 2)
    half = np.array([[5.0, 5.0], [8.0, 5.0], [9.0, 11.0]]) + rng.uniform(-0.5, 0.5, size=(3, 2))
    middle = 12.0 * centres + 6.0
    return np.concatenate([middle - half, middle + half], axis=2).reshape(-1, 4)


def _is_forced(anchors: Array, boxes: Array, pos: float, neg: float) -> bool:
    plain = _without_force(iou_of_pairs(anchors, boxes).tolist(), pos, neg)
    return plain != match_anchors(anchors, boxes, pos, neg).tolist()


def _near(rng: np.random.Generator, pos: float = 0.5, neg: float = 0.4) -> tuple[Array, Array]:
    """Return anchors and boxes of which each has an anchor above the threshold."""
    while True:
        anchors = rng.permutation(_grid(rng))
        boxes = shaken(rng, anchors[rng.choice(48, size=7, replace=False)], 0.2)
        if not _is_forced(anchors, boxes, pos, neg):
            return anchors, boxes


def _crossed(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return anchors and boxes of which two claim one anchor, and one claims a taken one.

    Boxes 0 and 1 overlap one another, and anchor 0 is the best of both: it prefers box 0. Box 2
    is small, so that its best anchor stays below the threshold, and so is that of box 3, in the
    middle of an anchor that box 4 has.
    """
    anchors = np.array(
        [
            [0.0, 0.0, 20.0, 20.0],
            [40.0, 0.0, 60.0, 20.0],
            [80.0, 0.0, 100.0, 20.0],
            [84.0, 30.0, 110.0, 52.0],
            [0.0, 40.0, 20.0, 60.0],
        ]
    )
    boxes = np.array(
        [
            [0.0, 0.0, 20.0, 19.0],
            [2.0, 3.0, 22.0, 22.0],
            [44.0, 4.0, 52.0, 10.0],
            [82.0, 2.0, 92.0, 14.0],
            [80.0, 1.0, 99.0, 20.0],
        ]
    )
    more = scattered(rng, 6) + np.array([0.0, 70.0, 0.0, 70.0])
    moved = rng.uniform(-0.4, 0.4, size=(5, 2))
    anchors = np.concatenate([anchors, more, shaken(rng, more, 0.1)])
    return rng.permutation(anchors), boxes + np.tile(moved, (1, 2))


def _edges() -> tuple[Array, Array]:
    """Return anchors whose IoU with the box is 1, exactly 1/2, exactly 2/5, and between."""
    widths = np.array([10.0, 5.0, 4.0, 4.5, 3.5, 6.0])
    anchors = np.stack([0 * widths, 0 * widths, widths, 0 * widths + 2.0], axis=1)
    return anchors, anchors[:1]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(pair: tuple[Array, Array], note: str, part: str, **settings: Any) -> Case:
        return Case(pair, settings, note=note, part=part)

    single, low = _near(rng), _near(rng, 0.35, 0.2)
    positional = (*_near(rng, 0.6, 0.3), 0.6, 0.3)
    start = rng.uniform(1.0, 42.0, size=(6, 2))
    small = np.concatenate([start, start + 4.0], axis=1)
    view = _near(rng)
    eighth = eighths(single[0]), eighths(single[1])
    part = FORCED if _is_forced(*eighth, 0.5, 0.4) else THRESHOLDS
    return [
        case(_near(rng), "seven boxes, 48 anchors", THRESHOLDS),
        case(_near(rng), "seven boxes, 48 anchors", THRESHOLDS),
        case(low, "lower thresholds", THRESHOLDS, pos=0.35, neg=0.2),
        case(_near(rng, 0.5, 0.5), "one threshold: nothing between", THRESHOLDS, pos=0.5, neg=0.5),
        Case(positional, note="thresholds by position", part=THRESHOLDS),
        case((_grid(rng), np.zeros((0, 4))), "no boxes: all background", THRESHOLDS),
        case(eighth, "float32", part),
        case((strided(view[0]), strided(view[1])), "views", THRESHOLDS),
        case((_grid(rng), small), "boxes smaller than every anchor", FORCED),
        case(_crossed(rng), "boxes that claim a taken anchor", FORCED),
        case(_crossed(rng), "boxes that claim a taken anchor", FORCED, pos=0.7, neg=0.3),
        case((_grid(rng), shaken(rng, _grid(rng)[::5], 0.3)), "many boxes", FORCED, pos=0.8),
    ]


_A = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 20.0], [30.0, 0.0, 40.0, 10.0]])
_B = np.array([[0.0, 0.0, 10.0, 10.0]])

MATCH_ANCHORS = Exercise(
    key="detection/match_anchors",
    points=3,
    concept="Matching of anchors",
    section=ANCHORS,
    section_title=ANCHORS_TITLE,
    reference=match_anchors,
    worked=[
        Case(
            (_A, _B, 0.6, 0.4),
            note="IoU 1, 1/2 and 0",
            expected=np.array([0, -2, -1]),
            part=THRESHOLDS,
        ),
        Case(
            _edges(),
            note="IoU 1, 0.5, 0.4, 0.45, 0.35 and 0.6",
            expected=np.array([0, 0, -2, -2, -1, 0]),
            part=THRESHOLDS,
        ),
        Case(
            (_A, np.array([[31.0, 1.0, 35.0, 5.0]])),
            note="IoU 0.16 at most",
            expected=np.array([-1, -1, 0]),
            part=FORCED,
        ),
        # Anchor 0 prefers box 0; both boxes have it for their best.
        Case(
            (_A[[0, 2]], np.array([[0.0, 0.0, 10.0, 9.0], [0.0, 0.0, 8.0, 10.0]])),
            note="two boxes claim one anchor: the later has it",
            expected=np.array([1, -1]),
            part=FORCED,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_A, _B), "neg above pos", {"pos": 0.4, "neg": 0.5}),
        BadInput((_A, _B), "a pos above 1", {"pos": 1.5}),
        BadInput((_A, _B), "a negative neg", {"neg": -0.1}),
        BadInput((_A[0], _B), "anchors with one axis"),
        BadInput((_A, _B[:, :3]), "boxes of three numbers"),
        BadInput((_A, _B[:, [2, 1, 0, 3]]), "a box with x2 < x1"),
        BadInput((_A[:, [0, 3, 2, 1]], _B), "anchors with y2 < y1"),
    ],
    misconceptions=MISTAKES,
    weights={THRESHOLDS: 0.5, FORCED: 0.3, VALIDATION: 0.2},
    inputs=("anchors", "boxes", "pos", "neg"),
)

"""Chapter 6: non-maximum suppression."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import (
    BOXES,
    BOXES_TITLE,
    PLUS_ONE,
    SMALLER,
    UNCLAMPED,
    Array,
    Table,
    as_corner_and_size,
    crowd,
    eighths,
    iou_of_pairs,
    pair_iou,
    rows,
    scattered,
    strided,
    table,
)


def nms(boxes: Array, scores: Array, iou_threshold: float) -> Array:
    """Go through the boxes by falling score and keep what no kept one overlaps too much."""
    corners, values = rows(boxes), scores.tolist()
    kept: list[int] = []
    for index in sorted(range(len(corners)), key=lambda i: (-values[i], i)):
        if all(pair_iou(corners[index], corners[k]) <= iou_threshold for k in kept):
            kept.append(index)
    return np.array(kept, dtype=np.int64)


def _falling(scores: Array) -> Array:
    return np.argsort(-scores, kind="stable")


def _any(overlaps: Array, threshold: float) -> bool:
    return bool((overlaps > threshold).any())


def greedy(
    order: Callable[[Array], Array] = _falling,
    dropped: Callable[[Array, float], bool] = _any,
    overlaps: Table = iou_of_pairs,
    rivals: Callable[[list[int], list[int]], list[int]] = lambda kept, seen: kept,
    result: Callable[[Array, Array, Array, Array], Any] = lambda kept, order, b, s: kept,
) -> Callable[[Array, Array, float], Any]:
    """Return a suppression with one step changed."""

    def suppress(boxes: Array, scores: Array, iou_threshold: float) -> Any:
        ranked, iou = order(scores), overlaps(boxes, boxes)
        kept: list[int] = []
        seen: list[int] = []
        for index in ranked.tolist():
            if not dropped(iou[index, rivals(kept, seen)], iou_threshold):
                kept.append(index)
            seen.append(index)
        return result(np.array(kept, dtype=np.int64), ranked, boxes, scores)

    return suppress


def _mask(kept: Array, order: Array, boxes: Array, scores: Array) -> Array:
    mask = np.zeros(len(scores), dtype=bool)
    mask[kept] = True
    return mask


def _places(kept: Array, order: Array, boxes: Array, scores: Array) -> Array:
    """Return where the kept boxes stand among the sorted ones."""
    return np.flatnonzero(np.isin(order, kept))


def _best_only(boxes: Array, scores: Array, iou_threshold: float) -> Array:
    """Drop what overlaps the very best box, and stop."""
    order = _falling(scores)
    if not len(order):
        return order
    iou = iou_of_pairs(boxes, boxes)[order[0]]
    return np.array([i for i in order if i == order[0] or iou[i] <= iou_threshold])


def _positive(kept: Array, order: Array, boxes: Array, scores: Array) -> Array:
    return kept[scores[kept] > 0]


_ORDER = [
    *named(
        "lowest-score-first",
        "the boxes were visited by rising score, so that the worst of a group survives. argsort "
        "goes up: sort -scores.",
        greedy(lambda scores: np.argsort(scores, kind="stable")),
        greedy(np.argsort),
    ),
    *named(
        "scores-unsorted",
        "the boxes were visited in the order in which they came. Sort them by falling score first.",
        greedy(lambda scores: np.arange(len(scores))),
    ),
    *named(
        "ties-reordered",
        "equal scores changed their order. argsort(...)[::-1] turns them round, and without "
        "kind='stable' their order is left open: sort -scores with kind='stable'.",
        greedy(lambda scores: np.argsort(scores, kind="stable")[::-1]),
        greedy(lambda scores: np.argsort(scores)[::-1]),
        greedy(lambda scores: np.argsort(-scores)),
    ),
    *named(
        "result-by-index",
        "the kept indices came by rising index. Return them by falling score.",
        greedy(result=lambda kept, order, boxes, scores: np.sort(kept)),
    ),
    *named(
        "places-for-indices",
        "these are places among the sorted boxes. Return indices of the boxes as they came in: "
        "order[place].",
        greedy(result=_places),
    ),
    *named(
        "mask-returned",
        "a mask of the kept boxes came back. Return their indices by falling score.",
        greedy(result=_mask),
    ),
    *named(
        "boxes-returned",
        "the kept boxes came back. Return their indices.",
        greedy(result=lambda kept, order, boxes, scores: boxes[kept]),
    ),
    *named(
        "indices-as-floats",
        "indices are integers, also where there are none: np.array([]) holds floats. Say "
        "dtype=int.",
        greedy(result=lambda kept, order, boxes, scores: np.array(kept.tolist())),
        greedy(result=lambda kept, order, boxes, scores: kept.astype(float)),
    ),
    *named(
        "stops-at-zero",
        "boxes of a score of 0 or below are missing. Scores may be any numbers: they only say who "
        "comes first.",
        greedy(result=_positive),
    ),
]

_RULE = [
    *named(
        "at-the-threshold-dropped",
        "a box whose IoU equals the threshold was dropped. It goes only above it.",
        greedy(dropped=lambda iou, threshold: bool((iou >= threshold).any())),
    ),
    *named(
        "dropped-boxes-suppress",
        "a box was dropped because of one that had been dropped itself. Only kept boxes suppress.",
        greedy(rivals=lambda kept, seen: seen),
    ),
    *named(
        "last-kept-only",
        "each box was compared with the kept box before it only. Compare it with all kept ones.",
        greedy(rivals=lambda kept, seen: kept[-1:]),
        greedy(rivals=lambda kept, seen: seen[-1:]),
    ),
    *named(
        "first-round-only",
        "only the best box suppressed others. Go on with the best of those that are left.",
        _best_only,
    ),
    *named(
        "overlapping-ones-kept",
        "the comparison is the wrong way round: what overlaps a kept box goes.",
        greedy(dropped=lambda iou, threshold: bool((iou < threshold).any())),
        greedy(dropped=lambda iou, threshold: bool((iou <= threshold).any())),
    ),
    *named(
        "all-must-overlap",
        "a box went only if it overlaps every kept box. One of them is enough: any, not all.",
        greedy(dropped=lambda iou, threshold: len(iou) > 0 and bool((iou > threshold).all())),
    ),
    *named(
        "threshold-ignored",
        "every overlap drops a box. It may overlap a kept one by up to iou_threshold.",
        greedy(dropped=lambda iou, threshold: bool((iou > 0).any())),
    ),
    *named(
        "nothing-dropped",
        "no box was dropped: that is the order of the scores.",
        greedy(dropped=lambda iou, threshold: False),
    ),
]

_OVERLAP = [
    *named(
        "plus-one",
        "the overlaps inside take widths as x2 - x1 + 1. Boxes are half-open.",
        greedy(overlaps=PLUS_ONE),
    ),
    *named(
        "smaller-area",
        "the overlaps inside are divided by the area of one box. Divide by the union.",
        greedy(overlaps=SMALLER),
        greedy(overlaps=table(share=lambda i, a, b: i / np.maximum(a, 1e-12))),
        greedy(overlaps=table(share=lambda i, a, b: i / np.maximum(b, 1e-12))),
    ),
    *named(
        "negative-not-clamped",
        "boxes far apart suppress each other: two negative sides have a positive product. Set each "
        "side to 0 first.",
        greedy(overlaps=UNCLAMPED),
    ),
    *named(
        "corner-and-size",
        "the overlaps inside read the last two numbers as width and height. They are the other "
        "corner.",
        greedy(overlaps=table(read=as_corner_and_size)),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(boxes: Array, threshold: float, note: str) -> Case:
        scores = rng.permutation(len(boxes)) / len(boxes) + 0.01 * rng.uniform(size=len(boxes))
        return Case((boxes, scores.astype(boxes.dtype), threshold), note=note)

    many, view = crowd(rng, 12, 5), strided(crowd(rng, 6, 5))
    tied = crowd(rng, 6, 5, 0.1)
    levels = rng.integers(0, 3, size=30) / 4
    twice = np.repeat(scattered(rng, 5), 2, axis=0)
    logits = rng.normal(size=30) - 0.5
    return [
        case(crowd(rng, 8, 4), 0.5, "groups of four"),
        case(many, 0.3, "many boxes"),
        case(many, 0.6, "the same boxes, a higher threshold"),
        case(crowd(rng, 8, 5, 0.25), 0.25, "groups that are wide apart"),
        Case((tied, levels, 0.5), note="many equal scores"),
        Case((crowd(rng, 6, 5), logits, 0.4), note="scores of any sign"),
        case(twice, 1.0, "pairs of equal boxes, threshold 1: nothing is above it"),
        case(np.concatenate([twice, twice + 3]), 0.0, "threshold 0"),
        case(eighths(crowd(rng, 8, 4)), 0.5, "float32"),
        Case((view, rng.permutation(60)[::-2] / 60.0, 0.5), note="views"),
        Case((np.zeros((0, 4)), np.zeros(0), 0.5), note="no boxes"),
        Case((scattered(rng, 1), np.array([0.2]), 0.5), note="one box"),
    ]


_CHAIN = np.array([[0.0, 0.0, 10.0, 4.0], [2.0, 0.0, 12.0, 4.0], [4.0, 0.0, 14.0, 4.0]])
_HALF = np.array([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 2.0, 2.0], [7.0, 0.0, 8.0, 2.0]])
_S = np.array([0.2, 0.9, 0.5])

NMS = Exercise(
    key="detection/nms",
    points=3,
    concept="Non-maximum suppression",
    section=BOXES,
    section_title=BOXES_TITLE,
    reference=nms,
    worked=[
        Case(
            (_HALF, _S, 0.3),
            note="the first overlaps the second by one half",
            expected=np.array([1, 2]),
        ),
        # Neighbours overlap by 32/48, the outer two by 24/56.
        Case(
            (_CHAIN, np.array([0.7, 0.8, 0.9]), 0.5),
            note="a chain: the middle one goes and suppresses nobody",
            expected=np.array([2, 0]),
        ),
        Case((_HALF, _S, 0.5), note="exactly at the threshold", expected=np.array([1, 2, 0])),
        Case(
            (_CHAIN, np.array([0.5, 0.5, 0.5]), 0.6),
            note="equal scores: by index",
            expected=np.array([0, 2]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_HALF, _S[:2], 0.5), "fewer scores than boxes"),
        BadInput((_HALF, _S[:, None], 0.5), "scores with two axes"),
        BadInput((_HALF[:, :3], _S, 0.5), "boxes of three numbers"),
        BadInput((_HALF[:, [2, 1, 0, 3]], _S, 0.5), "boxes with x2 < x1"),
        BadInput((_HALF, _S, -0.1), "a negative threshold"),
        BadInput((_HALF, _S, 1.5), "a threshold above 1"),
    ],
    misconceptions=[*_ORDER, *_RULE, *_OVERLAP],
    inputs=("boxes", "scores", "iou_threshold"),
)

"""Chapter 6: mistakes in the matching of anchors."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import (
    PLUS_ONE,
    SMALLER,
    UNCLAMPED,
    Array,
    Table,
    as_corner_and_size,
    table,
)

Matched = Callable[..., Any]
_IOU = table()


def _assigned(best: Array, largest: Array, pos: float, neg: float) -> Array:
    return np.where(largest >= pos, best, np.where(largest < neg, -1, -2))


def _taken(found: Array, iou: Array, pos: float, neg: float) -> Array:
    """Give each box the anchor of its largest IoU, one after another."""
    for box in range(iou.shape[1]):
        found[iou[:, box].argmax()] = box
    return found


def matching(
    overlaps: Table = _IOU,
    assign: Callable[[Array, Array, float, float], Array] = _assigned,
    force: Callable[[Array, Array, float, float], Array] = _taken,
    finish: Callable[[Array, Array], Any] = lambda found, iou: found,
    empty: int = -1,
) -> Matched:
    """Return the matching with one step changed."""

    def match(anchors: Array, boxes: Array, pos: float = 0.5, neg: float = 0.4) -> Any:
        iou = overlaps(anchors, boxes)
        if not len(boxes):
            return finish(np.full(len(anchors), empty), iou)
        found = assign(iou.argmax(axis=1), iou.max(axis=1), pos, neg)
        return finish(force(found.astype(np.int64), iou, pos, neg), iou)

    return match


def _no_force(found: Array, iou: Array, pos: float, neg: float) -> Array:
    return found


def _free_only(found: Array, iou: Array, pos: float, neg: float) -> Array:
    """Let a box have its best anchor only where no box has it."""
    for box in range(iou.shape[1]):
        best = iou[:, box].argmax()
        found[best] = box if found[best] < 0 else found[best]
    return found


def _lonely_only(found: Array, iou: Array, pos: float, neg: float) -> Array:
    """Give an anchor only to boxes that the thresholds left without."""
    alone = [box for box in range(iou.shape[1]) if not (found == box).any()]
    for box in alone:
        found[iou[:, box].argmax()] = box
    return found


def _first_claim(found: Array, iou: Array, pos: float, neg: float) -> Array:
    for box in range(iou.shape[1])[::-1]:
        found[iou[:, box].argmax()] = box
    return found


def _own_best(found: Array, iou: Array, pos: float, neg: float) -> Array:
    """Make the best anchor of a box positive, for the box that this anchor likes best."""
    claimed = iou.argmax(axis=0)
    found[claimed] = iou.argmax(axis=1)[claimed]
    return found


def _not_below(limit: Callable[[float, float], float]) -> Callable[..., Array]:
    """Return a force that leaves boxes alone whose best overlap is below a threshold."""

    def force(found: Array, iou: Array, pos: float, neg: float) -> Array:
        for box in range(iou.shape[1]):
            if iou[:, box].max() >= limit(pos, neg):
                found[iou[:, box].argmax()] = box
        return found

    return force


def _before(overridden: Callable[[Array, float, float], Array]) -> Callable[..., Array]:
    """Return a force that comes first and is overwritten by a threshold."""

    def force(found: Array, iou: Array, pos: float, neg: float) -> Array:
        largest = iou.max(axis=1)
        taken = _taken(found.copy(), iou, pos, neg)
        return np.where(overridden(largest, pos, neg), found, taken)

    return force


def _forced_alone(found: Array, iou: Array, pos: float, neg: float) -> Array:
    return _taken(np.where(iou.max(axis=1) < neg, -1, -2), iou, pos, neg)


def _forced_or_background(found: Array, iou: Array, pos: float, neg: float) -> Array:
    return _taken(np.full(len(iou), -1), iou, pos, neg)


_THRESHOLDS = [
    *named(
        "no-boxes",
        "without boxes every anchor is background: -1.",
        matching(empty=-2),
        matching(empty=0),
    ),
    *named(
        "no-ignored-ones",
        "anchors between the thresholds became background. They are neither: -2, and no loss looks "
        "at them.",
        matching(assign=lambda b, v, pos, neg: np.where(v >= pos, b, -1)),
    ),
    *named(
        "background-from-neg-on",
        "anchors between the thresholds became positives. An anchor takes a box from pos on.",
        matching(assign=lambda b, v, pos, neg: np.where(v >= neg, b, -1)),
    ),
    *named(
        "codes-exchanged",
        "-1 and -2 are exchanged: -1 is background, -2 ignored.",
        matching(assign=lambda b, v, p, n: np.where(v >= p, b, np.where(v < n, -2, -1)), empty=-2),
        matching(assign=lambda b, v, p, n: np.where(v >= p, b, np.where(v < n, -2, -1))),
    ),
    *named(
        "above-pos-only",
        "an IoU of exactly pos makes a positive: compare with >=.",
        matching(assign=lambda b, v, p, n: np.where(v > p, b, np.where(v < n, -1, -2))),
    ),
    *named(
        "neg-is-background",
        "an IoU of exactly neg is ignored: background is below neg.",
        matching(assign=lambda b, v, p, n: np.where(v >= p, b, np.where(v <= n, -1, -2))),
    ),
    *named(
        "defaults-used",
        "pos and neg were not used: 0.5 and 0.4 stand in the code.",
        matching(assign=lambda b, v, p, n: _assigned(b, v, 0.5, 0.4)),
    ),
    *named(
        "counted-from-1",
        "the boxes were counted from 1. The first is box 0.",
        matching(finish=lambda found, iou: np.where(found >= 0, found + 1, found)),
    ),
    *named(
        "best-anchor-of-each-box",
        "the best anchor of each box came back. Return one number for each anchor.",
        matching(finish=lambda found, iou: iou.argmax(axis=0) if iou.size else found[:0]),
    ),
    *named(
        "best-anchor-only",
        "only the best anchor of each box is a positive. So is every other one that reaches pos.",
        matching(force=_forced_alone),
        matching(force=_forced_or_background),
    ),
    *named(
        "overlap-returned",
        "overlaps or a mask came back. Return the index of a box for each anchor, -1 or -2.",
        matching(finish=lambda found, iou: found >= 0),
        matching(finish=lambda found, iou: iou.max(axis=1, initial=0.0)),
    ),
]

_FORCE = [
    *named(
        "force-forgotten",
        "a box whose best overlap is below pos has no anchor, and is never learned. Each box takes "
        "the anchor of its largest IoU afterwards.",
        matching(force=_no_force),
    ),
    *named(
        "force-overridden",
        "a box did not get its best anchor where their IoU is below a threshold: the thresholds "
        "had the last word. The boxes choose last, and know no threshold.",
        matching(force=_before(lambda largest, pos, neg: largest < neg)),
        matching(force=_before(lambda largest, pos, neg: (largest < pos) & (largest >= neg))),
        matching(force=_not_below(lambda pos, neg: neg)),
        matching(force=_not_below(lambda pos, neg: pos)),
        matching(force=_before(lambda largest, pos, neg: (largest < neg) | (largest >= pos))),
    ),
    *named(
        "force-of-free-anchors",
        "a box did not get its best anchor because another box had it. It takes it, whatever the "
        "anchor had.",
        matching(force=_free_only),
        matching(force=_before(lambda largest, pos, neg: largest >= pos)),
    ),
    *named(
        "force-of-lonely-boxes",
        "only boxes without an anchor took one. Each box takes the anchor of its largest IoU.",
        matching(force=_lonely_only),
    ),
    *named(
        "own-best-for-claimed",
        "a claimed anchor kept the box that it overlaps most. It goes to the box that claims it.",
        matching(force=_own_best),
    ),
    *named(
        "first-claim-kept",
        "two boxes claim one anchor, and the first kept it. Boxes choose in their order: the later "
        "has it.",
        matching(force=_first_claim),
    ),
]

_OVERLAP = [
    *named(
        "plus-one",
        "the overlaps inside take widths as x2 - x1 + 1. Boxes are half-open.",
        matching(PLUS_ONE),
    ),
    *named(
        "smaller-area",
        "the overlaps inside are divided by the area of one box. Divide by the union.",
        matching(SMALLER),
        matching(table(share=lambda i, a, b: i / np.maximum(a, 1e-12))),
        matching(table(share=lambda i, a, b: i / np.maximum(b, 1e-12))),
    ),
    *named(
        "negative-not-clamped",
        "boxes that are apart overlap: two negative sides have a positive product. Set each side "
        "to 0 first.",
        matching(UNCLAMPED),
    ),
    *named(
        "corner-and-size",
        "the overlaps inside read the last two numbers as width and height. They are the other "
        "corner.",
        matching(table(read=as_corner_and_size)),
    ),
]

MISTAKES = [*_THRESHOLDS, *_FORCE, *_OVERLAP]

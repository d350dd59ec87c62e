"""Chapter 6: mistakes in the generalised overlap of boxes."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercises.detection_boxes import (
    PLUS_ONE,
    UNCLAMPED,
    Array,
    Table,
    ratio,
    table,
)
from course_utils.feedback.exercises.detection_overlap_mistakes import (
    EPSILONS,
    INSIDE,
    IOU,
    UNION,
    added,
    hull_area,
    kept,
    paired,
    unguarded,
)


def _hull_plus_one(a: Array, b: Array) -> Array:
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    return (np.maximum(a[:, None, 2:], b[None, :, 2:]) - low + 1).prod(axis=-1)


def _generalised(
    penalty: Callable[[Array, Array], Array],
    iou: Table = IOU,
    union: Table = UNION,
    around: Callable[[Array, Array], Array] = hull_area,
    sign: int = -1,
) -> Table:
    """Return IoU minus a penalty made of the hull and the union."""

    def overlaps(a: Array, b: Array) -> Array:
        a, b = a.astype(np.float64), b.astype(np.float64)
        return iou(a, b) + sign * penalty(around(a, b), union(a, b))

    return overlaps


def _empty_share(hull: Array, union: Array) -> Array:
    return ratio(hull - union, hull)


_GIOU = _generalised(_empty_share)
_SUM = table(share=lambda inside, a, b: a + b)


def _common(a: Array, b: Array) -> Array:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    return (np.minimum(a[:, None, 2:], b[None, :, 2:]) - low).prod(axis=-1)


def _distance(a: Array, b: Array) -> Array:
    """Return the squared distance of the centres over the squared diagonal of the hull."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    apart = (a[:, None, :2] + a[:, None, 2:] - b[None, :, :2] - b[None, :, 2:]) / 2
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    diagonal = np.maximum(a[:, None, 2:], b[None, :, 2:]) - low
    return IOU(a, b) - ratio((apart**2).sum(axis=-1), (diagonal**2).sum(axis=-1))


def _unclamped_union(inside: Array, a: Array, b: Array) -> Array:
    return a + b - inside


_NOT_CLAMPED = _generalised(
    _empty_share,
    iou=UNCLAMPED,
    union=table(lambda sides: sides.prod(axis=-1), share=_unclamped_union),
)
_PLUS_ONE = _generalised(
    _empty_share,
    iou=PLUS_ONE,
    union=table(
        lambda s: np.maximum(s + 1, 0).prod(axis=-1),
        lambda s: (s + 1).prod(axis=-1),
        _unclamped_union,
    ),
    around=_hull_plus_one,
)


GIOU_MISTAKES = [
    *kept("iou-only", "this is the IoU: the hull is not in it.", IOU),
    *kept(
        "hull-is-the-intersection",
        "the hull begins at the smaller of the two starts and ends at the larger of the ends. With "
        "max and min exchanged it is the intersection.",
        _generalised(_empty_share, around=_common),
        _generalised(_empty_share, around=lambda a, b: np.maximum(_common(a, b), 0)),
        _generalised(_empty_share, around=INSIDE),
    ),
    *kept(
        "divided-by-the-union",
        "the empty part of the hull was divided by the union. Divide by the hull.",
        _generalised(lambda hull, union: ratio(hull - union, union)),
    ),
    *kept(
        "not-divided",
        "the empty part of the hull is an area in pixels. Divide by the hull.",
        _generalised(lambda hull, union: hull - union),
    ),
    *kept(
        "hull-minus-intersection",
        "the intersection was taken from the hull. Take the union: what is left is in neither box.",
        _generalised(_empty_share, union=INSIDE),
    ),
    *kept(
        "hull-minus-both-areas",
        "both areas were taken from the hull, and the shared part twice. Take the union.",
        _generalised(_empty_share, union=_SUM),
    ),
    *kept(
        "penalty-added",
        "the empty share of the hull is added. It is subtracted: empty hulls are bad.",
        _generalised(_empty_share, sign=1),
    ),
    *kept(
        "share-of-the-union",
        "union / hull was subtracted, the share that is filled. Subtract the empty share.",
        _generalised(lambda hull, union: ratio(union, hull)),
    ),
    *kept(
        "never-below-zero",
        "the result was cut at 0. Below 0 it says how far apart the boxes are.",
        lambda a, b: np.maximum(_GIOU(a, b), 0),
    ),
    *kept(
        "loss-returned",
        "that is the loss 1 - GIoU. Return the measure itself.",
        lambda a, b: 1 - _GIOU(a, b),
    ),
    *kept(
        "distance-of-the-centres",
        "the distance of the centres was subtracted: that is DIoU. Subtract the empty share of the "
        "hull.",
        _distance,
    ),
    *kept(
        "negative-not-clamped",
        "boxes that are apart share nothing, but two negative sides have a positive product. Set "
        "each side to 0 before they are multiplied.",
        _NOT_CLAMPED,
    ),
    *kept(
        "plus-one",
        "widths were taken as x2 - x1 + 1. Boxes are half-open: the width is x2 - x1.",
        _PLUS_ONE,
    ),
    *kept(
        "empty-hull",
        "two equal boxes without area have a hull of 0, and 0/0 is nan. Nothing is subtracted "
        "there, and the IoU of an empty union is 0.",
        _generalised(lambda hull, union: (hull - union) / hull),
        _generalised(lambda hull, union: (hull - union) / hull, iou=table(share=unguarded)),
        _generalised(_empty_share, iou=table(share=unguarded)),
    ),
    *kept(
        "epsilon-in-the-union",
        "a small number added to an area is not small for small boxes. Ask where the union, or the "
        "hull, is 0.",
        *(
            _generalised(share, iou=added(eps))
            for eps in EPSILONS
            for share in (
                lambda hull, union, eps=eps: (hull - union) / (hull + eps),
                lambda hull, union: ratio(hull - union, hull),
            )
        ),
    ),
    *kept(
        "row-by-row",
        "box i of a was compared with box i of b only. All pairs are asked for: give a an axis for "
        "b with a[:, None].",
        paired(_GIOU),
        lambda a, b: np.diag(_GIOU(a, b)),
    ),
    *kept(
        "transposed",
        "rows belong to a, columns to b. They are exchanged.",
        lambda a, b: _GIOU(a, b).T,
    ),
]

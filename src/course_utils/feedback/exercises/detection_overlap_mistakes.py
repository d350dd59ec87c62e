"""Chapter 6: mistakes in the overlap of boxes."""

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import (
    PLUS_ONE,
    SMALLER,
    UNCLAMPED,
    Array,
    Table,
    as_centre_and_size,
    as_corner_and_size,
    as_intervals,
    clamped,
    ratio,
    table,
)

EPSILONS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-5, 1e-3, 1.0)


def kept(name: str, hint: str, *wrong: Table) -> list[Misconception]:
    """Return a mistake in its forms, with tables in the dtype of the boxes."""

    def cast(overlaps: Table) -> Table:
        return lambda a, b: overlaps(a, b).astype(a.dtype)

    return named(name, hint, *map(cast, wrong))


def added(eps: float) -> Table:
    """Return the overlap with a small number added to the union."""
    return table(share=lambda inside, a, b: inside / (a + b - inside + eps))


def paired(overlaps: Table) -> Table:
    """Return the overlaps of box i with box i; numpy's error where the numbers do not fit."""

    def rows(a: Array, b: Array) -> Array:
        if not len(a) * len(b):
            return overlaps(a, b)  # that some code fails here says nothing about pairs
        a, b = np.broadcast_arrays(a, b)
        pairs = zip(a, b, strict=True)
        return np.array([overlaps(one[None], other[None])[0, 0] for one, other in pairs])

    return rows


def hull_area(a: Array, b: Array) -> Array:
    """Return the area of the smallest box around each pair."""
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    return (np.maximum(a[:, None, 2:], b[None, :, 2:]) - low).prod(axis=-1)


def _over_hull(a: Array, b: Array) -> Array:
    return ratio(INSIDE(a, b), hull_area(a.astype(np.float64), b.astype(np.float64)))


def unguarded(inside: Array, a: Array, b: Array) -> Array:
    """Return intersection over union, 0/0 where it is empty."""
    return inside / (a + b - inside)


INSIDE = table(share=lambda inside, a, b: inside)
UNION = table(share=lambda inside, a, b: a + b - inside)
IOU = table()
_SUM = table(share=lambda inside, a, b: a + b)


def _hull_for_intersection(a: Array, b: Array) -> Array:
    both = _SUM(a, b)
    inside = hull_area(a.astype(np.float64), b.astype(np.float64))
    return np.divide(inside, both - inside, out=np.zeros(both.shape), where=both != inside)


IOU_MISTAKES = [
    *kept(
        "negative-not-clamped",
        "boxes that are apart share nothing, but two negative sides have a positive product. Set "
        "each side to 0 before they are multiplied.",
        UNCLAMPED,
        table(inside=lambda sides: np.maximum(sides.prod(axis=-1), 0)),
        table(inside=lambda sides: np.abs(sides).prod(axis=-1)),
        table(inside=lambda sides: np.maximum(sides[..., 0], 0) * sides[..., 1]),
        table(inside=lambda sides: np.maximum(sides[..., 1], 0) * sides[..., 0]),
    ),
    *kept(
        "plus-one",
        "widths were taken as x2 - x1 + 1. Boxes are half-open: the width is x2 - x1.",
        PLUS_ONE,
        table(area=lambda sides: (sides + 1).prod(axis=-1)),
        table(inside=lambda sides: np.maximum(sides + 1, 0).prod(axis=-1)),
    ),
    *kept(
        "corner-and-size",
        "the last two numbers were read as width and height. They are the other corner.",
        table(read=as_corner_and_size),
        table(area=lambda sides: sides.prod(axis=-1), read=as_centre_and_size),
    ),
    *kept(
        "order-x1-x2-y1-y2",
        "the numbers were read as (x1, x2, y1, y2). They are (x1, y1, x2, y2).",
        table(read=as_intervals),
    ),
    *kept(
        "smaller-area",
        "the intersection was divided by the area of one box. Divide by the union: a small box "
        "inside a large one is no perfect match.",
        SMALLER,
        table(share=lambda inside, a, b: ratio(inside, np.maximum(a, b))),
        table(share=lambda inside, a, b: ratio(inside, a)),
        table(share=lambda inside, a, b: ratio(inside, b)),
    ),
    *kept(
        "intersection-counted-twice",
        "the two areas were added, which counts the shared part twice. Subtract it once.",
        table(share=lambda inside, a, b: ratio(inside, a + b)),
        table(share=lambda inside, a, b: ratio(inside, a + b - 2 * inside)),
    ),
    *kept(
        "dice",
        "that is 2 I / (A + B), the Dice score. Here the shared part is divided by the union.",
        table(share=lambda inside, a, b: ratio(2 * inside, a + b)),
    ),
    *kept(
        "hull-for-union",
        "the intersection was divided by the smallest box around both. Divide by the union.",
        _over_hull,
    ),
    *kept(
        "max-and-min-exchanged",
        "the shared box starts at the larger of both starts and ends at the smaller of both ends. "
        "With max and min exchanged it is the box around both.",
        _hull_for_intersection,
    ),
    *kept(
        "empty-union",
        "two boxes without area have an empty union, and 0/0 is nan. The overlap is 0 there.",
        table(share=unguarded),
    ),
    *kept(
        "epsilon-in-the-union",
        "a small number added to the union is not small for small boxes. Ask where the union is 0.",
        *map(added, EPSILONS),
        *(table(share=lambda i, a, b, e=e: (i + e) / (a + b - i + e)) for e in EPSILONS),
    ),
    *kept(
        "only-one-direction",
        "the overlap of one axis was taken. The shared area is width times height.",
        table(lambda s: clamped(s[..., :1]), lambda s: s[..., 0]),
        table(lambda s: clamped(s[..., 1:]), lambda s: s[..., 1]),
    ),
    *kept(
        "row-by-row",
        "box i of a was compared with box i of b only. All pairs are asked for: give a an axis for "
        "b with a[:, None].",
        paired(IOU),
        lambda a, b: np.diag(IOU(a, b)),
    ),
    *kept(
        "transposed",
        "rows belong to a, columns to b. They are exchanged.",
        lambda a, b: IOU(a, b).T,
    ),
    *kept("intersection-returned", "the shared area came back. Divide by the union.", INSIDE),
]

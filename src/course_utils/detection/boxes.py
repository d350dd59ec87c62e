"""Boxes ``(x1, y1, x2, y2)`` in pixels, half-open: areas, overlaps, and the two encodings."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]


def _as_floats(values: ArrayLike) -> Floats:
    """Return an array as it is where it holds floats, in float64 where it does not."""
    found = np.asarray(values)
    return found if np.issubdtype(found.dtype, np.floating) else found.astype(np.float64)


def as_boxes(boxes: ArrayLike, name: str = "boxes") -> Floats:
    """Return ``boxes`` as a float array ``(n, 4)``; integers become float64, an empty list (0, 4).

    Raises ValueError for another shape, or where a box ends before it starts (or is nan).
    """
    found = _as_floats(boxes)
    if found.shape == (0,):
        found = found.reshape(0, 4)
    if found.ndim != 2 or found.shape[1] != 4:
        raise ValueError(f"{name} must be (n, 4), got shape {found.shape}")
    if not (found[:, 2:] >= found[:, :2]).all():
        raise ValueError(f"{name} must be (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2")
    return found


def box_area(boxes: ArrayLike) -> Floats:
    """Return the areas ``(x2 - x1) (y2 - y1)`` of boxes ``(n, 4)``: ``(n,)``, pixels squared."""
    boxes = as_boxes(boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def intersection_and_union(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the areas of intersection and of union of every pair: two arrays ``(n, m)``."""
    width, height = (  # (n, m) each: the earlier end minus the later start
        np.minimum(a[:, None, k + 2], b[None, :, k + 2]) - np.maximum(a[:, None, k], b[None, :, k])
        for k in (0, 1)
    )
    intersection = np.maximum(width, 0) * np.maximum(height, 0)
    return intersection, box_area(a)[:, None] + box_area(b)[None, :] - intersection


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return ``part / whole``, and 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def box_iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the intersection over union of every box of ``a`` with every box of ``b``.

    ``a`` is ``(n, 4)``, ``b`` ``(m, 4)``; the result ``(n, m)`` lies in [0, 1], is 0 where the
    union is empty, and has the dtype of the boxes. Raises ValueError as `as_boxes` does. Source:
    Jaccard (1912), The distribution of the flora in the alpine zone, New Phytologist 11.
    """
    return _ratio(*intersection_and_union(as_boxes(a, "a"), as_boxes(b, "b")))


def giou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the generalised IoU of every pair: ``IoU - (hull - union) / hull``, ``(n, m)``.

    The hull is the smallest box around both. The result lies in (-1, 1], equals the IoU where the
    union fills the hull, and falls on when boxes that do not touch move apart; a hull without area
    adds nothing. Raises ValueError as `as_boxes` does. Source: Rezatofighi et al. (2019),
    Generalized intersection over union, CVPR.
    """
    a, b = as_boxes(a, "a"), as_boxes(b, "b")
    intersection, union = intersection_and_union(a, b)
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    high = np.maximum(a[:, None, 2:], b[None, :, 2:])
    hull = (high - low).prod(axis=2)
    return _ratio(intersection, union) - _ratio(hull - union, hull)


def to_centre(boxes: ArrayLike) -> Floats:
    """Return corners ``(x1, y1, x2, y2)`` as centres and sizes ``(cx, cy, w, h)``, ``(n, 4)``."""
    boxes = as_boxes(boxes)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def to_corners(boxes: ArrayLike) -> Floats:
    """Return ``(cx, cy, w, h)`` as corners ``(x1, y1, x2, y2)``, ``(n, 4)``: undoes `to_centre`.

    Raises ValueError for another shape than ``(n, 4)`` or a negative size.
    """
    found = _as_floats(boxes)
    if found.ndim != 2 or found.shape[1] != 4 or not (found[:, 2:] >= 0).all():
        raise ValueError(f"boxes must be (n, 4) with sizes of 0 or more, got {found.shape}")
    centre, half = found[:, :2], found[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def clip_boxes(boxes: ArrayLike, height: float, width: float) -> Floats:
    """Return the part of each box ``(n, 4)`` inside an image; one outside ends up without area."""
    found = as_boxes(boxes)
    return np.clip(found, 0, np.array([width, height, width, height])).astype(found.dtype)


def _pair(first: Floats, second: Floats) -> None:
    if first.shape != second.shape:
        raise ValueError(f"one anchor a row is needed, got {first.shape} and {second.shape}")


def _sizes(boxes: Floats, name: str) -> tuple[Floats, Floats]:
    """Return centres and sizes, ``(n, 2)`` each; ValueError for a box without area."""
    found = to_centre(boxes)
    if not (found[:, 2:] > 0).all():
        raise ValueError(f"{name} must have a width and a height above 0")
    return found[:, :2], found[:, 2:]


def encode_boxes(boxes: ArrayLike, anchors: ArrayLike) -> Floats:
    """Return each box as seen from the anchor in the same row: ``(n, 4)`` numbers around 0.

    ``tx = (cx - cx_a) / w_a``, ``ty = (cy - cy_a) / h_a``, ``tw = log(w / w_a)``,
    ``th = log(h / h_a)``. Raises ValueError where the counts differ or a box or an anchor has no
    area. Source: Girshick, Donahue, Darrell and Malik (2014), Rich feature hierarchies, CVPR.
    """
    boxes, anchors = as_boxes(boxes), as_boxes(anchors, "anchors")
    _pair(boxes, anchors)
    (centre, size), (centre_a, size_a) = _sizes(boxes, "boxes"), _sizes(anchors, "anchors")
    return np.concatenate([(centre - centre_a) / size_a, np.log(size / size_a)], axis=1)


def decode_boxes(deltas: ArrayLike, anchors: ArrayLike) -> Floats:
    """Return the boxes ``(n, 4)`` that `encode_boxes` turned into ``deltas``: its inverse.

    ``cx = cx_a + tx w_a``, ``w = w_a exp(tw)``, and so for y and h. Raises ValueError where the
    shapes differ or an anchor has no area.
    """
    found, anchors = _as_floats(deltas), as_boxes(anchors, "anchors")
    _pair(found, anchors)
    centre_a, size_a = _sizes(anchors, "anchors")
    size = size_a * np.exp(found[:, 2:])
    return to_corners(np.concatenate([centre_a + found[:, :2] * size_a, size], axis=1))

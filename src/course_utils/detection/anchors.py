"""Anchors: boxes that stand at every place of a feature map, and their matching to the truth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .boxes import Floats, as_boxes, box_iou, to_corners

BACKGROUND, IGNORED = -1, -2


def anchor_grid(
    height: int,
    width: int,
    stride: int,
    sizes: Sequence[float],
    ratios: Sequence[float] = (1.0,),
) -> Floats:
    """Return the anchors of a map of ``height`` x ``width`` cells: ``(height * width * A, 4)``.

    Each cell holds ``A = len(sizes) * len(ratios)`` anchors around its centre, at
    ``stride * (column + 0.5, row + 0.5)`` pixels: of area ``size ** 2`` and height over width
    ``ratio``, the ratios of one size together. Rows come first, then columns, then the anchors of
    a cell: the order of a head's output ``(height, width, A)``. Boxes may reach over the image.
    Raises ValueError for sizes or ratios that are not positive. Source: Ren et al. (2015), Faster
    R-CNN, section 3.1.
    """
    if min(height, width, stride, *sizes, *ratios) <= 0 or not len(sizes) * len(ratios):
        raise ValueError("height, width, stride, sizes and ratios must be positive")
    shapes = [(s / r**0.5, s * r**0.5) for s in sizes for r in ratios]  # (width, height)
    rows, columns, kinds = np.indices((height, width, len(shapes))).reshape(3, -1)
    centres = stride * (np.stack([columns, rows], 1) + 0.5)
    return to_corners(np.concatenate([centres, np.asarray(shapes, float)[kinds]], axis=1))


def match_anchors(
    anchors: ArrayLike, boxes: ArrayLike, pos: float = 0.5, neg: float = 0.4
) -> NDArray[np.int64]:
    """Return for each anchor the box that it must predict, ``(N,)``: -1 background, -2 ignored.

    An anchor takes the box of its largest IoU where that is ``>= pos``, is background where it is
    ``< neg``, and is ignored between. Afterwards each box takes the anchor of its own largest IoU,
    whatever that anchor had, so that no box is left without. Of equal IoUs the first counts; of two
    boxes that claim one anchor the later has it. Raises ValueError as `as_boxes` does, and where
    not ``0 <= neg <= pos <= 1``. Source: Ren et al. (2015), Faster R-CNN, section 3.1.2; Lin et al.
    (2017), Focal loss for dense object detection, section 4.
    """
    if not 0 <= neg <= pos <= 1:
        raise ValueError(f"expected 0 <= neg <= pos <= 1, got neg={neg}, pos={pos}")
    anchors, boxes = as_boxes(anchors, "anchors"), as_boxes(boxes)
    if len(boxes) == 0:
        return np.full(len(anchors), BACKGROUND)
    iou = box_iou(anchors, boxes)
    best, largest = iou.argmax(axis=1), iou.max(axis=1)
    matches = np.where(largest >= pos, best, np.where(largest < neg, BACKGROUND, IGNORED))
    if len(anchors):
        matches[iou.argmax(axis=0)] = np.arange(len(boxes))
    return matches

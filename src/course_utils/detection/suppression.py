"""Suppression: of many boxes on one object, keep the best."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .boxes import as_boxes, box_iou

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]


def _checked(boxes: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    found, scores = as_boxes(boxes), np.asarray(scores)
    if scores.shape != (len(found),):
        raise ValueError(f"scores must be ({len(found)},), got shape {scores.shape}")
    return found, scores


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> Integers:
    """Return the indices that non-maximum suppression keeps, by falling score.

    Boxes ``(n, 4)`` are visited by falling ``scores`` ``(n,)``, equal ones by index; a box is
    dropped where its IoU with a kept one is above ``iou_threshold``. Classes are not looked at:
    call it once a class. Raises ValueError for wrong shapes or a threshold outside [0, 1].
    """
    boxes, scores = _checked(boxes, scores)
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"iou_threshold must lie in [0, 1], got {iou_threshold}")
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        overlap = box_iou(boxes[best][None], boxes[waiting])[0]
        waiting = waiting[overlap <= iou_threshold]
    return np.array(kept, dtype=np.int64)


def soft_nms(
    boxes: ArrayLike, scores: ArrayLike, sigma: float = 0.5, floor: float = 0.001
) -> tuple[Integers, Floats]:
    """Return ``(indices, scores)``: all boxes, with the scores of overlapping ones lowered.

    The best box that waits is taken, and every other one's score is multiplied by
    ``exp(-IoU^2 / sigma)``; what falls below ``floor`` is dropped. By falling new score, equal ones
    by index. Raises ValueError for wrong shapes or a sigma not above 0. Source: Bodla, Singh,
    Chellappa and Davis (2017), Soft-NMS: improving object detection with one line of code, ICCV.
    """
    boxes, scores = _checked(boxes, scores)
    if sigma <= 0:
        raise ValueError(f"sigma must be above 0, got {sigma}")
    lowered = scores.astype(np.float64)
    waiting = np.flatnonzero(lowered >= floor)
    kept = []
    while len(waiting):
        best = waiting[np.argmax(lowered[waiting])]
        kept.append(best)
        waiting = waiting[waiting != best]
        overlap = box_iou(boxes[best][None], boxes[waiting])[0]
        lowered[waiting] *= np.exp(-(overlap**2) / sigma)
        waiting = waiting[lowered[waiting] >= floor]
    indices = np.array(kept, dtype=np.int64)
    return indices, lowered[indices]

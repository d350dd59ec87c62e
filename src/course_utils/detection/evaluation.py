"""Evaluation of detections: matching to the truth, precision and recall, average precision.

Detections of an image are a dict ``{"boxes": (n, 4), "scores": (n,), "labels": (n,)}``, its truth
``{"boxes": (m, 4), "labels": (m,)}``; a data set is a list of them, one an image.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .boxes import as_boxes, box_area, box_iou

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Boxed = Mapping[str, ArrayLike]
EVERY_AREA = (0.0, float("inf"))


def match_boxes(iou: ArrayLike, iou_threshold: float, ignored: ArrayLike | None = None) -> Integers:
    """Return which truth each prediction takes, ``(n,)``, -1 for none.

    ``iou`` is ``(n, m)`` with the predictions by falling score. Each takes, of the truths that are
    still free, the one of largest IoU where that is ``>= iou_threshold``; of equal IoUs the last,
    as COCO's own code does. Truths marked in ``ignored`` ``(m,)`` are taken only where no other
    fits.
    """
    overlaps = np.asarray(iou)
    count, truths = overlaps.shape
    last = np.zeros(truths, bool) if ignored is None else np.asarray(ignored, bool)
    free, taken = np.ones(truths, bool), np.full(count, -1)
    for row in np.flatnonzero((overlaps >= iou_threshold).any(axis=1)):
        fits = free & (overlaps[row] >= iou_threshold)
        fits = fits & ~last if (fits & ~last).any() else fits
        if fits.any():
            reverse = np.where(fits, overlaps[row], -1.0)[::-1]
            taken[row] = truths - 1 - np.argmax(reverse)
            free[taken[row]] = False
    return taken


def _of_label(boxed: Boxed, label: int) -> tuple[Floats, Mask]:
    """Return the boxes of one class in float64, and where they stand."""
    boxes, labels = as_boxes(boxed["boxes"]), np.asarray(boxed["labels"])
    if labels.shape != (len(boxes),):
        raise ValueError(f"one label a box: got {labels.shape} for {len(boxes)} boxes")
    return boxes[labels == label].astype(np.float64), labels == label


def _match_image(
    prediction: Boxed,
    truth: Boxed,
    iou_threshold: float,
    label: int,
    area_range: tuple[float, float],
) -> tuple[Floats, Mask, int]:
    """Return (scores, is_true_positive, count) of one image and one class."""
    boxes, chosen = _of_label(prediction, label)
    scores = np.asarray(prediction["scores"], np.float64)
    if scores.shape != chosen.shape:
        raise ValueError(f"one score a box: got {scores.shape} for {len(chosen)} boxes")
    order = np.argsort(-scores[chosen], kind="stable")
    boxes, scores = boxes[order], scores[chosen][order]
    targets, _ = _of_label(truth, label)
    low, high = area_range
    outside, ignored = (
        (area < low) | (area > high) for area in (box_area(boxes), box_area(targets))
    )
    taken = match_boxes(box_iou(boxes, targets), iou_threshold, ignored)
    hit = taken >= 0
    dropped = outside & ~hit
    dropped[hit] = ignored[taken[hit]]
    return scores[~dropped], hit[~dropped], int((~ignored).sum())


def match_detections(
    predictions: Sequence[Boxed],
    ground_truth: Sequence[Boxed],
    iou_threshold: float,
    label: int,
    area_range: tuple[float, float] = EVERY_AREA,
) -> tuple[Floats, Mask, int]:
    """Return ``(scores, is_true_positive, count)`` of one class over all images.

    Scores fall; equal ones keep the order of the images and of the boxes in them. ``count`` is the
    number of true boxes. Matching: `match_boxes`, image by image. With an ``area_range`` (closed,
    in pixels squared) only true boxes of such an area count; a prediction that takes one of another
    area is left out, and so is one that takes none and has itself another area. Raises ValueError
    for lists of different lengths or arrays that do not fit. Source: Lin et al. (2014), Microsoft
    COCO: common objects in context, ECCV, and its evaluation code.
    """
    if len(predictions) != len(ground_truth):
        raise ValueError(f"got {len(predictions)} predictions for {len(ground_truth)} images")
    parts = [
        _match_image(prediction, truth, iou_threshold, label, area_range)
        for prediction, truth in zip(predictions, ground_truth, strict=True)
    ]
    scores = np.concatenate([part[0] for part in parts] or [np.zeros(0)])
    hits = np.concatenate([part[1] for part in parts] or [np.zeros(0, bool)])
    order = np.argsort(-scores, kind="stable")
    return scores[order], hits[order], sum(part[2] for part in parts)


def precision_recall(
    scores: ArrayLike, is_true_positive: ArrayLike, count: int
) -> tuple[Floats, Floats]:
    """Return ``(precision, recall)`` after each prediction, by falling score: ``(n,)`` each.

    ``precision[k]`` is the share of true positives in the first k + 1 predictions, ``recall[k]``
    their number over ``count``, the number of true boxes (nan where there is none). Equal scores
    keep their order. Raises ValueError for shapes that differ, flags that are not 0 or 1, or more
    true positives than true boxes.
    """
    scores, hits = np.asarray(scores, np.float64), np.asarray(is_true_positive)
    if scores.ndim != 1 or scores.shape != hits.shape:
        raise ValueError(f"scores and flags must be (n,), got {scores.shape} and {hits.shape}")
    if not np.isin(hits, (0, 1)).all() or hits.sum() > count or count < 0:
        raise ValueError(f"flags must be 0 or 1 and at most {count} of them 1")
    true = np.cumsum(hits[np.argsort(-scores, kind="stable")])
    recall = true / count if count else np.full(len(true), np.nan)
    return true / np.arange(1, len(true) + 1), recall


def envelope(precision: ArrayLike) -> Floats:
    """Return the best precision at this recall or a later one: the curve without its teeth."""
    return np.maximum.accumulate(np.asarray(precision, np.float64)[::-1])[::-1]


def average_precision(scores: ArrayLike, is_true_positive: ArrayLike, count: int) -> float:
    """Return the area under the envelope of precision over recall, at all points.

    Arguments and errors as `precision_recall`. Without predictions 0.0, without true boxes nan.
    Source: Everingham et al. (2015), The Pascal visual object classes challenge: a retrospective.
    """
    precision, recall = precision_recall(scores, is_true_positive, count)
    if count == 0:
        return float("nan")
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope(precision)))


def interpolated_precision(
    scores: ArrayLike, is_true_positive: ArrayLike, count: int, points: int = 101
) -> float:
    """Return the mean of the envelope at ``points`` equally spaced recalls from 0 to 1.

    11 points are the first rule of Pascal VOC, 101 that of COCO. A recall that is not reached
    counts 0. Arguments and errors as `precision_recall`; without true boxes nan.
    """
    precision, recall = precision_recall(scores, is_true_positive, count)
    if count == 0:
        return float("nan")
    first = np.searchsorted(recall, np.linspace(0, 1, points), side="left")
    return float(np.append(envelope(precision), 0.0)[first].mean())


def mean_average_precision(
    predictions: Sequence[Boxed],
    ground_truth: Sequence[Boxed],
    iou_thresholds: Sequence[float] = (0.5,),
    area_range: tuple[float, float] = EVERY_AREA,
) -> float:
    """Return `average_precision`, the mean over the classes of the truth and the thresholds.

    A class without a true box (of such an area) does not count; nan where no class is left. Errors
    as `match_detections`.
    """
    labels = np.unique(np.concatenate([np.asarray(t["labels"]) for t in ground_truth] or [[]]))
    found = [
        average_precision(
            *match_detections(predictions, ground_truth, threshold, int(label), area_range)
        )
        for label in labels
        for threshold in iou_thresholds
    ]
    kept = [value for value in found if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")

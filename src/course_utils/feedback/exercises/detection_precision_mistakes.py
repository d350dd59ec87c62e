"""Chapter 6: mistakes in the average precision of one ranked list."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import Array


def falling(scores: Array) -> Array:
    """Return the order by falling score, equal ones as they came."""
    return np.argsort(-scores.astype(np.float64), kind="stable")


def envelope(precision: Array) -> Array:
    """Return the largest precision at this recall or a later one."""
    return np.maximum.accumulate(precision[::-1])[::-1]


def area(recall: Array, precision: Array) -> float:
    """Return the area of the steps."""
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def curve(
    order: Callable[[Array], Array] = falling,
    hull: Callable[[Array], Array] = envelope,
    measure: Callable[[Array, Array], float] = area,
    recalls: Callable[[Array, int], Array] = lambda true, count: true / count,
    precisions: Callable[[Array, int], Array] = lambda true, count: (
        true / np.arange(1, len(true) + 1)
    ),
    nothing: float = 0.0,
    no_truth: Callable[[], float] = lambda: float("nan"),
) -> Callable[..., Any]:
    """Return the average precision with one step changed."""

    def average(scores: Array, is_true_positive: Array, num_ground_truth: int) -> Any:
        if num_ground_truth == 0:
            return no_truth()
        if not len(scores):
            return nothing
        true = np.cumsum(is_true_positive[order(scores)].astype(np.float64))
        precision = hull(precisions(true, num_ground_truth))
        return measure(recalls(true, num_ground_truth), precision)

    return average


def at_points(count: int) -> Callable[[Array, Array], float]:
    """Return the mean of the envelope at equally spaced recalls."""

    def measure(recall: Array, precision: Array) -> float:
        wanted = np.linspace(0, 1, count)
        found = np.append(precision, 0.0)[np.searchsorted(recall, wanted)]
        return float(found.mean())

    return measure


def _trapezia(recall: Array, precision: Array) -> float:
    return float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum())


def _trapezia_from_0(recall: Array, precision: Array) -> float:
    return _trapezia(np.append(0.0, recall), np.append(precision[0], precision))


def _trapezia_from_1(recall: Array, precision: Array) -> float:
    return _trapezia(np.append(0.0, recall), np.append(1.0, precision))


def _to_the_end(recall: Array, precision: Array) -> float:
    """Go on with the last precision where the recall ends."""
    return area(recall, precision) + (1 - recall[-1]) * precision[-1]


def _mean_at_hits(recall: Array, precision: Array) -> float:
    hits = np.diff(recall, prepend=0.0) > 0
    return float(precision[hits].mean()) if hits.any() else 0.0


def _early(precision: Array) -> Array:
    """Take the largest precision so far, which runs the wrong way."""
    return np.maximum.accumulate(precision)


def _not_the_first(recall: Array, precision: Array) -> float:
    return float((np.diff(recall) * precision[1:]).sum())


def plain(precision: Array) -> Array:
    """Return the precision as it is, with its teeth."""
    return precision


def _of_found(true: Array, count: int) -> Array:
    return true / max(true[-1], 1)


_CURVE = [
    *named(
        "no-envelope",
        "the precision was taken as it is, with its teeth. At each recall counts the best "
        "precision at this recall or a later one.",
        curve(hull=plain),
    ),
    *named(
        "envelope-from-the-left",
        "the running maximum goes the wrong way: it must look at later recalls, from the right to "
        "the left.",
        curve(hull=_early),
    ),
    *named(
        "trapezia",
        "the area was taken with slanted lines between the points of the curve, with its teeth. "
        "Take the envelope, a staircase: each step of recall times its height.",
        *(
            curve(hull=plain, measure=measure)
            for measure in (_trapezia, _trapezia_from_0, _trapezia_from_1)
        ),
    ),
    *named(
        "eleven-points",
        "the envelope was read at 11 recalls, Pascal's first rule. Take the area at all points.",
        curve(measure=at_points(11)),
    ),
    *named(
        "101-points",
        "the envelope was read at 101 recalls, as COCO does. Take the area at all points.",
        curve(measure=at_points(101)),
    ),
    *named(
        "first-step-missing",
        "the first step of the recall is missing: np.diff needs a 0 in front.",
        curve(measure=_not_the_first),
        curve(hull=plain, measure=_not_the_first),
    ),
    *named(
        "last-precision-goes-on",
        "beyond the recall that is reached the precision is 0, not its last value.",
        curve(measure=_to_the_end),
    ),
    *named(
        "mean-over-the-predictions",
        "the precision was averaged over all predictions. Its area over the recall is asked for.",
        curve(measure=lambda recall, precision: float(precision.mean())),
        curve(hull=plain, measure=lambda recall, precision: float(precision.mean())),
    ),
]

_COUNTS = [
    *named(
        "recall-of-the-found",
        "the recall was divided by the number of true positives. Divide by num_ground_truth: what "
        "was missed counts.",
        curve(recalls=_of_found),
        curve(hull=plain, recalls=_of_found),
        curve(measure=_mean_at_hits),
        curve(hull=plain, measure=_mean_at_hits),
    ),
    *named(
        "recall-of-the-predictions",
        "the recall was divided by the number of predictions. Divide by num_ground_truth.",
        curve(recalls=lambda true, count: true / len(true)),
    ),
    *named(
        "precision-over-the-truth",
        "the precision was divided by the number of true boxes. Divide by the predictions so far.",
        curve(precisions=lambda true, count: true / count),
    ),
    *named(
        "ranks-from-0",
        "precision k is the share of the first k + 1 predictions: count them from 1.",
        curve(precisions=lambda true, count: true / np.maximum(np.arange(len(true)), 1)),
    ),
    *named(
        "last-point-only",
        "that is the precision, the recall or their product at the end of the list. Take the area "
        "under the whole curve.",
        curve(hull=plain, measure=lambda recall, precision: recall[-1] * precision[-1]),
        curve(hull=plain, measure=lambda recall, precision: precision[-1]),
        curve(hull=plain, measure=lambda recall, precision: recall[-1]),
    ),
    *named(
        "nothing-predicted",
        "without predictions the area is 0.0.",
        curve(nothing=float("nan")),
        curve(nothing=1.0),
    ),
    *named(
        "no-truth",
        "without true boxes there is no recall, and no average precision: return nan.",
        curve(no_truth=lambda: 0.0),
        curve(no_truth=lambda: 1.0),
    ),
]

_ORDER = [
    *named(
        "scores-unsorted",
        "the predictions were taken in the order in which they came. Sort them by falling score.",
        curve(order=lambda scores: np.arange(len(scores))),
    ),
    *named(
        "lowest-score-first",
        "the scores were sorted upwards. The surest prediction comes first.",
        curve(order=lambda scores: np.argsort(scores, kind="stable")),
        curve(order=np.argsort),
    ),
    *named(
        "ties-reordered",
        "equal scores changed their order. argsort(...)[::-1] turns them round, and without "
        "kind='stable' their order is left open: sort -scores with kind='stable'.",
        curve(order=lambda scores: np.argsort(scores, kind="stable")[::-1]),
        curve(order=lambda scores: np.argsort(scores)[::-1]),
        curve(order=lambda scores: np.argsort(-scores)),
    ),
]

MISTAKES = [*_CURVE, *_COUNTS, *_ORDER]

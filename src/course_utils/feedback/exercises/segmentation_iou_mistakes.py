"""Chapter 7: mistakes made in the mean IoU."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.segmentation_label_maps import (
    Array,
    Keep,
    by_target,
    early,
    early_predictions,
    everything,
    in_range,
)

# Hits, pixels predicted and pixels true of each class.
Rule = Callable[[Array, Array, Array], Any]


def _iou(hits: Array, found: Array, true: Array) -> Array:
    return _ratio(hits, found + true - hits)


def _ratio(top: Array, bottom: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.where(bottom == 0, np.nan, top / bottom)


def _either(hits: Array, found: Array, true: Array) -> Array:
    return found + true > 0


def _wrong(
    rule: Rule = _iou,
    counts: Rule = _either,
    keep: Keep = by_target,
    gather: Callable[[Array], Any] = lambda scores: float(scores.mean()) if scores.size else np.nan,
    checks: Callable[..., None] = lambda *args: None,
    given: Callable[[Any], bool] = lambda ignore_index: ignore_index is not None,
    all_predictions: bool = False,
) -> Callable[..., Any]:
    """Return the mean with one of its steps changed: rule, classes that count, pixels kept.

    With ``all_predictions`` those at ignored pixels count, too.
    """

    def mean(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Any:
        checks(pred, target, num_classes, ignore_index)
        kept = everything(pred, target, 0)
        if given(ignore_index):
            kept = keep(pred, target, ignore_index)
        p, t = pred[kept], target[kept]
        in_range(p, num_classes)
        in_range(t, num_classes)
        classes = np.arange(num_classes)[:, None]
        hits = ((p == classes) & (t == classes)).sum(axis=1)
        found, true = (p == classes).sum(axis=1), (t == classes).sum(axis=1)
        if all_predictions:
            found = (pred.ravel() == classes).sum(axis=1)
        return gather(rule(hits, found, true)[counts(hits, found, true)])

    return mean


def _before_ignoring(pred: Array, target: Array, num_classes: int, ig: Any = None) -> float:
    """Decide which classes occur by all pixels, the ignored ones too."""
    classes = np.arange(num_classes)[:, None]
    occurs = (pred.ravel() == classes).any(axis=1) | (target.ravel() == classes).any(axis=1)
    return _wrong(
        lambda hits, found, true: np.nan_to_num(_iou(hits, found, true)),
        counts=lambda hits, found, true: occurs,
    )(pred, target, num_classes, ig)


def _skipped(pred: Array, target: Array, num_classes: int, ig: Any = None) -> float:
    """Leave the class of ignore_index out of the mean."""

    def counts(hits: Array, found: Array, true: Array) -> Array:
        return _either(hits, found, true) & (np.arange(num_classes) != ig)

    return _wrong(counts=counts)(pred, target, num_classes, ig)


def _of_images(pred: Array, target: Array, num_classes: int, ig: Any = None) -> float:
    if target.ndim < 3:
        return _wrong()(pred, target, num_classes, ig)
    pairs = zip(pred, target, strict=True)
    return float(np.mean([_wrong()(p, t, num_classes, ig) for p, t in pairs]))


def _pooled(hits: Array, found: Array, true: Array) -> Array:
    return np.full(hits.shape, _ratio(hits.sum(), (found + true - hits).sum()))


def _weighted(hits: Array, found: Array, true: Array) -> Array:
    return np.nan_to_num(_iou(hits, found, true)) * true / max(true.sum(), 1) * (true > 0)


def _every(hits: Array, found: Array, true: Array) -> Array:
    return np.ones(hits.shape, bool)


def _refused(scores: Array) -> float:
    if not scores.size:
        raise ValueError("no pixel is left")
    return float(scores.mean())


MISTAKES = [
    Misconception(
        "nothing-left-as-0",
        "where every pixel is ignored there is nothing to average: the result is nan, not 0.",
        _wrong(gather=lambda scores: float(scores.mean()) if scores.size else 0.0),
    ),
    Misconception(
        "nothing-left-refused",
        "where every pixel is ignored the result is nan. Only maps without pixels are refused.",
        _wrong(gather=_refused),
    ),
    *named(
        "absent-classes-as-0",
        "a class that occurs in neither map was counted with an IoU of 0. It has none: leave "
        "it out of the mean.",
        _wrong(lambda h, f, t: np.nan_to_num(_iou(h, f, t)), counts=_every),
        _wrong(lambda h, f, t: h / np.maximum(f + t - h, 1), counts=_every),
    ),
    Misconception(
        "absent-classes-as-1",
        "a class that occurs in neither map was counted with an IoU of 1. It has none: leave "
        "it out of the mean.",
        _wrong(lambda h, f, t: np.nan_to_num(_iou(h, f, t), nan=1.0), counts=_every),
    ),
    Misconception(
        "absent-classes-nan",
        "a class that occurs in neither map is 0/0, and its nan went into the mean. Leave it out.",
        _wrong(counts=_every),
    ),
    Misconception(
        "ignored-class-skipped",
        "the class of ignore_index was left out of the mean. Where it is predicted at pixels "
        "that count, it occurs, with an IoU of 0.",
        _skipped,
    ),
    Misconception(
        "only-true-classes",
        "a class that is predicted and never true was left out. It occurs, with an IoU of 0.",
        _wrong(counts=lambda h, f, t: t > 0),
    ),
    Misconception(
        "only-predicted-classes",
        "a class that is true and never predicted was left out. It occurs, with an IoU of 0.",
        _wrong(counts=lambda h, f, t: f > 0),
    ),
    Misconception(
        "only-classes-in-both",
        "a class counts as soon as it occurs in one of the maps, not only where both have it.",
        _wrong(counts=lambda h, f, t: (f > 0) & (t > 0)),
    ),
    Misconception(
        "present-before-ignoring",
        "which classes occur was decided with the ignored pixels. Remove them first.",
        _before_ignoring,
    ),
    Misconception(
        "predictions-at-ignored-pixels",
        "the union holds predictions at ignored pixels. Remove those pixels from both maps.",
        _wrong(all_predictions=True),
    ),
    *named(
        "ignore-index-not-used",
        "pixels whose true class is ignore_index are counted. Leave them out first.",
        _wrong(keep=everything),
    ),
    Misconception(
        "zero-taken-for-none",
        "ignore_index = 0 had no effect: `if ignore_index:` is false for 0. Ask whether it "
        "`is not None`.",
        _wrong(given=bool),
    ),
    Misconception(
        "target-checked-too-early",
        "the true classes were checked before the ignored pixels were gone: 255 or -1 is "
        "allowed there.",
        _wrong(checks=early),
    ),
    Misconception(
        "predictions-checked-too-early",
        "the predictions were checked before the ignored pixels were gone: there anything may "
        "be predicted.",
        _wrong(checks=early_predictions),
    ),
    Misconception(
        "predictions-ignored-too",
        "pixels were left out for their prediction, too. Only the target is compared with "
        "ignore_index: a wrong prediction must stay an error.",
        _wrong(keep=lambda pred, target, ig: (target != ig) & (pred != ig)),
    ),
    Misconception(
        "dice-for-iou",
        "that is the Dice score, twice the hits over the sum of both areas. The IoU divides "
        "the hits by the union.",
        _wrong(lambda h, f, t: _ratio(2 * h, f + t)),
    ),
    Misconception(
        "hits-counted-twice",
        "the union is too large: the hits lie in both areas. Subtract them once.",
        _wrong(lambda h, f, t: _ratio(h, f + t)),
    ),
    Misconception(
        "recall-for-iou",
        "hits were divided by the true pixels of the class: its recall. Divide by the union.",
        _wrong(lambda h, f, t: np.nan_to_num(_ratio(h, t))),
    ),
    Misconception(
        "recall-for-iou",
        "hits were divided by the true pixels of the class: its recall. Divide by the union.",
        _wrong(lambda h, f, t: _ratio(h, t), counts=lambda h, f, t: t > 0),
    ),
    Misconception(
        "precision-for-iou",
        "hits were divided by the predicted pixels of the class: its precision. Divide by the "
        "union.",
        _wrong(lambda h, f, t: np.nan_to_num(_ratio(h, f))),
    ),
    Misconception(
        "pixel-accuracy",
        "that is the share of right pixels. Take the IoU of each class, then their mean.",
        _wrong(lambda h, f, t: np.full(h.shape, _ratio(h.sum(), t.sum()))),
    ),
    Misconception(
        "classes-pooled",
        "hits and unions were summed over the classes before the division. Divide class by "
        "class, so that a rare class weighs as much as a common one.",
        _wrong(_pooled),
    ),
    Misconception(
        "weighted-by-frequency",
        "classes were weighted by their pixels. In the mean all weigh alike.",
        _wrong(_weighted, gather=lambda scores: float(scores.sum())),
    ),
    Misconception(
        "background-left-out",
        "class 0 was left out of the mean. It is a class like any other.",
        _wrong(counts=lambda h, f, t: (f + t > 0) & (np.arange(len(h)) > 0)),
    ),
    Misconception(
        "mean-over-images",
        "the mean IoU of each image was averaged. Count the pixels of all images together.",
        _of_images,
    ),
    Misconception(
        "one-iou-for-each-class",
        "one number a class came back. Return their mean.",
        _wrong(counts=_every, gather=lambda scores: scores),
    ),
]

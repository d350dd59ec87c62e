"""Chapter 6: the mean average precision with one step changed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercises.detection_boxes import (
    Array,
    Table,
    table,
)
from course_utils.feedback.exercises.detection_precision_mistakes import (
    curve,
    falling,
)

Boxed = dict[str, Array]
Images = Sequence[tuple[Boxed, Boxed]]
Ranked = tuple[Array, Array, int]
_IOU, _AREA = table(), curve()


def largest_free(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the free truth of largest overlap, -1 where it is below the threshold."""
    values = np.where(free, overlaps, -1.0)
    best = int(values.argmax()) if len(values) else -1
    return best if best >= 0 and values[best] >= threshold else -1


def above(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the largest free truth where it is above the threshold."""
    best = largest_free(overlaps, free, threshold)
    return best if best >= 0 and overlaps[best] > threshold else -1


def even_if_taken(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the largest truth, -1 where it is taken."""
    best = largest_free(overlaps, np.ones(len(free), bool), threshold)
    return best if best >= 0 and free[best] else -1


def again(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the largest truth, taken or not."""
    return largest_free(overlaps, np.ones(len(free), bool), threshold)


def first_fit(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the first free truth that reaches the threshold."""
    fitting = np.flatnonzero(free & (overlaps >= threshold))
    return int(fitting[0]) if len(fitting) else -1


def last_fit(overlaps: Array, free: Array, threshold: float) -> int:
    """Return the last free truth that reaches the threshold."""
    fitting = np.flatnonzero(free & (overlaps >= threshold))
    return int(fitting[-1]) if len(fitting) else -1


def _of(boxed: Boxed, label: int | None) -> Array:
    """Return a mask of the boxes of a class; None stands for all of them."""
    labels = boxed["labels"]
    return np.ones(len(labels), bool) if label is None else labels == label


def matched(
    choose: Callable[[Array, Array, float], int] = largest_free,
    overlaps: Table = _IOU,
    visit: Callable[[Array], Array] = falling,
    skip: Callable[[int, int], bool] = lambda predicted, true: False,
) -> Callable[..., Ranked]:
    """Return a matching of one class with one step changed: scores, flags, number of truths.

    The lists stand one image after another, each in the order in which its boxes were visited.
    """

    def match(images: Images, label: int | None, threshold: float) -> Ranked:
        scores, flags, count = [np.zeros(0)], [np.zeros(0, bool)], 0
        for predicted, truth in images:
            ours, targets = _of(predicted, label), truth["boxes"][_of(truth, label)]
            order = visit(predicted["scores"][ours])
            if skip(len(order), len(targets)):
                continue
            values = overlaps(predicted["boxes"][ours][order], targets)
            free, hits = np.ones(len(targets), bool), np.zeros(len(order), bool)
            for row, every in enumerate(values):
                taken = choose(every, free, threshold)
                hits[row] = taken >= 0
                free[taken if taken >= 0 else slice(0)] = False
            scores.append(predicted["scores"][ours][order])
            flags.append(hits)
            count += len(targets)
        return np.concatenate(scores), np.concatenate(flags), count

    return match


def labels_of_the_truth(images: Images) -> list[Any]:
    """Return the classes that have a true box."""
    return np.unique(np.concatenate([[], *(truth["labels"] for _, truth in images)])).tolist()


def labels_of_both(images: Images) -> list[Any]:
    """Return the classes of the truth and of the predictions."""
    found = [boxed["labels"] for pair in images for boxed in pair]
    return np.unique(np.concatenate([[], *found])).tolist()


def labels_found(images: Images) -> list[Any]:
    """Return the classes of the truth of which something was predicted."""
    found = np.concatenate([[], *(predicted["labels"] for predicted, _ in images)])
    return [label for label in labels_of_the_truth(images) if label in found]


def labels_predicted(images: Images) -> list[Any]:
    """Return the classes of the predictions."""
    return np.unique(
        np.concatenate([[], *(predicted["labels"] for predicted, _ in images)])
    ).tolist()


def _mean(values: list[float], counts: list[int]) -> Any:
    return float(np.mean(values)) if values else float("nan")


def weighted(values: list[float], counts: list[int]) -> Any:
    """Return the mean with each class weighted by its true boxes."""
    return float(np.average(values, weights=counts)) if values else float("nan")


def evaluated(
    match: Callable[..., Ranked] | None = None,
    average: Callable[..., float] = _AREA,
    labels: Callable[[Images], list[Any]] = labels_of_the_truth,
    thresholds: Callable[[Sequence[float]], Sequence[float]] = lambda t: t,
    gather: Callable[[list[float], list[int]], Any] = _mean,
    images: Callable[[Images], Images] = lambda pairs: pairs,
) -> Callable[..., Any]:
    """Return the mean average precision with one step changed."""

    def mean_ap(predictions: list[Boxed], truth: list[Boxed], iou_thresholds: Any) -> Any:
        pairs = images(list(zip(predictions, truth, strict=True)))
        values, counts = [], []
        for label in labels(pairs):
            for threshold in thresholds(iou_thresholds):
                scores, flags, count = (match or matched())(pairs, label, threshold)
                values.append(average(scores, flags, count))
                counts.append(count)
        return gather(values, counts)

    return mean_ap


def refusing(scores: Array, flags: Array, count: int) -> float:
    """Return the average precision as the exercise before has it, which counts the truths."""
    if flags.sum() > count:
        raise ValueError(f"{flags.sum()} true positives, but {count} true boxes")
    return _AREA(scores, flags, count)


def as_they_come(scores: Array) -> Array:
    """Return the order in which the scores came."""
    return np.arange(len(scores))


def one_image(pairs: Images) -> Images:
    """Lay all images on top of each other."""
    if not pairs:
        return pairs
    first, second = (
        {name: np.concatenate([pair[side][name] for pair in pairs]) for name in pairs[0][side]}
        for side in (0, 1)
    )
    return [(first, second)]


def image_by_image(predictions: list[Boxed], truth: list[Boxed], thresholds: Any) -> Any:
    """Return the mean over images, without those that have no truth."""
    each = [evaluated()([p], [t], thresholds) for p, t in zip(predictions, truth, strict=True)]
    known = [value for value in each if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def images_with_zeros(predictions: list[Boxed], truth: list[Boxed], thresholds: Any) -> Any:
    """Return the mean over images, 0 for those that have no truth."""
    each = [evaluated()([p], [t], thresholds) for p, t in zip(predictions, truth, strict=True)]
    return float(np.mean(np.nan_to_num(each))) if each else float("nan")


def pooled(images: Images, label: Any, threshold: float) -> Ranked:
    """Match class by class, but rank all classes together."""
    found = [matched()(images, each, threshold) for each in labels_of_the_truth(images)]
    found = found or [(np.zeros(0), np.zeros(0, bool), 0)]
    scores, flags = (np.concatenate([part[k] for part in found]) for k in (0, 1))
    return scores, flags, sum(part[2] for part in found)


def everything(images: Images) -> list[Any]:
    """Return one class that stands for all, if there is a true box."""
    return [None] if labels_of_the_truth(images) else []


def or_zero(values: list[float], counts: list[int]) -> Any:
    """Return the mean, 0 where there is nothing."""
    return float(np.mean(values)) if values else 0.0


def zero_for_nan(values: list[float], counts: list[int]) -> Any:
    """Return the mean with 0 for nan."""
    return float(np.mean(np.nan_to_num(values))) if values else float("nan")

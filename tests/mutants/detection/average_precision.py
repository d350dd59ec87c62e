"""Wrong average precisions."""

import numpy as np

from tests.bank import mutant


def refuse(scores, flags, count):
    if scores.ndim != 1 or scores.shape != flags.shape:
        raise ValueError(f"scores and flags must be (n,), got {scores.shape} and {flags.shape}")
    if not np.isin(flags, (0, 1)).all() or count < 0 or flags.sum() > count:
        raise ValueError("flags must be 0 or 1, and not more of them 1 than there are true boxes")


def points(scores, flags, count, order=None):
    """Return precision and recall after each prediction."""
    refuse(scores, flags, count)
    order = np.argsort(-scores, kind="stable") if order is None else order
    true = np.cumsum(np.asarray(flags, float)[order])
    return true / np.arange(1, len(true) + 1), true / max(count, 1)


def smoothed(precision):
    out = precision.copy()
    for i in range(len(out) - 2, -1, -1):
        out[i] = max(out[i], out[i + 1])
    return out


def steps(recall, height):
    return float(np.sum((recall - np.concatenate([[0], recall[:-1]])) * height))


@mutant("no-envelope")
def toothy(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    return steps(recall, precision) if num_ground_truth else np.nan


@mutant("envelope-from-the-left")
def maximum_so_far(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    return steps(recall, np.maximum.accumulate(precision)) if num_ground_truth else np.nan


@mutant("trapezia")
def slanted(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0 or len(scores) == 0:
        return 0.0 if num_ground_truth else np.nan
    heights, places = np.append(1.0, precision), np.append(0.0, recall)
    return float(np.trapezoid(heights, places))


@mutant("eleven-points")
def voc_2007(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    best = [np.max(precision[recall >= r], initial=0) for r in np.linspace(0, 1, 11)]
    return float(np.mean(best))


@mutant("101-points")
def coco(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    best = [np.max(precision[recall >= r], initial=0) for r in np.linspace(0, 1, 101)]
    return float(np.mean(best))


@mutant("first-step-missing")
def no_zero_in_front(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    return float(np.sum(np.diff(recall) * smoothed(precision)[1:]))


@mutant("last-precision-goes-on")
def extended(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0 or len(scores) == 0:
        return 0.0 if num_ground_truth else np.nan
    recall, precision = np.append(recall, 1.0), np.append(precision, precision[-1])
    return steps(recall, smoothed(precision))


@mutant("mean-over-the-predictions")
def mean_precision(scores, is_true_positive, num_ground_truth):
    precision, _ = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    return float(precision.mean()) if len(precision) else 0.0


@mutant("recall-of-the-found")
def mean_at_the_hits(scores, is_true_positive, num_ground_truth):
    precision, _ = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    hits = np.asarray(is_true_positive)[np.argsort(-scores, kind="stable")] == 1
    return float(smoothed(precision)[hits].mean()) if hits.any() else 0.0


@mutant("recall-of-the-predictions")
def per_prediction(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    return steps(recall * num_ground_truth / max(len(scores), 1), smoothed(precision))


@mutant("precision-over-the-truth")
def divided_by_the_truth(scores, is_true_positive, num_ground_truth):
    _, recall = points(scores, is_true_positive, num_ground_truth)
    return steps(recall, smoothed(recall)) if num_ground_truth else np.nan


@mutant("ranks-from-0")
def enumerate_from_zero(scores, is_true_positive, num_ground_truth):
    _, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    ranks = np.arange(len(recall))
    precision = recall * num_ground_truth / np.where(ranks == 0, 1, ranks)
    return steps(recall, smoothed(precision))


@mutant("last-point-only")
def end_of_the_list(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.nan
    return float(precision[-1] * recall[-1]) if len(precision) else 0.0


@mutant("nothing-predicted")
def nan_for_an_empty_list(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0 or len(scores) == 0:
        return np.nan
    return steps(recall, smoothed(precision))


@mutant("no-truth")
def zero_without_truth(scores, is_true_positive, num_ground_truth):
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    return steps(recall, smoothed(precision)) if num_ground_truth else 0.0


@mutant("scores-unsorted")
def as_they_come(scores, is_true_positive, num_ground_truth):
    order = np.arange(scores.size)
    precision, recall = points(scores, is_true_positive, num_ground_truth, order)
    return steps(recall, smoothed(precision)) if num_ground_truth else np.nan


@mutant("lowest-score-first")
def ascending(scores, is_true_positive, num_ground_truth):
    order = scores.argsort()
    precision, recall = points(scores, is_true_positive, num_ground_truth, order)
    return steps(recall, smoothed(precision)) if num_ground_truth else np.nan


@mutant("ties-reordered")
def turned_round(scores, is_true_positive, num_ground_truth):
    order = np.argsort(scores, kind="stable")[::-1]
    precision, recall = points(scores, is_true_positive, num_ground_truth, order)
    return steps(recall, smoothed(precision)) if num_ground_truth else np.nan


@mutant("exception")
def divided_by_zero(scores, is_true_positive, num_ground_truth):
    precision, _ = points(scores, is_true_positive, num_ground_truth)
    hits = np.asarray(is_true_positive)[np.argsort(-scores, kind="stable")] == 1
    return float(smoothed(precision)[hits].sum()) / num_ground_truth


@mutant("mutates")
def sorted_in_place(scores, is_true_positive, num_ground_truth):
    order = np.argsort(-scores, kind="stable")
    precision, recall = points(scores, is_true_positive, num_ground_truth)
    scores[:], is_true_positive[:] = scores[order], is_true_positive[order]
    return steps(recall, smoothed(precision)) if num_ground_truth else np.nan


@mutant("validation")
def more_found_than_there_are(scores, is_true_positive, num_ground_truth):
    refuse(scores, is_true_positive, max(num_ground_truth, 0) + len(scores))
    flags = np.asarray(is_true_positive)
    if num_ground_truth <= 0:
        return np.nan
    precision, recall = points(scores, flags, num_ground_truth + len(scores))
    return steps(recall * (num_ground_truth + len(scores)) / num_ground_truth, smoothed(precision))

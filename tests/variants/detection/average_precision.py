"""Right average precisions, written differently."""

from fractions import Fraction

import numpy as np

from tests.bank import variant


def refuse(scores, flags, count):
    if scores.ndim != 1 or scores.shape != flags.shape:
        raise ValueError(f"scores and flags must be (n,), got {scores.shape} and {flags.shape}")
    if not np.isin(flags, (0, 1)).all() or count < 0 or flags.sum() > count:
        raise ValueError("flags must be 0 or 1, and not more of them 1 than there are true boxes")


@variant
def accumulated(scores, is_true_positive, num_ground_truth):
    refuse(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return float("nan")
    true = np.cumsum(is_true_positive[np.argsort(-scores, kind="stable")])
    precision = true / np.arange(1, len(true) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(true, prepend=0) * envelope)) / num_ground_truth


@variant
def sentinels(scores, is_true_positive, num_ground_truth):
    """As in the evaluation of Pascal VOC: points in front and behind, then the steps."""
    refuse(scores, is_true_positive, num_ground_truth)
    if not num_ground_truth:
        return np.nan
    hits = is_true_positive[np.lexsort([np.arange(len(scores)), -scores])].astype(float)
    true, false = np.cumsum(hits), np.cumsum(1 - hits)
    recall = np.concatenate([[0.0], true / num_ground_truth, [1.0]])
    precision = np.concatenate([[0.0], true / (true + false), [0.0]])
    for i in range(precision.size - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return np.sum((recall[steps + 1] - recall[steps]) * precision[steps + 1])


@variant
def fractions(scores, is_true_positive, num_ground_truth):
    refuse(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0:
        return np.float64("nan")
    ranked = sorted(zip(-scores, range(len(scores)), is_true_positive, strict=True))
    area, height = Fraction(0), Fraction(0)
    found = sum(int(hit) for *_, hit in ranked)
    for rank in range(len(ranked), 0, -1):
        height = max(height, Fraction(found, rank))
        if ranked[rank - 1][2]:
            area, found = area + height, found - 1
    return float(area / num_ground_truth)


@variant
def trapezia_of_the_envelope(scores, is_true_positive, num_ground_truth):
    """Where recall rises the envelope is level, so that slanted lines change nothing."""
    refuse(scores, is_true_positive, num_ground_truth)
    if num_ground_truth == 0 or len(scores) == 0:
        return 0.0 if num_ground_truth else float("nan")
    true = np.cumsum(is_true_positive[np.argsort(-scores, kind="stable")])
    precision = true / np.arange(1, len(true) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.append(0.0, true / num_ground_truth)
    return float(np.trapezoid(np.append(1.0, envelope), recall))

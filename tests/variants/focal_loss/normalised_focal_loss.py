"""Right focal losses of an image, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(logits, targets, gamma, alpha):
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")


@variant
def loops(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    total, positives = 0.0, 0
    for z, t in zip(logits.ravel().tolist(), targets.ravel().tolist(), strict=True):
        u = z if t else -z
        nll = max(-u, 0) + math.log1p(math.exp(-abs(u)))
        weight = 1 if alpha is None else alpha if t else 1 - alpha
        total += weight * (-math.expm1(-nll)) ** gamma * nll
        positives += 1 if t else 0
    return total / (positives or 1)


@variant
def in_the_dtype(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    t = targets.astype(logits.dtype)
    nll = np.maximum(logits, 0) - t * logits + np.log1p(np.exp(-np.abs(logits)))
    loss = nll * (1 - np.exp(-nll)) ** gamma
    if alpha is not None:
        loss *= alpha * t + (1 - alpha) * (1 - t)
    return loss.sum() / np.maximum(np.count_nonzero(targets), 1)


@variant
def both_sides(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    positive = np.asarray(targets, dtype=bool)
    sums = []
    for u in (logits[positive].astype(float), -logits[~positive].astype(float)):
        sums.append(np.sum(np.logaddexp(0, -u) * np.exp(-gamma * np.logaddexp(0, u))))
    weights = (1, 1) if alpha is None else (alpha, 1 - alpha)
    return np.asarray(np.dot(weights, sums) / max(1, positive.sum()))  # a 0-d array

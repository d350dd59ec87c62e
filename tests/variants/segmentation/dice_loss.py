"""Right Dice losses, written differently."""

import numpy as np

from tests.bank import variant


def refuse(p, t, eps):
    if p.ndim < 2 or p.shape != t.shape or 0 in p.shape:
        raise ValueError(f"one shape (..., H, W) expected, got {p.shape} and {t.shape}")
    if not (eps >= 0 and (p >= 0).all() and (p <= 1).all() and ((t == 0) | (t == 1)).all()):
        raise ValueError("values out of range")


@variant
def einsum(probabilities, target, eps):
    refuse(probabilities, target, eps)
    p, t = probabilities.astype(np.float64), target.astype(np.float64)
    overlap, a, b = (np.einsum("...hw,...hw->...", *pair) for pair in ((p, t), (p, p), (t, t)))
    return np.mean(1 - (2 * overlap + eps) / (a + b + eps))


@variant
def map_by_map(probabilities, target, eps):
    refuse(probabilities, target, eps)
    losses = []
    for index in np.ndindex(probabilities.shape[:-2]):
        p, t = probabilities[index], target[index]
        losses.append(1 - (2 * p[t == 1].sum() + eps) / ((p**2).sum() + np.count_nonzero(t) + eps))
    return float(np.mean(losses))


@variant
def flattened(probabilities, target, eps):
    refuse(probabilities, target, eps)
    count = int(np.prod(probabilities.shape[:-2]))
    p, t = probabilities.reshape(count, -1), target.reshape(count, -1)
    overlap, total = (p * t).sum(axis=1), np.square(p).sum(axis=1) + t.sum(axis=1)
    return 1 - ((2 * overlap + eps) / (total + eps)).mean()


@variant
def by_the_difference(probabilities, target, eps):
    """1 - n/d = sum (p - t)^2 / d."""
    refuse(probabilities, target, eps)
    p, t = probabilities.astype(float), target.astype(float)
    difference = ((p - t) ** 2).sum(axis=-1).sum(axis=-1)
    return np.average(difference / ((p * p + t * t).sum(axis=(-1, -2)) + eps))

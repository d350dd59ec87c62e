"""Right gradients of the Dice loss, written differently."""

import numpy as np

from tests.bank import variant


def refuse(p, t, eps):
    if p.ndim < 2 or p.shape != t.shape or 0 in p.shape:
        raise ValueError(f"one shape (..., H, W) expected, got {p.shape} and {t.shape}")
    if not (eps >= 0 and (p >= 0).all() and (p <= 1).all() and ((t == 0) | (t == 1)).all()):
        raise ValueError("values out of range")


@variant
def map_by_map(probabilities, target, eps):
    refuse(probabilities, target, eps)
    grad = np.zeros_like(probabilities)
    places = list(np.ndindex(probabilities.shape[:-2]))
    for index in places:
        p, t = probabilities[index], target[index].astype(bool)
        n, d = 2 * p[t].sum() + eps, (p * p).sum() + t.sum() + eps
        grad[index] = 2 * p * n / d**2
        grad[index][t] -= 2 / d
    return (grad / len(places)).astype(probabilities.dtype)


@variant
def of_the_difference(probabilities, target, eps):
    """The loss is sum (p - t)^2 / d."""
    refuse(probabilities, target, eps)
    p, t = probabilities.astype(np.float64), target.astype(np.float64)
    axes = {"axis": (-2, -1), "keepdims": True}
    d = (p * p + t * t).sum(**axes) + eps
    loss = ((p - t) ** 2).sum(**axes) / d
    return (2 / d * ((p - t) - loss * p) / d.size).astype(probabilities.dtype)


@variant
def einsum(probabilities, target, eps):
    refuse(probabilities, target, eps)
    t = target.astype(probabilities.dtype)
    n = 2 * np.einsum("...hw,...hw->...", probabilities, t)[..., None, None] + eps
    d = np.einsum("...hw,...hw->...", probabilities, probabilities) + t.sum(-1).sum(-1) + eps
    d = np.asarray(d)[..., None, None]
    return ((2 * probabilities * n - 2 * t * d) / d**2 / d.size).astype(probabilities.dtype)

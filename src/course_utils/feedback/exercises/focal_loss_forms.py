"""Chapter 6: the focal loss with one step changed, and its unstable forms."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises import focal_loss_parts as parts
from course_utils.feedback.exercises.focal_loss_parts import Alpha, Array, Loss, signed, softplus


def focal(
    weigh: Callable[[Array, Alpha], Array] = parts.weight,
    factor: Callable[[Array, float], Array] = lambda u, gamma: np.exp(-gamma * softplus(u)),
    log_p: Callable[[Array], Array] = lambda u: -softplus(-u),
    finish: Callable[[Array], Any] = lambda loss: loss,
    logits_as: Callable[[Array], Array] = lambda logits: logits,
) -> Loss:
    """Return the loss with one step changed; u is the signed logit, 1 - p_t = sigmoid(-u)."""

    def loss(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Any:
        u = signed(logits_as(logits.astype(np.float64)), targets)
        return finish(-weigh(targets, alpha) * factor(u, gamma) * log_p(u))

    return loss


def of_probability(
    p_t: Callable[[Array, Array], Array], log: Callable[[Array], Array] = np.log
) -> Loss:
    """Return the loss by way of a rounded p_t, made of logits and targets."""

    def loss(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        right = p_t(logits.astype(np.float64), targets)
        return -parts.weight(targets, alpha) * (1 - right) ** gamma * log(right)

    return loss


def chosen(z: Array, t: Array) -> Array:
    """Return p or 1 - p."""
    p = parts.naive_sigmoid(z)
    return np.where(t == 1, p, 1 - p)


def ratio(z: Array, t: Array) -> Array:
    """Return p or 1 - p with p = e^z / (1 + e^z), infinity over infinity for a large z."""
    p = np.exp(z) / (1 + np.exp(z))
    return np.where(t == 1, p, 1 - p)


def of_signed(z: Array, t: Array) -> Array:
    """Return the sigmoid of the signed logit."""
    return parts.naive_sigmoid(signed(z, t))


def two_terms(sigmoid: Callable[[Array], Array], log: Callable[[Array], Array] = np.log) -> Loss:
    """Return the loss as a sum of both terms, one of them times 0."""

    def loss(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        p, t = sigmoid(logits.astype(np.float64)), targets.astype(np.float64)
        ours, others = (1, 1) if alpha is None else (alpha, 1 - alpha)
        positives = ours * t * (1 - p) ** gamma * log(p)
        return -positives - others * (1 - t) * p**gamma * log(1 - p)

    return loss


def naive_softplus(u: Array) -> Array:
    """Return log(1 + e^u), infinite for a large u."""
    return np.log(1 + np.exp(u))


def overflowing_forms() -> list[Loss]:
    """Return the losses whose exponential of the signed logit overflows."""
    return [
        of_probability(of_signed),
        focal(log_p=lambda u: -naive_softplus(-u)),
        focal(log_p=lambda u: u - naive_softplus(u)),
    ]


def rounding_forms() -> list[Loss]:
    """Return the losses that take the logarithm of a rounded probability."""
    sums = (two_terms(s) for s in (parts.naive_sigmoid, lambda z: np.exp(z) / (1 + np.exp(z))))
    return [*(of_probability(p) for p in (chosen, ratio)), *sums]


def capped_forms() -> list[Loss]:
    """Return the losses whose logarithm is kept from 0 by a small number."""
    found = []
    for eps in parts.EPSILONS:

        def log(p: Array, eps: float = eps) -> Array:
            return np.log(p + eps)

        found += [
            of_probability(lambda z, t, e=eps: np.clip(chosen(z, t), e, 1 - e)),
            of_probability(lambda z, t, e=eps: np.clip(chosen(z, t), e, 1)),
            of_probability(lambda z, t, e=eps: _clipped_first(z, t, e)),
            of_probability(chosen, log),
            of_probability(of_signed, log),
            two_terms(parts.naive_sigmoid, log),
        ]
    return found


def _clipped_first(z: Array, t: Array, eps: float) -> Array:
    p = np.clip(parts.naive_sigmoid(z), eps, 1 - eps)
    return np.where(t == 1, p, 1 - p)

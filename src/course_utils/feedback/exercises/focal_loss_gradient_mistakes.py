"""Chapter 6: mistakes in the gradient of the focal loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises import focal_loss_parts as parts
from course_utils.feedback.exercises.focal_loss_elements import sided_mistakes, target_mistakes
from course_utils.feedback.exercises.focal_loss_forms import chosen, of_signed, ratio
from course_utils.feedback.exercises.focal_loss_parts import (
    Alpha,
    Array,
    Loss,
    both,
    once,
    sign,
    signed,
    softplus,
)

Inner = Callable[[Array, Array, Array, float], Array]


def _inner(p: Array, q: Array, log_p: Array, gamma: float) -> Array:
    """Return d loss / d u over the weight, for p_t = p, q = 1 - p and log p_t."""
    return q**gamma * (gamma * p * log_p - q)


def _by_p(p: Array, q: Array, log_p: Array, gamma: float) -> Array:
    """Return the derivative by p_t."""
    return gamma * q ** (gamma - 1) * log_p - q**gamma / p


def slope(
    inner: Inner = _inner,
    weigh: Callable[[Array, Alpha], Array] = parts.weight,
    turn: Callable[[Array], Array] = sign,
    finish: Callable[[Array, Array], Any] = lambda grad, targets: grad,
    side: Callable[[Array, Array], Array] = signed,
) -> Loss:
    """Return the gradient with one step changed, from stable p, q and log p."""

    def grad(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Any:
        u = side(logits, targets)
        p, q = np.exp(-softplus(-u)), np.exp(-softplus(u))
        every = turn(targets) * weigh(targets, alpha) * inner(p, q, -softplus(-u), gamma)
        return finish(every, targets)

    return grad


def rounded(
    p_t: Callable[[Array, Array], Array],
    log: Callable[[Array], Array] = np.log,
    inner: Inner = _inner,
) -> Loss:
    """Return the gradient by way of a rounded p_t."""

    def grad(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        p = p_t(logits.astype(np.float64), targets)
        scale = sign(targets) * parts.weight(targets, alpha)
        return scale * inner(p, 1 - p, log(p), gamma)

    return grad


def _two_terms(sigmoid: Callable[[Array], Array], log: Callable[[Array], Array] = np.log) -> Loss:
    """Return the gradient as a sum of both terms, one of them times 0."""

    def grad(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        p, t = sigmoid(logits.astype(np.float64)), targets.astype(np.float64)
        ours, others = (1, 1) if alpha is None else (alpha, 1 - alpha)
        positives = ours * t * _inner(p, 1 - p, log(p), gamma)
        return positives - others * (1 - t) * _inner(1 - p, p, log(1 - p), gamma)

    return grad


def _lowered(p: Array, q: Array, log_p: Array, gamma: float) -> Array:
    """Use q^(gamma - 1), which is infinite at q = 0 for a gamma below 1."""
    return gamma * q ** (gamma - 1) * p * q * log_p - q ** (gamma + 1)


def _lowered_chain(p: Array, q: Array, log_p: Array, gamma: float) -> Array:
    """Differentiate by p_t first, and multiply by p (1 - p) at the end."""
    return (gamma * q ** (gamma - 1) * log_p - q**gamma / p) * p * q


def _lowered_apart(p: Array, q: Array, log_p: Array, gamma: float) -> Array:
    return q ** (gamma - 1) * (gamma * p * q * log_p - q**2)


def _capped() -> list[Loss]:
    found = []
    for eps in parts.EPSILONS:
        clipped = rounded(lambda z, t, e=eps: np.clip(chosen(z, t), e, 1 - e))
        chain = rounded(lambda z, t, e=eps: np.clip(chosen(z, t), e, 1 - e), inner=_lowered_chain)
        added = (rounded(p, lambda p, e=eps: np.log(p + e)) for p in (chosen, of_signed))
        found += [clipped, chain, *added]
    return found


def _limited(c: float) -> Loss:
    """Return the gradient at clipped logits."""

    def grad(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        return slope()(np.clip(logits, -c, c), targets, gamma, alpha)

    return grad


def _flat(c: float) -> Loss:
    """Return the gradient of a clipped loss, which is 0 outside."""

    def grad(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
        return np.where(np.abs(logits) > c, 0.0, slope()(logits, targets, gamma, alpha))

    return grad


def _of_p(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    """Take every element for a positive in p and log p, and turn the sign of the negatives."""
    return slope(side=lambda z, t: z.astype(np.float64))(logits, targets, gamma, alpha)


def _by_positives(grad: Array, targets: Array) -> Array:
    return grad / max(1, int((targets == 1).sum()))


_PRODUCT_MISTAKES = [
    *both(
        "factor-held-constant",
        "the factor (1 - p_t)^gamma was held constant. It depends on the logit, too: the "
        "product rule has a second term, with gamma and log p_t.",
        slope(lambda p, q, log_p, gamma: -(q ** (gamma + 1))),
    ),
    *both(
        "logarithm-held-constant",
        "log p_t was held constant: only the factor was differentiated. The product rule has "
        "two terms.",
        slope(lambda p, q, log_p, gamma: gamma * q**gamma * p * log_p),
    ),
    *both(
        "terms-of-opposite-sign",
        "the two terms of the product rule got opposite signs. log p_t is negative: both pull "
        "the signed logit up.",
        slope(lambda p, q, log_p, gamma: q**gamma * (-gamma * p * log_p - q)),
    ),
    *both(
        "gamma-left-up",
        "differentiating (1 - p_t)^gamma brings gamma down as a factor. It is missing.",
        slope(lambda p, q, log_p, gamma: q**gamma * (p * log_p - q)),
    ),
    *both(
        "inner-derivative-missing",
        "this is the derivative by p_t. By the chain rule, multiply by p_t (1 - p_t).",
        slope(_by_p),
        slope(_by_p, turn=lambda targets: np.ones(targets.shape)),
        rounded(chosen, inner=_by_p),
        rounded(of_signed, inner=_by_p),
    ),
    *both(
        "chain-rule-half",
        "the derivative of the sigmoid is p (1 - p). One of its factors is missing or doubled "
        "in a term.",
        slope(lambda p, q, log_p, gamma: q**gamma * (gamma * log_p - q)),
        slope(lambda p, q, log_p, gamma: q**gamma * (gamma * p * q * log_p - q)),
        slope(lambda p, q, log_p, gamma: q**gamma * (gamma * p * log_p - 1)),
    ),
    *both(
        "gamma-ignored",
        "gamma is not in it: this is the gradient of weighted cross-entropy.",
        slope(lambda p, q, log_p, gamma: -q),
    ),
    *both(
        "gamma-on-p",
        "p_t was raised to gamma. The factor is (1 - p_t)^gamma.",
        slope(lambda p, q, log_p, gamma: p**gamma * (-gamma * q * log_p - q)),
        slope(lambda p, q, log_p, gamma: p**gamma * (gamma * p * log_p - q)),
    ),
]


_SIDE_MISTAKES = [
    *both(
        "by-the-signed-logit",
        "negatives have the wrong sign: their signed logit is -z, so that the chain rule "
        "brings a factor of -1.",
        slope(turn=lambda targets: np.ones(targets.shape)),
    ),
    *both(
        "sign-lost",
        "the sign is wrong everywhere: that is the direction of descent. The gradient of a "
        "positive is negative, since a larger logit lowers its loss.",
        slope(turn=lambda targets: -sign(targets)),
    ),
    *both(
        "p-for-p_t",
        "negatives were computed with p where p_t = 1 - p belongs.",
        _of_p,
    ),
    *both(
        "averaged",
        "the gradient was divided by the number of elements. It is that of each element's own "
        "loss.",
        slope(finish=lambda grad, targets: grad / targets.size),
    ),
    *both(
        "divided-by-the-positives",
        "the gradient was divided by the number of positives. It is that of each element's own "
        "loss.",
        slope(finish=_by_positives),
    ),
    *once(
        "reduced",
        "one number came back. Return a gradient for each logit.",
        slope(finish=lambda grad, targets: grad.sum()),
        slope(finish=lambda grad, targets: grad.mean()),
    ),
]


_FORMS = [(p, inner) for inner in (_inner, _lowered) for p in (chosen, ratio, of_signed)]
_STABILITY_MISTAKES = [
    *once(
        "power-gamma-minus-1",
        "(1 - p_t)^(gamma - 1) is infinite at p_t = 1 for a gamma below 1, and then meets a "
        "factor 0. Take it out: the derivative of p_t brings another 1 - p_t.",
        *(slope(inner) for inner in (_lowered, _lowered_chain, _lowered_apart)),
    ),
    *once(
        "zero-times-infinity",
        "p_t rounds to 0, and p_t log p_t becomes 0 times infinity. Take log p_t from the "
        "logit, -log(1 + e^-u), not from a rounded probability.",
        *(rounded(p, inner=inner) for p, inner in _FORMS),
        *(rounded(p, inner=_lowered_chain) for p in (chosen, ratio, of_signed)),
        *(_two_terms(s) for s in (parts.naive_sigmoid, lambda z: np.exp(z) / (1 + np.exp(z)))),
    ),
    *once(
        "epsilon-in-the-log",
        "a small number keeps the logarithm from 0 and changes the result. Take log p_t from "
        "the logit: -log(1 + e^-u).",
        *_capped(),
    ),
    *once(
        "logits-clipped",
        "beyond the limit of the clipping the gradient is another one. It is finite for any "
        "logit without it.",
        *(way(c) for c in (500, 100, 50, 30, 20, 88, 700, 40, 10) for way in (_limited, _flat)),
    ),
]


MISTAKES = [
    *sided_mistakes(slope),
    *_PRODUCT_MISTAKES,
    *_SIDE_MISTAKES,
    *target_mistakes(slope(), sign, parts.wrap),
    *_STABILITY_MISTAKES,
]

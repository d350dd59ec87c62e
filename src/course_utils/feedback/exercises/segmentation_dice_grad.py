"""Chapter 7: the gradient of the Dice loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, Case, Exercise, Misconception
from course_utils.feedback.exercises.segmentation_dice_cases import (
    ONE,
    PAIR,
    SECTION,
    SEVERAL,
    TITLE,
    Array,
    P,
    T,
    bad_inputs,
    draw,
    last,
    maps,
    mistaken_axes,
    summed,
)


def dice_loss_grad(probabilities: Array, target: Array, eps: float) -> Array:
    """Write s = n / d for each map: ds = (dn - s dd) / d, with dn = 2 t and dd = 2 p."""
    grads, pairs = [], maps(probabilities, target)
    for p, t in pairs:
        n, d = 2 * (p @ t) + eps, p @ p + t @ t + eps
        grads.append(-(2 * t - n / d * 2 * p) / d / len(pairs))
    return np.reshape(grads, probabilities.shape).astype(probabilities.dtype)


def _grad(
    rule: Callable[[Array, Array, Array, Array], Any] = lambda p, t, n, d: (
        (2 * p * n / d - 2 * t) / d
    ),
    axes: Callable[[int], tuple[int, ...]] = last,
    divide: Callable[[Array, Array], Any] = lambda p, n: n.size,
    total: Callable[[Array], Array] = np.square,
    above: float = 1,
    below: float = 1,
) -> Callable[[Array, Array, float], Any]:
    """Return the gradient with one of its steps changed; ``rule`` gets p, t, n and d."""

    def grad(probabilities: Array, target: Array, eps: float) -> Any:
        p, t = probabilities.astype(np.float64), target.astype(np.float64)
        a = axes(p.ndim)
        n = 2 * summed(p * t, a) + above * eps
        d = summed(total(p), a) + summed(t * t, a) + below * eps
        return (rule(p, t, n, d) / divide(p, n)).astype(probabilities.dtype)

    return grad


def _plain(p: Array, t: Array, n: Array, d: Array) -> Array:
    return (n / d - 2 * t) / d


DICE_LOSS_GRAD = Exercise(
    key="segmentation/dice_loss_grad",
    points=3,
    concept="Gradient of the Dice loss",
    section=SECTION,
    section_title=TITLE,
    reference=dice_loss_grad,
    worked=[
        # n = 2, d = 2.5: (2 p n / d - 2 t) / d = (1.6 p - 2 t) / 2.5.
        Case(
            (P, T, 1.0),
            note="n = 2, d = 2.5",
            expected=np.array([[-0.48, 0.32], [0.0, 0.0]]),
            part=ONE,
        ),
        # n = 1, d = 1.25 for the map without a true pixel: 1.6 p / 1.25.
        Case(
            (PAIR[0][1], PAIR[1][1], 1.0),
            note="nothing is there",
            expected=np.array([[0.0, 0.0], [0.64, 0.0]]),
            part=ONE,
        ),
        Case(
            (*PAIR, 1.0),
            note="half of each, as the loss is a mean of two",
            expected=np.array([[[-0.24, 0.16], [0.0, 0.0]], [[0.0, 0.0], [0.32, 0.0]]]),
            part=SEVERAL,
        ),
    ],
    draw=draw,
    bad_inputs=bad_inputs(),
    misconceptions=[
        *mistaken_axes(_grad),
        Misconception(
            "mean-forgotten",
            "the loss is the mean over all maps: divide the gradient of each by their number.",
            _grad(divide=lambda p, n: 1),
        ),
        Misconception(
            "divided-by-all-pixels",
            "the gradient was divided by the number of pixels. The mean runs over the maps only.",
            _grad(divide=lambda p, n: p.size),
        ),
        Misconception(
            "divided-by-the-batch",
            "the gradient was divided by the first axis. The mean runs over all leading axes.",
            _grad(divide=lambda p, n: len(p) if p.ndim > 2 else 1),
        ),
        Misconception(
            "sign-flipped",
            "the sign is flipped: where the target is 1 a larger p lowers the loss.",
            _grad(lambda p, t, n, d: (2 * t - 2 * p * n / d) / d),
        ),
        Misconception(
            "denominator-kept-constant",
            "the denominator depends on p, too: use the quotient rule.",
            _grad(lambda p, t, n, d: -2 * t / d),
        ),
        Misconception(
            "numerator-kept-constant",
            "the numerator depends on p, too: use the quotient rule.",
            _grad(lambda p, t, n, d: 2 * p * n / d**2),
        ),
        Misconception(
            "denominator-once",
            "in the quotient rule the denominator is squared.",
            _grad(lambda p, t, n, d: (2 * p * n - 2 * t * d) / d),
        ),
        Misconception(
            "quotient-rule-without-cross",
            "each derivative meets the other factor: n' d - n d', over d squared.",
            _grad(lambda p, t, n, d: (2 * p * d - 2 * t * n) / d**2),
        ),
        Misconception(
            "derivative-of-the-square",
            "the derivative of p squared is 2 p.",
            _grad(lambda p, t, n, d: (p * n / d - 2 * t) / d),
        ),
        Misconception(
            "derivative-of-the-overlap",
            "the factor 2 of the overlap is missing in its derivative.",
            _grad(lambda p, t, n, d: (2 * p * n / d - t) / d),
        ),
        Misconception(
            "denominator-not-squared",
            "that is the gradient for sums of p and t in the denominator. Here it sums squares.",
            _grad(_plain, total=lambda p: p),
        ),
        Misconception(
            "with-respect-to-logits",
            "a factor p (1 - p) too many: that leads on to the logits. Return the gradient with "
            "respect to p.",
            _grad(lambda p, t, n, d: p * (1 - p) * (2 * p * n / d - 2 * t) / d),
        ),
        Misconception(
            "eps-not-used",
            "eps is not in it. It belongs to the numerator and to the denominator.",
            _grad(above=0, below=0),
        ),
        Misconception(
            "eps-below-only",
            "eps is missing in the numerator.",
            _grad(above=0),
        ),
        Misconception(
            "difference-to-the-target",
            "p - t is the gradient of a squared error. Differentiate the quotient.",
            lambda probabilities, target, eps: (probabilities - target).astype(probabilities.dtype),
        ),
        Misconception(
            "difference-to-the-target",
            "p - t is the gradient of a squared error. Differentiate the quotient.",
            _grad(lambda p, t, n, d: (p - t) * np.ones_like(d)),
        ),
    ],
    weights={ONE: 0.45, SEVERAL: 0.35, VALIDATION: 0.2},
    inputs=("probabilities", "target", "eps"),
)

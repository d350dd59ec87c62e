"""Chapter 7: the Dice loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, Case, Exercise, Misconception
from course_utils.feedback.exercises.convolution_geometry import named
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
    softmax,
    summed,
)

# From p, t, eps and the axes of the sums to a score for each map, axes kept.
Score = Callable[[Array, Array, float, tuple[int, ...]], Any]


def dice_loss(probabilities: Array, target: Array, eps: float) -> float:
    """Sum the loss map by map with dot products."""
    losses = []
    for p, t in maps(probabilities, target):
        losses.append(1 - (2 * (p @ t) + eps) / (p @ p + t @ t + eps))
    return float(np.mean(losses))


def _dice(
    overlap: Callable[[Array, Array, tuple[int, ...]], Any] = lambda p, t, a: summed(p * t, a),
    total: Callable[[Array, Array, tuple[int, ...]], Any] = lambda p, t, a: (
        summed(p * p, a) + summed(t * t, a)
    ),
    factor: float = 2,
    above: float = 1,
    below: float = 1,
) -> Score:
    """Return the score with other sums; eps is counted ``above`` and ``below`` times."""
    return lambda p, t, eps, a: (
        (factor * overlap(p, t, a) + above * eps) / (total(p, t, a) + below * eps)
    )


def _mean(values: Array, axes: tuple[int, ...]) -> Array:
    return values.mean(axis=axes, keepdims=True)


def _jaccard(p: Array, t: Array, eps: float, axes: tuple[int, ...]) -> Array:
    overlap = summed(p * t, axes)
    return (overlap + eps) / (summed(p * p, axes) + summed(t * t, axes) - overlap + eps)


def _loss(
    score: Score | None = None,
    axes: Callable[[int], tuple[int, ...]] = last,
    turn: Callable[[Any], Any] = lambda s: 1 - s,
    gather: Callable[[Array], Any] = np.mean,
    prepare: Callable[[Array], Array] = lambda p: p,
) -> Callable[[Array, Array, float], Any]:
    """Return the loss with one of its steps changed."""

    def loss(probabilities: Array, target: Array, eps: float) -> Any:
        p, t = prepare(probabilities.astype(np.float64)), target.astype(np.float64)
        return gather(turn((score or _dice())(p, t, eps, axes(p.ndim))))

    return loss


DICE_LOSS = Exercise(
    key="segmentation/dice_loss",
    points=2,
    concept="Dice loss",
    section=SECTION,
    section_title=TITLE,
    reference=dice_loss,
    worked=[
        # 1 - (2 * 0.5 + 1) / (0.5 + 1 + 1)
        Case((P, T, 1.0), note="overlap 0.5, squares 0.5 and 1", expected=0.2, part=ONE),
        # 1 - 1 / (0.25 + 1)
        Case((PAIR[0][1], PAIR[1][1], 1.0), note="nothing is there", expected=0.2, part=ONE),
        # 1 - (1 + 0.5) / (1.5 + 0.5)
        Case((P, T, 0.5), note="eps of 1/2", expected=0.25, part=ONE),
        # 0.25 as above, and 1 - 0.5 / (0.25 + 0.5).
        Case((*PAIR, 0.5), note="the mean of 1/4 and 1/3", expected=7 / 24, part=SEVERAL),
    ],
    draw=draw,
    bad_inputs=bad_inputs(),
    misconceptions=[
        *mistaken_axes(_loss),
        Misconception(
            "denominator-not-squared",
            "the denominator sums p and t themselves. Here it sums their squares.",
            _loss(_dice(total=lambda p, t, a: summed(p, a) + summed(t, a))),
        ),
        Misconception(
            "square-of-the-sum",
            "the denominator squares the sums. Square each pixel, then sum.",
            _loss(_dice(total=lambda p, t, a: summed(p, a) ** 2 + summed(t, a) ** 2)),
        ),
        Misconception(
            "factor-two-lost",
            "the factor 2 of the overlap is missing: a perfect prediction must cost 0.",
            _loss(_dice(factor=1)),
        ),
        Misconception(
            "eps-below-only",
            "eps stands in the denominator only: an absent class that is rightly not predicted "
            "would cost 1. It stands in the numerator, too.",
            _loss(_dice(above=0)),
        ),
        Misconception(
            "eps-above-only",
            "eps stands in the numerator only. It stands in the denominator, too.",
            _loss(_dice(below=0)),
        ),
        Misconception(
            "eps-not-used",
            "eps is not in it. It is added to the numerator and to the denominator.",
            _loss(_dice(above=0, below=0)),
        ),
        Misconception(
            "eps-doubled",
            "eps was doubled together with the overlap: 2 sum(p t) + eps.",
            _loss(_dice(above=2)),
        ),
        Misconception(
            "means-for-sums",
            "H and W were averaged instead of summed: eps then weighs H W times as much.",
            _loss(
                _dice(
                    lambda p, t, a: _mean(p * t, a),
                    lambda p, t, a: _mean(p * p, a) + _mean(t * t, a),
                )
            ),
        ),
        Misconception(
            "score-for-loss",
            "that is the Dice score, which grows with the overlap. The loss is 1 minus it.",
            _loss(turn=lambda s: s),
        ),
        Misconception(
            "minus-score",
            "the score was negated. The loss is 1 minus it.",
            _loss(turn=lambda s: -s),
        ),
        Misconception(
            "summed-over-maps",
            "the losses of the maps were summed. Take their mean.",
            _loss(gather=np.sum),
        ),
        *named(
            "a-loss-for-each-map",
            "one loss a map came back. Return their mean.",
            _loss(gather=lambda losses: losses[..., 0, 0]),
            _loss(gather=lambda losses: losses),
        ),
        Misconception(
            "jaccard-for-dice",
            "that is the Jaccard loss, with the union below. Dice has twice the overlap above and "
            "the sum of both areas below.",
            _loss(_jaccard),
        ),
        Misconception(
            "thresholded",
            "the probabilities were rounded to 0 and 1: that has no gradient. Use them as they "
            "are.",
            _loss(prepare=lambda p: (p > 0.5).astype(float)),
        ),
        Misconception(
            "softmax-of-probabilities",
            "a softmax was taken. The probabilities come ready.",
            _loss(prepare=softmax),
        ),
    ],
    weights={ONE: 0.4, SEVERAL: 0.4, VALIDATION: 0.2},
    inputs=("probabilities", "target", "eps"),
)

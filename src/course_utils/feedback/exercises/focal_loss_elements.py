"""Chapter 6: the focal loss of each element."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import VALIDATION, Case, Exercise, Misconception
from course_utils.feedback.exercises import focal_loss_parts as parts
from course_utils.feedback.exercises.focal_loss_forms import (
    capped_forms,
    focal,
    overflowing_forms,
    rounding_forms,
)
from course_utils.feedback.exercises.focal_loss_parts import (
    EXTREMES,
    VALUES,
    Alpha,
    Array,
    Loss,
    both,
    once,
    softplus,
)


def focal_loss(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    """Return the loss in the dtype of the logits; both its factors are made of softplus."""
    return np.asarray(focal()(logits, targets, gamma, alpha)).astype(logits.dtype)


def sided_mistakes(loss: Callable[..., Loss]) -> list[Misconception]:
    """Return the mistakes in alpha, for a ``loss`` that takes its weighting."""
    return [
        *both(
            "alpha-on-the-negatives",
            "alpha stands at the negatives. It weighs the positives, 1 - alpha the negatives.",
            loss(weigh=parts.swapped),
        ),
        *both(
            "alpha-everywhere",
            "every element is weighted by alpha. Negatives get 1 - alpha.",
            loss(weigh=parts.everywhere),
            loss(weigh=parts.everywhere_but_none),
        ),
        *both(
            "negatives-unweighted",
            "the negatives have the weight 1. Theirs is 1 - alpha.",
            loss(weigh=parts.positives_only),
        ),
        *both(
            "alpha-ignored",
            "alpha is not in it: alpha for positives, 1 - alpha for negatives.",
            loss(weigh=parts.unweighted),
        ),
        *once(
            "alpha-none",
            "alpha=None means no weights: every element counts once. Ask `alpha is None` first.",
            *(loss(weigh=way) for way in (parts.no_none, *map(parts.none_is, (0.25, 0.5)))),
        ),
        *once(
            "alpha-zero-is-none",
            "alpha = 0 was taken for None: `if alpha:` is false for both. Ask `alpha is None`.",
            loss(weigh=parts.zero_is_none),
        ),
    ]


def target_mistakes(right: Loss, *turns: Callable[[Array], Array]) -> list[Misconception]:
    """Return the mistake that only targets of an unsigned dtype bring out."""
    return once(
        "unsigned-targets",
        "2 t - 1 is 255 for a 0 of uint8, which has no negative numbers. Turn targets into floats "
        "first, or choose with np.where.",
        *(parts.wrapped_signs(right, turn) for turn in turns),
    )


def _of_p(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    """Take 1 - p in the factor for every element, where negatives need p."""
    scale = np.exp(-gamma * softplus(logits.astype(np.float64)))
    return focal(factor=lambda u, gamma: scale)(logits, targets, gamma, alpha)


def _power_of_all(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    scale = parts.weight(targets, alpha) ** gamma
    return scale * focal(weigh=parts.unweighted)(logits, targets, gamma, alpha)


def _no_negatives(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    return np.where(targets == 1, focal()(logits, targets, gamma, alpha), 0.0)


def _all_positive(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    """Take p for p_t everywhere; alpha is on the right side."""
    scale = parts.weight(targets, alpha)
    return scale * focal()(logits, np.ones(targets.shape), gamma, None)


def _swapped(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Array:
    return focal()(logits, 1 - targets.astype(np.int64), gamma, alpha)


_FACTOR_MISTAKES = [
    *both(
        "gamma-on-p",
        "p_t was raised to gamma, which silences the hard examples. The factor is (1 - p_t) to "
        "the gamma: small where the answer is right already.",
        focal(factor=lambda u, gamma: np.exp(-gamma * softplus(-u))),
    ),
    *both(
        "p-for-p_t",
        "negatives were computed with p. With p_t = 1 - p for a negative, its factor is p to "
        "the gamma and its logarithm log(1 - p).",
        _of_p,
        _all_positive,
    ),
    *both(
        "gamma-ignored",
        "gamma is not in it: this is weighted cross-entropy.",
        focal(factor=lambda u, gamma: np.ones(u.shape)),
    ),
    *both(
        "gamma-multiplied",
        "gamma multiplies 1 - p_t. It is its exponent.",
        focal(factor=lambda u, gamma: gamma * np.exp(-softplus(u))),
    ),
    *both(
        "alpha-in-the-power",
        "the weight is raised to gamma, too. The exponent belongs to 1 - p_t alone.",
        _power_of_all,
    ),
]


_FORM_MISTAKES = [
    *both(
        "sign-lost",
        "the sign is wrong: logarithms of probabilities are negative, a loss is not.",
        focal(finish=np.negative),
    ),
    *both(
        "positives-only",
        "negatives have no loss. For them p_t = 1 - p, and the same formula holds.",
        _no_negatives,
    ),
    *both(
        "targets-swapped",
        "positives and negatives are swapped: p_t is p = sigmoid(logit) where the target is 1.",
        _swapped,
    ),
    *both(
        "sigmoid-twice",
        "the sigmoid was applied twice. The loss takes logits.",
        focal(logits_as=parts.naive_sigmoid),
    ),
    *both(
        "bits-instead-of-nats",
        "log2 gives bits. The loss takes the natural logarithm.",
        focal(log_p=lambda u: -softplus(-u) / np.log(2)),
    ),
    *once(
        "reduced",
        "one number came back. Return the loss of each element.",
        focal(finish=np.mean),
        focal(finish=np.sum),
    ),
]


_LIMITS = (500, 100, 50, 30, 20, 88, 700, 80, 60, 40, 709)
_STABILITY_MISTAKES = [
    *once(
        "log-of-a-rounded-zero",
        "p or 1 - p rounds to 0 and its logarithm is infinite. Do not take the log of a "
        "rounded probability: log p_t = -log(1 + e^-u) for the signed logit u.",
        *rounding_forms(),
    ),
    *once(
        "exp-overflow",
        "e^-u overflows for a confident mistake, and log(1 + e^-u) with it. Take "
        "max(-u, 0) + log(1 + e^-|u|), or np.logaddexp(0, -u).",
        *overflowing_forms(),
    ),
    *once(
        "epsilon-in-the-log",
        "a small number inside the log caps the loss of a confident mistake. Work from the "
        "logits: log p_t = -log(1 + e^-u).",
        *capped_forms(),
    ),
    *once(
        "logits-clipped",
        "clipped logits cap the loss, and its gradient is gone. A stable formula needs no "
        "clipping.",
        *(focal(logits_as=lambda z, c=c: np.clip(z, -c, c)) for c in _LIMITS),
    ),
]


def _worked() -> list[Case]:
    third = np.array([np.log(3.0), np.log(3.0)])  # p = 3/4
    far, log2 = np.array([1e4, -1e4, 1e4, -1e4]), np.log(2.0)
    return [
        # Weights 1/4 and 3/4; p_t = 3/4 and 1/4, so that the factors are 1/16 and 9/16.
        Case(
            (third, np.array([1, 0])),
            note="p = 3/4 for a positive and a negative",
            expected=np.array([np.log(4 / 3) / 64, 27 * np.log(4.0) / 64]),
            part=VALUES,
        ),
        Case(
            (np.zeros((1, 2)), np.array([[1, 0]])),
            {"gamma": 1.0, "alpha": None},
            note="p = 1/2, no alpha",
            expected=np.array([[log2 / 2, log2 / 2]]),
            part=VALUES,
        ),
        Case(
            (far, np.array([1, 1, 0, 0])),
            note="sure, right and wrong",
            expected=np.array([0.0, 2500.0, 7500.0, 0.0]),
            part=EXTREMES,
        ),
    ]


FOCAL_LOSS = Exercise(
    key="focal_loss/focal_loss",
    points=3,
    concept="Focal loss",
    section=parts.SECTION,
    section_title=parts.TITLE,
    reference=focal_loss,
    worked=_worked(),
    draw=lambda rng: [*parts.value_cases(rng), *parts.extreme_cases(rng)],
    bad_inputs=parts.bad_inputs(),
    misconceptions=[
        *sided_mistakes(focal),
        *_FACTOR_MISTAKES,
        *_FORM_MISTAKES,
        *target_mistakes(focal(), lambda targets: np.ones(targets.shape)),
        *_STABILITY_MISTAKES,
    ],
    weights={VALUES: 0.5, EXTREMES: 0.3, VALIDATION: 0.2},
    inputs=("logits", "targets", "gamma", "alpha"),
)

"""Chapter 6: the gradient of the focal loss."""

import numpy as np

from course_utils.feedback.exercise import VALIDATION, Case, Exercise
from course_utils.feedback.exercises import focal_loss_parts as parts
from course_utils.feedback.exercises.focal_loss_gradient_mistakes import MISTAKES
from course_utils.feedback.exercises.focal_loss_parts import (
    EXTREMES,
    VALUES,
    Alpha,
    Array,
    sign,
    signed,
    softplus,
)


def focal_loss_grad(
    logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25
) -> Array:
    """Differentiate exp(-gamma softplus(u)) softplus(-u) as a product of two functions of u."""
    u = signed(logits, targets)
    factor, loss = np.exp(-gamma * softplus(u)), softplus(-u)
    up, down = np.exp(-softplus(-u)), np.exp(-softplus(u))  # slopes of softplus at u and -u
    slopes = factor * -gamma * up * loss + factor * -down
    grad = sign(targets) * parts.weight(targets, alpha) * slopes
    return grad.astype(logits.dtype)


def _worked() -> list[Case]:
    third = np.array([np.log(3.0), np.log(3.0)])  # p = 3/4
    return [
        # q^2 (2 p log p - q): (1/16) (3/2 log 3/4 - 1/4) / 4 and -(9/16) (1/2 log 1/4 - 3/4) 3/4.
        Case(
            (third, np.array([1, 0])),
            note="p = 3/4 for a positive and a negative",
            expected=np.array(
                [(1.5 * np.log(0.75) - 0.25) / 64, -27 * (0.5 * np.log(0.25) - 0.75) / 64]
            ),
            part=VALUES,
        ),
        # Cross-entropy: p - t.
        Case(
            (third[None], np.array([[1, 0]])),
            {"gamma": 0.0, "alpha": None},
            note="gamma = 0, no alpha: p - t",
            expected=np.array([[-0.25, 0.75]]),
            part=VALUES,
        ),
        Case(
            (np.array([1e4, -1e4, 1e4, -1e4]), np.array([1, 1, 0, 0])),
            note="sure, right and wrong: slopes of 0, or those of a straight line",
            expected=np.array([0.0, -0.25, 0.75, 0.0]),
            part=EXTREMES,
        ),
    ]


FOCAL_LOSS_GRAD = Exercise(
    key="focal_loss/focal_loss_grad",
    points=4,
    concept="Gradient of the focal loss",
    section=parts.SECTION,
    section_title=parts.TITLE,
    reference=focal_loss_grad,
    worked=_worked(),
    draw=lambda rng: [*parts.value_cases(rng), *parts.extreme_cases(rng)],
    bad_inputs=parts.bad_inputs(),
    misconceptions=MISTAKES,
    weights={VALUES: 0.5, EXTREMES: 0.3, VALIDATION: 0.2},
    inputs=("logits", "targets", "gamma", "alpha"),
)

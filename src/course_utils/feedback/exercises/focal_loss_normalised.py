"""Chapter 6: the focal loss of a whole image, divided by its number of positives."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, Case, Exercise
from course_utils.feedback.exercises import focal_loss_parts as parts
from course_utils.feedback.exercises.convolution_geometry import named
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
    mixed,
)


def normalised_focal_loss(
    logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25
) -> float:
    """Add up one element after another, and count the positives on the way."""
    total, positives = 0.0, 0
    every = focal()(logits, targets, gamma, alpha)
    for loss, target in zip(every.ravel().tolist(), targets.ravel().tolist(), strict=True):
        total += loss
        positives += int(target == 1)
    return total / max(positives, 1)


def gathered(
    gather: Callable[[Array, Array], Any] = lambda loss, t: loss.sum() / max(1, _count(t)),
    loss: Loss | None = None,
) -> Loss:
    """Return the loss of an image with its elements gathered in another way."""
    each = focal() if loss is None else loss

    def total(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Any:
        return gather(each(logits, targets, gamma, alpha), targets == 1)

    return total


def _count(t: Array) -> int:
    return int(t.sum())


def _by_weights(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> float:
    return focal()(logits, targets, gamma, alpha).sum() / parts.weight(targets, alpha).sum()


def _defaults(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> float:
    return gathered()(logits, targets)


def _gamma_alone(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> float:
    return gathered()(logits, targets, gamma)


def _alpha_alone(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> float:
    return gathered()(logits, targets, alpha=alpha)


def _row_by_row(loss: Array, t: Array) -> Any:
    rows = [row.sum() / max(1, _count(ours)) for row, ours in zip(loss, t, strict=True)]
    return np.mean(rows)


def _sides(loss: Array, t: Array) -> Any:
    positives, negatives = loss[t].sum() / max(1, _count(t)), loss[~t].sum() / max(1, _count(~t))
    return positives + negatives


def _or_zero(loss: Array, t: Array) -> Any:
    return loss.sum() / _count(t) if t.any() else 0.0


_DIVISOR_MISTAKES = [
    *named(
        "mean-of-all",
        "the mean over all elements. Nearly all of them are easy negatives, so that it shrinks "
        "with the number of anchors: divide by the number of positives.",
        gathered(lambda loss, t: loss.mean()),
    ),
    *named("summed", "the sum was not divided.", gathered(lambda loss, t: loss.sum())),
    *named(
        "not-summed",
        "a loss for each element came back. Return the sum over all, divided.",
        gathered(lambda loss, t: loss),
        gathered(lambda loss, t: loss / max(1, _count(t))),
    ),
    *named(
        "no-positives",
        "an image without positives divides by 0. Divide by max(number of positives, 1).",
        gathered(lambda loss, t: np.float64(loss.sum()) / np.float64(_count(t))),
        gathered(lambda loss, t: float(loss.sum()) / _count(t)),
    ),
    *named(
        "zero-without-positives",
        "an image without positives got the loss 0. Its negatives count as they are: divide by 1.",
        gathered(_or_zero),
    ),
    *named(
        "one-added",
        "1 was added to the number of positives. Take the larger of the two.",
        gathered(lambda loss, t: loss.sum() / (1 + _count(t))),
    ),
    *named(
        "positives-only",
        "only the losses of positives were added. All elements are, and the sum is divided by "
        "the number of positives.",
        gathered(lambda loss, t: loss[t].sum() / max(1, _count(t))),
    ),
    *named(
        "negatives-counted",
        "the sum was divided by the number of negatives. Divide by the positives.",
        gathered(lambda loss, t: loss.sum() / max(1, _count(~t))),
    ),
    *named(
        "each-side-by-its-own-count",
        "positives and negatives were averaged apart. One sum over all, one divisor: the "
        "number of positives.",
        gathered(_sides),
    ),
    *named(
        "divided-by-the-rows",
        "the sum was divided by the length of the first axis. Divide by the number of positives.",
        gathered(lambda loss, t: loss.sum() / len(loss)),
    ),
    *named(
        "row-by-row",
        "each row was divided by its own positives, then the mean taken. There is one divisor "
        "for all elements.",
        gathered(_row_by_row),
    ),
    *named(
        "divided-by-the-weights",
        "the sum was divided by the sum of the weights alpha_t. Divide by the number of positives.",
        _by_weights,
    ),
    *named(
        "last-axis-summed",
        "the sum runs over one axis only. Add all elements.",
        gathered(lambda loss, t: loss.sum(axis=-1) / max(1, _count(t))),
        gathered(lambda loss, t: loss.sum(axis=0) / max(1, _count(t))),
    ),
]


_SETTINGS_MISTAKES = [
    *named(
        "settings-not-passed-on",
        "gamma or alpha was not handed on: the default was used whatever came in.",
        _defaults,
        _gamma_alone,
        _alpha_alone,
    ),
    *named(
        "alpha-on-the-negatives",
        "alpha stands at the negatives. It weighs the positives, 1 - alpha the negatives.",
        gathered(loss=focal(weigh=parts.swapped)),
    ),
    *named(
        "alpha-everywhere",
        "every element is weighted by alpha. Negatives get 1 - alpha.",
        gathered(loss=focal(weigh=parts.everywhere)),
    ),
    *named(
        "gamma-on-p",
        "p_t was raised to gamma. The factor is (1 - p_t) to the gamma.",
        gathered(loss=focal(factor=lambda u, g: np.exp(-g * parts.softplus(-u)))),
    ),
    *named(
        "log-of-a-rounded-zero",
        "the logarithm of a rounded probability is infinite. Take log p_t from the logit.",
        *(gathered(loss=each) for each in (*rounding_forms(), *overflowing_forms())),
    ),
    *named(
        "epsilon-in-the-log",
        "a small number inside the log caps the loss of a confident mistake. Work from the logits.",
        *(gathered(loss=each) for each in capped_forms()),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(shape: tuple, note: str, kind: Any = np.int64, **settings: Any) -> Case:
        logits = 1.5 * rng.normal(size=shape)
        return Case((logits, mixed(rng, *shape).astype(kind)), settings, note, part=VALUES)

    alpha = round(float(rng.uniform(0.1, 0.4)), 2)
    logits, targets = 1.5 * rng.normal(size=(8, 12)), mixed(rng, 8, 12)
    one = np.zeros((3, 5), int)
    one[1, int(rng.integers(5))] = 1
    return [
        case((11,), "the defaults"),
        case((3, 20), "two axes", gamma=1.0, alpha=alpha),
        case((2, 3, 10), "three axes, targets of floats", np.float64, gamma=0.5),
        case((4, 15), "no alpha", alpha=None),
        case((14,), "gamma = 0", gamma=0.0, alpha=None),
        case((6, 10), "targets of bool", bool),
        case((12, 30), "many elements", np.uint8, alpha=0.75),
        Case((rng.normal(size=(3, 5)), one), {"alpha": 0.75}, "one positive", part=VALUES),
        Case((rng.normal(size=(2, 7)), np.zeros((2, 7), int)), {}, "no positives", part=VALUES),
        Case((rng.normal(size=(2, 7)), np.ones((2, 7), int)), {}, "positives only", part=VALUES),
        Case(
            (rng.normal(size=(4, 5)).astype(np.float32), mixed(rng, 4, 5)),
            {},
            "float32",
            part=VALUES,
        ),
        Case((logits[::-2, ::3].T, targets[::-2, ::3].T), {"gamma": 1.0}, "views", part=VALUES),
        Case((rng.normal(size=10), mixed(rng, 10), 3.0, alpha), {}, "by position", part=VALUES),
        *parts.extreme_cases(rng),
    ]


NORMALISED_FOCAL_LOSS = Exercise(
    key="focal_loss/normalised_focal_loss",
    points=2,
    concept="Normalised focal loss",
    section=parts.SECTION,
    section_title=parts.TITLE,
    reference=normalised_focal_loss,
    worked=[
        # p = 1/2 everywhere: each of four losses is log(2) / 4, and two are positives.
        Case(
            (np.zeros((2, 2)), np.array([[1, 0], [0, 1]])),
            {"alpha": None},
            note="four elements of loss log(2) / 4, two positives",
            expected=np.log(2.0) / 2,
            part=VALUES,
        ),
        # Three quarters of log(2) / 4 for each of two negatives, divided by 1.
        Case(
            (np.zeros(2), np.array([0, 0])),
            note="no positives",
            expected=3 * np.log(2.0) / 8,
            part=VALUES,
        ),
        Case(
            (np.array([1e4, -1e4, 1e4, -1e4]), np.array([1, 1, 0, 0])),
            note="sure, right and wrong",
            expected=5000.0,
            part=EXTREMES,
        ),
    ],
    draw=_draw,
    bad_inputs=parts.bad_inputs(),
    misconceptions=[*_DIVISOR_MISTAKES, *_SETTINGS_MISTAKES],
    weights={VALUES: 0.6, EXTREMES: 0.2, VALIDATION: 0.2},
    inputs=("logits", "targets", "gamma", "alpha"),
)

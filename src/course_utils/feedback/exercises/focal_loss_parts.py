"""Chapter 6: the parts of the focal loss, shared by its three exercises.

Everything is computed in float64 from the signed logit u, which is the logit where the target is 1
and its negative where it is 0: p_t = sigmoid(u).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Misconception

SECTION, TITLE = "06_detection/05_focal_loss", "The focal loss"
VALUES, EXTREMES = "values", "extremes"
EPSILONS = (1e-12, 1e-8, 1e-7, 1e-15, 1e-10, 1e-9, 1e-6, 1e-16, 1e-5)
Array = np.ndarray
Alpha = float | None
Loss = Callable[..., Any]


def softplus(u: Array) -> Array:
    """Return log(1 + e^u), as numpy's logaddexp computes it."""
    return np.logaddexp(0.0, u)


def signed(logits: Array, targets: Array) -> Array:
    """Return the logit of the right answer, in float64."""
    wide = logits.astype(np.float64)
    return np.where(targets == 1, wide, -wide)


def sign(targets: Array) -> Array:
    """Return 1 for positives and -1 for negatives."""
    return np.where(targets == 1, 1.0, -1.0)


def weight(targets: Array, alpha: Alpha) -> Array:
    """Return alpha for positives, 1 - alpha for negatives, 1 for all where alpha is None."""
    ours, others = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    return np.where(targets == 1, ours, others)


def swapped(targets: Array, alpha: Alpha) -> Array:
    """Return the weights on the wrong side."""
    return weight(1 - targets.astype(np.float64), alpha)


def everywhere(targets: Array, alpha: Alpha) -> Array:
    """Return alpha for every element."""
    return weight(np.ones(targets.shape), alpha)


def everywhere_but_none(targets: Array, alpha: Alpha) -> Array:
    """Return alpha for every element, and a TypeError for None."""
    return alpha * np.ones(targets.shape)  # type: ignore[operator]


def positives_only(targets: Array, alpha: Alpha) -> Array:
    """Return alpha for positives and 1 for negatives."""
    return np.where(targets == 1, weight(targets, alpha), 1.0)


def unweighted(targets: Array, alpha: Alpha) -> Array:
    """Return 1 for every element, whatever alpha is."""
    return np.ones(targets.shape)


def no_none(targets: Array, alpha: Alpha) -> Array:
    """Return the weights as code does that never thought of None: a TypeError."""
    return np.where(targets == 1, alpha, 1 - alpha)  # type: ignore[operator]


def none_is(value: float) -> Callable[[Array, Alpha], Array]:
    """Return a weighting that takes None for a number."""
    return lambda targets, alpha: weight(targets, value if alpha is None else alpha)


def zero_is_none(targets: Array, alpha: Alpha) -> Array:
    """Return the weights as ``if alpha:`` finds them."""
    return weight(targets, alpha or None)


def naive_sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z), which is right for any z: an infinite e^-z gives 0."""
    return 1 / (1 + np.exp(-z))


def kept(loss: Loss) -> Loss:
    """Return ``loss`` with its result in the dtype of the logits."""

    def wrong(logits: Array, targets: Array, *args: Any, **kwargs: Any) -> Any:
        return np.asarray(loss(logits, targets, *args, **kwargs)).astype(logits.dtype)

    return wrong


def wrap(targets: Array) -> Array:
    """Return ``2 t - 1``, which is 255 for a 0 of uint8."""
    return (2 * targets - 1).astype(np.float64)


def wrapped_signs(right: Loss, turn: Callable[[Array], Array]) -> Loss:
    """Return a loss, or its gradient times ``turn``, of ``2 t - 1`` times the logit."""

    def wrong(logits: Array, targets: Array, gamma: float = 2.0, alpha: Alpha = 0.25) -> Any:
        if targets.dtype != np.uint8:
            return right(logits, targets, gamma, alpha)
        every = right(wrap(targets) * logits, np.ones_like(targets), gamma, None)
        return weight(targets, alpha) * every * turn(targets)

    return wrong


def both(name: str, hint: str, *wrong: Loss) -> list[Misconception]:
    """Return a mistake in its forms, each with the dtype kept and with float64 let through.

    Only for mistakes that change float32 results by more than their dtype.
    """
    return [Misconception(name, hint, form) for each in wrong for form in (kept(each), each)]


def once(name: str, hint: str, *wrong: Loss) -> list[Misconception]:
    """Return a mistake in its forms, results in the dtype of the logits."""
    return [Misconception(name, hint, kept(each)) for each in wrong]


def mixed(rng: np.random.Generator, *shape: int) -> Array:
    """Return targets 0 and 1 of a shape, both of them often."""
    count = int(np.prod(shape))
    return rng.permutation(np.arange(count) % 5 < 2).astype(np.int64).reshape(shape)


def value_cases(rng: np.random.Generator) -> list[Case]:
    """Return cases of moderate logits."""

    def case(shape: tuple, note: str, kind: Any = np.int64, **settings: Any) -> Case:
        logits = 1.5 * rng.normal(size=shape)
        return Case((logits, mixed(rng, *shape).astype(kind)), settings, note, part=VALUES)

    alpha = round(float(rng.uniform(0.1, 0.4)), 2)
    logits, targets = 1.5 * rng.normal(size=(8, 12)), mixed(rng, 8, 12)
    views = logits[::-2, ::3].T, targets[::-2, ::3].T
    return [
        case((7,), "the defaults"),
        case((2, 3, 4), "three axes, targets of floats", np.float64, gamma=1.5, alpha=alpha),
        case((9,), "gamma = 0 and no alpha: cross-entropy", gamma=0, alpha=None),
        case((8,), "gamma = 0, weighted by alpha", gamma=0.0, alpha=alpha),
        case((3, 4), "no alpha", gamma=2.0, alpha=None),
        case((8,), "gamma = 1", gamma=1, alpha=0.75),
        case((8,), "gamma = 5", gamma=5.0, alpha=alpha),
        case((8,), "gamma below 1", gamma=0.5, alpha=0.6),
        case((6,), "alpha = 1", alpha=1.0),
        case((6,), "alpha = 0", alpha=0.0),
        case((2, 5), "targets of bool", bool),
        case((6,), "targets of uint8", np.uint8, gamma=1.0),
        Case(
            (*(1.5 * rng.normal(size=5), mixed(rng, 5)), 3.0, 0.7), {}, "by position", part=VALUES
        ),
        Case((rng.normal(size=6).astype(np.float32), mixed(rng, 6)), {}, "float32", part=VALUES),
        Case(views, {"gamma": 1.0}, "views", part=VALUES),
        Case((1.5 * rng.normal(size=6), np.zeros(6, int)), {}, "negatives only", part=VALUES),
    ]


def extreme_cases(rng: np.random.Generator) -> list[Case]:
    """Return cases with logits that overflow or round somewhere on the way."""
    far = np.array([1.0, -1.0, 1.0, -1.0]) * rng.uniform(800, 1e4, size=4)
    near = np.array([1.0, -1.0, 1.0, -1.0]) * rng.uniform(37.5, 45, size=4)
    targets = np.array([1, 1, 0, 0])
    settings: list[tuple[Array, dict[str, Any], str]] = [
        (far, {}, "logits of hundreds and thousands"),
        (far, {"gamma": 0.0, "alpha": None}, "large logits, gamma = 0"),
        (far, {"gamma": 0.5, "alpha": 0.5}, "large logits, gamma below 1"),
        (far, {"gamma": 1.0}, "large logits, gamma = 1"),
        (near, {}, "logits of about 40: the sigmoid rounds to 1"),
        (near, {"gamma": 0.0, "alpha": 0.4}, "logits of about 40, gamma = 0"),
    ]
    return [Case((z, targets), chosen, note, part=EXTREMES) for z, chosen, note in settings]


def bad_inputs() -> list[BadInput]:
    """Return the calls that no loss takes."""
    z, t = np.array([0.5, -1.0, 2.0]), np.array([1, 0, 0])
    return [
        BadInput((z, t[:2]), "fewer targets than logits"),
        BadInput((z, t[None]), "targets of another shape that broadcasts"),
        BadInput((z, np.array([1, 0, 2])), "a target of 2"),
        BadInput((z, np.array([1, 0, -1])), "a target of -1"),
        BadInput((z, np.array([1.0, 0.0, 0.5])), "a target of 0.5"),
        BadInput((z, t), "a negative gamma", {"gamma": -1.0}),
        BadInput((z, t), "an alpha above 1", {"alpha": 1.5}),
        BadInput((z, t), "a negative alpha", {"alpha": -0.25}),
    ]

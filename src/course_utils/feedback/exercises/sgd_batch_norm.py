"""Chapter 3: the forward pass of batch normalisation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.sgd_normalisation import (
    EPS,
    SECTION,
    TITLE,
    normalised_by_pairs,
    shared_misconceptions,
    wrong_norm,
)


class NotAPairError(TypeError):
    """A forward pass that returned something else than (y, cache)."""


def pair(result: Any) -> tuple[Any, Any]:
    """Return y and the cache, or raise NotAPairError where ``result`` is not both."""
    if isinstance(result, tuple | list) and len(result) == 2:
        return result[0], result[1]
    many = isinstance(result, tuple | list)
    what = f"{len(result)} values" if many else f"one {type(result).__name__}"
    raise NotAPairError(f"batch_norm_forward returned {what}, not the pair (y, cache)")


def _output(student: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return y in a tuple of one, or what came alone."""
    result = student(*args, **kwargs)
    return (pair(result)[0],) if isinstance(result, tuple | list) else result


def _batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS) -> np.ndarray:
    return normalised_by_pairs(x.T, gamma[:, None], beta[:, None], eps).T


def _cached(forward: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: (forward(*args, **kwargs), None)


def draw_affine(rng: np.random.Generator, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a gamma of either sign, away from 0, and a beta."""
    gamma = rng.uniform(0.4, 2.0, size=width) * rng.choice([-1.0, 1.0], size=width)
    return gamma, rng.normal(size=width)


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(x: np.ndarray, note: str, dtype: type = np.float64, **kwargs: float) -> Case:
        gamma, beta = draw_affine(rng, x.shape[1])
        return Case((x.astype(dtype), gamma.astype(dtype), beta.astype(dtype)), kwargs, note)

    spread = 1.0 + 3.0 * rng.normal(size=(6, 4))
    still = rng.normal(size=(4, 3))
    still[:, rng.integers(3)] = 3.0
    far = 1e7 * rng.choice([-1.0, 1.0], size=3) + rng.uniform(1, 2, size=(1, 3)) * [[1.0], [-1.0]]
    wide = rng.normal(size=(10, 6))
    return [
        case(rng.normal(size=(1, 3)), "a batch of one: the variance is 0"),
        case(rng.normal(size=(3, 3)), "as many rows as features"),
        case(spread, "a batch of six"),
        case(spread[:, :2], "float32", np.float32),
        case(1e-3 * rng.normal(size=(5, 2)), "a small variance, where eps counts"),
        case(rng.normal(size=(4, 2)), "a large eps", eps=0.5),
        case(still, "a feature without variance"),
        case(far, "a mean of 10 million"),
        Case((wide[:8][::-2, ::2], wide[8, ::2], wide[9, ::-2]), note="views of larger arrays"),
    ]


_X, _ONES = np.array([[1.0, 5.0], [3.0, -1.0]]), np.ones(2)

BATCH_NORM_FORWARD = Exercise(
    key="sgd/batch_norm_forward",
    points=2,
    concept="Batch normalisation",
    section=SECTION,
    section_title=TITLE,
    reference=_cached(_batch_norm),
    worked=[
        # One feature: mean 3, variance (4 + 4) / 2 = 4, and 4 + 5 = 9 has the root 3.
        Case(
            (np.array([[1.0], [5.0]]), np.array([6.0]), np.array([1.0])),
            {"eps": 5.0},
            note="mean 3, variance 4",
            expected=(np.array([[-3.0], [5.0]]),),
        ),
        # Means 2 and -1, variances 1 and 49, and with 15 more the roots 4 and 8.
        Case(
            (np.array([[1.0, 6.0], [3.0, -8.0]]), np.array([2.0, 4.0]), np.array([0.5, -1.0])),
            {"eps": 15.0},
            note="two features",
            expected=(np.array([[0.0, 2.5], [1.0, -4.5]]),),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_X[0], _ONES, _ONES), "an x without a batch axis"),
        BadInput((_X[:0], _ONES, _ONES), "an empty batch"),
        BadInput((_X, np.ones(3), _ONES), "a gamma that does not fit"),
        BadInput((_X, np.ones(1), _ONES), "a gamma that only broadcasts"),
        BadInput((_X, _ONES, np.ones(1)), "a beta that only broadcasts"),
        BadInput((_X, _ONES, np.ones((2, 1))), "a beta with two axes"),
        BadInput((_X, np.ones((1, 2)), _ONES), "a gamma with two axes"),
        BadInput((_X[None], _ONES, _ONES), "an x with three axes"),
    ],
    misconceptions=[
        Misconception(
            "no-cache",
            "only y came back. Return the pair (y, cache): the backward pass needs what this one "
            "computed.",
            _batch_norm,
        ),
        Misconception(
            "cache-in-pieces",
            "more than two values came back. Put all that the way back needs into one tuple: "
            "return y, (..., ...).",
            lambda *args, **kwargs: (_batch_norm(*args, **kwargs), None, None),
        ),
        *[
            replace(each, wrong=_cached(each.wrong))
            for each in [
                Misconception(
                    "normalised-within-rows",
                    "each row was normalised by itself, which is layer normalisation. Here each "
                    "feature is normalised over the batch, the first axis.",
                    wrong_norm(1),
                ),
                Misconception(
                    "normalised-over-everything",
                    "one mean and one variance for the whole array. Each feature has its own: "
                    "axis=0.",
                    wrong_norm(None),
                ),
                *shared_misconceptions(0),
            ]
        ],
    ],
    call=_output,
    inputs=("x", "gamma", "beta"),
    outputs=("y",),
)

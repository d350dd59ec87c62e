"""Chapter 3: layer normalisation."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.sgd_batch_norm import draw_affine
from course_utils.feedback.exercises.sgd_normalisation import (
    EPS,
    SECTION,
    TITLE,
    normalised_by_pairs,
    shared_misconceptions,
    wrong_norm,
)


def _all_but_first(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS
) -> np.ndarray:
    return wrong_norm(tuple(range(1, x.ndim)))(x, gamma, beta, eps)


def _no_keepdims(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS
) -> np.ndarray:
    return gamma * (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1) + eps) + beta


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(x: np.ndarray, note: str, dtype: type = np.float64, **kwargs: float) -> Case:
        gamma, beta = draw_affine(rng, x.shape[-1])
        return Case((x.astype(dtype), gamma.astype(dtype), beta.astype(dtype)), kwargs, note)

    still = rng.normal(size=(3, 4))
    still[rng.integers(3)] = 3.0
    far = 1e7 * rng.choice([-1.0, 1.0], size=(3, 1))
    far = far + rng.uniform(1, 2, size=(3, 1)) * [[1.0, -1.0]]
    wide = rng.normal(size=(10, 6))
    return [
        case(rng.normal(size=4), "one row without a batch axis"),
        case(rng.normal(size=(1, 3)), "a batch of one"),
        case(rng.normal(size=(3, 3)), "as many rows as features"),
        case(1 + 3 * rng.normal(size=(2, 5)), "a batch of two"),
        case(rng.normal(size=(2, 3, 4)), "two leading axes"),
        case(2 - rng.normal(size=(4, 3)), "float32", np.float32),
        case(1e-3 * rng.normal(size=(2, 5)), "a small variance, where eps counts"),
        case(rng.normal(size=(2, 4)), "a large eps", eps=0.5),
        case(still, "a row without variance"),
        case(far, "a mean of 10 million"),
        case(rng.normal(size=(7, 1)), "one feature: the variance is 0"),
        Case((wide[:8][::-2, ::2], wide[8, ::2], wide[9, ::-2]), note="views of larger arrays"),
    ]


_X, _ONES = np.array([[1.0, 5.0], [3.0, -1.0]]), np.ones(2)

LAYER_NORM = Exercise(
    key="sgd/layer_norm",
    points=2,
    concept="Layer normalisation",
    section=SECTION,
    section_title=TITLE,
    reference=normalised_by_pairs,
    worked=[
        # Mean 3, variance (4 + 4) / 2 = 4, and 4 + 5 = 9 has the root 3.
        Case(
            (np.array([[1.0, 5.0]]), np.array([6.0, 3.0]), np.array([1.0, 0.5])),
            {"eps": 5.0},
            note="mean 3, variance 4",
            expected=np.array([[-3.0, 2.5]]),
        ),
        # Means 2 and -1, variances 1 and 49, and with 15 more the roots 4 and 8.
        Case(
            (np.array([[1.0, 3.0], [6.0, -8.0]]), np.array([2.0, 4.0]), np.array([1.5, -2.0])),
            {"eps": 15.0},
            note="two rows",
            expected=np.array([[1.0, -1.0], [3.25, -5.5]]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.array(1.0), _ONES, _ONES), "a number without an axis"),
        BadInput((_X[:0], _ONES, _ONES), "an empty batch"),
        BadInput((_X[:, :0], np.ones(0), np.ones(0)), "no features"),
        BadInput((_X, np.ones(3), _ONES), "a gamma that does not fit"),
        BadInput((_X, np.ones(1), _ONES), "a gamma that only broadcasts"),
        BadInput((_X, _ONES, np.ones(1)), "a beta that only broadcasts"),
        BadInput((_X, _ONES, np.ones((2, 1))), "a beta with two axes"),
        BadInput((_X, np.ones((1, 2)), _ONES), "a gamma with two axes"),
    ],
    misconceptions=[
        Misconception(
            "normalised-over-the-batch",
            "each feature was normalised over the batch, which is batch normalisation. Here each "
            "row is normalised by itself, over the last axis.",
            wrong_norm(0),
        ),
        Misconception(
            "normalised-over-everything",
            "one mean and one variance for the whole array. Each row has its own: axis=-1.",
            wrong_norm(None),
        ),
        Misconception(
            "second-axis",
            "axis=1 is the last one only for a matrix. Write axis=-1.",
            wrong_norm(1),
        ),
        Misconception(
            "all-axes-but-the-first",
            "all axes but the first share one mean. Only the last one is normalised.",
            _all_but_first,
        ),
        Misconception(
            "no-keepdims",
            "the means meet the wrong axis when they broadcast. Keep it with keepdims=True.",
            _no_keepdims,
        ),
        *shared_misconceptions(-1),
    ],
    inputs=("x", "gamma", "beta"),
)

"""Chapter 3: what the checks of batch and of layer normalisation share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception

SECTION, TITLE = "03_sgd/05_normalisation", "Normalisation"
EPS = 1e-5
Axis = int | tuple[int, ...] | None


def normalised_by_pairs(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS
) -> np.ndarray:
    """Normalise the last axis from all pairs of its entries, in float64.

    The mean of x_i - x_j over j is x_i minus the mean, and half the mean of its square over all
    pairs is the variance: no mean is subtracted, so that nothing cancels.
    """
    wide = x.astype(np.float64)
    pairs = wide[..., :, None] - wide[..., None, :]
    deviation = np.sqrt((pairs**2).mean(axis=(-1, -2)) / 2 + eps)
    return (gamma * pairs.mean(axis=-1) / deviation[..., None] + beta).astype(x.dtype)


def _deviation(x: np.ndarray, axis: Axis, eps: float) -> np.ndarray:
    return np.sqrt(np.var(x, axis=axis, keepdims=True) + eps)


def wrong_norm(
    axis: Axis,
    deviation: Callable[[np.ndarray, Axis, float], np.ndarray] = _deviation,
    centre: Callable[[np.ndarray, Axis], Any] = lambda x, axis: x.mean(axis=axis, keepdims=True),
    affine: Callable[..., np.ndarray] = lambda n, gamma, beta: gamma * n + beta,
) -> Callable[..., np.ndarray]:
    """Return a normalisation over ``axis`` with one line changed."""

    def normalise(
        x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS
    ) -> np.ndarray:
        return affine((x - centre(x, axis)) / deviation(x, axis, eps), gamma, beta)

    return normalise


def _unbiased(x: np.ndarray, axis: Axis, eps: float) -> np.ndarray:
    return np.sqrt(np.var(x, axis=axis, keepdims=True, ddof=1) + eps)


def _outside(x: np.ndarray, axis: Axis, eps: float) -> np.ndarray:
    return np.std(x, axis=axis, keepdims=True) + eps


def _cancelling(x: np.ndarray, axis: Axis, eps: float) -> np.ndarray:
    square = np.mean(x**2, axis=axis, keepdims=True)
    return np.sqrt(square - np.mean(x, axis=axis, keepdims=True) ** 2 + eps)


def shared_misconceptions(axis: Axis) -> list[Misconception]:
    """Return the mistakes that are the same for every axis."""
    return [*_of_the_deviation(axis), *_of_centre_and_scale(axis)]


def _squares_of_x(x: np.ndarray, axis: Axis, eps: float) -> np.ndarray:
    return np.sqrt(np.mean(x**2, axis=axis, keepdims=True) + eps)


def _of_the_deviation(axis: Axis) -> list[Misconception]:
    return [
        Misconception(
            "unbiased-variance",
            "the variance divides by the count less one. Normalisation divides by the count.",
            wrong_norm(axis, _unbiased),
        ),
        Misconception(
            "epsilon-outside-the-root",
            "eps was added to the standard deviation. It belongs to the variance, under the root.",
            wrong_norm(axis, _outside),
        ),
        Misconception(
            "epsilon-forgotten",
            "without eps equal values give 0 / 0. Add it to the variance.",
            wrong_norm(axis, lambda x, axis, eps: _deviation(x, axis, 0.0)),
        ),
        Misconception(
            "epsilon-fixed",
            "the eps that was given is not used.",
            wrong_norm(axis, lambda x, axis, eps: _deviation(x, axis, EPS)),
        ),
        Misconception(
            "root-forgotten",
            "this divides by the variance. Divide by its root.",
            wrong_norm(axis, lambda x, axis, eps: _deviation(x, axis, eps) ** 2),
        ),
        Misconception(
            "variance-not-centred",
            "the squares of x itself were averaged. The variance averages those of x less its "
            "mean.",
            wrong_norm(axis, _squares_of_x),
        ),
        Misconception(
            "variance-cancels",
            "the mean of the squares less the square of the mean loses all digits where the mean "
            "is large. Subtract the mean first, then square.",
            wrong_norm(axis, _cancelling),
        ),
    ]


def _of_centre_and_scale(axis: Axis) -> list[Misconception]:
    return [
        Misconception(
            "not-centred",
            "the mean is still there. Subtract it before you divide.",
            wrong_norm(axis, centre=lambda x, axis: 0),
        ),
        Misconception(
            "gamma-and-beta-forgotten",
            "the normalised values came back. Scale them by gamma and add beta.",
            wrong_norm(axis, affine=lambda n, gamma, beta: n),
        ),
        Misconception(
            "shifted-before-scaling",
            "beta was scaled too. Multiply by gamma first, then add beta.",
            wrong_norm(axis, affine=lambda n, gamma, beta: gamma * (n + beta)),
        ),
        Misconception(
            "gamma-and-beta-exchanged",
            "gamma and beta are exchanged: gamma scales, beta shifts.",
            wrong_norm(axis, affine=lambda n, gamma, beta: beta * n + gamma),
        ),
    ]

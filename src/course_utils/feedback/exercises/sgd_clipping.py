"""Chapter 3: a gradient clipped by its norm."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception


def _clip(grad: np.ndarray, max_norm: float) -> np.ndarray:
    """Take the length by ``math.hypot`` and shorten to it in float64."""
    length = math.hypot(*grad.ravel().tolist())
    if length <= max_norm:
        return grad.copy()
    return (grad.astype(np.float64) / (length / max_norm)).astype(grad.dtype)


def _by(norm: Callable[[np.ndarray], Any]) -> Callable[..., np.ndarray]:
    """Return the clipping by another norm; a norm of 0 clips nothing."""

    def clip_by_norm(grad: np.ndarray, max_norm: float) -> np.ndarray:
        length = np.maximum(norm(grad), 1e-30)
        return grad * np.minimum(1.0, max_norm / length).astype(grad.dtype)

    return clip_by_norm


def _rows(grad: np.ndarray) -> np.ndarray:
    return np.sqrt((grad**2).sum(axis=-1, keepdims=True))


def _over(scaled: Callable[[np.ndarray, float, float], np.ndarray]) -> Callable[..., np.ndarray]:
    """Return what does ``scaled(grad, norm, max_norm)`` to a gradient that is too long."""

    def clip_by_norm(grad: np.ndarray, max_norm: float) -> np.ndarray:
        norm = float(np.linalg.norm(grad))
        return scaled(grad, norm, max_norm) if norm > max_norm else grad.copy()

    return clip_by_norm


def _draw(rng: np.random.Generator) -> list[Case]:
    def of_norm(norm: float, *shape: int) -> np.ndarray:
        grad = rng.normal(size=shape)
        return norm * grad / np.linalg.norm(grad)

    wide = of_norm(60.0, 8, 6)
    return [
        Case((of_norm(rng.uniform(4, 8), 5), rng.uniform(1, 3)), note="a vector, too long"),
        Case((of_norm(rng.uniform(4, 8), 3, 4), rng.uniform(1, 3)), note="a matrix, too long"),
        Case((of_norm(rng.uniform(1, 2), 5), rng.uniform(3, 5)), note="a vector, short enough"),
        Case((of_norm(1.0, 4, 3), 1.3), note="a matrix, short enough"),
        Case((of_norm(rng.uniform(50, 90), 2, 3, 2, 2), 2.5), note="four axes"),
        Case((of_norm(6.0, 4, 2).astype(np.float32), 2.0), note="float32, too long"),
        Case((wide[::-2, ::2], 1.7), note="a view of a larger array"),
        Case((np.zeros((2, 3)), 1.5), note="a gradient of zeros"),
    ]


CLIP_BY_NORM = Exercise(
    key="sgd/clip_by_norm",
    points=2,
    concept="Clipping by norm",
    section="03_sgd/06_skips",
    section_title="Deep networks that train",
    reference=_clip,
    worked=[
        Case((np.array([3.0, 4.0]), 1.0), note="norm 5, at most 1", expected=np.array([0.6, 0.8])),
        Case((np.array([3.0, 4.0]), 6.0), note="norm 5, at most 6", expected=np.array([3.0, 4.0])),
        Case(
            (np.array([[4.0, 0.0], [2.0, -4.0]]), 3.0),
            note="a matrix of norm 6, at most 3",
            expected=np.array([[2.0, 0.0], [1.0, -2.0]]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.array([3.0, 4.0]), 0.0), "max_norm = 0"),
        BadInput((np.array([3.0, 4.0]), -1.0), "a negative max_norm"),
    ],
    misconceptions=[
        Misconception(
            "clipped-by-value",
            "each entry was clipped by itself, which turns the gradient. Scale all by one factor.",
            lambda grad, max_norm: np.clip(grad, -max_norm, max_norm),
        ),
        Misconception(
            "lengthened",
            "a short gradient was stretched to max_norm. Only one that is too long is changed.",
            lambda grad, max_norm: grad * (max_norm / np.linalg.norm(grad)),
        ),
        Misconception(
            "lengthened",
            "a short gradient was stretched to max_norm. Only one that is too long is changed.",
            lambda grad, max_norm: grad * (max_norm / max(float(np.linalg.norm(grad)), 1e-30)),
        ),
        Misconception(
            "short-ones-scaled",
            "the comparison is the wrong way round: long gradients pass, short ones are stretched.",
            lambda grad, max_norm: (
                grad * max(1.0, max_norm / max(float(np.linalg.norm(grad)), 1e-30))
            ),
        ),
        Misconception(
            "row-by-row",
            "each row got its own factor. The norm is that of the whole array.",
            _by(_rows),
        ),
        Misconception(
            "largest-entry",
            "the largest entry was taken for the norm. The norm is the root of the sum of squares.",
            _by(lambda grad: np.abs(grad).max()),
        ),
        Misconception(
            "sum-of-sizes",
            "the sizes |g| were summed. The norm is the root of the sum of squares.",
            _by(lambda grad: np.abs(grad).sum()),
        ),
        Misconception(
            "spectral-norm",
            "np.linalg.norm(grad, 2) of a matrix is its largest singular value. Flatten it, or "
            "leave the 2 out.",
            _by(lambda grad: np.linalg.norm(grad, 2)),
        ),
        Misconception(
            "root-forgotten",
            "the sum of squares is the squared norm. Take its root.",
            _by(lambda grad: (grad**2).sum()),
        ),
        Misconception(
            "mean-square",
            "the mean of the squares was taken, which falls with the size. The norm sums them.",
            _by(lambda grad: np.sqrt((grad**2).mean())),
        ),
        Misconception(
            "unit-length",
            "a gradient that is too long came back with norm 1. It keeps max_norm.",
            _over(lambda grad, norm, max_norm: grad / norm),
        ),
        Misconception(
            "dropped",
            "a gradient that is too long came back as zeros. Shorten it, its direction is good.",
            _over(lambda grad, norm, max_norm: np.zeros_like(grad)),
        ),
        Misconception(
            "divided-by-the-limit",
            "the gradient was divided by max_norm. The factor is max_norm / norm.",
            _over(lambda grad, norm, max_norm: grad / max_norm),
        ),
    ],
    inputs=("grad", "max_norm"),
    rtol=1e-5,  # an epsilon of 1e-6 beside the norm, as some libraries add it, is no mistake
)

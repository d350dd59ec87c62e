"""Chapter 4: the gradient of max pooling."""

from typing import Any

import numpy as np

from course_utils.feedback.exercise import MAIN, VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    narrow,
    output_shape,
    pair,
    view,
)
from course_utils.feedback.exercises.convolution_pooling import SECTION, TITLE, pool_bad_inputs
from course_utils.feedback.exercises.convolution_pooling_backward_mistakes import MISTAKES

TIES = "ties"
Array = np.ndarray


def max_pool2d_backward(grad_y: Array, x: Array, k: Pair, stride: Pair | None = None) -> Array:
    """Look for the maximum of each window one pixel at a time, in reading order."""
    window, s = pair(k), pair(k if stride is None else stride)
    dx = np.zeros(x.shape)
    for b, c, i, j in np.ndindex(grad_y.shape):
        places = [(b, c, s[0] * i + u, s[1] * j + v) for u, v in np.ndindex(window)]
        best = places[0]
        for place in places[1:]:
            best = place if x[place] > x[best] else best
        dx[best] += grad_y[b, c, i, j]
    return dx.astype(x.dtype)


def _worked() -> list[Case]:
    x = np.array([[1.0, 2.0, 9.0], [4.0, 3.0, 0.0]]).reshape(1, 1, 2, 3)
    flat = np.array([7.0, 7.0, 7.0]).reshape(1, 1, 1, 3)
    return [
        Case(
            (np.array([[[[5.0]]]]), x, 2),
            note="one window, and a column that none reaches",
            expected=np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]).reshape(1, 1, 2, 3),
        ),
        # Windows (1 2), (2 9), (4 3), (3 0), one column apart.
        Case(
            (np.array([[10.0, 20.0], [30.0, 40.0]]).reshape(1, 1, 2, 2), x, (1, 2), 1),
            note="four windows of two pixels",
            expected=np.array([[0.0, 10.0, 20.0], [30.0, 40.0, 0.0]]).reshape(1, 1, 2, 3),
        ),
        Case(
            (np.array([10.0, 20.0]).reshape(1, 1, 1, 2), flat, (1, 2), 1),
            note="equal values",
            expected=np.array([10.0, 20.0, 0.0]).reshape(1, 1, 1, 3),
            part=TIES,
        ),
    ]


def _case(
    rng: np.random.Generator, x: Array, k: Pair, note: str, part: str = MAIN, **s: Any
) -> Case:
    moves = pair(k), pair(s.get("stride", k))
    size = output_shape(x.shape[2:], *moves, (0, 0))
    grad = rng.normal(size=(*x.shape[:2], *size)).astype(x.dtype)
    return Case((grad, x, k), s, note=note, part=part)


def _draw(rng: np.random.Generator) -> list[Case]:
    step = int(rng.integers(1, 3))
    peak = rng.normal(size=(2, 2, 5, 6))
    peak[:, :, 2, 2] = 5.0  # the maximum of every window that holds it

    def case(shape: tuple, k: Pair, note: str, **settings: Any) -> Case:
        return _case(rng, rng.normal(size=shape), k, note, **settings)

    def tied(shape: tuple, k: Pair, note: str, **settings: Any) -> Case:
        values = rng.integers(-2, 1, size=shape).astype(np.float64)
        values[..., :2, :2] = [[0.0, 3.0], [3.0, 3.0]]  # reading order is not column order
        return _case(rng, values, k, note, TIES, **settings)

    return [
        case((1, 1, 4, 6), 2, "side by side"),
        case((2, 3, 5, 7), 2, "a last row and column that no window reaches"),
        case((2, 2, 6, 7), (2, 3), "a window that is not square"),
        case((2, 2, 7, 5), (3, 2), "a window that is not square"),
        _case(rng, peak, 3, "overlapping windows", stride=1),
        _case(rng, peak, (2, 3), "overlapping windows", stride=(1, 2)),
        case((1, 3, 7, 8), (3, 2), "strides that differ", stride=(2, 3)),
        case((1, 1, 7, 6), 2, "gaps between the windows", stride=(3, step)),
        case((1, 2, 4, 4), 4, "a window as large as the image"),
        _case(rng, narrow(rng, 2, 2, 5, 6), (2, 3), "float32", stride=(2, 1)),
        _case(rng, view(rng, 2, 2, 5, 6), (2, 2), "a view"),
        _case(rng, rng.normal(size=(1, 2, 4, 4)), 2, "square", stride=2),
        tied((1, 1, 4, 4), 2, "whole numbers, many of them equal"),
        tied((2, 2, 5, 6), 3, "whole numbers, overlapping windows", stride=(1, 2)),
        tied((1, 2, 5, 7), (2, 3), "whole numbers, a window that is not square"),
    ]


def _bad_inputs() -> list[BadInput]:
    x = np.ones((1, 2, 2, 3))
    grads: list[tuple[Array, dict[str, Pair], str]] = [
        (np.ones((1, 2, 1, 2)), {}, "a grad_y with too many columns"),
        (np.ones((1, 2, 1, 1)), {"stride": 1}, "a grad_y that does not fit the stride"),
        (np.ones((1, 1, 1, 1)), {}, "a grad_y of one channel"),
        (np.ones((2, 2, 1, 1)), {}, "a grad_y of another batch size"),
        (np.ones((2, 1, 1)), {}, "a grad_y with three axes"),
    ]
    ours = [BadInput((grad, x, 2), because, settings) for grad, settings, because in grads]
    return [*ours, *pool_bad_inputs(np.ones((1, 2, 1, 1)))]


MAX_POOL2D_BACKWARD = Exercise(
    key="convolution/max_pool2d_backward",
    points=3,
    concept="Gradient of max pooling",
    section=SECTION,
    section_title=TITLE,
    reference=max_pool2d_backward,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    weights={MAIN: 0.6, TIES: 0.2, VALIDATION: 0.2},
    inputs=("grad_y", "x", "k", "stride"),
)

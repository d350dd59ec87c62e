"""Chapter 4: the three gradients of a convolution layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_backward_mistakes import MISTAKES
from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    connections,
    narrow,
    output_shape,
    pair,
    view,
)

SECTION, TITLE = "04_cnn/03_matrices", "Convolution as a matrix product"
DX, DW, DB = PARTS = ("dx", "dw", "db")


class NotThreeArraysError(Exception):
    """The function did not return the tuple (dx, dw, db)."""


def run_backward(student: Callable[..., Any], which: str, *args: Any, **settings: Pair) -> Any:
    """Return one of the gradients (dx, dw, db), so that each of them earns its own points."""
    result = student(*args, **settings)
    if not isinstance(result, tuple | list) or len(result) != len(PARTS):
        items = f" of {len(result)}" if isinstance(result, tuple | list) else ""
        raise NotThreeArraysError(f"return (dx, dw, db), not a {type(result).__name__}{items}")
    gradient = result[PARTS.index(which)]
    if gradient is None:
        raise NotThreeArraysError(f"{which} is None: return (dx, dw, db)")
    return gradient


def conv2d_backward(
    grad_y: np.ndarray, x: np.ndarray, w: np.ndarray, stride: Pair = 1, padding: Pair = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Send the gradient of each product to its two factors, in float64."""
    g = grad_y.astype(np.float64)
    dx, dw, db = (np.zeros(shape) for shape in (x.shape, w.shape, len(w)))
    for (i, j), (u, v), (r, c) in connections(x.shape[2:], w.shape[2:], stride, padding):
        dx[:, :, r, c] += g[:, :, i, j] @ w[:, :, u, v]
        dw[:, :, u, v] += g[:, :, i, j].T @ x[:, :, r, c]
    for i, j in np.ndindex(g.shape[2:]):
        db += [sum(column) for column in g[:, :, i, j].T]
    return dx.astype(x.dtype), dw.astype(w.dtype), db.astype(grad_y.dtype)


def _row(*numbers: float) -> np.ndarray:
    return np.array(numbers).reshape(1, 1, 1, -1)


def _worked() -> list[Case]:
    # y0 = w0 x0 + w1 x1 and y1 = w0 x1 + w1 x2: x1 feeds both outputs.
    x, w, grad = _row(1.0, 2.0, 4.0), _row(3.0, 5.0), _row(10.0, 1.0)
    plain = dict(
        zip(PARTS, [_row(30.0, 53.0, 5.0), _row(12.0, 24.0), np.array([11.0])], strict=True)
    )
    # 0 [1 2] 3 4: with padding 1 and stride 2 the windows are (0, 1), (2, 3) and (4, 0).
    long, steps = _row(1.0, 2.0, 3.0, 4.0), {"stride": (1, 2), "padding": (0, 1)}
    from_steps = _row(1.0, 10.0, 100.0)
    moved = dict(zip(PARTS, [_row(5.0, 30.0, 50.0, 300.0), _row(420.0, 31.0)], strict=False))
    return [
        *(
            Case(
                (part, grad, x, w),
                note="the middle pixel feeds two outputs",
                expected=value,
                part=part,
            )
            for part, value in plain.items()
        ),
        *(
            Case((part, from_steps, long, w), steps, note="stride 2", expected=value, part=part)
            for part, value in moved.items()
        ),
    ]


def _settings(rng: np.random.Generator) -> list[tuple[tuple, tuple, dict[str, Pair], str]]:
    """Return shapes of x and w, settings, and a note, for each case."""
    step = int(rng.integers(2, 4))
    return [
        ((1, 1, 3, 4), (1, 1, 2, 3), {}, "one channel"),
        ((2, 2, 4, 4), (2, 2, 3, 3), {}, "as many outputs as inputs"),
        ((2, 3, 4, 5), (2, 3, 2, 3), {}, "three channels to two"),
        ((3, 2, 3, 4), (4, 2, 1, 1), {}, "a 1x1 kernel"),
        ((1, 2, 3, 4), (2, 2, 3, 4), {}, "a kernel as large as the image"),
        ((1, 1, 6, 5), (1, 1, 3, 2), {"stride": (2, 1)}, "last row not reached"),
        ((2, 2, 7, 9), (3, 2, 3, 3), {"stride": (3, 2)}, "strides that differ"),
        ((1, 2, 6, 8), (2, 2, 2, 1), {"stride": (3, step)}, "pixels between the windows"),
        ((1, 1, 3, 3), (1, 1, 3, 3), {"padding": 1}, "padding 1"),
        ((2, 2, 3, 4), (3, 2, 2, 3), {"padding": (2, 1)}, "paddings that differ"),
        ((2, 2, 4, 5), (2, 2, 3, 2), {"padding": (1, 0)}, "padding in the rows only"),
        ((2, 2, 6, 7), (2, 2, 3, 2), {"stride": (2, 3), "padding": 1}, "stride and padding"),
        ((1, 2, 5, 6), (3, 2, 2, 3), {"stride": (1, step), "padding": (0, 2)}, "pairs"),
    ]


def _draw(rng: np.random.Generator) -> list[Case]:
    cases = []
    for x, w, settings, note in _settings(rng):
        moves = pair(settings.get("stride", 1)), pair(settings.get("padding", 0))
        grad = rng.normal(size=(x[0], w[0], *output_shape(x[2:], w[2:], *moves)))
        args = grad, rng.normal(size=x), rng.normal(size=w)
        cases += [Case((part, *args), settings, note=note, part=part) for part in PARTS]
    single = narrow(rng, 2, 3, 2, 2), narrow(rng, 2, 2, 4, 4), narrow(rng, 3, 2, 2, 2)
    views = view(rng, 2, 2, 3, 3), view(rng, 2, 3, 4, 5), view(rng, 2, 3, 2, 3)
    wide = narrow(rng, 1, 2, 3, 4), narrow(rng, 1, 1, 5, 4), narrow(rng, 2, 1, 3, 3)
    for part in PARTS:
        cases += [
            Case((part, *single), {"stride": 2}, note="float32", part=part),
            Case((part, *views), note="views", part=part),
            Case((part, *wide, (2, 1), (1, 1)), note="settings by position", part=part),
        ]
    return cases


def _bad_inputs() -> list[BadInput]:
    x, w, grad = np.ones((1, 2, 2, 3)), np.ones((3, 2, 1, 2)), np.ones((1, 3, 2, 2))
    cases: list[tuple[tuple, str, dict[str, Pair]]] = [
        ((grad[:, :, :1], x, w), "a grad_y with too few rows", {}),
        ((grad, x, w), "a grad_y that does not fit the stride", {"stride": 2}),
        ((grad, x, w), "a grad_y that does not fit the padding", {"padding": 1}),
        ((grad[:, :2], x, w), "a grad_y with too few channels", {}),
        ((np.ones((2, 3, 2, 2)), x, w), "a grad_y of another batch size", {}),
        ((grad[:, :1], x, w), "a grad_y of one channel", {}),
        ((grad[0], x, w), "a grad_y with three axes", {}),
        ((grad, x[:, :1], w), "an x of one channel where w takes two", {}),
        ((grad, x, np.ones((3, 3, 1, 2))), "channels that do not fit", {}),
        ((grad, x, np.ones((3, 2, 3, 1))), "a kernel higher than the image", {}),
        ((grad, x, w), "a stride of 0", {"stride": (1, 0)}),
        ((grad, x, w), "a negative padding", {"padding": (-1, 0)}),
        ((grad[:0], x[:0], w), "an empty batch", {}),
    ]
    return [BadInput((DX, *args), because, settings) for args, because, settings in cases]


CONV2D_BACKWARD = Exercise(
    key="convolution/conv2d_backward",
    points=5,
    concept="Gradients of a convolution",
    section=SECTION,
    section_title=TITLE,
    reference=conv2d_backward,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    call=run_backward,
    weights={DX: 0.4, DW: 0.3, DB: 0.15, VALIDATION: 0.15},
    inputs=("gradient", "grad_y", "x", "w", "stride", "padding"),
)

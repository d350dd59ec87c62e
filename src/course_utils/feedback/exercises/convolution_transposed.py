"""Chapter 4: the transposed convolution, the adjoint of the convolution."""

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    connections,
    narrow,
    pair,
    view,
)
from course_utils.feedback.exercises.convolution_transposed_mistakes import MISTAKES, grown

SECTION, TITLE = "04_cnn/05_transposed", "The transposed convolution"
STRIDE, PADDING = "stride", "padding"
Array = np.ndarray


def conv_transpose2d(x: Array, w: Array, stride: Pair = 1, padding: Pair = 0) -> Array:
    """Run through the connections of the convolution from the outputs to the pixels."""
    s, p, kernel = pair(stride), pair(padding), w.shape[2:]
    image = grown(x.shape[2:], kernel, s, p)
    y = np.zeros((len(x), w.shape[1], *image))
    for (i, j), (u, v), (r, c) in connections(image, kernel, s, p):
        y[:, :, r, c] += x[:, :, i, j].astype(np.float64) @ w[:, :, u, v]
    return y.astype(x.dtype)


def _worked() -> list[Case]:
    row, w = (np.array(a).reshape(1, 1, 1, 3) for a in ([1.0, 2.0, 4.0], [10.0, 3.0, 1.0]))
    return [
        # 1 (10 3 1 0 0) + 2 (0 10 3 1 0) + 4 (0 0 10 3 1).
        Case(
            (row, w),
            note="three pixels, three weights",
            expected=np.array([10.0, 23.0, 47.0, 14.0, 4.0]).reshape(1, 1, 1, 5),
            part=STRIDE,
        ),
        Case(
            (row, w),
            {"stride": (1, 2)},
            note="two columns apart: neighbours share one",
            expected=np.array([10.0, 3.0, 21.0, 6.0, 42.0, 12.0, 4.0]).reshape(1, 1, 1, 7),
            part=STRIDE,
        ),
        Case(
            (row, w),
            {"stride": (1, 2), "padding": (0, 1)},
            note="one column less on each side",
            expected=np.array([3.0, 21.0, 6.0, 42.0, 12.0]).reshape(1, 1, 1, 5),
            part=PADDING,
        ),
    ]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(x: tuple, w: tuple, note: str, part: str = STRIDE, **settings: Pair) -> Case:
        return Case((rng.normal(size=x), rng.normal(size=w)), settings, note=note, part=part)

    step = int(rng.integers(2, 4))
    positional = rng.normal(size=(2, 2, 3, 4)), rng.normal(size=(2, 3, 3, 2))
    single = narrow(rng, 2, 2, 2, 3), narrow(rng, 2, 3, 2, 3)
    return [
        case((1, 1, 2, 3), (1, 1, 2, 3), "one channel"),
        case((2, 3, 3, 4), (3, 2, 3, 2), "three channels to two"),
        case((2, 2, 4, 3), (2, 2, 3, 3), "two channels to two"),
        case((1, 1, 3, 4), (1, 2, 2, 2), "one channel to two"),
        case((1, 2, 4, 5), (2, 3, 1, 1), "a 1x1 kernel"),
        case((1, 1, 3, 4), (1, 1, 3, 3), "stride 2", stride=2),
        case((2, 2, 4, 3), (2, 3, 4, 3), "strides that differ", stride=(step, 1)),
        case((1, 2, 5, 6), (2, 2, 3, 2), "strides that differ", stride=(1, 2)),
        case((2, 2, 3, 2), (2, 1, 2, 1), "gaps between the kernels", stride=(3, 2)),
        case((1, 1, 4, 5), (1, 1, 3, 3), "padding 1", PADDING, padding=1),
        case((2, 2, 4, 3), (2, 3, 4, 3), "paddings that differ", PADDING, padding=(2, 1)),
        case((2, 3, 3, 4), (3, 2, 2, 3), "padding in the columns only", PADDING, padding=(0, 1)),
        case((1, 2, 3, 3), (2, 2, 3, 3), "stride and padding", PADDING, stride=2, padding=1),
        case((1, 2, 3, 4), (2, 3, 4, 5), "pairs", PADDING, stride=(2, 1), padding=(1, 2)),
        Case((*positional, (1, 2), (1, 0)), note="settings by position", part=PADDING),
        Case(single, {"stride": 2}, note="float32", part=STRIDE),
        Case((view(rng, 2, 2, 3, 2), view(rng, 2, 3, 3, 2)), note="views", part=STRIDE),
    ]


def _bad_inputs() -> list[BadInput]:
    x, w = np.ones((1, 3, 2, 2)), np.ones((3, 2, 2, 1))
    return [
        BadInput((x, np.ones((2, 3, 2, 1))), "channels in the order of a convolution"),
        BadInput((x[:, :1], w), "one channel where w takes three"),
        BadInput((x, w[:1]), "a w for one channel where x has three"),
        BadInput((x, w), "a padding that leaves no rows", {"padding": (2, 0)}),
        BadInput((x, w), "a padding that leaves no columns", {"padding": (0, 1)}),
        BadInput((x, w), "a stride of 0", {"stride": 0}),
        BadInput((x, w), "a stride of 0 in the columns", {"stride": (1, 0)}),
        BadInput((x, w), "a negative padding", {"padding": -1}),
        BadInput((x, w), "a negative padding in the columns", {"padding": (1, -1)}),
        BadInput((x[0], w), "an x with three axes"),
        BadInput((x, w[0]), "a w with three axes"),
        BadInput((x[:0], w), "an empty batch"),
        BadInput((x, w[:, :, :, :0]), "a kernel without columns"),
    ]


CONV_TRANSPOSE2D = Exercise(
    key="convolution/conv_transpose2d",
    points=3,
    concept="Transposed convolution",
    section=SECTION,
    section_title=TITLE,
    reference=conv_transpose2d,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    weights={STRIDE: 0.5, PADDING: 0.3, VALIDATION: 0.2},
    inputs=("x", "w", "stride", "padding"),
)

"""Chapter 4: the convolution layer."""

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import (
    Pair,
    connections,
    narrow,
    output_shape,
    pair,
    view,
)
from course_utils.feedback.exercises.convolution_layer_mistakes import CHANNELS, SUMS
from course_utils.feedback.exercises.convolution_step_mistakes import DILATION, STEPS

SECTION, TITLE = "04_cnn/02_convolution", "The convolution layer"
PLAIN, MOVED, DILATED, BIAS = "plain", "stride and padding", "dilation", "bias"


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> np.ndarray:
    """Add up the connections one by one, in float64."""
    image, kernel = x.shape[2:], w.shape[2:]
    size = output_shape(image, kernel, pair(stride), pair(padding), pair(dilation))
    y = np.zeros((len(x), len(w), *size))
    for (i, j), (u, v), (r, c) in connections(image, kernel, stride, padding, dilation):
        y[:, :, i, j] += x[:, :, r, c].astype(np.float64) @ w[:, :, u, v].T
    if b is not None:
        y += b.reshape(1, -1, 1, 1)
    return y.astype(x.dtype)


def _image(*rows: list[float]) -> np.ndarray:
    return np.array([[rows]], dtype=np.float64)  # (1, 1, H, W)


WORKED = [
    Case(
        (_image([1.0, 2.0, 3.0]), _image([1.0, 10.0])),
        note="a row of three pixels",
        expected=_image([21.0, 32.0]),
        part=PLAIN,
    ),
    # 1 + 2*2 + 0*4 - 5 and 2 + 2*3 + 0*5 - 6.
    Case(
        (_image([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), _image([1.0, 2.0], [0.0, -1.0])),
        note="one channel, an even kernel",
        expected=_image([0.0, 2.0]),
        part=PLAIN,
    ),
    # (1, 2) + 10 (3, 4) and -(1, 2) + 2 (3, 4).
    Case(
        (
            np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 1, 2),
            np.array([1.0, 10.0, -1.0, 2.0]).reshape(2, 2, 1, 1),
        ),
        note="two channels to two channels, 1x1",
        expected=np.array([31.0, 42.0, 5.0, 6.0]).reshape(1, 2, 1, 2),
        part=PLAIN,
    ),
    # 0 [1 2] 3 0 padded: windows (0, 1) and (2, 3); (3, 0) would be a step too far.
    Case(
        (_image([1.0, 2.0, 3.0]), _image([1.0, 10.0])),
        {"stride": (1, 2), "padding": (0, 1)},
        note="stride 2 on the padded row 0 1 2 3 0",
        expected=_image([10.0, 32.0]),
        part=MOVED,
    ),
    Case(
        (_image([1.0, 2.0, 3.0, 4.0]), _image([1.0, 10.0])),
        {"dilation": 2},
        note="windows (1, 3) and (2, 4)",
        expected=_image([31.0, 42.0]),
        part=DILATED,
    ),
    Case(
        (
            _image([1.0, 2.0]),
            np.array([2.0, -1.0]).reshape(2, 1, 1, 1),
            np.array([10.0, 20.0]),
        ),
        note="two filters with a bias each",
        expected=np.array([12.0, 14.0, 19.0, 18.0]).reshape(1, 2, 1, 2),
        part=BIAS,
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(x: tuple, w: tuple, note: str, part: str = PLAIN, **settings: Pair) -> Case:
        return Case((rng.normal(size=x), rng.normal(size=w)), settings, note=note, part=part)

    step, odd = int(rng.integers(2, 4)), int(rng.integers(0, 2))
    return [
        case((1, 1, 3, 4), (1, 1, 3, 3), "one channel"),
        case((2, 1, 4, 3), (2, 1, 2, 2), "one channel to two"),
        case((2, 3, 4, 6), (2, 3, 2, 3), "three channels to two"),
        case((2, 2, 4, 5), (3, 2, 3, 3), "two channels to three"),
        case((1, 3, 5, 4), (3, 3, 3, 3), "three channels to three"),
        case((3, 2, 3, 4), (2, 2, 3, 4), "a kernel as large as the image"),
        case((2, 3, 2, 5), (4, 3, 1, 1), "a 1x1 kernel"),
        Case((narrow(rng, 2, 2, 4, 5), narrow(rng, 3, 2, 2, 3)), note="float32", part=PLAIN),
        Case((view(rng, 2, 3, 5, 4), view(rng, 2, 3, 2, 2)), note="views", part=PLAIN),
        case((1, 1, 4, 6), (1, 1, 3, 3), "stride 2, last column not reached", MOVED, stride=2),
        case((2, 2, 7, 8), (3, 2, 3, 2), "strides that differ", MOVED, stride=(3, 2)),
        case((1, 2, 6, 5), (2, 2, 2, 3), "a stride wider than the kernel", MOVED, stride=(3, 1)),
        case((1, 1, 3, 4), (1, 1, 3, 3), "padding 1", MOVED, padding=1),
        case((2, 2, 3, 4), (3, 2, 2, 3), "paddings that differ", MOVED, padding=(2, 1)),
        case((1, 2, 2, 3), (2, 2, 4, 2), "a kernel higher than the image", MOVED, padding=2),
        case((2, 3, 5 + odd, 7), (2, 3, 3, 2), "all at once", MOVED, stride=(step, 1), padding=1),
        case((2, 2, 5, 6), (3, 2, 2, 3), "pairs", MOVED, stride=(1, step), padding=(0, 2)),
        case((1, 2, 5, 5), (2, 2, 3, 3), "square", MOVED, stride=2, padding=1),
        _positional(rng),
        case((1, 1, 5, 6), (1, 1, 3, 2), "dilation 2", DILATED, dilation=2),
        case((2, 2, 6, 7), (3, 2, 2, 3), "dilations that differ", DILATED, dilation=(3, 2)),
        case((1, 2, 3, 4), (2, 2, 1, 1), "a 1x1 kernel has no gaps", DILATED, dilation=2),
        case((2, 2, 7, 6), (2, 2, 3, 2), "all", DILATED, stride=(2, 1), padding=1, dilation=(2, 3)),
        case((1, 2, 5, 9), (3, 2, 2, 3), "pairs", DILATED, stride=(1, 2), dilation=(4, 2)),
        *_with_bias(rng),
    ]


def _positional(rng: np.random.Generator) -> Case:
    x, w = rng.normal(size=(1, 2, 4, 6)), rng.normal(size=(2, 2, 2, 3))
    return Case((x, w, None, (1, 2), (1, 0)), note="settings by position", part=MOVED)


def _with_bias(rng: np.random.Generator) -> list[Case]:
    def case(x: tuple, w: tuple, note: str, **settings: Pair) -> Case:
        args = rng.normal(size=x), rng.normal(size=w), rng.normal(size=w[0])
        return Case(args, settings, note=note, part=BIAS)

    wide = narrow(rng, 2, 2, 4, 5), narrow(rng, 3, 2, 2, 3), narrow(rng, 3)
    views = view(rng, 2, 2, 3, 4), view(rng, 2, 2, 2, 2), rng.normal(size=4)[::-2]
    return [
        case((1, 2, 3, 4), (3, 2, 1, 2), "as many filters as rows and columns"),
        case((2, 3, 4, 5), (2, 3, 3, 2), "three channels"),
        case((3, 2, 4, 6), (4, 2, 2, 3), "two channels to four"),
        Case(wide, note="float32", part=BIAS),
        Case(views, note="views", part=BIAS),
    ]


def _bad_inputs() -> list[BadInput]:
    x, w = np.ones((1, 2, 2, 3)), np.ones((3, 2, 1, 2))
    return [
        BadInput((x, np.ones((1, 2, 3, 1))), "a kernel higher than the image"),
        BadInput((x, np.ones((1, 2, 1, 4))), "a kernel wider than the image"),
        BadInput(
            (x, np.ones((1, 2, 1, 6))), "a kernel wider than the padded image", {"padding": 1}
        ),
        BadInput((x, w), "a dilated kernel that does not fit", {"dilation": (1, 3)}),
        BadInput((x, np.ones((1, 3, 1, 2))), "channels that do not fit"),
        BadInput((x[:, :1], w), "one channel where w takes two"),
        BadInput((x, w[:, :1]), "a w for one channel where x has two"),
        BadInput((x, w, np.ones(2)), "a b that is not (C_out,)"),
        BadInput((x, w, np.ones(1)), "a b of one number"),
        BadInput((x, w, np.ones((3, 1))), "a b with two axes"),
        BadInput((x, w), "a stride of 0", {"stride": 0}),
        BadInput((x, w), "a stride below 1 in the columns", {"stride": (1, -1)}),
        BadInput((x, w), "a stride of three numbers", {"stride": (1, 1, 1)}),
        BadInput((x, w), "a negative padding", {"padding": -1}),
        BadInput((x, w), "a negative padding in the rows", {"padding": (-1, 1)}),
        BadInput((x, w), "a dilation of 0", {"dilation": 0}),
        BadInput((x, w), "a dilation of 0 in the columns", {"dilation": (1, 0)}),
        BadInput((x[0], w), "an x with three axes"),
        BadInput((x, w[0]), "a w with three axes"),
        BadInput((x[:0], w), "an empty batch"),
        BadInput((x, w[:, :, :0]), "a kernel without rows"),
    ]


CONV2D = Exercise(
    key="convolution/conv2d",
    points=5,
    concept="Convolution layer",
    section=SECTION,
    section_title=TITLE,
    reference=conv2d,
    worked=WORKED,
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=[*SUMS, *CHANNELS, *STEPS, *DILATION],
    weights={PLAIN: 0.4, MOVED: 0.25, DILATED: 0.1, BIAS: 0.1, VALIDATION: 0.15},
    inputs=("x", "w", "b", "stride", "padding", "dilation"),
)

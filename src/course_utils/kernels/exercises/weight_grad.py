"""Chapter 10: the gradient of a convolution in its weights."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback import BadInput, Case
from course_utils.kernels.exercises.arrays import (
    HALF,
    HALF_SUM,
    LONG,
    SINGLE,
    VIEWS,
    WEIGHTS,
    Array,
    half,
    single,
    told,
    turned,
)
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.direct import SECTION, TITLE
from course_utils.kernels.exercises.implicit_gemm import (
    SETTINGS,
    reading,
    taken_for_channels_first,
    taken_for_channels_last,
)
from course_utils.kernels.exercises.races import refuse_races
from course_utils.kernels.exercises.running import AGAIN, triton_exercise
from course_utils.kernels.exercises.windows import EDGES, RIGHT, Windows, weight_gradient

Step = Callable[[Array], Array]


def conv2d_weight_grad(
    grad_y: Array, x: Array, w: Array, stride: int = 1, padding: int = 0
) -> Array:
    """Return the sums of the definition, rounded once."""
    return weight_gradient(grad_y, x, w, stride, padding).astype(x.dtype)


def _same(x: Array) -> Array:
    return x


def emulated(
    windows: Windows = RIGHT,
    gradients: Step = _same,
    images: Step = _same,
    done: Step = _same,
    divisor: Callable[[Array], int] = lambda grad_y: 1,
) -> Callable[..., Array]:
    """Return the gradient with one of its steps changed."""

    def wrong(grad_y: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> Array:
        size = (grad_y.shape[2], grad_y.shape[3])
        seen = windows(images(x), w.shape[2:], stride, padding, size)
        dw = np.einsum("bfpq,bcpqrs->fcrs", gradients(grad_y).astype(np.float32), seen)
        return done(dw / divisor(grad_y)).astype(x.dtype)

    return wrong


def _pixels(grad_y: Array) -> int:
    return grad_y.shape[0] * grad_y.shape[2] * grad_y.shape[3]


def _arrays(
    rng: np.random.Generator,
    make: Callable[..., Array],
    *sizes: int,
    stride: int = 1,
    padding: int = 0,
) -> tuple[Array, Array, Array]:
    batch, channels, height, width, filters, r, s = sizes
    p, q = ((n + 2 * padding - k) // stride + 1 for n, k in ((height, r), (width, s)))
    shapes = ((batch, filters, p, q), (batch, channels, height, width), (filters, channels, r, s))
    grad_y, x, w = (make(rng, *shape) for shape in shapes)
    return grad_y, x, w


def _cancelling(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return float16 arrays: what the first image adds, the second takes away."""
    x = rng.uniform(2, 4, (1, 2, 25, 24))
    x = np.concatenate([x, -x]) + rng.normal(size=(2, *x.shape[1:])) / 16
    grad_y = np.repeat(rng.uniform(2, 4, (1, 3, 24, 24)), 2, axis=0)
    w = rng.normal(size=(3, 2, 2, 1))
    return grad_y.astype(np.float16), x.astype(np.float16), w.astype(np.float16)


def _draw(rng: np.random.Generator) -> list[Case]:
    c, f = int(rng.integers(3, 8)), int(rng.integers(17, 22))
    h, v = (int(n) for n in rng.integers(8, 12, size=2))
    sizes: list[tuple[tuple, dict, str, str]] = [
        ((1, 1, 4, 5, 1, 2, 3), {}, "one channel", SINGLE),
        ((2, c, h, v + 4, f, 3, 3), {}, "a batch of two", SINGLE),
        ((1, 20, 6, 7, 4, 2, 2), {}, "more channels than filters", SINGLE),
        ((1, c, h, v, 6, 3, 3), {"padding": 1}, "padding", SETTINGS),
        ((2, c, v, h, 4, 3, 2), {"stride": 2}, "stride 2", SETTINGS),
        ((2, 3, 8, 11, 5, 2, 4), {"stride": 2, "padding": 2}, "both", SETTINGS),
    ]
    cases = [
        Case(_arrays(rng, single, *size, **settings), settings, note=note, part=part)
        for size, settings, note, part in sizes
    ]
    grad_y, x, w = _arrays(rng, single, 2, 3, 6, 7, 4, 2, 2)
    cases.append(Case((turned(grad_y), turned(x), w), note="grad_y and x are views", part=VIEWS))
    cases.append(Case(_arrays(rng, half, 2, c, 7, h, 5, 3, 2), note="float16", part=HALF))
    cases.append(Case(_cancelling(rng), note="large partial sums, float16", part=LONG))
    twice = _arrays(rng, single, 1, 2, 5, 6, 2, 2, 1)
    return [*cases, Case(twice, {AGAIN: True}, note="called three times", part=SINGLE)]


# Tap (0, 0) met the pixels 1 and 2: 1 1 + 10 2 = 21; the others 2, 3 and 4, 5 and 5, 6.
_X = np.arange(1, 7, dtype=np.float32).reshape(1, 1, 2, 3)
_W = np.ones((1, 1, 2, 2), np.float32)
_GRAD = np.array([[[[1.0, 10.0]]]], np.float32)
_EXPECTED = np.array([[[[21.0, 32.0], [54.0, 65.0]]]], np.float32)

CONV2D_WEIGHT_GRAD = triton_exercise(
    key="triton_convolution/conv2d_weight_grad",
    points=5,
    concept="Weight gradient",
    section=SECTION,
    section_title=TITLE,
    reference=conv2d_weight_grad,
    worked=[
        Case((_GRAD, _X, _W), note="two windows", expected=_EXPECTED, part=SINGLE),
        Case(
            (_GRAD, _X, np.ones((1, 1, 3, 3), np.float32), 2, 1),
            note="a ring of zeros, stride 2",
            expected=np.array([[[[0.0, 0.0, 0.0], [20.0, 31.0, 2.0], [50.0, 64.0, 5.0]]]], "f4"),
            part=SETTINGS,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_GRAD, _X, np.ones((1, 2, 2, 2), np.float32)), "another number of channels"),
        BadInput((_GRAD, _X, np.ones((2, 1, 2, 2), np.float32)), "another number of filters"),
        BadInput((_GRAD, _X, np.ones((1, 1, 1, 2), np.float32)), "a grad_y that is too low"),
        BadInput((_GRAD, _X, _W, 2), "a grad_y that is too wide for the stride"),
        BadInput((_GRAD, _X, _W, 1, 1), "a grad_y that is too small for the padding"),
        BadInput((_GRAD, _X, _W, 0), "a stride of 0"),
        BadInput((_GRAD[0], _X, _W), "a grad_y without a batch"),
        BadInput((_GRAD, _X.astype(np.float16), _W), "another dtype"),
    ],
    misconceptions=[
        *told(
            "edges-wrap-around",
            EDGES,
            *map(emulated, reading()),
        ),
        *told(
            "padding-not-subtracted",
            "windows begin at the image, not at its padding: output row p and tap r read row "
            "p stride - padding + r.",
            emulated(Windows(lambda p, r, stride, padding: p * stride + r)),
            *(
                emulated(window)
                for window in reading(index=lambda p, r, stride, padding: p * stride + r)
            ),
        ),
        *told(
            "stride-not-applied",
            "windows lie side by side as if the stride were 1: output row p and tap r read row "
            "p stride - padding + r.",
            emulated(Windows(lambda p, r, stride, padding: p - padding + r)),
        ),
        *told(
            "gradient-flipped",
            "the result is flipped: dw at tap (r, s) comes from the pixels that tap (r, s) read.",
            emulated(done=lambda dw: dw[:, :, ::-1, ::-1]),
        ),
        *told(
            "first-image-only",
            "only the first image of the batch counts. Weights serve all: sum over the batch.",
            emulated(gradients=lambda g: g * (np.arange(len(g)) == 0)[:, None, None, None]),
        ),
        *told(
            "mean-for-sum",
            "the sum over pixels and images was divided by their number. A mean belongs to the "
            "loss, which has put it into grad_y.",
            emulated(divisor=len),
            emulated(divisor=_pixels),
        ),
        *told(
            "image-not-permuted",
            "the kernel reads channels last, but memory holds them first. permute first, then "
            "contiguous: a view or reshape moves nothing.",
            emulated(images=taken_for_channels_last),
            emulated(gradients=taken_for_channels_last),
            emulated(gradients=taken_for_channels_last, images=taken_for_channels_last),
        ),
        *told(
            "result-not-permuted",
            "the result holds (F, R, S, C) in memory but was returned as (F, C, R, S) by a view or "
            "reshape. permute(0, 3, 1, 2) exchanges the axes.",
            emulated(done=taken_for_channels_first),
            emulated(done=lambda dw: dw.transpose(0, 2, 3, 1)),
        ),
        HALF_SUM,
    ],
    look=refuse_races,
    compiles=compile_part(
        np.ones((2, 32, 8, 8), np.float16),
        np.ones((2, 16, 8, 8), np.float16),
        np.ones((32, 16, 3, 3), np.float16),
        1,
        1,
    ),
    weights={SETTINGS: 0.2, **WEIGHTS, SINGLE: 0.2},
    inputs=("grad_y", "x", "w", "stride", "padding"),
)

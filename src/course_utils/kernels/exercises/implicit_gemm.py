"""Chapter 10: a convolution as a matrix product whose first factor is never written."""

from collections.abc import Callable
from typing import Any

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
from course_utils.kernels.exercises.direct import SECTION, TITLE, B, W, X
from course_utils.kernels.exercises.races import refuse_races
from course_utils.kernels.exercises.running import AGAIN, triton_exercise
from course_utils.kernels.exercises.windows import (
    EDGES,
    RIGHT,
    Windows,
    cancelling_images,
    convolution,
    layer,
    output_size,
    wrapped_columns,
    wrapped_in_batch,
    wrapped_in_image,
)

SETTINGS = "stride and padding"
Step = Callable[[Array], Array]


def conv2d_implicit_gemm(
    x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0, relu: bool = False
) -> Array:
    """Return the sums of the definition, rounded once."""
    y = convolution(x, w, b, stride, padding)
    return (np.maximum(y, 0) if relu else y).astype(x.dtype)


def _same(x: Array) -> Array:
    return x


def _relu(y: Array) -> Array:
    return np.maximum(y, 0)


def emulated(
    windows: Windows = RIGHT,
    images: Step = _same,
    weights: Step = _same,
    bias: Step = _same,
    end: Callable[[Array, Array, bool], Array] | None = None,
    done: Step = _same,
) -> Callable[..., Array]:
    """Return the convolution with one of its steps changed."""

    def wrong(
        x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0, relu: bool = False
    ) -> Array:
        size = output_size(x, w, stride, padding)
        seen = windows(images(x), w.shape[2:], stride, padding, size)
        y = np.einsum("bcpqrs,fcrs->bfpq", seen, weights(w).astype(np.float32))
        added = bias(b).astype(np.float32)[:, None, None]
        y = end(y, added, relu) if end else (_relu(y + added) if relu else y + added)
        return done(y).astype(x.dtype)

    return wrong


def taken_for_channels_last(x: Array) -> Array:
    """Return (B, C, H, W) as it is read from memory that is taken for (B, H, W, C)."""
    batch, channels, height, width = x.shape
    return x.reshape(batch, height, width, channels).transpose(0, 3, 1, 2)


def taken_for_channels_first(y: Array) -> Array:
    """Return (B, F, P, Q) as it is read from memory that holds (B, P, Q, F)."""
    return np.ascontiguousarray(y.transpose(0, 2, 3, 1)).reshape(y.shape)


def reading(**steps: Any) -> list[Windows]:
    """Return what goes wrong with the places of pixels that lie outside of the image."""
    return [
        Windows(pixels=pixels, **steps)
        for pixels in (wrapped_in_batch, wrapped_in_image, wrapped_columns)
    ]


def _draw(rng: np.random.Generator) -> list[Case]:
    c, f = int(rng.integers(3, 8)), int(rng.integers(17, 22))
    h, v = (int(n) for n in rng.integers(9, 14, size=2))
    sizes: list[tuple[tuple, dict, str, str]] = [
        ((1, 1, 4, 5, 1, 2, 3), {}, "one channel", SINGLE),
        ((2, c, h, v + 4, f, 3, 3), {}, "a batch of two", SINGLE),
        ((1, 20 + c, 6, 7, 5, 2, 2), {"relu": True}, "more channels than filters", SINGLE),
        ((1, c, h, v, 6, 3, 3), {"padding": 1}, "padding", SETTINGS),
        ((2, c, v, h, 4, 3, 2), {"stride": 2}, "stride 2", SETTINGS),
        ((2, 3, 8, 11, f, 3, 5), {"stride": 2, "padding": 2, "relu": True}, "all", SETTINGS),
    ]
    cases = [
        Case(layer(rng, single, *size), settings, note=note, part=part)
        for size, settings, note, part in sizes
    ]
    x, w, b = layer(rng, single, 2, 3, 6, 7, 4, 2, 3)
    cases.append(Case((turned(x), turned(w), b), note="x and w are views", part=VIEWS))
    cases.append(Case(layer(rng, half, 2, c, 7, h, 5, 3, 2), note="float16", part=HALF))
    for across in ("rows", "channels"):
        args = cancelling_images(rng, 1, 80, 3, across, 1.5)
        cases.append(Case(args, note=f"large partial sums, cancelled by {across}", part=LONG))
    twice = layer(rng, single, 1, 2, 5, 6, 2, 2, 1)
    return [*cases, Case(twice, {AGAIN: True}, note="called three times", part=SINGLE)]


# As in the direct convolution, but for a ring of zeros: the corner is 4 times 1.
_PADDED = np.array(
    [[[[4.5, 11.5, 18.5, 9.5], [18.5, 37.5, 47.5, 21.5], [8.5, 14.5, 17.5, 6.5]]]], np.float32
)

CONV2D_IMPLICIT_GEMM = triton_exercise(
    key="triton_convolution/conv2d_implicit_gemm",
    points=6,
    concept="Implicit matrix product",
    section=SECTION,
    section_title=TITLE,
    reference=conv2d_implicit_gemm,
    worked=[
        Case(
            (X, W, B),
            note="two windows",
            expected=np.array([[[[37.5, 47.5]]]], np.float32),
            part=SINGLE,
        ),
        Case((X, W, B, 1, 1), note="a ring of zeros", expected=_PADDED, part=SETTINGS),
        Case(
            (X, -W, 20 * B, 2, 1, True),
            note="a ring of zeros, stride 2, ReLU",
            expected=np.array([[[[6.0, 0.0], [2.0, 0.0]]]], np.float32),
            part=SETTINGS,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((X, np.ones((1, 2, 2, 2), np.float32), B), "another number of channels"),
        BadInput((X, W, np.ones(2, np.float32)), "a bias of another length"),
        BadInput((X, np.ones((1, 1, 3, 3), np.float32), B), "a kernel larger than the image"),
        BadInput((X, W, B, 0), "a stride of 0"),
        BadInput((X, W, B, 1, -1), "a negative padding"),
        BadInput((X[0], W, B), "an image without a batch"),
        BadInput((X, W.astype(np.float16), B), "weights of another dtype"),
    ],
    misconceptions=[
        *told(
            "edges-wrap-around",
            EDGES,
            *map(emulated, reading()),
        ),
        *told(
            "padding-not-subtracted",
            "windows begin at the image, not at its padding: row p reads p stride - padding + r.",
            *(
                emulated(Windows(lambda p, r, stride, padding: p * stride + r, pixels))
                for pixels in (RIGHT.pixels, wrapped_in_batch, wrapped_in_image)
            ),
        ),
        *told(
            "stride-not-applied",
            "the size of the result fits the stride, but windows lie side by side: row p reads "
            "p stride - padding + r.",
            emulated(Windows(lambda p, r, stride, padding: p - padding + r)),
        ),
        *told(
            "kernel-flipped",
            "the kernel was flipped. Layers compute the cross-correlation: tap (r, s) meets pixel "
            "(p stride - padding + r, ...).",
            emulated(weights=lambda w: w[:, :, ::-1, ::-1]),
        ),
        *told(
            "taps-exchanged",
            "rows and columns of the kernel were exchanged: tap number t is row t // S, column "
            "t % S.",
            emulated(Windows(taps_exchanged=True)),
        ),
        *told(
            "image-not-permuted",
            "the kernel reads x as (B, H, W, C), but its memory holds (B, C, H, W). permute first, "
            "then contiguous: a view or reshape moves nothing.",
            emulated(images=taken_for_channels_last),
            emulated(images=taken_for_channels_last, weights=taken_for_channels_last),
        ),
        *told(
            "weights-not-permuted",
            "the inner index runs through the weights in another order than through the windows: "
            "channels last here, channels first there.",
            emulated(weights=taken_for_channels_last),
        ),
        *told(
            "result-not-permuted",
            "the result holds (B, P, Q, F) in memory but was returned as (B, F, P, Q) by a view or "
            "reshape. permute(0, 3, 1, 2) exchanges the axes.",
            emulated(done=taken_for_channels_first),
            emulated(done=lambda y: y.transpose(0, 2, 3, 1)),
        ),
        *told("bias-forgotten", "the bias is missing.", emulated(bias=np.zeros_like)),
        *told(
            "relu-before-bias",
            "the ReLU came before the bias. It is the last step.",
            emulated(end=lambda y, b, relu: _relu(y) + b if relu else y + b),
        ),
        HALF_SUM,
    ],
    look=refuse_races,
    compiles=compile_part(
        np.ones((2, 16, 10, 10), np.float16),
        np.ones((32, 16, 3, 3), np.float16),
        np.ones(32, np.float16),
        1,
        1,
        True,
    ),
    weights={SETTINGS: 0.2, **WEIGHTS, SINGLE: 0.2},
    inputs=("x", "w", "b", "stride", "padding", "relu"),
)

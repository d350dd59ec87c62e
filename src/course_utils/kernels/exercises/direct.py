"""Chapter 10: a convolution that loops over its taps, without a matrix product."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback import BadInput, Case
from course_utils.kernels.exercises.arrays import (
    HALF,
    HALF_SUM,
    LONG,
    SINGLE,
    STRIDES,
    VIEWS,
    WEIGHTS,
    Array,
    apart,
    half,
    single,
    told,
    turned,
)
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.races import refuse_races
from course_utils.kernels.exercises.running import AGAIN, triton_exercise
from course_utils.kernels.exercises.windows import (
    RIGHT,
    Windows,
    cancelling_images,
    convolution,
    layer,
    output_size,
)

SECTION, TITLE = "10_gpu/06_convolution", "Convolution without im2col"


def conv2d_direct(x: Array, w: Array, b: Array) -> Array:
    """Return the sums of the definition, rounded once."""
    return convolution(x, w, b).astype(x.dtype)


def _same(x: Array) -> Array:
    return x


def direct(
    windows: Windows = RIGHT,
    images: Callable[[Array], Array] = _same,
    weights: Callable[[Array], Array] = _same,
    bias: Callable[[Array], Array] = _same,
    done: Callable[[Array], Array] = _same,
) -> Callable[[Array, Array, Array], Array]:
    """Return the convolution with one of its steps changed."""

    def wrong(x: Array, w: Array, b: Array) -> Array:
        size = output_size(x, w, 1, 0)
        seen = windows(images(x), w.shape[2:], 1, 0, size)
        y = np.einsum("bcpqrs,fcrs->bfpq", seen, weights(w).astype(np.float32))
        y += bias(b).astype(np.float32)[:, None, None]
        return done(y).astype(x.dtype)

    return wrong


def _height_for_width(x: Array, rows: Array, columns: Array) -> Array:
    """Read row h at h times the height; only for images that are wider than high."""
    place = rows * x.shape[2] + columns
    return x.reshape(*x.shape[:2], -1)[:, :, place.clip(0, x.shape[2] * x.shape[3] - 1)]


def _draw(rng: np.random.Generator) -> list[Case]:
    h, w = (int(n) for n in rng.integers(8, 12, size=2))
    sizes = [
        ((1, 1, 4, 5, 1, 2, 3), "one channel"),
        ((2, 3, h, w + 4, 5, 3, 3), "a batch of two"),
        ((1, 4, h, 13, 3, 2, 1), "an even kernel"),
    ]
    cases = [Case(layer(rng, single, *size), note=note, part=SINGLE) for size, note in sizes]
    x, k, b = layer(rng, single, 1, 2, 6, 7, 3, 2, 3)
    cases.append(Case((turned(x), turned(k), apart(b)), note="views", part=VIEWS))
    cases.append(Case(layer(rng, half, 1, 3, 7, h, 4, 3, 2), note="float16", part=HALF))
    for across in ("rows", "channels"):
        args = cancelling_images(rng, 1, 4, 3, across, 4.0)
        cases.append(Case(args, note=f"large partial sums, cancelled by {across}", part=LONG))
    twice = layer(rng, single, 1, 1, 5, 6, 2, 2, 2)
    return [*cases, Case(twice, {AGAIN: True}, note="called three times", part=SINGLE)]


X = np.arange(1, 7, dtype=np.float32).reshape(1, 1, 2, 3)
W = np.array([[[[1.0, 2.0], [3.0, 4.0]]]], np.float32)
B = np.array([0.5], np.float32)

# 1 1 + 2 2 + 4 3 + 5 4 = 37, and each of the four pixels one more at the right: 10 more.
_EXPECTED = np.array([[[[37.5, 47.5]]]], np.float32)

CONV2D_DIRECT = triton_exercise(
    key="triton_convolution/conv2d_direct",
    points=4,
    concept="Direct convolution",
    section=SECTION,
    section_title=TITLE,
    reference=conv2d_direct,
    worked=[Case((X, W, B), note="two windows", expected=_EXPECTED, part=SINGLE)],
    draw=_draw,
    bad_inputs=[
        BadInput((X, np.ones((1, 2, 2, 2), np.float32), B), "another number of channels"),
        BadInput((X, W, np.ones(2, np.float32)), "a bias of another length"),
        BadInput((X, np.ones((1, 1, 3, 3), np.float32), B), "a kernel larger than the image"),
        BadInput((X[0], W, B), "an image without a batch"),
        BadInput((X, W.astype(np.float16), B), "weights of another dtype"),
    ],
    misconceptions=[
        *told(
            "kernel-flipped",
            "the kernel was flipped. Layers compute the cross-correlation: tap (r, s) meets pixel "
            "(p + r, q + s).",
            direct(weights=lambda w: w[:, :, ::-1, ::-1]),
        ),
        *told(
            "taps-exchanged",
            "rows and columns of the kernel were exchanged: tap number t is row t // S, column "
            "t % S.",
            direct(Windows(taps_exchanged=True)),
        ),
        *told(
            "bias-forgotten",
            "the bias is missing in the result.",
            direct(bias=np.zeros_like),
        ),
        *told(
            "one-channel-only",
            "only one input channel counts. A filter sums over all of them.",
            direct(weights=lambda w: w * (np.arange(w.shape[1]) == 0)[:, None, None]),
            direct(weights=lambda w: w * (np.arange(w.shape[1]) == w.shape[1] - 1)[:, None, None]),
        ),
        *told(
            "first-image-only",
            "all images of the batch show the first. The program needs its number: n C H W further "
            "in memory.",
            direct(images=lambda x: np.broadcast_to(x[:1], x.shape)),
        ),
        *told(
            "height-for-width",
            "rows were taken to be H numbers apart. In (B, C, H, W) they are W apart.",
            direct(Windows(pixels=_height_for_width)),
        ),
        STRIDES,
        HALF_SUM,
    ],
    look=refuse_races,
    compiles=compile_part(
        np.ones((2, 3, 9, 9), np.float16),
        np.ones((4, 3, 3, 3), np.float16),
        np.ones(4, np.float16),
    ),
    weights=WEIGHTS,
    inputs=("x", "w", "b"),
)

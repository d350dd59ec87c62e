"""Arrays for the cases of the exercises with kernels, and how a careless kernel would read them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback import Misconception
from course_utils.feedback.exercise import COMPILES, VALIDATION

Array = np.ndarray

# Parts of the mark: contiguous float32, strided views, float16, sums of float16 numbers.
SINGLE, VIEWS, HALF, LONG = "float32", "views", "float16", "long sums"
WEIGHTS = {SINGLE: 0.4, VIEWS: 0.1, HALF: 0.15, LONG: 0.1, VALIDATION: 0.1, COMPILES: 0.15}
HALF_SUMS = (
    "sums of float16 numbers were rounded to float16 on the way. Add up in float32 "
    "(tl.zeros(..., tl.float32), factors turned by .to(tl.float32) where no tl.dot does it), and "
    "round once, at the end."
)
STRIDES = Misconception(
    "strides-ignored",
    "a view that is not contiguous was read as if it were: element i of its memory is not element "
    "i of the tensor. Compute addresses with .stride(), or call .contiguous() first.",
    part=VIEWS,
    kinds=("value", "nan", "out-of-bounds", "not-stored"),
)
HALF_SUM = Misconception("fp16-accumulation", HALF_SUMS, part=(LONG, HALF))


def single(rng: np.random.Generator, *shape: int) -> Array:
    """Return normal numbers in float32."""
    return rng.normal(size=shape).astype(np.float32)


def half(rng: np.random.Generator, *shape: int) -> Array:
    """Return normal numbers in float16."""
    return rng.normal(size=shape).astype(np.float16)


def apart(x: Array) -> Array:
    """Return ``x`` as a view of every second column of an array that is twice as wide."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2], wide[..., 1::2] = x, x.dtype.type(7.0)
    return wide[..., ::2]


def turned(x: Array) -> Array:
    """Return ``x`` as a view of an array with its last two axes exchanged."""
    return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)


def told(name: str, hint: str, *wrongs: Callable[..., Any]) -> list[Misconception]:
    """Return the forms of one mistake, all of one name."""
    return [Misconception(name, hint, wrong) for wrong in wrongs]

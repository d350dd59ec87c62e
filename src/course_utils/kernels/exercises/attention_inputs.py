"""Queries, keys and values for the attention exercises, and what they have in common."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import BadInput, Case
from course_utils.kernels.exercises.arrays import Array
from course_utils.kernels.exercises.attention_items import ALL

SECTION, TITLE = "10_gpu/07_flash", "Attention that never writes its matrix"
CAUSAL = "causal"


def normal(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> Array:
    """Return normal numbers in ``dtype``."""
    return rng.normal(size=shape).astype(dtype)


def tokens_first(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> Array:
    """Return a view (B, H, T, d) of memory in the order (B, T, H, d), as a model makes it."""
    b, h, t, d = shape
    return rng.normal(size=(b, t, h, d)).astype(dtype).transpose(0, 2, 1, 3)


def columns_first(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> Array:
    """Return a view (B, H, T, d) of memory in the order (B, H, d, T)."""
    b, h, t, d = shape
    return rng.normal(size=(b, h, d, t)).astype(dtype).transpose(0, 1, 3, 2)


def views(rng: np.random.Generator, count: int, *shape: int) -> list[Array]:
    """Return arrays of which none is contiguous."""
    makers = (tokens_first, columns_first, tokens_first, columns_first)
    return [makers[n % 4](rng, *shape) for n in range(count)]


def shifted(rng: np.random.Generator, shape: tuple[int, ...], by: float | Array) -> list[Array]:
    """Return q, k and v whose scores lie around ``by``, a number or one for each key."""
    q, k, v = (normal(rng, *shape) for _ in range(3))
    q[..., -1] = shape[-1] ** 0.5
    k[..., -1] = by
    return [q, k, v]


def cancelling(rng: np.random.Generator, *shape: int) -> Array:
    """Return float16 rows of which the first half is large and the second its opposite."""
    rows = rng.normal(size=shape)
    half = shape[-2] // 2
    rows[..., :half, :] += 16
    rows[..., -half:, :] -= 16
    return rows.astype(np.float16)


def refusals(call: Callable[..., tuple]) -> list[BadInput]:
    """Return bad queries, keys and values; ``call`` adds what else the function takes."""
    x = np.ones((1, 2, 3, 32), np.float32)
    wide, more, half = np.ones((1, 2, 3, 48), np.float32), np.ones_like(x)[:, :1], x.astype("f2")
    found: list[tuple[tuple[Array, ...], str]] = [
        ((x[0], x[0], x[0]), "arrays with three axes"),
        ((wide, wide, wide), "a head size other than 32, 64 and 128"),
        ((x, x[:, :, :2], x), "fewer keys than values"),
        ((x[:, :, :1], x, x), "fewer queries than keys"),
        ((x, more, more), "fewer heads of keys than of queries, one, which broadcasts"),
        ((x, x, half), "values of another dtype than the keys"),
        ((x.astype("f8"),) * 3, "float64"),
        ((x[:, :, :0],) * 3, "no tokens"),
    ]
    return [BadInput((ALL, *call(*args)), because) for args, because in found]


def items(which: tuple[str, ...], args: list[Array], note: str) -> list[Case]:
    """Return a case for each item of the result, each a part of the mark."""
    return [Case((item, *args), note=note, part=item) for item in which]


def wholes(args: list[Array], note: str, part: str, **kwargs: bool) -> Case:
    """Return a case that compares the whole result."""
    return Case((ALL, *args), kwargs, note=note, part=part)

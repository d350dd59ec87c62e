"""Mistakes in the softmax of rows that are read in blocks of columns."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.kernels.exercises.arrays import HALF_SUM, STRIDES, Array, told
from course_utils.kernels.exercises.attention_tiles import shrink, unchanged

BLOCKS = (16, 32, 64, 128, 256, 512, 1024)
Exp = Callable[[Array], Array]


def _ready(x: Array, largest: Array, total: Array, kept: list[Array], exp: Exp) -> Array:
    return exp(x - largest[:, None]) / total[:, None]


def _uncorrected(x: Array, largest: Array, total: Array, kept: list[Array], exp: Exp) -> Array:
    return np.concatenate(kept, axis=1)[:, : x.shape[1]] / total[:, None]


def rows(
    size: int | None = None,
    padding: float = -np.inf,
    start: float = -np.inf,
    shift: Callable[[Array, Array], Array] = lambda new, top: new,
    of_sum: Callable[[Array, Array], Any] = shrink,
    exp: Exp = np.exp,
    blocks: Callable[[int], int] = lambda count: count,
    finish: Callable[..., Array] = _ready,
) -> Callable[[Array], Array]:
    """Return ``online_row_softmax`` with one of its steps changed, in blocks of ``size``."""

    def wrong(x: Array) -> Array:
        wide = x.astype(np.float32)
        step = size or x.shape[1]
        count = -(-x.shape[1] // step)
        missing = count * step - x.shape[1]
        filled = np.pad(wide, ((0, 0), (0, missing)), constant_values=np.float32(padding))
        largest, total = np.full(len(x), start, np.float32), np.zeros(len(x), np.float32)
        kept = []
        for first in range(0, blocks(count) * step, step):
            block = filled[:, first : first + step]
            top = block.max(axis=1)
            new = np.maximum(largest, top)
            kept.append(exp(block - shift(new, top)[:, None]))
            total = total * of_sum(largest, new) + kept[-1].sum(axis=1)
            largest = new
        return finish(wide, largest, total, kept, exp).astype(x.dtype)

    return wrong


def _in_blocks(**steps: Any) -> list[Callable[[Array], Array]]:
    return [rows(size=size, **steps) for size in BLOCKS]


MISTAKES = [
    *told(
        "base-2-without-log2e",
        "exp2(x) is 2^x. Multiply by log2(e) = 1.4427 first: e^x = 2^(x log2 e).",
        rows(exp=np.exp2, of_sum=lambda old, new: np.exp2(old - new)),
    ),
    *told(
        "earlier-blocks-not-corrected",
        "exponentials of earlier blocks were kept with the maximum of their time. Write the "
        "result in a second pass, with the final maximum and sum.",
        *_in_blocks(finish=_uncorrected),
    ),
    *told(
        "sum-not-rescaled",
        "the sum was not rescaled when the maximum grew. Its terms were taken with the old one: "
        "multiply by e^(m_old - m_new).",
        *_in_blocks(of_sum=unchanged),
    ),
    *told(
        "maximum-of-the-block",
        "a block was raised with its own maximum. All terms of a row need the same one: the "
        "running maximum, which may come from an earlier block.",
        *_in_blocks(shift=lambda new, top: top),
    ),
    *told(
        "maximum-starts-at-0",
        "the running maximum starts at 0, which no score may reach: the row underflows. Start at "
        "minus infinity.",
        *_in_blocks(start=0.0),
    ),
    *told(
        "columns-beyond-the-end",
        "columns beyond the last one take part: a masked load that gives 0 adds e^(0 - m), or is "
        "the maximum. Let it give minus infinity: other=-float('inf').",
        *_in_blocks(padding=0.0),
    ),
    *told(
        "last-block-skipped",
        "the last, incomplete block of columns was left out: N // BLOCK rounds down. Loop up to N "
        "and mask what lies beyond.",
        *_in_blocks(blocks=lambda count: count - 1),
    ),
    STRIDES,
    HALF_SUM,
]

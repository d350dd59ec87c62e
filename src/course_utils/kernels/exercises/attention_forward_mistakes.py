"""Mistakes in flash attention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.kernels.exercises.arrays import HALF_SUM, STRIDES, Array, told
from course_utils.kernels.exercises.attention_tiles import (
    LOG2_E,
    TILES,
    allowed,
    everything,
    forward,
    in_tiles,
    unchanged,
)


def _padding_seen(row: Array, key: Array, tokens: int, causal: bool) -> Array:
    return key <= row if causal else everything(row, key, tokens, causal)


def _first(x: Array, axes: tuple[int, ...]) -> Array:
    """Return ``x`` with the first entry of these axes everywhere."""
    for axis in axes:
        x = np.broadcast_to(x.take([0], axis), x.shape)
    return x


def _offsets_missing(axes: tuple[int, ...], queries: bool) -> Callable[..., Any]:
    return forward(
        change=lambda q, k, v: (_first(q, axes) if queries else q, _first(k, axes), _first(v, axes))
    )


def _diagonal_skipped(size: int) -> Callable[..., Any]:
    def seen(row: Array, key: Array, tokens: int, causal: bool) -> Array:
        inside = allowed(row, key, tokens, causal)
        return inside & (key < row // size * size) if causal else inside

    return forward(size=size, seen=seen)


def _hidden_with_0(size: int | None, padding: bool) -> Callable[..., Any]:
    """Return the pass that hides later keys with 0, and skips tiles of this size after them.

    With ``padding`` keys beyond the last one count among the later ones.
    """

    def hidden(row: Array, key: Array, tokens: int, causal: bool) -> Array:
        zero = (key < (row // size + 1) * size) if size else (key >= 0) & (row >= 0)
        zero = zero & (padding | (key < tokens)) & causal
        return np.where(zero, np.float32(0), np.float32(-np.inf))

    return forward(size=size, hidden=hidden)


MISTAKES = [
    *told(
        "scale-missing",
        "the scores were not divided by sqrt(d).",
        forward(scale=lambda d: 1.0),
    ),
    *told(
        "heads-not-offset",
        "all programs read the keys of the same head. Each sample and each head has its own: move "
        "the pointers by (b H + h) T d, or by their strides.",
        *(
            _offsets_missing(axes, queries)
            for axes in ((0, 1), (0,), (1,))
            for queries in (False, True)
        ),
    ),
    *told(
        "output-not-rescaled",
        "the mixed values were not rescaled when the maximum grew. They were weighed with the old "
        "one, as the sum was: both need the factor e^(m_old - m_new).",
        *in_tiles(forward, of_mixed=unchanged),
    ),
    *told(
        "maximum-starts-at-0",
        "the running maximum starts at 0, which no score may reach: all of a row underflows. Start "
        "at minus infinity.",
        *in_tiles(forward, start=0.0),
    ),
    *told(
        "keys-beyond-the-end",
        "keys beyond the last one take part: a masked load gives 0, and a score of 0 has the "
        "weight e^(0 - m). Set these scores to minus infinity.",
        *in_tiles(forward, seen=_padding_seen),
    ),
    *told(
        "hidden-keys-score-0",
        "hidden scores were set to 0, which has the weight e^(0 - m). Hide with minus infinity.",
        *(_hidden_with_0(n, padding) for n in (None, *TILES) for padding in (False, True)),
    ),
    *told(
        "diagonal-tile-skipped",
        "the tile on the diagonal was left out: the loop must end behind the last row of the "
        "program, (pid + 1) * ROWS.",
        *map(_diagonal_skipped, TILES),
    ),
    *told(
        "lse-in-base-2",
        "lse is a logarithm to base 2, or half of one: with exp2 maximum and sum are powers of 2. "
        "lse = (m + log2(s)) ln 2.",
        forward(lse=lambda total, top: (top + np.log(total)) * LOG2_E),
        forward(lse=lambda total, top: top * LOG2_E + np.log(total)),
        forward(lse=lambda total, top: top + np.log2(total)),
    ),
    STRIDES,
    HALF_SUM,
]

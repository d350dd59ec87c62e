"""Mistakes on the way back through flash attention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.kernels.exercises.arrays import HALF_SUM, STRIDES, Array, told
from course_utils.kernels.exercises.attention_backward_tiles import (
    backward,
    transposed_in_tiles,
)
from course_utils.kernels.exercises.attention_tiles import LOG2_E, TILES, allowed, everything


def _one(d: int) -> float:
    return 1.0


def _sum_of_tiles(a: Array, da: Array, size: int) -> Array:
    """Return the sums of a da over each tile of keys instead of the row."""
    keys = a.shape[1]
    count = -(-keys // size)
    tiles = np.pad(a * da, ((0, 0), (0, count * size - keys))).reshape(len(a), count, size)
    return np.repeat(tiles.sum(axis=2), size, axis=1)[:, :keys]


def _last_block(size: int) -> list[Callable[..., Any]]:
    """Return loops of which only the last block is left: in both kernels, or in one of them."""

    def across(row: Array, key: Array, tokens: int, causal: bool) -> Array:
        return (key // size == (tokens - 1) // size) & (row >= 0)

    def down(row: Array, key: Array, tokens: int, causal: bool) -> Array:
        return (row // size == (tokens - 1) // size) & (key >= 0)

    return [
        backward(by_queries=across, by_keys=down),
        backward(by_queries=across),
        backward(by_keys=down),
    ]


def _masked(rule: Callable[[Array, Array], Array]) -> list[Callable[..., Any]]:
    """Return the way back with another causal mask: in both kernels, or in one of them."""

    def other(row: Array, key: Array, tokens: int, causal: bool) -> Array:
        return rule(row, key) if causal else everything(row, key, tokens, causal)

    places: list[dict[str, Any]] = [
        {"by_queries": other, "by_keys": other},
        {"by_queries": other, "by_keys": allowed},
        {"by_queries": allowed, "by_keys": other},
    ]
    return [backward(seen=everything, **place) for place in places]


def _not_transposed(size: int) -> list[Callable[..., Any]]:
    def values(a: Array, ds: Array, g: Array) -> Array:
        return transposed_in_tiles(a, size).T @ g

    def keys(ds: Array, a: Array, q: Array, k: Array) -> Array:
        return transposed_in_tiles(ds, size).T @ q

    def queries(ds: Array, a: Array, q: Array, k: Array) -> Array:
        return transposed_in_tiles(ds, size) @ k

    return [
        backward(values=values),
        backward(keys=keys),
        backward(values=values, keys=keys),
        backward(queries=queries),
    ]


MISTAKES = [
    *told(
        "scale-missing-on-the-way-back",
        "dq or dk was not divided by sqrt(d). The scores are q k^T / sqrt(d), so the root stands "
        "in both derivatives, too.",
        backward(for_dq=_one, for_dk=_one),
        backward(for_dq=_one),
        backward(for_dk=_one),
    ),
    *told(
        "delta-missing",
        "raising one score lowers all other weights of its row: dS = P (dP - delta), with delta "
        "the row's sum of grad_out times out.",
        backward(delta=lambda g, out, da, a: np.zeros_like(out[:, :1])),
    ),
    *told(
        "delta-of-a-tile",
        "delta was summed over the keys of one tile. It belongs to the whole row: take it from "
        "grad_out and out, before the loop.",
        *(backward(delta=lambda g, out, da, a, n=n: _sum_of_tiles(a, da, n)) for n in TILES),
    ),
    *told(
        "bases-mixed",
        "exp2 and a natural logarithm are mixed: lse is natural, and e^x = 2^(x log2 e) holds for "
        "x = s - lse as a whole.",
        backward(weights=lambda s, lse: np.exp2(s * LOG2_E - lse[:, None])),
        backward(weights=lambda s, lse: np.exp2(s - lse[:, None])),
        backward(weights=lambda s, lse: np.exp(s * LOG2_E - lse[:, None])),
    ),
    *told(
        "tile-not-transposed",
        "a tile (queries, keys) was not transposed for dk or dv: a key gathers from all queries, a "
        "column of the tile. tl.trans(tile).",
        *(way for n in TILES for way in _not_transposed(n)),
    ),
    *told(
        "last-block-wins",
        "each block of the loop replaces what the ones before gave. Add them up: a gradient "
        "gathers over the whole loop.",
        *(way for n in TILES for way in _last_block(n)),
    ),
    *told(
        "causal-ignored",
        "causal=True changes nothing. The weights of hidden keys are 0: e^(s - lse) alone does "
        "not know which they are.",
        *_masked(lambda row, key: (key >= 0) & (row >= 0)),
    ),
    *told(
        "diagonal-tile-skipped",
        "with causal the tile on the diagonal was left out: the loop of dq must end behind the "
        "last row of the program, that of dk and dv begin at the tile of its first key.",
        *(way for n in TILES for way in _masked(lambda row, key, n=n: key // n < row // n)),
    ),
    STRIDES,
    HALF_SUM,
]

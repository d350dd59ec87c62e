"""Flash attention in numpy, tile by tile, with steps that can be changed.

The mistakes of the exercises are made with it. It computes in float32, as kernels do, so that it
overflows where they overflow; what depends on a tile is made with each of ``TILES``.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_utils.kernels.exercises.arrays import Array

TILES = (16, 32, 64, 128)
LOG2_E = 1.4426950408889634


def in_tiles(make: Callable[..., Callable[..., Any]], **steps: Any) -> list[Callable[..., Any]]:
    """Return ``make(size=..., **steps)`` for every size of a tile."""
    return [make(size=size, **steps) for size in TILES]


def root(d: int) -> float:
    """Return the factor of the scores."""
    return d**-0.5


def allowed(row: Array, key: Array, tokens: int, causal: bool) -> Array:
    """Return which keys a query may see: those that exist, and with causal none after it."""
    inside = np.broadcast_to(key < tokens, np.broadcast_shapes(row.shape, key.shape))
    return inside & (key <= row) if causal else inside


def everything(row: Array, key: Array, tokens: int, causal: bool) -> Array:
    """Return that every pair of a query and a key is used."""
    return np.ones(np.broadcast_shapes(row.shape, key.shape), bool)


def padded(x: Array, count: int) -> Array:
    """Return ``x`` with rows of zeros up to ``count``, as a masked load gives them."""
    return np.concatenate([x, np.zeros((count - len(x), *x.shape[1:]), x.dtype)])


def heads(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield the float32 matrices (T, d) of each head of each sample."""
    for place in np.ndindex(arrays[0].shape[:2]):
        yield tuple(x[place].astype(np.float32) for x in arrays)


def shrink(old: Array, new: Array) -> Array:
    """Return the factor that turns terms of the maximum ``old`` into those of ``new``."""
    return np.where(np.isneginf(old), np.float32(0), np.exp(old - new))


def unchanged(old: Array, new: Array) -> float:
    """Return 1, where ``shrink`` would be right."""
    return 1.0


def logarithm(total: Array, largest: Array) -> Array:
    """Return the logarithm of the sum of all exponentials of a row."""
    return largest + np.log(total)


def forward(
    size: int | None = None,
    scale: Callable[[int], float] = root,
    seen: Callable[..., Array] = allowed,
    hidden: Callable[..., Any] = lambda row, key, tokens, causal: np.float32(-np.inf),
    start: float = -np.inf,
    of_mixed: Callable[[Array, Array], Any] = shrink,
    lse: Callable[[Array, Array], Array] = logarithm,
    change: Callable[..., tuple[Array, ...]] = lambda q, k, v: (q, k, v),
) -> Callable[..., Any]:
    """Return ``flash_attention`` with one of its steps changed, in blocks of ``size`` keys."""

    def one_head(q: Array, k: Array, v: Array, causal: bool) -> tuple[Array, Array]:
        tokens, d = q.shape
        step = size or tokens
        whole = -(-tokens // step) * step
        k, v = padded(k, whole), padded(v, whole)
        row = np.arange(tokens)[:, None]
        largest, total = np.full(tokens, start, np.float32), np.zeros(tokens, np.float32)
        mixed = np.zeros_like(q)
        for first in range(0, whole, step):
            key = np.arange(first, first + step)[None, :]
            s = q @ k[first : first + step].T * np.float32(scale(d))
            s = np.where(seen(row, key, tokens, causal), s, hidden(row, key, tokens, causal))
            new = np.maximum(largest, s.max(axis=1))
            e = np.where(np.isneginf(s), np.float32(0), np.exp(s - new[:, None]))
            total = total * shrink(largest, new) + e.sum(axis=1)
            mixed = mixed * np.reshape(of_mixed(largest, new), (-1, 1))
            mixed = mixed + e @ v[first : first + step]
            largest = new
        return mixed / total[:, None], lse(total, largest)

    def wrong(q: Array, k: Array, v: Array, causal: bool = False) -> Any:
        found = [one_head(*matrices, causal=causal) for matrices in heads(*change(q, k, v))]
        out = np.stack([out for out, _ in found]).reshape(q.shape).astype(q.dtype)
        return out, np.stack([lse for _, lse in found]).reshape(q.shape[:3]).astype(np.float32)

    return wrong

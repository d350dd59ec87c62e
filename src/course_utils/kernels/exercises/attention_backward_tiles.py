"""The way back through flash attention in numpy, with steps that can be changed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.kernels.exercises.arrays import Array
from course_utils.kernels.exercises.attention_tiles import allowed, everything, heads, root

Rule = Callable[..., Array]


def transposed_in_tiles(a: Array, size: int) -> Array:
    """Return ``a`` with each tile transposed where it stands, as without ``tl.trans``."""
    rows, keys = a.shape
    n, m = -(-rows // size), -(-keys // size)
    tiles = np.pad(a, ((0, n * size - rows), (0, m * size - keys))).reshape(n, size, m, size)
    return tiles.transpose(0, 3, 2, 1).reshape(n * size, m * size)[:rows, :keys]


def summed(grad_out: Array, out: Array, da: Array, a: Array) -> Array:
    """Return the sum of grad_out times out over each row."""
    return (grad_out * out).sum(axis=1, keepdims=True)


def _over_heads(one_head: Callable[..., tuple[Array, ...]]) -> Callable[..., Any]:
    """Return the function of whole arrays that works on each head by itself."""

    def wrong(
        grad_out: Array, q: Array, k: Array, v: Array, out: Array, lse: Array, causal: bool = False
    ) -> Any:
        found = [one_head(each, causal) for each in heads(grad_out, q, k, v, out, lse)]
        three = zip(*found, strict=True)
        return tuple(np.stack(each).reshape(q.shape).astype(q.dtype) for each in three)

    return wrong


def backward(
    for_dq: Callable[[int], float] = root,
    for_dk: Callable[[int], float] = root,
    weights: Callable[[Array, Array], Array] = lambda s, lse: np.exp(s - lse[:, None]),
    seen: Rule = allowed,
    by_queries: Rule = everything,
    by_keys: Rule = everything,
    delta: Callable[..., Array] = summed,
    queries: Callable[..., Array] = lambda ds, a, q, k: ds @ k,
    keys: Callable[..., Array] = lambda ds, a, q, k: ds.T @ q,
    values: Callable[..., Array] = lambda a, ds, g: a.T @ g,
) -> Callable[..., Any]:
    """Return ``flash_attention_backward`` with some of its steps changed.

    ``seen`` is the mask; ``by_queries`` and ``by_keys`` say which pairs the kernel of dq and that
    of dk and dv go through at all.
    """

    def one_head(matrices: tuple[Array, ...], causal: bool) -> tuple[Array, ...]:
        g, q, k, v, out, lse = matrices
        tokens, d = q.shape
        row, key = np.arange(tokens)[:, None], np.arange(tokens)[None, :]
        s = q @ k.T * np.float32(root(d))
        a = np.where(seen(row, key, tokens, causal), weights(s, lse), np.float32(0))
        da = g @ v.T
        ds = a * (da - delta(g, out, da, a))
        across, down = (rule(row, key, tokens, causal) for rule in (by_queries, by_keys))
        dq = queries(np.where(across, ds, 0), np.where(across, a, 0), q, k)
        ds, a = np.where(down, ds, 0), np.where(down, a, 0)
        return (
            dq * np.float32(for_dq(d)),
            keys(ds, a, q, k) * np.float32(for_dk(d)),
            values(a, ds, g),
        )

    return _over_heads(one_head)

"""Chapter 9: mistakes with several heads."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.attention_steps import (
    Array,
    in_float64,
    products,
    scaled,
    softmax,
    step_mistakes,
    told,
    weights_of,
)

Split = Callable[[Array, int], Array]


def split(y: Array, heads: int) -> Array:
    """Return (..., H, T, d/H): head h owns a block of columns."""
    return y.reshape(*y.shape[:-1], heads, -1).swapaxes(-3, -2)


def merge(y: Array, heads: int) -> Array:
    """Return (..., T, d): the blocks of the heads side by side."""
    y = y.swapaxes(-3, -2)
    return y.reshape(*y.shape[:-2], -1)


def several_heads(
    project: Callable[..., tuple[Array, Array, Array]] = lambda x, q, k, v: (
        x @ q.T,
        x @ k.T,
        x @ v.T,
    ),
    split: Split = split,
    merge: Split = merge,
    finish: Callable[[Array, Array, Array], Any] = lambda y, Wo, x: y @ Wo.T,
    count: Callable[[int], int] = lambda heads: heads,
    **steps: Any,
) -> Callable[..., Any]:
    """Return attention with several heads, one of its steps changed, in the dtype of x."""

    def wrong(
        x: Array, Wq: Array, Wk: Array, Wv: Array, Wo: Array, heads: int, causal: bool = False
    ) -> Any:
        heads = count(heads)
        q, k, v = (split(y, heads) for y in project(x, Wq, Wk, Wv))
        _, a = weights_of(q, k, causal, **steps)
        return finish(merge(a @ v, heads), Wo, x)

    return wrong


def _side_by_side(y: Array, heads: int) -> Array:
    return y.reshape(*y.shape[:-1], heads, -1)


def _flat(y: Array, heads: int) -> Array:
    return y.reshape(*y.shape[:-2], -1)


def _cut_up(y: Array, heads: int) -> Array:
    """Reshape (T, d) to (H, T, d/H) directly, which mixes tokens."""
    *batch, tokens, d = y.shape
    return y.reshape(*batch, heads, tokens, d // heads)


def _put_together(y: Array, heads: int) -> Array:
    *batch, heads, tokens, width = y.shape
    return y.reshape(*batch, tokens, heads * width)


def _interleaved(y: Array, heads: int) -> Array:
    return np.moveaxis(y.reshape(*y.shape[:-1], -1, heads), -1, -3)


def _woven(y: Array, heads: int) -> Array:
    y = np.moveaxis(y, -3, -1)
    return y.reshape(*y.shape[:-2], -1)


def _mask_of_tokens(s: Array) -> Array:
    tokens = s.shape[-3]  # (..., T, H, H)
    return np.where(np.triu(np.ones((tokens, tokens), bool), 1), -np.inf, s)


def _scale_of_all(q: Array, k: Array) -> Array:
    return products(q, k) / (q.shape[-3] * q.shape[-1]) ** 0.5


def _second_axis(s: Array) -> Array:
    """Take axis 1 of the scores (..., T, T) of one head."""
    axis = 1 - (s.ndim - 1)
    return softmax(s, axis if axis > -3 else axis - 1)


def _before_the_heads(x: Array, *matrices: Any, **settings: Any) -> Any:
    return in_float64(several_heads())(x, *matrices, **settings)


_SPLITS = [
    *told(
        "float64-came-along",
        "float32 became float64. np.sqrt(d) is a float64 and takes arrays along: use d ** 0.5, or "
        "turn the result back.",
        _before_the_heads,
    )[:1],
    *told(
        "heads-interleaved",
        "a head took every H-th column. Head h owns the block of columns from h d/H to "
        "(h + 1) d/H: reshape to (..., T, H, d/H).",
        several_heads(split=_interleaved, merge=_woven),
        several_heads(split=_interleaved),
    ),
    *told(
        "heads-merged-in-another-order",
        "the results of the heads were put together in another order than the columns were cut: "
        "head 0 first, all its columns together.",
        several_heads(merge=_woven),
        several_heads(merge=lambda y, heads: merge(np.flip(y, axis=-3), heads)),
    ),
    *told(
        "reshaped-without-transposing",
        "(T, d) was reshaped to (H, T, d/H), which mixes tokens. Reshape to (T, H, d/H), then "
        "exchange T and H.",
        several_heads(split=_cut_up, merge=_put_together),
        several_heads(split=_cut_up),
    ),
    *told(
        "not-transposed-back",
        "the result (H, T, d/H) was reshaped to (T, d), which mixes tokens. Exchange H and T "
        "first.",
        several_heads(merge=_put_together),
    ),
    *told(
        "heads-attend-to-each-other",
        "the heads of one token looked at each other. Tokens do, in each head: bring (T, H, d/H) "
        "to (H, T, d/H) before the scores.",
        several_heads(split=_side_by_side, merge=_flat),
        several_heads(split=_side_by_side, merge=_flat, mask=_mask_of_tokens),
    ),
    *told(
        "heads-ignored",
        "there is one head over all columns, whatever heads says.",
        several_heads(count=lambda heads: 1),
    ),
    *told(
        "scale-of-the-whole-width",
        "the scores of a head were divided by sqrt(d). A head has d/H columns: divide by "
        "sqrt(d/H).",
        several_heads(score=_scale_of_all),
    ),
    *told(
        "softmax-axis-by-number",
        "the axis of the softmax is counted from the front, which fits one number of axes only. "
        "Write axis=-1.",
        several_heads(soften=_second_axis),
    ),
    *told(
        "softmax-over-heads",
        "the softmax runs over the heads. It runs over the keys, the last axis.",
        several_heads(soften=lambda s: softmax(s, -3)),
    ),
    *told(
        "heads-averaged",
        "one pattern of attention was taken for all heads. Each has its own.",
        several_heads(score=lambda q, k: 0 * scaled(q, k) + scaled(q, k).mean(-3, keepdims=True)),
        several_heads(
            soften=lambda s: 0 * softmax(s) + softmax(s).mean(-3, keepdims=True),
        ),
    ),
]

_PROJECTIONS = [
    *told(
        "matrices-not-transposed",
        "x W was computed. A matrix is (d_out, d_in) as everywhere in this book: x @ W.T.",
        several_heads(lambda x, q, k, v: (x @ q, x @ k, x @ v), finish=lambda y, o, x: y @ o),
        several_heads(lambda x, q, k, v: (x @ q, x @ k, x @ v)),
        several_heads(finish=lambda y, o, x: y @ o),
        several_heads(lambda x, q, k, v: (x @ q, x @ k.T, x @ v.T)),
        several_heads(lambda x, q, k, v: (x @ q.T, x @ k, x @ v.T)),
        several_heads(lambda x, q, k, v: (x @ q.T, x @ k.T, x @ v)),
    ),
    *told(
        "output-not-projected",
        "Wo is not used. It mixes what the heads found.",
        several_heads(finish=lambda y, o, x: y),
    ),
    *told(
        "queries-and-keys-exchanged",
        "Wq made the keys and Wk the queries: the scores are transposed.",
        several_heads(lambda x, q, k, v: (x @ k.T, x @ q.T, x @ v.T)),
    ),
    *told(
        "not-projected",
        "queries, keys or values are x itself. Each has its matrix.",
        several_heads(lambda x, q, k, v: (x @ q.T, x @ k.T, x)),
        several_heads(lambda x, q, k, v: (x @ q.T, x, x @ v.T)),
        several_heads(lambda x, q, k, v: (x, x @ k.T, x @ v.T)),
        several_heads(lambda x, q, k, v: (x, x, x)),
    ),
    *told(
        "keys-as-values",
        "the keys were averaged. Values have a matrix of their own, Wv.",
        several_heads(lambda x, q, k, v: (x @ q.T, x @ k.T, x @ k.T)),
    ),
    *told(
        "input-added",
        "x was added. The skip connection is the block's, not the attention's.",
        several_heads(finish=lambda y, o, x: x + y @ o.T),
    ),
]

MISTAKES = [*_SPLITS, *_PROJECTIONS, *step_mistakes(several_heads)]

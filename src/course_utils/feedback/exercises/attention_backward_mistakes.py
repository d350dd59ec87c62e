"""Chapter 9: mistakes in the gradients of attention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercises.attention_steps import (
    Array,
    products,
    scaled,
    softmax,
    swap,
    told,
)

Back = Callable[..., Any]


def _through(a: Array, da: Array) -> Array:
    return a * (da - (a * da).sum(axis=-1, keepdims=True))


def _root(q: Array) -> float:
    return q.shape[-1] ** 0.5


def backward(
    score: Callable[[Array, Array], Array] = scaled,
    soften: Callable[[Array], Array] = softmax,
    values: Callable[..., Array] = lambda a, g, v: swap(a) @ g,
    weights: Callable[[Array, Array], Array] = lambda g, v: g @ swap(v),
    through: Callable[[Array, Array], Array] = _through,
    divisor: Callable[[Array], float] = _root,
    queries: Callable[..., Array] = lambda ds, q, k: ds @ k,
    keys: Callable[..., Array] = lambda ds, q, k: swap(ds) @ q,
    give: Callable[..., Any] = lambda dq, dk, dv: (dq, dk, dv),
) -> Back:
    """Return the backward pass with one of its steps changed, in the dtype of its input."""

    def wrong(grad_out: Array, q: Array, k: Array, v: Array) -> Any:
        a = soften(score(q, k))
        dv = values(a, grad_out, v)
        ds = through(a, weights(grad_out, v)) / divisor(q)
        return give(queries(ds, q, k), keys(ds, q, k), dv)

    return wrong


def _naive(s: Array) -> Array:
    return np.exp(s) / np.exp(s).sum(axis=-1, keepdims=True)


def _capital(x: Array) -> Array:
    return x.T


def _wide(*args: Array) -> Any:
    return backward()(*(x.astype(np.float64) for x in args))


_SOFTMAX = [
    *told(
        "row-sum-forgotten",
        "raising one score lowers all other weights of its row: subtract the row's sum of a da. "
        "dS = A (dA - sum(A dA)).",
        backward(through=lambda a, da: a * da),
    ),
    *told(
        "diagonal-only",
        "a (1 - a) is the diagonal of the Jacobian. Every score moves every weight of its row: "
        "dS = A (dA - sum(A dA)).",
        backward(through=lambda a, da: a * (1 - a) * da),
    ),
    *told(
        "softmax-skipped",
        "the gradient went past the softmax: dA was used as dS.",
        backward(through=lambda a, da: da),
    ),
    *told(
        "weights-missing-in-the-sum",
        "the row's sum of dA was subtracted. It is weighted: the sum of A dA.",
        backward(through=lambda a, da: a * (da - da.sum(axis=-1, keepdims=True))),
        backward(through=lambda a, da: a * (da - da.mean(axis=-1, keepdims=True))),
    ),
    *told(
        "weights-missing-outside",
        "the factor A before the bracket is missing: dS = A (dA - sum(A dA)).",
        backward(through=lambda a, da: da - (a * da).sum(axis=-1, keepdims=True)),
    ),
    *told(
        "sum-over-queries",
        "the sum of A dA runs over the queries. It runs over the keys of one query: the last "
        "axis, kept.",
        backward(through=lambda a, da: a * (da - (a * da).sum(axis=-2, keepdims=True))),
        backward(through=lambda a, da: a * (da - (a * da).sum(axis=-1))),
        backward(through=lambda a, da: a * (da - (a * da).sum(axis=1, keepdims=True))),
    ),
    *told(
        "sum-over-everything",
        "the sum of A dA runs over the whole array. Each row has its own.",
        backward(through=lambda a, da: a * (da - (a * da).sum())),
        backward(through=lambda a, da: a * (da - (a * da).sum(axis=(-2, -1), keepdims=True))),
    ),
    *told(
        "sign-flipped",
        "the signs of dq and dk are flipped.",
        backward(through=lambda a, da: -_through(a, da)),
    ),
    *told(
        "softmax-over-queries",
        "the softmax of the forward pass runs over the queries. It runs over the keys.",
        backward(soften=lambda s: softmax(s, -2)),
    ),
    *told(
        "no-max-subtraction",
        "exp overflows for large scores. Subtract the largest of each row first: it cancels.",
        backward(soften=_naive),
    ),
]

_PRODUCTS = [
    *told(
        "float64-came-along",
        "float32 became float64. np.sqrt(d) is a float64 and takes arrays along: use d ** 0.5, or "
        "turn the results back.",
        _wide,
    ),
    *told(
        "scale-missing-on-the-way-back",
        "dS was not divided by sqrt(d). The scores are q k^T / sqrt(d), so the root stands in "
        "both derivatives, too.",
        backward(divisor=lambda q: 1.0),
    ),
    *told(
        "scale-missing",
        "sqrt(d) is missing, in the scores and in their derivatives.",
        backward(score=products, divisor=lambda q: 1.0),
        backward(score=products),
    ),
    *told(
        "scale-by-d",
        "the scores were divided by d. Divide by its root.",
        backward(divisor=lambda q: q.shape[-1]),
        backward(score=lambda q, k: products(q, k) / q.shape[-1], divisor=lambda q: q.shape[-1]),
    ),
    *told(
        "dq-and-dk-exchanged",
        "dq and dk are exchanged: return (dq, dk, dv).",
        backward(give=lambda dq, dk, dv: (dk, dq, dv)),
    ),
    *told(
        "results-in-another-order",
        "the gradients come in another order than (dq, dk, dv).",
        backward(give=lambda dq, dk, dv: (dv, dk, dq)),
        backward(give=lambda dq, dk, dv: (dv, dq, dk)),
        backward(give=lambda dq, dk, dv: (dk, dv, dq)),
        backward(give=lambda dq, dk, dv: (dq, dv, dk)),
    ),
    *told(
        "own-factor",
        "in a product each factor's gradient is made with the other one: dq with k, dk with q.",
        backward(queries=lambda ds, q, k: ds @ q, keys=lambda ds, q, k: swap(ds) @ k),
        backward(queries=lambda ds, q, k: ds @ q),
        backward(keys=lambda ds, q, k: swap(ds) @ k),
    ),
    *told(
        "scores-not-transposed",
        "dS (T_q, T_k) was not transposed for dk: a key gathers from all queries, a column of dS.",
        backward(keys=lambda ds, q, k: ds @ q),
        backward(queries=lambda ds, q, k: swap(ds) @ k, keys=lambda ds, q, k: ds @ q),
        backward(queries=lambda ds, q, k: swap(ds) @ k),
    ),
    *told(
        "weights-not-transposed",
        "A (T_q, T_k) was not transposed for dv: a value gathers from all queries, a column of A.",
        backward(values=lambda a, g, v: a @ g),
    ),
    *told(
        "values-not-transposed",
        "dA is grad_out times the transpose of v.",
        backward(weights=lambda g, v: g @ v),
    ),
    *told(
        "all-axes-transposed",
        ".T reverses all axes, the batch, too. Exchange the last two: x.swapaxes(-1, -2).",
        backward(
            score=lambda q, k: q @ _capital(k) / _root(q),
            values=lambda a, g, v: _capital(a) @ g,
            weights=lambda g, v: g @ _capital(v),
            keys=lambda ds, q, k: _capital(ds) @ q,
        ),
        backward(keys=lambda ds, q, k: _capital(ds) @ q),
        backward(values=lambda a, g, v: _capital(a) @ g),
        backward(values=lambda a, g, v: _capital(a) @ g, keys=lambda ds, q, k: _capital(ds) @ q),
    ),
    *told(
        "grad-out-ignored",
        "grad_out is not used: these are the gradients of the sum of the outputs.",
        backward(
            values=lambda a, g, v: swap(a) @ np.ones_like(g),
            weights=lambda g, v: np.ones_like(g) @ swap(v),
        ),
    ),
]

MISTAKES = [*_PRODUCTS, *_SOFTMAX]

"""Chapter 9: scaled dot-product attention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_steps import (
    CAUSAL,
    EXTREMES,
    WHOLE,
    Array,
    narrow,
    products,
    step_mistakes,
    swap,
    told,
    view,
    weights_of,
)

SECTION, TITLE = "09_attention/01_operator", "A layer that looks around"
Pair = tuple[Array, Array]


def attention(q: Array, k: Array, v: Array, causal: bool = False) -> Pair:
    """Go query by query: a causal one is given the keys up to its own place, so no mask is."""
    out = np.zeros((*q.shape[:-1], v.shape[-1]))
    weights = np.zeros((*q.shape[:-1], k.shape[-2]))
    for place in np.ndindex(q.shape[:-1]):
        *batch, t = place
        seen = t + 1 if causal else k.shape[-2]
        keys, values = (x[tuple(batch)][:seen].astype(np.float64) for x in (k, v))
        scores = (keys * q[place].astype(np.float64)).sum(axis=1) / np.sqrt(q.shape[-1])
        weights[place][:seen] = np.exp(scores - np.logaddexp.reduce(scores))
        out[place] = (weights[place][:seen, None] * values).sum(axis=0)
    return out.astype(q.dtype), weights.astype(q.dtype)


def operator(
    gather: Callable[[Array, Array, Array], Array] = lambda a, k, v: a @ v,
    give: Callable[[Array, Array, Array], Any] = lambda out, a, s: (out, a),
    **steps: Any,
) -> Callable[..., Any]:
    """Return attention with one of its steps changed, in the dtype of its input."""

    def wrong(q: Array, k: Array, v: Array, causal: bool = False) -> Any:
        s, a = weights_of(q, k, causal, **steps)
        return give(gather(a, k, v), a, s)

    return wrong


def _scaled_after(q: Array, k: Array, v: Array, causal: bool = False) -> Pair:
    _, a = weights_of(q, k, causal, score=products)
    a = a / q.shape[-1] ** 0.5
    return a @ v, a


def _wide(q: Array, k: Array, v: Array, causal: bool = False) -> Pair:
    _, a = weights_of(q.astype(np.float64), k.astype(np.float64), causal)
    return a @ v, a


def _rooted(score: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    return lambda q, k: score(q, k) / q.shape[-1] ** 0.5


_MISTAKES = [
    *told(
        "float64-came-along",
        "float32 became float64. np.sqrt(d) is a float64 and takes arrays along: use d ** 0.5, or "
        "turn the result back.",
        _wide,
    ),
    *step_mistakes(operator),
    *told(
        "scale-after-softmax",
        "the weights were divided by sqrt(d), not the scores: rows no longer sum to one.",
        _scaled_after,
    ),
    *told(
        "keys-not-transposed",
        "keys were not transposed: scores are q times the transpose of k, (T_q, T_k).",
        operator(score=_rooted(lambda q, k: q @ k)),
    ),
    *told(
        "all-axes-transposed",
        "k.T reverses all axes, the batch, too. Exchange the last two: k.swapaxes(-1, -2).",
        operator(score=_rooted(lambda q, k: q @ k.T)),
    ),
    *told(
        "values-forgotten",
        "the keys were averaged instead of the values.",
        operator(lambda a, k, v: a @ k),
    ),
    *told(
        "weights-transposed",
        "the weights were transposed before they met the values. A row belongs to one query.",
        operator(lambda a, k, v: swap(a) @ v),
    ),
    *told(
        "results-exchanged",
        "the weights came first. Return (out, weights).",
        operator(give=lambda out, a, s: (a, out)),
    ),
    *told(
        "scores-returned",
        "scores came back in the place of weights. Return them after the softmax.",
        operator(give=lambda out, a, s: (out, s)),
    ),
]


def _three(rng: np.random.Generator, *shape: int, make: Any = None) -> tuple[Array, Array, Array]:
    draw = make or (lambda rng, *shape: rng.normal(size=shape))
    q, k, v = (draw(rng, *shape) for _ in range(3))
    return q, k, v


def _other(rng: np.random.Generator, queries: tuple, keys: int, width: int) -> tuple:
    *batch, _, d = queries
    return tuple(rng.normal(size=s) for s in (queries, (*batch, keys, d), (*batch, keys, width)))


def _draw(rng: np.random.Generator) -> list[Case]:
    more = int(rng.integers(5, 8))
    whole = [
        (_three(rng, 3, 4), "a sequence of three"),
        (_three(rng, 4, 4), "as many tokens as columns"),
        (_three(rng, 2, 3, 4), "a batch"),
        (_three(rng, 3, 3, 3), "all axes equal"),
        (_three(rng, 2, 2, 3, 5), "two leading axes"),
        (_other(rng, (2, 3, 4), more, 4), "more keys than queries"),
        (_other(rng, (4, 3), 2, 6), "fewer keys, wider values"),
        (_other(rng, (1, 2, 9), 4, 1), "values of one column"),
        (_three(rng, 2, 4, 3, make=narrow), "float32"),
        (_three(rng, 2, 3, 4, make=view), "views"),
    ]
    causal = [
        (_three(rng, 4, 3), "a sequence of four"),
        (_three(rng, 2, 3, 5), "a batch"),
        (_three(rng, 2, 2, 4, 4), "two leading axes"),
        (_three(rng, 3, 3, 3), "all axes equal"),
        ((*_three(rng, 1, 4, 3)[:2], rng.normal(size=(1, 4, 6))), "wider values"),
        (_three(rng, 2, 4, 3, make=narrow), "float32"),
        (_three(rng, 5, 2, make=view), "views"),
        (_three(rng, 1, 3), "one token"),
    ]
    q, k, v = _three(rng, 2, 4, 2)
    far = (100 * q, 100 * k, v)
    return [
        *(Case(args, note=note, part=WHOLE) for args, note in whole),
        *(Case(args, {"causal": True}, note=note, part=CAUSAL) for args, note in causal),
        Case((*_three(rng, 3, 2), True), note="causal by position", part=CAUSAL),
        Case(far, note="scores of thousands", part=EXTREMES),
        Case(far, {"causal": True}, note="scores of thousands, causal", part=EXTREMES),
        Case(_apart(rng, 1e4), note="rows far apart", part=EXTREMES),
        Case(_hidden(rng), {"causal": True}, note="the hidden scores are large", part=EXTREMES),
    ]


def _apart(rng: np.random.Generator, size: float) -> tuple[Array, Array, Array]:
    """Return queries whose scores lie far below and far above 0."""
    q = np.array([[size, 1.0], [-size, 1.0], [0.0, 1.0]])
    keys = rng.normal(size=(3, 1))
    return q, np.concatenate([np.ones((3, 1)), keys], axis=1), rng.normal(size=(3, 2))


def _hidden(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return scores that rise by tens of thousands with each key."""
    steps = np.sort(rng.uniform(200, 400, size=3))
    keys = np.array([-300.0, 0.0, 0.0]) + np.array([0.0, *steps[1:]])
    return np.full((3, 1), 100.0), keys[:, None], rng.normal(size=(3, 2))


def _worked() -> list[Case]:
    # d = 4: q k = 2 log 3 for the second key and 0 for the first, divided by 2: odds 1 to 3.
    q = np.array([[1.0, 0.0, 0.0, 0.0]])
    k = np.array([[0.0, 1.0, 0.0, 0.0], [2 * np.log(3.0), 0.0, 0.0, 0.0]])
    v = np.array([[4.0, 0.0], [0.0, 8.0]])
    both = np.concatenate([q, q])
    seen = np.array([[1.0, 0.0], [0.25, 0.75]])
    return [
        Case(
            (q, k, v),
            note="odds of 1 to 3",
            expected=(np.array([[1.0, 6.0]]), np.array([[0.25, 0.75]])),
            part=WHOLE,
        ),
        Case(
            (both, k, v),
            {"causal": True},
            note="the first token sees itself only",
            expected=(np.array([[4.0, 0.0], [1.0, 6.0]]), seen),
            part=CAUSAL,
        ),
        Case(
            (np.array([[1e3]]), np.array([[1e3], [-1e3]]), np.array([[1.0], [2.0]])),
            note="scores of a million",
            expected=(np.array([[1.0]]), np.array([[1.0, 0.0]])),
            part=EXTREMES,
        ),
    ]


def _bad_inputs() -> list[BadInput]:
    x, wide, long = np.ones((2, 3, 4)), np.ones((2, 3, 5)), np.ones((2, 5, 4))
    return [
        BadInput((x, wide, x), "keys of another width than the queries"),
        BadInput((x, x, long), "another number of values than of keys"),
        BadInput((x, x[:1], x[:1]), "keys of another batch size, one, which broadcasts"),
        BadInput((x, x, x[0]), "values without the batch axis"),
        BadInput((x, long, long), "causal with more keys than queries", {"causal": True}),
        BadInput((x[0, 0], x[0, 0], x[0, 0]), "arrays with one axis"),
        BadInput((x, x[:, :0], x[:, :0]), "no keys"),
        BadInput((x[..., :0], x[..., :0], x), "a width of 0"),
    ]


ATTENTION = Exercise(
    key="attention/attention",
    points=4,
    concept="Attention",
    section=SECTION,
    section_title=TITLE,
    reference=attention,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=_MISTAKES,
    weights={WHOLE: 0.4, CAUSAL: 0.25, EXTREMES: 0.15, VALIDATION: 0.2},
    inputs=("q", "k", "v", "causal"),
    outputs=("out", "weights"),
)

"""Chapter 9: attention with several heads."""

from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_heads_mistakes import MISTAKES
from course_utils.feedback.exercises.attention_operator import attention
from course_utils.feedback.exercises.attention_steps import (
    CAUSAL,
    EXTREMES,
    WHOLE,
    Array,
    narrow,
    view,
)

SECTION, TITLE = "09_attention/02_heads", "Heads, and the way back"


def multi_head_attention(
    x: Array, Wq: Array, Wk: Array, Wv: Array, Wo: Array, heads: int, causal: bool = False
) -> Array:
    """Add what each head contributes: its rows of Wq, Wk and Wv, its columns of Wo."""
    wide, width = x.astype(np.float64), x.shape[-1] // heads
    total = np.zeros(x.shape)
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        q, k, v = (np.einsum("...i,oi->...o", wide, W[own].astype(float)) for W in (Wq, Wk, Wv))
        out, _ = attention(q, k, v, causal)
        total += np.einsum("...i,oi->...o", out, Wo[:, own].astype(float))
    return total.astype(x.dtype)


def _args(rng: np.random.Generator, *shape: int, make: Any = None) -> tuple[Array, ...]:
    draw = make or (lambda rng, *shape: rng.normal(size=shape))
    d = shape[-1]
    x = draw(rng, *shape)
    return x, *((draw(rng, d, d) / d**0.25).astype(x.dtype) for _ in range(4))


def _draw(rng: np.random.Generator) -> list[Case]:
    heads = int(rng.integers(2, 4))
    whole = [
        (_args(rng, 3, 4), 2, "two heads"),
        (_args(rng, 4, 3), 1, "one head"),
        (_args(rng, 2, 3, 4), 4, "heads of one column"),
        (_args(rng, 2, 4, 6), 3, "a batch, three heads"),
        (_args(rng, 4, 4, 4), 2, "all axes equal"),
        (_args(rng, 2, 2, 3, 6), 2, "two leading axes"),
        (_args(rng, 2, 3, 8), 2, "wider heads"),
        (_args(rng, heads, heads, 6), heads, "as many tokens as heads"),
        (_args(rng, 2, 5, 4, make=narrow), 2, "float32"),
        (_args(rng, 2, 3, 6, make=view), 2, "views"),
    ]
    causal = [
        (_args(rng, 4, 4), 2, "two heads"),
        (_args(rng, 3, 2), 1, "one head"),
        (_args(rng, 2, 3, 6), 3, "a batch, three heads"),
        (_args(rng, 3, 3, 6), 2, "as many tokens as columns of a head"),
        (_args(rng, 2, 2, 4, 4), 2, "two leading axes"),
        (_args(rng, 2, 5, 4, make=narrow), 2, "float32"),
        (_args(rng, 1, 4), 2, "one token"),
    ]
    far = _args(rng, 2, 4, 4)
    far = 100 * far[0], *far[1:]
    return [
        *(Case((*args, n), note=note, part=WHOLE) for args, n, note in whole),
        *(Case((*args, n), {"causal": True}, note=note, part=CAUSAL) for args, n, note in causal),
        Case((*_args(rng, 4, 4), 2, True), note="causal by position", part=CAUSAL),
        Case((*far, 2), note="scores of thousands", part=EXTREMES),
        Case((*far, 2), {"causal": True}, note="scores of thousands, causal", part=EXTREMES),
        Case((*_hidden(rng), 2), {"causal": True}, note="hidden scores are large", part=EXTREMES),
    ]


def _hidden(rng: np.random.Generator) -> tuple[Array, ...]:
    """Return tokens whose scores rise by tens of thousands with each key, in both heads."""
    x = np.array([[1.0, 1.0], [300.0, 300.0], [700.0, 700.0]]) * rng.uniform(0.9, 1.1, size=(3, 1))
    return x, 10 * np.eye(2), 10 * np.eye(2), rng.normal(size=(2, 2)), rng.normal(size=(2, 2))


def _worked() -> list[Case]:
    # Two heads of one column. Head 0 sees equal scores and averages 1 and 3; head 1 has q k equal
    # to log 3 for the second token, 0 for the first: weights 1/4 and 3/4 for values of 4 and 8.
    x = np.array([[1.0, 4.0], [3.0, 8.0]])
    none, last = np.zeros((2, 2)), np.array([[0.0, 0.0], [-3.0, 1.0]]) * np.log(3.0)
    # q of head 1: column 1 of x @ Wq.T; (-3 + 4) log 3 and (-9 + 8) log 3. k: (0, 1).
    keys = np.array([[0.0, 0.0], [-2.0, 0.5]])  # x @ keys.T: column 1 is 0 and -2
    exchange = np.array([[0.0, 1.0], [1.0, 0.0]])
    thirds = np.array([1 / (1 + 1 / 9), 1 / (1 + 9)])  # e^0 against e^(-2 log 3), e^(2 log 3)
    head_1 = 4 * thirds + 8 * (1 - thirds)
    both = np.stack([head_1, np.full(2, 2.0)], axis=1)
    first = np.array([[4.0, 1.0], [head_1[1], 2.0]])
    return [
        Case(
            (x, none, none, np.eye(2), exchange, 2),
            note="equal weights; Wo exchanges the columns",
            expected=np.array([[6.0, 2.0], [6.0, 2.0]]),
            part=WHOLE,
        ),
        Case(
            (x, last, keys, np.eye(2), exchange, 2),
            note="head 0 averages, head 1 looks",
            expected=both,
            part=WHOLE,
        ),
        Case(
            (x, last, keys, np.eye(2), exchange, 2),
            {"causal": True},
            note="the first token sees itself only",
            expected=first,
            part=CAUSAL,
        ),
    ]


def _bad_inputs() -> list[BadInput]:
    x, W, wide = np.ones((2, 3, 4)), np.eye(4), np.ones((6, 4))
    return [
        BadInput((x, W, W, W, W, 3), "heads that do not divide the width"),
        BadInput((x, W, W, W, W, 0), "no heads"),
        BadInput((x, W, W, W, W, -2), "a negative number of heads"),
        BadInput((x, wide, wide, W, W, 2), "projections that are not d by d"),
        BadInput((x, W, W, wide, wide.T, 2), "values of another width"),
        BadInput((x, W, W, W, W[:3], 2), "a Wo that is not d by d"),
        BadInput((x[..., :3], W, W, W, W, 1), "an x of another width"),
        BadInput((x[0, 0], W, W, W, W, 2), "an x with one axis"),
        BadInput((x[:, :0], W, W, W, W, 2), "no tokens"),
    ]


MULTI_HEAD_ATTENTION = Exercise(
    key="attention/multi_head_attention",
    points=4,
    concept="Attention with several heads",
    section=SECTION,
    section_title=TITLE,
    reference=multi_head_attention,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    weights={WHOLE: 0.45, CAUSAL: 0.2, EXTREMES: 0.15, VALIDATION: 0.2},
    inputs=("x", "Wq", "Wk", "Wv", "Wo", "heads", "causal"),
)

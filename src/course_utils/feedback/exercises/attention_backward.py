"""Chapter 9: the three gradients of attention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_backward_mistakes import MISTAKES
from course_utils.feedback.exercises.attention_heads import SECTION, TITLE
from course_utils.feedback.exercises.attention_steps import Array, narrow, view

DQ, DK, DV = PARTS = ("dq", "dk", "dv")


class NotThreeGradientsError(Exception):
    """The function did not return the tuple (dq, dk, dv)."""


def run_backward(student: Callable[..., Any], which: str, *args: Any) -> Any:
    """Return one of the gradients (dq, dk, dv), so that each of them earns its own points."""
    result = student(*args)
    if not isinstance(result, tuple | list) or len(result) != len(PARTS):
        items = f" of {len(result)}" if isinstance(result, tuple | list) else ""
        raise NotThreeGradientsError(f"return (dq, dk, dv), not a {type(result).__name__}{items}")
    gradient = result[PARTS.index(which)]
    if gradient is None:
        raise NotThreeGradientsError(f"{which} is None: return (dq, dk, dv)")
    return gradient


def attention_backward(
    grad_out: Array, q: Array, k: Array, v: Array, causal: bool = False
) -> tuple[Array, Array, Array]:
    """Take each query by itself: the Jacobian of its softmax is diag(a) - a a^T, in float64."""
    dq, dk, dv = (np.zeros(x.shape) for x in (q, k, v))
    root = np.sqrt(q.shape[-1])
    for place in np.ndindex(q.shape[:-1]):
        seen = (*place[:-1], slice(place[-1] + 1 if causal else k.shape[-2]))
        keys, values = k[seen].astype(np.float64), v[seen].astype(np.float64)
        query, g = q[place].astype(np.float64), grad_out[place].astype(np.float64)
        scores = keys @ query / root
        a = np.exp(scores - np.logaddexp.reduce(scores))
        ds = (np.diag(a) - np.outer(a, a)) @ (values @ g)
        dq[place] = ds @ keys / root
        dk[seen] += np.outer(ds, query) / root
        dv[seen] += np.outer(a, g)
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)


def _normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape)


def _args(
    rng: np.random.Generator,
    front: tuple,
    queries: int,
    keys: int,
    d: int,
    out: int,
    make: Any = _normal,
) -> tuple[Array, ...]:
    shapes = ((queries, out), (queries, d), (keys, d), (keys, out))
    return tuple(make(rng, *front, *shape) for shape in shapes)


def _draw(rng: np.random.Generator) -> list[Case]:
    more = int(rng.integers(5, 8))
    sizes: list[tuple[tuple, Any, str]] = [
        (((), 2, 3, 4, 4), _normal, "two queries, three keys"),
        (((), 4, 4, 4, 4), _normal, "as many tokens as columns"),
        (((2,), 3, 3, 4, 4), _normal, "a batch"),
        (((3,), 3, 3, 3, 3), _normal, "all axes equal"),
        (((2,), 3, more, 2, 5), _normal, "more keys, wider values"),
        (((2,), 5, 2, 3, 1), _normal, "fewer keys, values of one column"),
        (((2, 2), 3, 4, 6, 2), _normal, "two leading axes"),
        (((1,), 1, 4, 2, 3), _normal, "one query"),
        (((2,), 4, 3, 3, 2), narrow, "float32"),
        (((2,), 3, 4, 2, 3), view, "views"),
    ]
    found = [(_args(rng, *size, make=make), note) for size, make, note in sizes]
    g, q, k, v = _args(rng, (2,), 3, 4, 3, 3)
    q[..., -1], k[..., -1] = 1000.0, 2.0  # the same for all keys: large scores, moderate weights
    found.append(((g, q, k, v), "scores above a thousand"))
    return [Case((part, *args), note=note, part=part) for args, note in found for part in PARTS]


def _worked() -> list[Case]:
    # d = 1, equal scores: a = (1/2, 1/2), da = (8, 4), mean 6: ds = (1/2)(2, -2) = (1, -1).
    one = np.array([[2.0]])
    args = np.array([[4.0]]), one, np.array([[3.0], [3.0]]), np.array([[2.0], [1.0]])
    # d = 4 halves the scores and the gradients: q k = (0, 2 log 3), a = (1/4, 3/4), g v = (4, 8),
    # a (da - 7) = (-3/4, 3/4).
    q = np.array([[1.0, 0.0, 0.0, 0.0]])
    k = np.array([[0.0, 2.0, 0.0, 0.0], [2 * np.log(3.0), 0.0, 0.0, 0.0]])
    wide = np.array([[1.0]]), q, k, np.array([[4.0], [8.0]])
    answers = {
        DQ: (np.array([[0.75 * np.log(3.0), -0.75, 0.0, 0.0]]),),
        DK: (
            np.array([[2.0], [-2.0]]),
            np.array([[-0.375, 0.0, 0.0, 0.0], [0.375, 0.0, 0.0, 0.0]]),
        ),
        DV: (np.array([[2.0], [2.0]]), np.array([[0.25], [0.75]])),
    }
    cases = (args, "two equal keys"), (wide, "d = 4: scores are halved")
    return [  # dq of the first is 0, which a right answer may miss by a rounding
        Case((part, *case), note=note, expected=value, part=part)
        for part, values in answers.items()
        for (case, note), value in zip(cases[-len(values) :], values, strict=True)
    ]


def _bad_inputs() -> list[BadInput]:
    x, g, wide = np.ones((2, 3, 4)), np.ones((2, 3, 5)), np.ones((2, 3, 5))
    cases = [
        ((g, x, x, x), "a grad_out that is wider than the values"),
        ((g[:, :2], x, x, wide), "a grad_out with fewer rows than queries"),
        ((g[:1], x, x, wide), "a grad_out of another batch size, one, which broadcasts"),
        ((g, x, wide, wide), "keys of another width than the queries"),
        ((g, x, x, wide[:, :2]), "fewer values than keys"),
        ((g, x, x[:1], wide[:1]), "keys of another batch size"),
        ((g[0, 0], x[0, 0], x[0, 0], wide[0, 0]), "arrays with one axis"),
        ((g, x, x[:, :0], wide[:, :0]), "no keys"),
    ]
    return [BadInput((DQ, *args), because) for args, because in cases]


ATTENTION_BACKWARD = Exercise(
    key="attention/attention_backward",
    points=4,
    concept="Gradients of attention",
    section=SECTION,
    section_title=TITLE,
    reference=attention_backward,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    call=run_backward,
    weights={DQ: 0.3, DK: 0.3, DV: 0.2, VALIDATION: 0.2},
    inputs=("gradient", "grad_out", "q", "k", "v"),
)

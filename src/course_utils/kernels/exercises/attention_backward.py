"""Chapter 10: the gradients of flash attention."""

import numpy as np

from course_utils.feedback.exercise import COMPILES, VALIDATION, BadInput, Case
from course_utils.feedback.exercises.attention_backward import attention_backward
from course_utils.kernels.exercises.arrays import HALF, VIEWS, Array
from course_utils.kernels.exercises.attention_backward_mistakes import MISTAKES
from course_utils.kernels.exercises.attention_forward import flash_attention
from course_utils.kernels.exercises.attention_inputs import (
    CAUSAL,
    cancelling,
    items,
    normal,
    refusals,
    views,
    wholes,
)
from course_utils.kernels.exercises.attention_items import ALL, by_items
from course_utils.kernels.exercises.attention_looks import look_at_matrix
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.running import AGAIN, triton_exercise

SECTION, TITLE = "10_gpu/08_backward", "The way back, recomputed"
DQ, DK, DV = ITEMS = ("dq", "dk", "dv")


def flash_attention_backward(
    grad_out: Array, q: Array, k: Array, v: Array, out: Array, lse: Array, causal: bool = False
) -> tuple[Array, Array, Array]:
    """Return the gradients in float64; the results of the way forward are not needed for them."""
    return attention_backward(grad_out, q, k, v, causal)


def with_results(arrays: list[Array], causal: bool = False) -> list[Array]:
    """Return grad_out, q, k, v with out and lse behind them."""
    return [*arrays, *flash_attention(*arrays[1:], causal=causal)]


def _four(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> list[Array]:
    return [normal(rng, *shape, dtype=dtype) for _ in range(4)]


def _draw(rng: np.random.Generator) -> list[Case]:
    long = int(rng.integers(140, 160))
    plain: list[tuple[list[Array], str]] = [
        (_four(rng, 2, 2, 21, 32), "two samples of two heads"),
        (_four(rng, 1, 1, long, 32), "more tokens than a block"),
        (_four(rng, 1, 1, 19, 128), "heads of 128 columns"),
    ]
    seen = with_results(views(rng, 4, 1, 2, 21, 32))
    hidden = with_results(_four(rng, 1, 1, long, 64), causal=True)
    return [
        *(case for args, note in plain for case in items(ITEMS, with_results(args), note)),
        wholes(seen, "views that are not contiguous", VIEWS),
        wholes(hidden, "causal, many tokens", CAUSAL, causal=True),
        Case((DV, *with_results(_four(rng, 1, 1, 9, 32))), {AGAIN: True}, "again", part=DV),
        *_halves(rng),
    ]


def _halves(rng: np.random.Generator) -> list[Case]:
    """Return float16 cases: normal ones, and one for each gradient with sums that cancel.

    With equal scores all weights are 1/T. What is gathered is large at first and cancels later.
    """
    tokens = 100
    plain = _four(rng, 1, 1, 50, 64, dtype="float16")
    dv, dk, dq = (_four(rng, 1, 1, tokens, 32, dtype="float16") for _ in range(3))
    dv[2][:] = dv[2][:, :, :1]
    dv[0] = cancelling(rng, 1, 1, tokens, 32)
    dk[2][:] = 0
    dk[0][:], dk[1] = dk[0][:, :, :1], cancelling(rng, 1, 1, tokens, 32)
    # Half of the keys have the value w, half -w, in turns: delta is 0, dS = +-c for each query.
    sign = np.where(np.arange(tokens) % 2, 1, -1).astype(np.float16)[:, None]
    dq[1][:], dq[3][:] = 0, sign * dq[3][:, :, :1]
    dq[2] = cancelling(rng, 1, 1, tokens, 32) * sign
    cases = (dv, DV), (dk, DK), (dq, DQ)
    return [
        wholes(with_results(plain), "float16", HALF),
        *(
            Case((item, *with_results(args)), note=f"float16, {item} cancels", part=HALF)
            for args, item in cases
        ),
    ]


def _worked() -> list[Case]:
    # Scores (0, log 3) and (0, 0); dA = (4, 8) and (8, 16); delta = 7 and 12:
    # dS = (-3/4, 3/4) and (-2, 2). Causal: A = (1, 0), delta = 4: dS = (0, 0) and (-2, 2).
    g, q, k, v = (np.zeros((1, 1, 2, 32), np.float32) for _ in range(4))
    root, log = 32**0.5, np.log(3)
    q[0, 0, 0, 0] = q[0, 0, 1, 1] = root
    k[0, 0, 1, 0] = log
    v[0, 0, :, 0] = 4, 8
    g[0, 0, :, 0] = 1, 2
    dq, dk, dv = (np.zeros((1, 1, 2, 32), np.float32) for _ in range(3))
    dq[0, 0, :, 0] = 0.75 * log / root, 2 * log / root
    dk[0, 0, :, :2] = [[-0.75, -2], [0.75, 2]]
    dv[0, 0, :, 0] = 1.25, 1.75
    late = [x.copy() for x in (dq, dk, dv)]
    late[0][0, 0, 0, 0] = 0
    late[1][0, 0, :, 0] = 0
    late[2][0, 0, :, 0] = 2, 1
    args, masked = (with_results([g, q, k, v], causal) for causal in (False, True))
    return [
        *(
            Case((item, *args), note="two tokens", expected=value, part=item)
            for item, value in zip(ITEMS, (dq, dk, dv), strict=True)
        ),
        Case(
            (ALL, *masked),
            {CAUSAL: True},
            note="causal, two tokens",
            expected=tuple(late),
            part=CAUSAL,
        ),
    ]


def _bad_inputs() -> list[BadInput]:
    def filled(q: Array, k: Array, v: Array) -> tuple[Array, ...]:
        return q, q, k, v, q, np.ones(q.shape[:-1], np.float32)

    x, lse = np.ones((1, 2, 3, 32), np.float32), np.ones((1, 2, 3), np.float32)
    more: list[tuple[tuple[Array, ...], str]] = [
        ((x[:, :, :1], x, x, x, x, lse), "a grad_out of another shape than the queries"),
        ((x, x, x, x, x[:, :1], lse), "an out of another shape than the queries"),
        ((x, x, x, x, x, lse[..., None]), "an lse with an axis too many"),
        ((x, x, x, x, x, lse[:, :, :1]), "an lse of another length"),
    ]
    return [*refusals(filled), *(BadInput((ALL, *args), because) for args, because in more)]


_COMPILED = [np.ones((1, 2, 256, 64), np.float16)] * 5

FLASH_ATTENTION_BACKWARD = by_items(
    triton_exercise(
        key="triton_attention/flash_attention_backward",
        points=6,
        concept="Gradients of flash attention",
        section=SECTION,
        section_title=TITLE,
        reference=flash_attention_backward,
        worked=_worked(),
        draw=_draw,
        bad_inputs=_bad_inputs(),
        misconceptions=MISTAKES,
        look=look_at_matrix,
        compiles=compile_part(*_COMPILED, np.ones((1, 2, 256), np.float32), causal=True),
        weights={
            DQ: 0.2,
            DK: 0.2,
            DV: 0.15,
            VIEWS: 0.1,
            CAUSAL: 0.15,
            HALF: 0.1,
            COMPILES: 0.05,
            VALIDATION: 0.05,
        },
        inputs=("grad_out", "q", "k", "v", "out", "lse"),
        outputs=ITEMS,
    ),
    ITEMS,
)

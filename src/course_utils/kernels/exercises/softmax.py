"""Chapter 10: the softmax of each row, in one kernel."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback import BadInput, Case
from course_utils.feedback.exercise import COMPILES, VALIDATION
from course_utils.kernels.exercises.arrays import (
    HALF,
    SINGLE,
    STRIDES,
    VIEWS,
    Array,
    apart,
    half,
    single,
    told,
    turned,
)
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.races import refuse_races
from course_utils.kernels.exercises.running import AGAIN, triton_exercise
from course_utils.kernels.exercises.vector_add import SECTION, TITLE

EXTREMES = "extreme numbers"


def row_softmax(x: Array) -> Array:
    """Take each row by itself: exp of its distance to the logarithm of the row's sum."""
    out = np.empty(x.shape, x.dtype)
    for i, row in enumerate(x.astype(np.float64)):
        out[i] = np.exp(row - np.logaddexp.reduce(row))
    return out


def _emulated(
    top: Callable[[Array], Array] = lambda x: x.max(axis=1, keepdims=True),
    total: Callable[[Array], Array] = lambda e: e.sum(axis=1, keepdims=True),
    padding: Callable[[Array], Array] | None = None,
    read: Callable[[Array], Array] = lambda x: x,
) -> Callable[[Array], Array]:
    """Return the softmax with one of its steps changed; ``padding`` gives the numbers beside x."""

    def wrong(x: Array) -> Array:
        rows = read(x).astype(np.float32)
        columns = rows.shape[1]
        if padding is not None:
            width = 1 << (columns - 1).bit_length()
            beside = np.broadcast_to(padding(rows), (rows.shape[0], width - columns))
            rows = np.concatenate([rows, beside], axis=1)
        raised = np.exp(rows - top(rows))
        return (raised / total(raised))[:, :columns].astype(x.dtype)

    return wrong


def _zeros(rows: Array) -> Array:
    return np.zeros((1, 1), np.float32)


def _padded_after_the_top(x: Array) -> Array:
    """The maximum of the row alone, but zeros beside it in the sum."""
    rows = x.astype(np.float32)
    top = rows.max(axis=1, keepdims=True)
    more = (1 << (x.shape[1] - 1).bit_length()) - x.shape[1]
    raised = np.exp(rows - top)
    return (raised / (raised.sum(axis=1, keepdims=True) + more * np.exp(-top))).astype(x.dtype)


def _over_columns(x: Array) -> Array:
    return row_softmax(x.T).T


def _one(rows: Array) -> Array:
    return np.zeros((rows.shape[0], 1), np.float32)


def _draw(rng: np.random.Generator) -> list[Case]:
    rows, columns, wide = (int(rng.integers(*r)) for r in ((5, 8), (30, 50), (130, 180)))
    shapes = [(2, 3), (rows, columns), (3, wide)]
    cases = [
        Case((single(rng, *shape),), note=f"{shape[0]} rows of {shape[1]}", part=SINGLE)
        for shape in shapes
    ]
    x, y, z = (single(rng, 4, columns) for _ in range(3))
    views = [(apart(x), "every second column of memory"), (turned(y), "transposed in memory")]
    cases += [Case((view,), note=note, part=VIEWS) for view, note in views]
    far = single(rng, 4, 37) * 3000
    below = single(rng, 3, 45) - 2000
    ties = np.full((2, 19), -1e4, np.float32)
    extremes = [(far, "logits of 10,000"), (below, "all far below 0"), (ties, "all -10,000")]
    cases += [Case((array,), note=note, part=EXTREMES) for array, note in extremes]
    cases.append(Case((half(rng, rows, wide),), note="float16", part=HALF))
    return [*cases, Case((z,), {AGAIN: True}, note="called three times", part=SINGLE)]


_ODDS = np.log(np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]], np.float32))

ROW_SOFTMAX = triton_exercise(
    key="triton_convolution/row_softmax",
    points=3,
    concept="Row softmax",
    section=SECTION,
    section_title=TITLE,
    reference=row_softmax,
    worked=[
        Case(
            (_ODDS,),
            note="odds of 1 : 2 : 5 and 3 : 3 : 2",
            expected=np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]], np.float32) / 8,
            part=SINGLE,
        ),
        Case(
            (np.array([[1e4, -1e4, 1e4]], np.float32),),
            note="logits of 10,000",
            expected=np.array([[0.5, 0.0, 0.5]], np.float32),
            part=EXTREMES,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_ODDS[0],), "a vector"),
        BadInput((_ODDS[None],), "three axes"),
        BadInput((np.ones((2, 3), np.int64),), "integers"),
    ],
    misconceptions=[
        *told(
            "padding-counted",
            "lanes beyond the end of the row took part in the sum: exp(0 - max) is not 0. Load "
            'them as -infinity: tl.load(..., mask=..., other=float("-inf")).',
            _emulated(padding=_zeros),
            _padded_after_the_top,
            _emulated(_one, padding=_zeros),
        ),
        *told(
            "no-max-subtraction",
            "exp overflows for large logits. Subtract the maximum of the row first.",
            _emulated(_one),
        ),
        *told(
            "one-maximum-for-all",
            "one maximum was taken for all rows: rows far below it vanish, 0 / 0. Each row has "
            "its own.",
            _emulated(lambda x: x.max(keepdims=True)),
        ),
        *told(
            "not-normalised",
            "the rows do not sum to one: divide by the sum of the exponentials.",
            _emulated(total=lambda e: np.ones((1, 1), np.float32)),
        ),
        *told("softmax-over-columns", "the softmax runs along rows, axis 1.", _over_columns),
        STRIDES,
    ],
    look=refuse_races,
    compiles=compile_part(np.ones((3, 90), np.float16)),
    weights={
        **{SINGLE: 0.3, EXTREMES: 0.2, VIEWS: 0.1, HALF: 0.1},
        **{VALIDATION: 0.1, COMPILES: 0.2},
    },
    inputs=("x",),
)

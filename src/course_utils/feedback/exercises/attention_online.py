"""Chapter 9: the softmax in one pass over blocks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_online_mistakes import MISTAKES
from course_utils.feedback.exercises.attention_steps import Array, narrow, view

SECTION, TITLE = "09_attention/06_cost", "What attention costs"
BLOCKS, EXTREMES, HIDDEN = "blocks", "extremes", "hidden scores"


def online_softmax(blocks: Sequence[Array]) -> tuple[Any, Any, Array]:
    """Put the blocks together and work row by row on all of them; exp(-inf) is 0."""
    joined = np.concatenate(list(blocks), axis=-1)
    rows = joined.astype(np.float64).reshape(-1, joined.shape[-1])
    top = np.array([max(row) for row in rows.tolist()])
    total = np.exp(np.logaddexp.reduce(rows - top[:, None], axis=-1))
    share = np.exp(rows - np.logaddexp.reduce(rows, axis=-1)[:, None])
    front, kind = joined.shape[:-1], joined.dtype
    return (
        top.reshape(front).astype(kind)[()],
        total.reshape(front).astype(kind)[()],
        share.reshape(joined.shape).astype(kind),
    )


def _blocks(rng: np.random.Generator, front: tuple, sizes: Sequence[int], spread: float = 1.0):
    return [spread * rng.normal(size=(*front, n)) for n in sizes]


def _rising(rng: np.random.Generator, front: tuple, step: float) -> list[Array]:
    """Return blocks, each of which lies ``step`` above the one before."""
    return [rng.normal(size=(*front, 3)) + step * place for place in range(4)]


def _hidden(rng: np.random.Generator) -> list[list[Array]]:
    """Return blocks with hidden scores: some of a block, a whole block last, first, row by row."""
    some, last, first = (_blocks(rng, (2,), (3, 2, 3)) for _ in range(3))
    some[1][0, 1] = some[2][1, :2] = -np.inf
    last[2][:] = -np.inf
    first[0][:] = first[1][1] = -np.inf
    one = _blocks(rng, (), (2, 1, 2))
    one[0][:] = -np.inf
    return [some, last, first, one]


def _draw(rng: np.random.Generator) -> list[Case]:
    sizes = tuple(int(n) for n in rng.integers(1, 5, size=4))
    size = float(rng.uniform(3e3, 1e4))
    blocks: list[tuple[list[Array], str]] = [
        (_blocks(rng, (), (3, 3)), "two blocks of one row"),
        (_blocks(rng, (), (4,)), "one block"),
        (_blocks(rng, (3,), (3, 3, 3)), "three rows, blocks of three"),
        (_blocks(rng, (2,), sizes, 2.0), "blocks of different lengths"),
        (_blocks(rng, (2, 3), (2, 1, 4)), "two leading axes"),
        (_blocks(rng, (3,), (1, 1, 1, 1, 1)), "blocks of one"),
        (_rising(rng, (2,), 1.5), "each block higher than the one before"),
        (_rising(rng, (2,), -1.5), "each block lower than the one before"),
        ([block - 9 for block in _blocks(rng, (2,), (2, 3))], "all scores below 0"),
        ([block + 9 for block in _blocks(rng, (2,), (2, 3))], "all scores above 0"),
        ([narrow(rng, 2, 3), narrow(rng, 2, 4)], "float32"),
        ([view(rng, 2, 3), view(rng, 2, 2)], "views"),
    ]
    low = np.array([[-size], [size]])
    far: list[tuple[list[Array], str]] = [
        (_rising(rng, (2,), 900.0), "maxima that rise by hundreds"),
        (_rising(rng, (2,), -900.0), "maxima that fall by hundreds"),
        ([block + size for block in _blocks(rng, (2,), (2, 3))], "scores of thousands"),
        ([block - size for block in _blocks(rng, (2,), (2, 3))], "scores of minus thousands"),
        ([block + low for block in _blocks(rng, (2,), (2, 3))], "rows far from each other"),
    ]
    return [
        *(Case((args,), note=note, part=BLOCKS) for args, note in blocks),
        Case((tuple(_blocks(rng, (2,), (2, 2))),), note="a tuple of blocks", part=BLOCKS),
        *(Case((args,), note=note, part=EXTREMES) for args, note in far),
        *(Case((args,), note="hidden scores", part=HIDDEN) for args in _hidden(rng)),
    ]


def _worked() -> list[Case]:
    # e^x: 1, 3 | 6, 2. The maximum grows from log 3 to log 6: (1/3 + 1) * 3/6 + 1 + 1/3 = 2.
    logs = [np.log(np.array([1.0, 3.0])), np.log(np.array([6.0, 2.0]))]
    share = np.array([1.0, 3.0, 6.0, 2.0]) / 12
    hidden = [np.array([-np.inf, -np.inf]), np.array([5.0, 5.0])]
    return [
        Case(
            (logs,),
            note="the second block holds the maximum",
            expected=(np.log(6.0), 2.0, share),
            part=BLOCKS,
        ),
        Case(
            (logs[::-1],),
            note="the first block holds the maximum",
            expected=(np.log(6.0), 2.0, share[[2, 3, 0, 1]]),
            part=BLOCKS,
        ),
        Case(
            ([np.array([[1000.0]]), np.array([[1000.0]])],),
            note="two scores of a thousand",
            expected=(np.array([1000.0]), np.array([2.0]), np.array([[0.5, 0.5]])),
            part=EXTREMES,
        ),
        Case(
            (hidden,),
            note="the first block is hidden",
            expected=(5.0, 2.0, np.array([0.0, 0.0, 0.5, 0.5])),
            part=HIDDEN,
        ),
    ]


def _bad_inputs() -> list[BadInput]:
    block = np.ones((2, 3))
    return [
        BadInput(([],), "no blocks"),
        BadInput(([block, np.ones((3, 3))],), "blocks with different numbers of rows"),
        BadInput(([block, np.ones((1, 3))],), "a block with one row, which broadcasts"),
        BadInput(([block, np.ones(3)],), "blocks with different numbers of axes"),
        BadInput(([np.array(1.0), np.array(2.0)],), "blocks without an axis"),
        BadInput(([block, block[:, :0]],), "a block without scores"),
    ]


ONLINE_SOFTMAX = Exercise(
    key="attention/online_softmax",
    points=4,
    concept="Online softmax",
    section=SECTION,
    section_title=TITLE,
    reference=online_softmax,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    weights={BLOCKS: 0.45, EXTREMES: 0.2, HIDDEN: 0.15, VALIDATION: 0.2},
    inputs=("blocks",),
    outputs=("max", "sum", "softmax"),
)

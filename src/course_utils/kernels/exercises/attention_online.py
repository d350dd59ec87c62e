"""Chapter 10: the softmax of rows of any length, in blocks of columns."""

import numpy as np

from course_utils.feedback.exercise import COMPILES, VALIDATION, BadInput, Case
from course_utils.kernels.exercises.arrays import HALF, VIEWS, Array
from course_utils.kernels.exercises.attention_inputs import SECTION, TITLE, normal
from course_utils.kernels.exercises.attention_looks import look_at_rows
from course_utils.kernels.exercises.attention_online_mistakes import MISTAKES
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.running import AGAIN, triton_exercise

ROWS, EXTREMES = "rows", "extreme scores"


def online_row_softmax(x: Array) -> Array:
    """Take each row by itself, in float64."""
    wide = x.astype(np.float64)
    found = [np.exp(row - np.logaddexp.reduce(row)) for row in wide]
    return np.stack(found).astype(x.dtype)


def _draw(rng: np.random.Generator) -> list[Case]:
    columns = int(rng.integers(260, 330))
    far = np.array([[120], [-120]], np.float32)
    return [
        Case((normal(rng, 3, 5),), note="three rows of five", part=ROWS),
        Case((3 * normal(rng, 5, columns),), note="more columns than a block", part=ROWS),
        Case((normal(rng, 3, 40),), {AGAIN: True}, note="called again", part=ROWS),
        Case((normal(rng, columns, 3).T,), note="columns are not neighbours", part=VIEWS),
        Case(
            (normal(rng, 2, columns) + far,),
            note="scores around 120 and around -120",
            part=EXTREMES,
        ),
        Case((normal(rng, 3, columns, dtype="float16"),), note="float16", part=HALF),
        Case((_one_above_many(rng),), note="float16, one score far above the others", part=HALF),
    ]


def _one_above_many(rng: np.random.Generator) -> Array:
    """Return a float16 row of one score above many, whose terms are lost one by one in float16.

    The first gives 1, a block of 1,024 others less than half the distance from 1 to the next
    float16, so that a sum in float16 stays at 1, while all of them together add 0.6 percent.
    """
    x = np.full((1, 14_000), -14.6)
    x += rng.uniform(-0.05, 0.0, size=x.shape)
    x[0, 0] = 0.0
    return x.astype(np.float16)


def _worked() -> list[Case]:
    # e^x is 1, 1, 2 | 2, 3, 5.
    three = np.log(np.array([[1, 1, 2], [2, 3, 5]], np.float32))
    return [
        Case(
            (three,),
            note="two rows",
            expected=np.array([[0.25, 0.25, 0.5], [0.2, 0.3, 0.5]], np.float32),
            part=ROWS,
        ),
        Case(
            (np.full((1, 2), -1000, np.float32),),
            note="two scores of minus a thousand",
            expected=np.array([[0.5, 0.5]], np.float32),
            part=EXTREMES,
        ),
    ]


def _bad_inputs() -> list[BadInput]:
    x = np.ones((2, 3), np.float32)
    return [
        BadInput((x[0],), "one axis"),
        BadInput((x[None],), "three axes"),
        BadInput((x[:0],), "no rows"),
        BadInput((x[:, :0],), "no columns"),
        BadInput((x.astype(np.float64),), "float64"),
        BadInput((x.astype(np.int32),), "integers"),
    ]


ONLINE_ROW_SOFTMAX = triton_exercise(
    key="triton_attention/online_row_softmax",
    points=4,
    concept="Online softmax of rows",
    section=SECTION,
    section_title=TITLE,
    reference=online_row_softmax,
    worked=_worked(),
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    look=look_at_rows,
    compiles=compile_part(np.ones((4, 4096), np.float16)),
    weights={
        ROWS: 0.45,
        VIEWS: 0.1,
        EXTREMES: 0.15,
        HALF: 0.1,
        COMPILES: 0.1,
        VALIDATION: 0.1,
    },
    inputs=("x",),
)

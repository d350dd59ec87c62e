"""Chapter 10: the sum of two tensors, a first kernel."""

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

SECTION, TITLE = "10_gpu/04_triton", "A first kernel"


def vector_add(x: Array, y: Array) -> Array:
    """Add in float64 and round once."""
    return (x.astype(np.float64) + y.astype(np.float64)).astype(x.dtype)


def _draw(rng: np.random.Generator) -> list[Case]:
    n, rows, columns = (int(rng.integers(*range_)) for range_ in ((9000, 9999), (5, 9), (30, 40)))
    flat = [(1,), (37,), (n,), (2, rows, 5)]
    notes = ["one element", "37 elements", "several blocks", "three axes"]
    cases = [
        Case((single(rng, *shape), single(rng, *shape)), note=note, part=SINGLE)
        for shape, note in zip(flat, notes, strict=True)
    ]
    shape = (rows, columns)
    a, b, c, d = (single(rng, *shape) for _ in range(4))
    views = [
        ((a, turned(b)), "y transposed in memory"),
        ((turned(c), d), "x transposed in memory"),
        ((apart(c[0]), apart(d[0])), "vectors with gaps"),
    ]
    cases += [Case(args, note=note, part=VIEWS) for args, note in views]
    cases.append(Case((half(rng, 1300), half(rng, 1300)), note="float16", part=HALF))
    twice = (single(rng, 41), single(rng, 41))
    return [*cases, Case(twice, {AGAIN: True}, note="called three times", part=SINGLE)]


_X = np.array([1.0, 2.0, 3.0], np.float32)

VECTOR_ADD = triton_exercise(
    key="triton_convolution/vector_add",
    points=2,
    concept="Vector add",
    section=SECTION,
    section_title=TITLE,
    reference=vector_add,
    worked=[
        Case(
            (_X, 10 * _X),
            note="three elements",
            expected=np.array([11.0, 22.0, 33.0], np.float32),
            part=SINGLE,
        )
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_X, _X[:1]), "another shape, which broadcasts"),
        BadInput((_X, _X[None]), "another number of axes"),
        BadInput((_X, _X.astype(np.float16)), "another dtype"),
        BadInput((np.arange(3), np.arange(3)), "integers"),
    ],
    misconceptions=[
        *told(
            "operand-read-twice",
            "both blocks came from one tensor. Each load has its own pointer.",
            lambda x, y: x + x,
            lambda x, y: y + y,
        ),
        *told(
            "wrong-operation",
            "the blocks were not added.",
            lambda x, y: x - y,
            lambda x, y: x * y,
        ),
        *told(
            "flat-result",
            "the result has lost the shape of the inputs.",
            lambda x, y: vector_add(x, y).ravel(),
        ),
        STRIDES,
    ],
    look=refuse_races,
    compiles=compile_part(*(np.ones(48, np.float16) for _ in range(2))),
    weights={SINGLE: 0.5, VIEWS: 0.15, HALF: 0.1, VALIDATION: 0.1, COMPILES: 0.15},
    inputs=("x", "y"),
)

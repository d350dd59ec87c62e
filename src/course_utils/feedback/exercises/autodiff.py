"""Exercises of chapter 2: dual numbers, gradients in forward mode, a reverse engine on scalars."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.autodiff_hints import (
    DUAL_MISCONCEPTIONS,
    GRADIENT_MISCONCEPTIONS,
)
from course_utils.feedback.exercises.autodiff_programs import (
    COMPLEX,
    TapeValue,
    forward_gradient_reference,
    run_dual,
    run_forward_gradient,
    run_value,
)
from course_utils.feedback.exercises.autodiff_value_hints import VALUE_MISCONCEPTIONS

FORWARD = ("02_autodiff/02_forward_mode", "Forward mode: carry the tangent along")
REVERSE = ("02_autodiff/03_reverse_mode", "Reverse mode: one pass for every input")

ARITHMETIC, FUNCTIONS = "arithmetic", "functions"
ACCUMULATION, DEPTH = "accumulation", "depth"

TRACE = "log(x1) + x1 * x2 - sin(x2)"
TRACE_VALUE = math.log(2.0) + 10.0 - math.sin(5.0)  # 11.652
TRACE_GRADIENT = (5.5, 2.0 - math.cos(5.0))  # 1/2 + 5 and 1.716


def _worked(part: str, *rows: tuple[Any, ...]) -> list[Case]:
    """Return cases from rows of the arguments followed by the expected result."""
    return [Case(tuple(row[:-1]), expected=row[-1], part=part) for row in rows]


DUAL_WORKED = [
    *_worked(
        ARITHMETIC,
        ("x1 + x2", (2.0, 5.0), (3.0, 4.0), (7.0, 7.0)),
        ("x1 - x2", (2.0, 5.0), (3.0, 4.0), (-3.0, -1.0)),
        ("x1 * x2", (2.0, 5.0), (3.0, 4.0), (10.0, 23.0)),
        ("x1 / x2", (6.0, 2.0), (1.0, 3.0), (3.0, -4.0)),
        ("x1 + 3", (2.0,), (5.0,), (5.0, 5.0)),
        ("x1 - 3", (2.0,), (5.0,), (-1.0, 5.0)),
        ("x1 / 4", (2.0,), (5.0,), (0.5, 1.25)),
        ("3 + x1", (2.0,), (5.0,), (5.0, 5.0)),
        ("3 * x1", (2.0,), (5.0,), (6.0, 15.0)),
        ("10 - x1", (2.0,), (5.0,), (8.0, -5.0)),
        ("12 / x1", (2.0,), (5.0,), (6.0, -15.0)),
        ("x1 ** 3", (-2.0,), (2.0,), (-8.0, 24.0)),
        ("x1 ** -2", (2.0,), (4.0,), (0.25, -1.0)),
        ("x1 ** 1", (0.0,), (3.0,), (0.0, 3.0)),
    ),
    *_worked(
        FUNCTIONS,
        ("log(x1)", (2.0,), (3.0,), (math.log(2.0), 1.5)),
        ("sin(x1)", (0.0,), (3.0,), (0.0, 3.0)),
        ("cos(x1)", (math.pi / 2,), (3.0,), (math.cos(math.pi / 2), -3.0)),
        ("exp(x1)", (1.0,), (3.0,), (math.e, 3 * math.e)),
        ("log(2.0) * x1", (3.0,), (2.0,), (3 * math.log(2.0), 2 * math.log(2.0))),
        (TRACE, (2.0, 5.0), (1.0, 0.0), (TRACE_VALUE, TRACE_GRADIENT[0])),
        (TRACE, (2.0, 5.0), (0.0, 1.0), (TRACE_VALUE, TRACE_GRADIENT[1])),
    ),
]

DUAL_PROGRAMS = {
    ARITHMETIC: (
        "(x1 - x2 * 2) * (x1 + x2)",
        "(1 + x1 * x2) / (x1 - 5)",
        "(2 - x1) ** 3 / x2 + 1 / (x1 * x2)",
        "(x1 * x1 - 3) ** 2 - x2 ** -3",
    ),
    FUNCTIONS: (
        "log(x1)",
        "sin(x1)",
        "cos(x1)",
        "exp(x1)",
        "log(x1 * x2 + 1) - cos(x2 ** 2)",
        "exp(x1 / x2) * sin(x1)",
        "sin(cos(x1)) + exp(0.5) * x2",
    ),
}


def _draw_dual(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, programs in DUAL_PROGRAMS.items():
        for program in programs:
            count = 2 if "x2" in program else 1
            cases.append(Case((program, _point(rng, count), _point(rng, count)), part=part))
    return cases


def _point(rng: np.random.Generator, count: int) -> tuple[float, ...]:
    return tuple(float(x) for x in rng.uniform(0.4, 1.8, size=count).round(3))


GRADIENT_WORKED = [
    Case(("x1 ** 2", np.array([3.0])), expected=np.array([6.0])),
    Case((TRACE, np.array([2.0, 5.0])), expected=np.array(TRACE_GRADIENT)),
    Case(("x1 * x2 * x3", np.array([1.0, 2.0, 3.0])), expected=np.array([6.0, 3.0, 2.0])),
    Case(("x1 * x1", np.array([3.0, 2.0])), expected=np.array([6.0, 0.0]), note="x2 is not used"),
    Case(("x1 / x2", np.array([3, 2])), expected=np.array([0.5, -0.75]), note="x holds integers"),
]


def _draw_gradient(rng: np.random.Generator) -> list[Case]:
    programs = ("exp(x1 * x2) - x3 / x1 + x4 ** 2", "sin(x1 + 2 * x2) * log(x3) * x4")
    return [Case((program, np.array(_point(rng, 4)))) for program in programs]


VALUE_WORKED = [
    *_worked(
        ARITHMETIC,
        ("x1 + x2", (2.0, 5.0), (7.0, [1.0, 1.0])),
        ("x1 - x2", (2.0, 5.0), (-3.0, [1.0, -1.0])),
        ("x1 * x2", (2.0, 5.0), (10.0, [5.0, 2.0])),
        ("x1 / x2", (6.0, 2.0), (3.0, [0.5, -1.5])),
        ("x1 + 3", (2.0,), (5.0, [1.0])),
        ("x1 - 3", (2.0,), (-1.0, [1.0])),
        ("x1 / 4", (2.0,), (0.5, [0.25])),
        ("3 + x1", (2.0,), (5.0, [1.0])),
        ("10 - x1", (2.0,), (8.0, [-1.0])),
        ("12 / x1", (2.0,), (6.0, [-3.0])),
        ("3 * (x1 * x2)", (2.0, 5.0), (30.0, [15.0, 6.0])),
        ("x1 ** 3", (-2.0,), (-8.0, [12.0])),
        ("x1 ** 0.5", (4.0,), (2.0, [0.25])),
    ),
    *_worked(
        FUNCTIONS,
        ("3 * x1.exp()", (1.0,), (3 * math.e, [3 * math.e])),
        ("3 * x1.log()", (2.0,), (3 * math.log(2.0), [1.5])),
        ("3 * x1.sin()", (0.0,), (0.0, [3.0])),
        ("3 * x1.tanh()", (0.0,), (0.0, [3.0])),
        ("3 * x1.relu()", (2.0,), (6.0, [3.0])),
        ("3 * x1.relu()", (-2.0,), (0.0, [0.0])),
        ("x1 * x2.relu()", (-2.0, 3.0), (-6.0, [3.0, -2.0])),
        ("x1.log() + x1 * x2 - x2.sin()", (2.0, 5.0), (TRACE_VALUE, list(TRACE_GRADIENT))),
    ),
]

# Two uses of y at different depths; the second needs the gradient that arrives last.
UNEVEN = "(y := x1 * x2) + (y * 3) * 2"
DIAMOND = "(y := x1 * x2) * y + y"
TWO_OUTPUTS = "((y := x1 * x2) + x1, y * 4)"
# Three inputs each, so that no failure of depth counts as the smallest failing case.
CHAIN = "repeat(lambda y: y + x1, x2 + x3, 100_000)"
DOUBLINGS = "repeat(lambda y: y + y, x1 * x2 + x3, 60)"

VALUE_SHARED = [
    *_worked(
        ACCUMULATION,
        ("x1 + x1", (3.0,), (6.0, [2.0])),
        ("x1 * x1", (3.0,), (9.0, [6.0])),
        ("x1 * x1", (3.0, 2.0), (9.0, [6.0, 0.0])),
        ("x1 * x2", (3.0, 2.0), "none", (6.0, [0.0, 0.0])),
        (UNEVEN, (2.0, 3.0), (42.0, [21.0, 14.0])),
        (DIAMOND, (2.0, 3.0), (42.0, [39.0, 26.0])),
        (DIAMOND, (2.0, 3.0), "backward, zero, backward", (42.0, [39.0, 26.0])),
        (DIAMOND, (2.0, 3.0), "backward, backward", (42.0, [78.0, 52.0])),
        (TWO_OUTPUTS, (2.0, 3.0), ([8.0, 24.0], [16.0, 10.0])),
    ),
    Case(
        (CHAIN, (0.5, 0.6, 0.7)),
        expected=(50_001.3, [100_000.0, 1.0, 1.0]),
        note="a chain of 100,000 operations",
        part=DEPTH,
    ),
    Case(
        (DOUBLINGS, (0.5, 0.6, 0.7)),
        expected=(2.0**60, [0.6 * 2**60, 0.5 * 2**60, 2.0**60]),
        note="60 doublings: visit each node once, not each path",
        part=DEPTH,
    ),
]

# The uses of every value are in one order only, whichever way a student sorts the nodes, so that
# a mistake in accumulation gives the same wrong numbers in every engine.
VALUE_PROGRAMS = {
    ARITHMETIC: ("(2 - x1) ** 3 / x2 + 1 / (x3 - 3)", "(x1 - 2 * x2) * (x3 - 1) ** 2 / 3"),
    FUNCTIONS: (
        "3 * x1.exp()",
        "3 * x1.log()",
        "3 * x1.sin()",
        "3 * x1.tanh()",
        "(x1 * x2 + x3).tanh() * 2 - x4.exp()",
        "(x1 * x2 - 5).relu() + (x3 * x4 / 4).sin().relu() ** 1.5",
    ),
    ACCUMULATION: (
        "(h := (x1 * x2).tanh()) * (x1 + h * x3)",
        "(b := (a := x1 + x2) * x3) * (b * 2 - a)",
    ),
}


def _draw_value(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, programs in VALUE_PROGRAMS.items():
        for program in programs:
            count = max(int(name) for name in "1234" if f"x{name}" in program)
            cases.append(Case((program, _point(rng, count)), part=part))
    shared = VALUE_PROGRAMS[ACCUMULATION][0]
    passes = "backward, zero, backward"
    return [*cases, Case((shared, _point(rng, 3), passes), part=ACCUMULATION)]


def _exercise(
    function: str,
    page: tuple[str, str],
    worked: Sequence[Case],
    draw: Callable[[np.random.Generator], Sequence[Case]],
    **more: Any,
) -> Exercise:
    return Exercise(
        key=f"autodiff/{function}",
        section=page[0],
        section_title=page[1],
        worked=worked,
        draw=draw,
        rtol=1e-9,
        **more,
    )


EXERCISES = [
    _exercise(
        "Dual",
        FORWARD,
        DUAL_WORKED,
        _draw_dual,
        points=3,
        concept="Dual numbers",
        reference=COMPLEX,
        misconceptions=DUAL_MISCONCEPTIONS,
        call=run_dual,
        weights={ARITHMETIC: 0.6, FUNCTIONS: 0.4},
        inputs=("f", "x", "tangents of x"),
        outputs=("value", "tangent"),
    ),
    _exercise(
        "forward_gradient",
        FORWARD,
        GRADIENT_WORKED,
        _draw_gradient,
        points=2,
        concept="Gradient in forward mode",
        reference=forward_gradient_reference,
        bad_inputs=[
            BadInput(("x1 * x2", np.array([[2.0, 5.0]])), "x of two axes"),
            BadInput(("x1 * x2", np.array([])), "an empty x"),
        ],
        misconceptions=GRADIENT_MISCONCEPTIONS,
        call=run_forward_gradient,
        weights={"main": 0.8, VALIDATION: 0.2},
        inputs=("f", "x"),
    ),
    _exercise(
        "Value",
        REVERSE,
        [*VALUE_WORKED, *VALUE_SHARED],
        _draw_value,
        points=6,
        concept="Reverse mode",
        reference=TapeValue,
        misconceptions=VALUE_MISCONCEPTIONS,
        call=run_value,
        weights={ARITHMETIC: 0.35, FUNCTIONS: 0.25, ACCUMULATION: 0.25, DEPTH: 0.15},
        inputs=("f", "x", "passes"),
        outputs=("data", "gradients"),
        seconds=4.0,
    ),
]

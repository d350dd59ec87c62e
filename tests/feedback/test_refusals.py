"""What an exercise may refuse, compare as a whole, name by its part, and compile."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from course_utils.feedback import Case, Exercise, Misconception, examine
from course_utils.feedback.exercise import COMPILES, RefusalError

CASES = [
    Case((np.array([1.0, 2.0], np.float32),), note="two", part="small"),
    Case((np.array([3.0, 4.0, 5.0], np.float32),), note="three", part="large"),
]


def call(student, x):
    if student == "cheat":
        raise RefusalError("cheated", "do the work yourself.", "seen in 3 places")
    return student(x)


def call_of_a_memory(student, x):
    value = student(x)
    if student != DOUBLE.reference:
        raise RefusalError("cached", "compute it.", value=value)
    return value


def compiles(student):
    if getattr(student, "breaks", False):
        raise RefusalError("does-not-compile", "a break in line 3.")
    return {"On a GPU": "20 registers"}


DOUBLE = Exercise(
    key="sample/double",
    points=10,
    concept="Doubling",
    section="x/y",
    section_title="Z",
    reference=lambda x: 2 * x,
    worked=[],
    draw=lambda rng: CASES,
    misconceptions=[
        Misconception("large-only", "the large ones are wrong.", part="large"),
        Misconception("tripled", "three times.", lambda x: 3 * x),
    ],
    call=call,
    norm=lambda dtype: {"float32": 1e-3}.get(dtype, 1e-9),
    compiles=compiles,
    weights={"small": 0.5, "large": 0.3, COMPILES: 0.2},
)


def wrong_from(size):
    return lambda x: 2 * x + (len(x) >= size)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_refusal_has_its_own_name_and_earns_nothing(hidden):
    report = examine(DOUBLE, "cheat", hidden)
    assert report.failure.kind == "cheated"
    assert report.failure.hint.startswith("Doubling: do the work yourself.")
    assert ("seen in 3 places" in report.text()) is not hidden
    assert report.earned == 0


def test_a_refusal_may_count_only_if_the_result_is_right():
    exercise = replace(DOUBLE, call=call_of_a_memory)
    assert examine(exercise, lambda x: x + x).failure.kind == "cached"
    report = examine(exercise, lambda x: 2 * x + 1)
    assert report.failure.kind == "value"
    assert "[3. 5.]" in report.text()


def test_a_refusal_can_be_sent_between_processes():
    sent = pickle.loads(pickle.dumps(RefusalError("cheated", "do it.", "3 places", 7)))
    assert (sent.kind, sent.hint, sent.details, sent.value) == ("cheated", "do it.", "3 places", 7)
    assert str(sent) == "do it."


def test_what_runs_a_student_is_the_call_unless_there_is_a_program():
    assert DOUBLE.runs is DOUBLE.call
    assert replace(DOUBLE, program=compiles).runs is compiles


def test_a_whole_array_may_have_a_relative_error():
    assert examine(DOUBLE, lambda x: 2 * x * np.float32(1 + 5e-4)).passed
    report = examine(DOUBLE, lambda x: 2 * x * np.float32(1 + 2e-3))
    assert report.failure.kind == "value"
    assert "relative error is 2.0e-03, allowed are 0.001" in report.failure.hint


def test_a_mistake_may_be_named_by_the_part_that_fails_alone():
    assert examine(DOUBLE, wrong_from(3)).failure.kind == "large-only"
    assert examine(DOUBLE, wrong_from(2)).failure.kind == "value"
    assert examine(DOUBLE, lambda x: 3 * x).failure.kind == "tripled"


def test_only_right_results_are_compiled_and_told_about():
    right, breaking = (lambda x: 2 * x), (lambda x: x + x)
    breaking.breaks = True
    report = examine(DOUBLE, right)
    assert (report.earned, report.parts[COMPILES]) == (10, True)
    assert "20 registers" in report.text()
    assert "20 registers" not in examine(DOUBLE, right, hidden=True).text()
    report = examine(DOUBLE, breaking)
    assert (report.earned, report.failure.kind) == (8, "does-not-compile")
    assert examine(DOUBLE, wrong_from(3)).earned == 5

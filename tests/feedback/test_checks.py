"""The mechanism: what a check says, to whom, and what it must never do."""

import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from course_utils.feedback import Case, check, examine, exercise_for, exercises_of
from tests.feedback.sample import ROW_MEANS, TABLE, row_means


def failure_of(student, hidden=False, exercise=ROW_MEANS):
    return examine(exercise, student, hidden).failure


def test_a_right_answer_gets_all_points():
    report = examine(ROW_MEANS, row_means)
    assert (report.failure, report.earned) == (None, 5)
    assert "5 of 5" in report.text()


def test_a_misconception_is_named_with_case_got_and_expected():
    failure = failure_of(lambda x: np.einsum("ij->j", x) / len(x))
    assert failure.kind == "columns"
    assert failure.hint == "Row means: the columns were averaged."
    assert "x = [[1. 2. 6.]" in failure.case
    assert (failure.got, failure.expected) == ("[2.5 1.  4. ]", "[3. 2.]")


def test_a_misconception_is_named_only_if_it_was_made_on_every_failing_case():
    failure = failure_of(lambda x: x.sum(axis=1) if x.dtype == np.float64 else x.max(axis=1))
    assert failure.kind == "value"


def test_an_exception_can_be_a_misconception():
    assert failure_of(lambda x: np.mean(x, 5)).kind == "crash"


@pytest.mark.parametrize(
    ("student", "kind", "said"),
    [
        (lambda x: None, "none", "return statement"),
        (lambda x: x.mean(axis=1).tolist(), "type", "expected a numpy array"),
        (lambda x: x.mean(axis=1, keepdims=True), "shape", "expected shape"),
        (lambda x: x.astype(float).mean(axis=1), "dtype", "float32"),
        (lambda x: x.mean(axis=1) / 0, "nan", "nan or infinite"),
        (lambda x: x.mean(axis=1) + 1, "value", "wrong"),
        (lambda x: {}[0], "exception", "KeyError"),
        (lambda x: sys.exit(3), "exception", "SystemExit"),
        (lambda: 0, "exception", "TypeError"),
        (None, "exception", "TypeError"),
        (lambda x: object(), "type", "expected a numpy array"),
    ],
)
def test_general_failures_have_a_message_of_their_own(student, kind, said):
    failure = failure_of(student)
    assert failure.kind == kind
    assert said in failure.hint
    assert examine(ROW_MEANS, student).earned == 0


def test_a_hint_is_a_sentence_and_the_note_stands_in_the_case_alone():
    for student, end in [(lambda x: None, "missing?"), (lambda x: x.mean(axis=1) + 1, "wrong.")]:
        failure = failure_of(student)
        assert failure.hint.endswith(end)
        assert failure.case.endswith("\n(by hand)")


def test_the_rows_of_a_matrix_stand_under_each_other():
    assert failure_of(lambda x: None).case.startswith("x = [[1. 2. 6.]\n     [4. 0. 2.]]")


def test_a_small_difference_is_seen():
    failure = failure_of(lambda x: x.mean(axis=1) + np.array([0, 2e-6][: len(x)]).sum())
    assert failure.got == f"{failure.expected}\nlargest difference 2e-06 at [0]"


def test_a_stub_is_called_unwritten():
    def stub(x):
        raise NotImplementedError("row_means: not written yet")

    assert failure_of(stub) == failure_of(stub, hidden=True)
    assert failure_of(stub).hint == "row_means is not written yet."


def test_endless_recursion_is_an_exception():
    def recursive(x):
        return recursive(x)

    assert "RecursionError" in failure_of(recursive).got


def test_the_line_of_an_exception_is_shown():
    def divides(x):
        return x[0] / {"a": 1}["b"]

    assert 'return x[0] / {"a": 1}["b"]' in failure_of(divides).got


def endless(x):
    while True:
        pass


def swallows_interrupts(x):
    swallowed = 0
    while True:
        try:
            sum(range(1000))
        except KeyboardInterrupt:
            swallowed += 1
            if swallowed == 3:
                raise


def sleeps(x):
    time.sleep(30)


@pytest.mark.slow
@pytest.mark.parametrize("student", [endless, sleeps, swallows_interrupts])
def test_a_loop_without_end_is_stopped(student):
    start = time.monotonic()
    failure = failure_of(student)
    assert failure.kind == "time"
    assert "within 1 second." in failure.hint
    assert time.monotonic() - start < 20


def test_the_time_is_that_of_all_cases_together():
    def slow(x):
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
        return x.mean(axis=1)

    assert failure_of(slow).kind == "time"


@pytest.mark.slow
def test_a_busy_machine_costs_nothing():
    """The clock runs on while others use the processor; here it does in a sleep."""

    def starved(x):
        time.sleep(0.4)
        return row_means(x)

    assert examine(ROW_MEANS, starved).passed


def test_changing_the_input_is_noticed_and_harms_nothing():
    def in_place(x):
        x /= x.shape[1]
        return x.sum(axis=1)

    failure = failure_of(in_place)
    assert failure.kind == "mutates"
    assert "input x" in failure.hint
    assert TABLE[0, 0] == 1.0


def test_views_reach_the_student_as_views():
    seen = []

    def records(x):
        seen.append((x.strides, x.flags.c_contiguous))
        return row_means(x)

    assert examine(ROW_MEANS, records).passed
    assert ((-128, 16), False) in seen


def test_output_and_warnings_cost_nothing_and_are_not_shown(capfd):
    def noisy(x):
        print("a line")
        print("another", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        np.array([1.0]) / 0
        return row_means(x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert examine(ROW_MEANS, noisy).passed
    assert not caught
    assert capfd.readouterr() == ("", "")


def test_warnings_as_errors_cost_nothing():
    def warns(x):
        warnings.warn("careful", stacklevel=1)
        return row_means(x)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert examine(ROW_MEANS, warns).passed


def test_the_notebooks_floating_point_errors_cost_nothing():
    with np.errstate(all="raise"):
        assert check("mlp/softmax", exercise_for("mlp/softmax").reference).parts["main"]


class Hostile:
    """An object that fails, or pretends, whenever it is looked at."""

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array__(self, *arguments, **options):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")


def own_list():
    items = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    "value", [Hostile(), [Hostile()], own_list(), "x" * 10**6, 10**5000], ids=range(5)
)
def test_any_object_may_be_returned(value):
    failure = failure_of(lambda x: value)
    assert failure.kind == "type"
    assert len(failure.got) <= 400


def test_bad_input_that_is_accepted_costs_its_part():
    report = examine(ROW_MEANS, lambda x: x.mean(axis=-1 if x.ndim == 3 else x.ndim - 1))
    assert report.failure.kind == "validation"
    assert "for one axis" in report.failure.hint
    assert report.failure.case == "x = [1. 1. 1.]"
    assert report.earned == 4
    assert report.parts == {"main": True, "validation": False}


def test_refusing_everything_earns_nothing():
    def refuses(x):
        raise ValueError("no")

    assert examine(ROW_MEANS, refuses).earned == 0


def test_parts_are_marked_apart():
    two = replace(
        ROW_MEANS,
        worked=[*ROW_MEANS.worked, Case((TABLE * 2,), expected=np.array([6.0, 4.0]), part="twice")],
        weights={"main": 0.5, "twice": 0.3, "validation": 0.2},
    )

    def half(x):
        if x[0, 0] == 2.0:
            raise NotImplementedError
        return row_means(x)

    report = examine(two, half)
    assert report.parts == {"main": True, "twice": False, "validation": False}
    assert report.earned == 2.5
    with pytest.raises(ValueError, match="twice"):
        replace(two, weights={"main": 1.0, "validation": 0.2}).parts()


def test_check_prints_in_a_terminal_but_not_the_hidden_report(capsys):
    assert not check("mlp/softmax", lambda z: z).passed
    assert "[FAIL] Softmax" in capsys.readouterr().out
    check("mlp/softmax", lambda z: z, hidden=True)
    assert capsys.readouterr().out == ""


def test_unknown_keys_are_named():
    with pytest.raises(ValueError, match="mlp/softmax"):
        exercise_for("mlp/hardmax")
    with pytest.raises(ValueError, match="one of mlp"):
        exercises_of("poetry")
    with pytest.raises(ValueError, match="assignment/function"):
        exercise_for("softmax")

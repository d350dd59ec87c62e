"""Check a student's function: run the cases, find the misconception, write the report."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.compare import brief
from course_utils.feedback.diagnosis import SILENT, describe, diagnose, ended, error_text
from course_utils.feedback.exercise import (
    COMPILES,
    VALIDATION,
    Case,
    Exercise,
    RefusalError,
)
from course_utils.feedback.limits import TimeLimitError, observe
from course_utils.feedback.registry import exercise_for
from course_utils.feedback.report import Failure, Report, show_in_terminal
from course_utils.feedback.trials import Elsewhere, ProcessEndedError, outcome_of, run_cases
from course_utils.feedback.watcher import Stopwatch

VISIBLE_SEED = 0
# An instructor sets COURSE_HIDDEN_SEED, so that the hidden cases are not those of the repository.
DEFAULT_HIDDEN_SEED = "2026-09-17"
COMPILING = 10  # compilers take longer than the cases of a part


def check(key: str, student: Any, hidden: bool = False) -> Report:
    """Check ``student`` (a function or class) against the exercise ``key`` and return the report.

    With ``hidden`` further cases are drawn from the instructor's seed (environment variable
    COURSE_HIDDEN_SEED) and the report names the concept without showing a case. As the last
    expression of a notebook cell the report renders as a panel; in a terminal it is printed.
    Raises ValueError for an unknown key.
    """
    report = examine(exercise_for(key), student, hidden)
    if not hidden:
        show_in_terminal(report)
    return report


@np.errstate(all="ignore")  # a notebook's np.seterr is not for the references
def examine(
    exercise: Exercise, student: Any, hidden: bool = False, cases: Sequence[Case] | None = None
) -> Report:
    """Return the report on ``student`` for ``exercise``; see ``check``.

    ``cases`` are those of ``cases_of``, where they are drawn once for many students.
    """
    if cases is None:
        cases = cases_of(exercise, os.environ.get("COURSE_HIDDEN_SEED") if hidden else None, hidden)
    trials = run_cases(exercise, student, cases)
    failing = [trial for trial in trials if trial.found]
    parts = dict.fromkeys(exercise.parts(), True)
    for trial in failing:
        parts[trial.case.part] = False
    failure = diagnose(exercise, trials, hidden) if failing else None
    if VALIDATION in parts:
        # Refusing everything earns nothing: this part counts only beside correct results.
        failure = failure or _accepted_bad_input(exercise, student, hidden)
        parts[VALIDATION] = failure is None
    notes: Mapping[str, str] = {}
    if COMPILES in parts:
        refused, notes = _compiled(exercise, student, bool(failing))
        parts[COMPILES] = not failing and refused is None
        failure = failure or refused
    weights = exercise.parts()
    share = sum(weights[part] for part, passed in parts.items() if passed)
    return Report(
        key=exercise.key,
        points=exercise.points,
        earned=round(exercise.points * share, 2),
        section=f"{exercise.section_title} (book/{exercise.section})",
        failure=failure,
        parts=parts,
        notes={} if hidden else notes,
    )


def cases_of(exercise: Exercise, seed: str | None, hidden: bool = True) -> list[Case]:
    """Return the visible cases and, with ``hidden``, those drawn from ``seed`` (any text)."""
    cases = [*exercise.worked, *exercise.draw(np.random.default_rng(VISIBLE_SEED))]
    if hidden:
        cases += exercise.draw(np.random.default_rng(list((seed or DEFAULT_HIDDEN_SEED).encode())))
    return cases


def _compiled(
    exercise: Exercise, student: Any, failing: bool
) -> tuple[Failure | None, Mapping[str, str]]:
    """Return why the student's code does not compile, or None, and rows for the report."""
    if failing or exercise.compiles is None:
        return None, {}
    compiles = exercise.compiles
    if isinstance(student, Elsewhere):
        outcome = student.compiled(exercise)
    else:
        outcome = observe(lambda: compiles(student), (), {}, COMPILING * exercise.seconds)
    error = outcome.error
    if error is None:
        return None, outcome.value
    kind, hint = "exception", f"when it was run to be compiled, it raised {error_text(error)}"
    if isinstance(error, RefusalError):
        kind, hint = error.kind, error.hint
    return Failure(kind, f"{exercise.concept}: {hint}"), {}


def _accepted_bad_input(exercise: Exercise, student: Any, hidden: bool) -> Failure | None:
    """Return the first bad input that did not raise ValueError."""
    left = exercise.seconds
    for bad in exercise.bad_inputs:
        watch = Stopwatch()
        case = Case(bad.args, bad.kwargs)
        outcome = outcome_of(exercise, student, case, left)
        left -= watch.seconds()
        if isinstance(outcome.error, TimeLimitError | ProcessEndedError):
            return ended(exercise, outcome.error)
        if isinstance(outcome.error, ValueError):
            continue
        if hidden:
            return Failure(VALIDATION, f"{exercise.concept}: {SILENT[VALIDATION]}")
        error = outcome.error
        return Failure(
            VALIDATION,
            f"{exercise.concept}: bad input must be refused with a ValueError for {bad.because}.",
            case=describe(exercise, case),
            got=error_text(error) if error is not None else brief(outcome.value),
            expected="ValueError",
        )
    return None

"""Check a student's function: run the cases, find the misconception, write the report."""

import linecache
import os
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.feedback.compare import (
    Difference,
    brief,
    difference,
    same_outcome_value,
    tolerance,
)
from course_utils.feedback.exercise import MISSING, VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.limits import Outcome, Stopwatch, TimeLimitError, observe
from course_utils.feedback.registry import exercise_for
from course_utils.feedback.report import Failure, Report, show_in_terminal

VISIBLE_SEED = 0
# An instructor sets COURSE_HIDDEN_SEED, so that the hidden cases are not those of the repository.
DEFAULT_HIDDEN_SEED = "2026-09-17"

# What a hidden check may say: nothing that describes its case.
_HIDDEN = {
    "none": "the function returned None for some input.",
    "type": "the result is not of the right type for some input.",
    "length": "the number of results is wrong for some input.",
    "shape": "the result has the wrong shape for some input.",
    "dtype": "the result has the wrong dtype for some input.",
    "nan": "the result is nan or infinite for some input.",
    "value": "the result is wrong for some input that the visible check does not use.",
    VALIDATION: "some bad input is not refused with a ValueError.",
}

_PACKAGE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Trial:
    """One case with what the student's code did and how that differs from what was expected."""

    case: Case
    outcome: Outcome
    expected: Any
    found: Difference | None


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
def examine(exercise: Exercise, student: Any, hidden: bool = False) -> Report:
    """Return the report on ``student`` for ``exercise``; see ``check``."""
    trials = _run_cases(exercise, student, _cases(exercise, hidden))
    failing = [trial for trial in trials if trial.found]
    parts = dict.fromkeys(exercise.parts(), True)
    for trial in failing:
        parts[trial.case.part] = False
    failure = _diagnose(exercise, trials, hidden) if failing else None
    if VALIDATION in parts:
        # Refusing everything earns nothing: this part counts only beside correct results.
        failure = failure or _accepted_bad_input(exercise, student, hidden)
        parts[VALIDATION] = failure is None
    weights = exercise.parts()
    share = sum(weights[part] for part, passed in parts.items() if passed)
    return Report(
        key=exercise.key,
        points=exercise.points,
        earned=round(exercise.points * share, 2),
        section=f"{exercise.section_title} (book/{exercise.section})",
        failure=failure,
        parts=parts,
    )


def _cases(exercise: Exercise, hidden: bool) -> list[Case]:
    cases = [*exercise.worked, *exercise.draw(np.random.default_rng(VISIBLE_SEED))]
    if hidden:
        seed = os.environ.get("COURSE_HIDDEN_SEED") or DEFAULT_HIDDEN_SEED  # any text
        cases += exercise.draw(np.random.default_rng(list(seed.encode())))
    return cases


def _run_cases(exercise: Exercise, student: Any, cases: Iterable[Case]) -> list[Trial]:
    trials, stopped = [], set()
    left = defaultdict(lambda: exercise.seconds)  # of each part's time
    for case in cases:
        if case.part in stopped:
            continue
        watch = Stopwatch()
        outcome = _outcome(exercise, student, case, left[case.part])
        left[case.part] -= watch.seconds()
        expected = case.expected
        if expected is MISSING:
            expected = exercise.call(exercise.reference, *case.args, **case.kwargs)
        trials.append(Trial(case, outcome, expected, _found(exercise, case, outcome, expected)))
        if isinstance(outcome.error, TimeLimitError | NotImplementedError):
            # Every further case of this part would cost the same seconds, or say the same.
            stopped.add(case.part)
    return trials


def _outcome(exercise: Exercise, student: Any, case: Case, seconds: float | None = None) -> Outcome:
    def call(*args: Any, **kwargs: Any) -> Any:
        return exercise.call(student, *args, **kwargs)

    limit = exercise.seconds if seconds is None else max(seconds, 0.05)
    return observe(call, case.args, dict(case.kwargs), limit)


def _found(exercise: Exercise, case: Case, outcome: Outcome, expected: Any) -> Difference | None:
    error = outcome.error
    if isinstance(error, NotImplementedError):
        return Difference("stub", "not written yet")
    if isinstance(error, TimeLimitError):
        return Difference("time", "no answer in time")
    if error is not None:
        return Difference("exception", f"{type(error).__name__}: {error}")
    if outcome.changed:
        names = [_input_name(exercise, index) for index in outcome.changed]
        return Difference("mutates", f"the call changed its input {', '.join(names)}")
    try:
        rtol = tolerance(case.args, exercise.rtol)
        return difference(outcome.value, expected, rtol, exercise.outputs)
    except Exception:  # an object of the student's own that fails when it is looked at
        return Difference("type", f"a {type(outcome.value).__name__} cannot be compared")


def _diagnose(exercise: Exercise, trials: Sequence[Trial], hidden: bool) -> Failure:
    """Name what went wrong: a reproduced misconception first, else the plainest description."""
    failing = [trial for trial in trials if trial.found]
    smallest = min(failing, key=lambda trial: _size(trial.case.args))
    kind, hint = _general_hint(exercise, smallest, hidden)
    if kind not in ("stub", "time"):
        kind, hint = _named(exercise, trials, smallest.case.part) or (kind, hint)
    if hidden or kind in ("stub", "time"):
        return Failure(kind, hint)
    got = smallest.outcome.error
    return Failure(
        kind,
        hint,
        case=_describe(exercise, smallest.case),
        got=_error_text(got) if got is not None else brief(smallest.outcome.value),
        expected=brief(smallest.expected),
    )


def _general_hint(exercise: Exercise, trial: Trial, hidden: bool) -> tuple[str, str]:
    found = trial.found
    assert found is not None
    concept = exercise.concept
    texts = {
        "stub": f"{_unwritten(exercise, trial.outcome.error)} is not written yet.",
        "time": f"{concept}: stopped, no answer within {exercise.seconds:g} seconds. "
        "Is there a loop that never ends?",
        "exception": f"{concept}: your code raised {type(trial.outcome.error).__name__}.",
        "mutates": f"{concept}: {found.text}. Work on a copy.",
        "nan": f"{concept}: {found.text}. Look for an overflow, a log of 0 or a division by 0.",
        "dtype": f"{concept}: {found.text}. Results keep the dtype of the input.",
        "shape": f"{concept}: {found.text}. Write the shape of every line beside it.",
    }
    if hidden and found.kind in _HIDDEN:
        return found.kind, f"{concept}: {_HIDDEN[found.kind]}"
    silent = hidden or found.kind in ("stub", "time") or not trial.case.note
    where = "" if silent else f" ({trial.case.note})"
    return found.kind, texts.get(found.kind, f"{concept}: {found.text}.") + where


def _unwritten(exercise: Exercise, error: BaseException | None) -> str:
    """Return what a stub says is missing, as in "Value.exp: not written yet"."""
    name, found, _ = str(error).partition(": not written yet")
    return name if found else exercise.function


def _named(exercise: Exercise, trials: Sequence[Trial], part: str) -> tuple[str, str] | None:
    """Return the misconception behind all failures, or else behind the plainest of them.

    Two mistakes made at once hide each other. So the failures of ``part`` are tried alone, then
    those that are numbers: an overflow may come on top of any mistake.
    """
    of_part = [trial for trial in trials if trial.case.part == part]
    numbers = [trial for trial in of_part if not trial.found or trial.found.kind != "nan"]
    # Each is part of the one before: where the lengths are equal, so are the trials.
    for some in {len(some): some for some in (trials, of_part, numbers)}.values():
        if any(trial.found for trial in some) and (named := _reproduced(exercise, some)):
            return named
    return None


def _reproduced(exercise: Exercise, trials: Sequence[Trial]) -> tuple[str, str] | None:
    """Return the misconception that gives every failing result, closest on the passing ones.

    Of the passing ones only those count that share a part of the mark with a failing one.
    """
    failing = [trial for trial in trials if trial.found]
    parts = {trial.case.part for trial in failing}
    passing = [trial for trial in trials if not trial.found and trial.case.part in parts]
    matches = []
    for order, misconception in enumerate(exercise.misconceptions):
        if all(_same(exercise, misconception.wrong, trial) for trial in failing):
            strays = sum(not _same(exercise, misconception.wrong, trial) for trial in passing)
            matches.append((strays, order, misconception))
            if not strays:
                break  # none that follows can be closer
    if not matches:
        return None
    best = min(matches, key=lambda match: match[:2])[2]
    return best.name, f"{exercise.concept}: {best.hint}"


def _same(exercise: Exercise, wrong: Any, trial: Trial) -> bool:
    """Return whether the mistaken implementation does on this case what the student's code did."""
    made, seen = _outcome(exercise, wrong, trial.case), trial.outcome
    if made.changed != seen.changed:
        return False
    if made.error is not None or seen.error is not None:
        return type(made.error) is type(seen.error)
    if trial.found and trial.found.kind == "type" and _is_list(made.value) != _is_list(seen.value):
        return False
    dtype_is_wrong = trial.found is not None and trial.found.kind == "dtype"
    if dtype_is_wrong and _dtypes(made.value) != _dtypes(seen.value):
        return False
    return same_outcome_value(seen.value, made.value, tolerance(trial.case.args, exercise.rtol))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _dtypes(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    return [str(getattr(item, "dtype", type(item).__name__)) for item in items]


def _accepted_bad_input(exercise: Exercise, student: Any, hidden: bool) -> Failure | None:
    """Return the first bad input that did not raise ValueError."""
    for bad in exercise.bad_inputs:
        outcome = _outcome(exercise, student, Case(bad.args, bad.kwargs))
        if isinstance(outcome.error, ValueError):
            continue
        if hidden:
            return Failure(VALIDATION, f"{exercise.concept}: {_HIDDEN[VALIDATION]}")
        error = outcome.error
        return Failure(
            VALIDATION,
            f"{exercise.concept}: bad input must be refused with a ValueError for {bad.because}.",
            case=_describe(exercise, _as_case(bad)),
            got=_error_text(error) if error is not None else brief(outcome.value),
            expected="ValueError",
        )
    return None


def _as_case(bad: BadInput) -> Case:
    return Case(bad.args, bad.kwargs, note=bad.because)


def _describe(exercise: Exercise, case: Case) -> str:
    parts = [f"{_input_name(exercise, i)} = {brief(arg)}" for i, arg in enumerate(case.args)]
    parts += [f"{name} = {brief(value)}" for name, value in case.kwargs.items()]
    return "\n".join(parts) + (f"\n({case.note})" if case.note else "")


def _input_name(exercise: Exercise, index: int) -> str:
    return exercise.inputs[index] if index < len(exercise.inputs) else f"argument {index}"


def _error_text(error: BaseException) -> str:
    """Return the exception and the student's line that raised it."""
    text = brief(error)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_PACKAGE) and "site-packages" not in frame.filename:
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return f"{text}\nin line {frame.lineno} of {frame.name}: {line}" if line else text
    return text


def _size(value: Any) -> int:
    """Return how many numbers a case holds: the smallest one is shown."""
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1

"""Run a student's function on the cases of an exercise and say how each result differs."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from course_utils.feedback.compare import Difference, difference, tolerance
from course_utils.feedback.exercise import MISSING, Case, Exercise, RefusalError
from course_utils.feedback.limits import Outcome, TimeLimitError, observe
from course_utils.feedback.watcher import Stopwatch


@dataclass(frozen=True)
class Trial:
    """One case with what the student's code did and how that differs from what was expected."""

    case: Case
    outcome: Outcome
    expected: Any
    found: Difference | None


class Elsewhere(ABC):
    """A student's object in another process, which holds neither references nor results."""

    @abstractmethod
    def outcome(self, exercise: Exercise, case: Case, seconds: float) -> Outcome:
        """Return what the object does on a case, within ``seconds``."""

    @abstractmethod
    def compiled(self, exercise: Exercise) -> Outcome:
        """Return what became of the object's kernels in a compiler."""


class ProcessEndedError(RefusalError):
    """The process in which the student's object lived has ended."""


class UndefinedError(RefusalError):
    """There is no such object: the cell that should define it is not Python."""


UNDEFINED = "undefined"  # the kind of what is missing, and the hint says why
# After these, every further case of a part would cost the same seconds, or say the same.
LAST_WORDS = (TimeLimitError, NotImplementedError, ProcessEndedError, UndefinedError)


def run_cases(exercise: Exercise, student: Any, cases: Iterable[Case]) -> list[Trial]:
    """Return a trial of each case, but for those of a part whose time is used up."""
    trials, stopped = [], set()
    left = defaultdict(lambda: exercise.seconds)  # of each part's time
    for case in cases:
        if case.part in stopped:
            continue
        watch = Stopwatch()
        outcome = outcome_of(exercise, student, case, left[case.part])
        left[case.part] -= watch.seconds()
        expected = case.expected
        if expected is MISSING:
            expected = exercise.call(exercise.reference, *case.args, **case.kwargs)
        outcome = settled(exercise, case, outcome, expected)
        trials.append(Trial(case, outcome, expected, found_in(exercise, case, outcome, expected)))
        if isinstance(outcome.error, LAST_WORDS):
            stopped.add(case.part)
    return trials


def outcome_of(
    exercise: Exercise, student: Any, case: Case, seconds: float | None = None
) -> Outcome:
    """Return what ``student`` does on a case, within ``seconds`` or those of the exercise."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return exercise.call(student, *args, **kwargs)

    limit = exercise.seconds if seconds is None else max(seconds, 0.05)
    if isinstance(student, Elsewhere):
        return student.outcome(exercise, case, limit)
    return observe(call, case.args, dict(case.kwargs), limit)


def settled(exercise: Exercise, case: Case, outcome: Outcome, expected: Any) -> Outcome:
    """Return ``outcome``, or the wrong value of a refusal that counts only if that is right."""
    error = outcome.error
    if not isinstance(error, RefusalError) or error.value is None:
        return outcome
    plain = replace(outcome, value=error.value, error=None)
    return plain if found_in(exercise, case, plain, expected) else outcome


def found_in(exercise: Exercise, case: Case, outcome: Outcome, expected: Any) -> Difference | None:
    """Return how an outcome differs from what was expected, or None where it is right."""
    if outcome.error is not None:
        return _raised(outcome.error)
    if outcome.changed:
        names = [input_name(exercise, index) for index in outcome.changed]
        return Difference("mutates", f"the call changed its input {', '.join(names)}")
    try:
        rtol = tolerance(case.args, exercise.rtol)
        return difference(outcome.value, expected, rtol, exercise.outputs, exercise.norm)
    except Exception:  # an object of the student's own that fails when it is looked at
        return Difference("type", f"a {type(outcome.value).__name__} cannot be compared")


def _raised(error: BaseException) -> Difference:
    if isinstance(error, NotImplementedError):
        return Difference("stub", "not written yet")
    if isinstance(error, TimeLimitError):
        return Difference("time", "no answer in time")
    if isinstance(error, RefusalError):
        return Difference(error.kind, error.hint.rstrip("."))
    return Difference("exception", f"{type(error).__name__}: {error}")


def input_name(exercise: Exercise, index: int) -> str:
    """Return what a message calls an argument."""
    return exercise.inputs[index] if index < len(exercise.inputs) else f"argument {index}"

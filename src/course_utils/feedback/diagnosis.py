"""Name what went wrong: a misconception that was reproduced, or else a plain description."""

import linecache
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.feedback.compare import brief, same_outcome_value, told_apart, tolerance
from course_utils.feedback.exercise import VALIDATION, Case, Exercise, RefusalError
from course_utils.feedback.limits import Outcome
from course_utils.feedback.report import Failure, counted
from course_utils.feedback.trials import UNDEFINED, Trial, found_in, input_name, outcome_of

# What a hidden check may say: nothing that describes its case.
SILENT = {
    "none": "the function returned None for some input.",
    "type": "the result is not of the right type for some input.",
    "length": "the number of results is wrong for some input.",
    "shape": "the result has the wrong shape for some input.",
    "dtype": "the result has the wrong dtype for some input.",
    "nan": "the result is nan or infinite for some input.",
    "value": "the result is wrong for some input.",
    VALIDATION: "some bad input is not refused with a ValueError.",
}

Memory = dict[tuple[int, int], tuple[Outcome, Case]]
_MEMORY: ContextVar[Memory | None] = ContextVar("memory", default=None)
_PACKAGE = str(Path(__file__).resolve().parents[1])


def diagnose(exercise: Exercise, trials: Sequence[Trial], hidden: bool) -> Failure:
    """Name what went wrong: a reproduced misconception first, else the plainest description.

    What was refused comes before what was compared: it says more, and may be the cause.
    """
    failing = [trial for trial in trials if trial.found]
    refused = [trial for trial in failing if _refused(trial)]
    smallest = min(refused or failing, key=lambda trial: _size(trial.case.args))
    way, plain = _general_hint(exercise, smallest, hidden)
    if way in ("stub", "time"):
        return Failure(way, plain)
    named = None if refused else _named(exercise, trials, smallest.case.part)
    kind, hint = named or _of_one_part(exercise, failing) or (way, plain)
    if hidden:
        return Failure(kind, hint)
    got = smallest.outcome.error
    if isinstance(got, RefusalError):
        return Failure(kind, hint, case=describe(exercise, smallest.case), got=got.details)
    value, expected = told_apart(smallest.outcome.value, smallest.expected, way)
    return Failure(
        kind,
        hint,
        case=describe(exercise, smallest.case),
        got=error_text(got) if got is not None else value,
        expected=expected,
    )


def _refused(trial: Trial) -> bool:
    return isinstance(trial.outcome.error, RefusalError)


def _general_hint(exercise: Exercise, trial: Trial, hidden: bool) -> tuple[str, str]:
    found = trial.found
    assert found is not None
    concept = exercise.concept
    texts = {
        "stub": f"{_unwritten(exercise, trial.outcome.error)} is not written yet.",
        UNDEFINED: f"{found.text}.",  # about a cell, not about the concept
        "time": _stopped(exercise),
        "exception": f"{concept}: your code raised {type(trial.outcome.error).__name__}.",
        "mutates": f"{concept}: {found.text}. Work on a copy.",
        "nan": f"{concept}: {found.text}. Look for an overflow, a log of 0 or a division by 0.",
        "dtype": f"{concept}: {found.text}. Results keep the dtype of the input.",
        "shape": f"{concept}: {found.text}. Write the shape of every line beside it.",
    }
    if hidden and found.kind in SILENT:
        return found.kind, f"{concept}: {SILENT[found.kind]}"
    end = "" if found.text.endswith((".", "?", "!")) else "."
    return found.kind, texts.get(found.kind, f"{concept}: {found.text}{end}")


def _stopped(exercise: Exercise) -> str:
    seconds = counted(f"{exercise.seconds:g}", "second")
    return (
        f"{exercise.concept}: stopped, no answer within {seconds}. Is there a loop that never ends?"
    )


def ended(exercise: Exercise, error: BaseException) -> Failure:
    """Return the failure of a call that was stopped, or that ended its process."""
    if isinstance(error, RefusalError):
        return Failure(error.kind, f"{exercise.concept}: {error.hint}")
    return Failure("time", _stopped(exercise))


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
        wrong = misconception.wrong
        if wrong is None or not all(_same(exercise, wrong, trial) for trial in failing):
            continue
        if not _passes(exercise, wrong, failing):
            strays = sum(not _same(exercise, misconception.wrong, trial) for trial in passing)
            matches.append((strays, order, misconception))
            if not strays:
                break  # none that follows can be closer
    if not matches:
        return None
    best = min(matches, key=lambda match: match[:2])[2]
    return best.name, f"{exercise.concept}: {best.hint}"


def _passes(exercise: Exercise, wrong: Any, failing: Sequence[Trial]) -> bool:
    """Return whether the mistake does not show in these cases: it is compared less strictly."""
    return exercise.norm is not None and all(
        found_in(exercise, t.case, _made(exercise, wrong, t.case), t.expected) is None
        for t in failing
    )


def _of_one_part(exercise: Exercise, failing: Sequence[Trial]) -> tuple[str, str] | None:
    """Return the misconception that shows in one part of the mark, which alone fails."""
    ways = {(trial.case.part, trial.found.kind) for trial in failing if trial.found}
    for misconception in exercise.misconceptions:
        parts = misconception.part
        parts = (parts,) if isinstance(parts, str) else parts
        if ways <= {(part, kind) for part in parts for kind in misconception.kinds}:
            return misconception.name, f"{exercise.concept}: {misconception.hint}"
    return None


def _same(exercise: Exercise, wrong: Any, trial: Trial) -> bool:
    """Return whether the mistaken implementation does on this case what the student's code did."""
    made, seen = _made(exercise, wrong, trial.case), trial.outcome
    if made.changed != seen.changed:
        return False
    if made.error is not None or seen.error is not None:
        return type(made.error) is type(seen.error)
    if trial.found and trial.found.kind == "type" and _is_list(made.value) != _is_list(seen.value):
        return False
    dtype_is_wrong = trial.found is not None and trial.found.kind == "dtype"
    if dtype_is_wrong and _dtypes(made.value) != _dtypes(seen.value):
        return False
    rtol = tolerance(trial.case.args, exercise.rtol)
    return same_outcome_value(seen.value, made.value, rtol, exercise.norm)


def _made(exercise: Exercise, wrong: Any, case: Case) -> Outcome:
    """Return what a mistaken implementation does on a case, from memory where it is known."""
    memory = _MEMORY.get()
    if memory is None:
        return outcome_of(exercise, wrong, case)
    key = id(wrong), id(case)
    if key not in memory:
        memory[key] = outcome_of(exercise, wrong, case), case  # kept, so that its id stays its own
    return memory[key][0]


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Keep in ``memory`` what misconceptions do: the cases of many students are the same objects.

    Comparing with every misconception takes most of the time of a wrong answer.
    """
    token = _MEMORY.set(memory)
    try:
        yield
    finally:
        _MEMORY.reset(token)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _dtypes(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    return [str(getattr(item, "dtype", type(item).__name__)) for item in items]


def describe(exercise: Exercise, case: Case) -> str:
    """Return the arguments of a case as text, a line each."""
    names = [input_name(exercise, index) for index in range(len(case.args))]
    parts = [*zip(names, case.args, strict=True), *case.kwargs.items()]
    return "\n".join(_argument(*part) for part in parts) + (f"\n({case.note})" if case.note else "")


def _argument(name: str, value: Any) -> str:
    """Return "name = value", its further lines under the first of the value."""
    return f"{name} = {brief(value)}".replace("\n", "\n" + " " * len(f"{name} = "))


def error_text(error: BaseException) -> str:
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

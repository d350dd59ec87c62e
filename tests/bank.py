"""The bank of wrong and right implementations of every graded function.

``tests/mutants/<assignment>/<function>.py`` holds the wrong ones, each marked with the failure that
a student who wrote it must be told: ``@mutant("no-max-subtraction")`` (a misconception's name, or
a general kind such as ``mutates``, ``dtype``, ``exception``, ``time``, ``validation``).
``tests/variants/<assignment>/<function>.py`` holds the right ones, marked ``@variant``. Where an
exercise is checked through several names (a class and its functions), the marked function returns
the object that ``check`` takes and is marked with ``factory=True``.
"""

import importlib.util
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from course_utils.feedback import Exercise, Report, examine, exercise_for
from course_utils.feedback.checking import COMPILING, DEFAULT_HIDDEN_SEED, cases_of
from course_utils.feedback.diagnosis import Memory, remembering
from course_utils.feedback.exercise import MISSING, Case
from course_utils.feedback.limits import Outcome, observe
from course_utils.feedback.trials import Elsewhere, outcome_of
from course_utils.feedback.watcher import Stopwatch

FOLDER = Path(__file__).parent
MISTAKEN: Memory = {}


@dataclass(frozen=True)
class Entry:
    """One implementation: its name, the object to check, and the failure it must be told."""

    name: str
    student: Any
    kind: str = ""


def mutant(kind: str, *, factory: bool = False) -> Callable[[Any], Any]:
    """Mark a wrong implementation with the failure that it must be told."""
    return lambda student: _mark(student, kind, factory)


def variant(student: Any = None, *, factory: bool = False) -> Any:
    """Mark a right implementation; use as ``@variant`` or ``@variant(factory=True)``."""
    if student is None:
        return lambda inner: _mark(inner, "", factory)
    return _mark(student, "", factory)


def _mark(student: Any, kind: str, factory: bool) -> Any:
    student.bank_entry = (kind, factory)
    return student


class AskedOnce(Elsewhere):
    """An implementation whose answer to a case is kept: every seed comes with the visible cases.

    The seconds that an answer took count whenever it is given, so that no part gains time.
    """

    def __init__(self, student: Any) -> None:
        self.student = student
        self.known: dict[tuple[int, int], tuple[Outcome, float, Case]] = {}
        self.built: Outcome | None = None
        self.spent: dict[str, float] = defaultdict(float)

    def outcome(self, exercise: Exercise, case: Case, seconds: float) -> Outcome:
        """Return what the implementation does on a case, or did when it was first asked."""
        key = id(case.args), id(case.kwargs)
        if key in self.known:
            outcome, worked, _ = self.known[key]
            self.spent[case.part] += worked
            return outcome
        watch = Stopwatch()
        outcome = outcome_of(exercise, self.student, case, seconds - self.spent[case.part])
        if outcome.error is not None:
            traceback.clear_frames(outcome.error.__traceback__)  # what they hold may be large
        self.known[key] = outcome, watch.seconds(), case  # kept, so that its id stays its own
        return outcome

    def compiled(self, exercise: Exercise) -> Outcome:
        """Return what became of the implementation's kernels in the compiler."""
        compiles: Any = exercise.compiles
        if self.built is None:
            seconds = COMPILING * exercise.seconds
            self.built = observe(lambda: compiles(self.student), (), {}, seconds)
        return self.built


@cache
def asked_once(folder: str, key: str, name: str) -> AskedOnce:
    """Return one implementation, of which each answer is asked for once a test run."""
    return AskedOnce(next(e.student for e in entries(folder, key) if e.name == name))


@cache
def verdict(
    folder: str, key: str, name: str, hidden: bool, seed: str = DEFAULT_HIDDEN_SEED
) -> Report:
    """Return the report on one implementation, examined once a test run.

    Every wrong version is compared with every misconception on the same cases: without a memory
    that is two thirds of the bank's time.
    """
    student = asked_once(folder, key, name)
    student.spent.clear()
    cases = cases_with_answers(key, None) + (cases_with_answers(key, seed) if hidden else [])
    with remembering(MISTAKEN):
        return examine(exercise_for(key), student, hidden, cases)


@cache
@np.errstate(all="ignore")
def cases_with_answers(key: str, seed: str | None) -> list[Case]:
    """Return the visible cases, or those that ``seed`` adds, with the reference's answers."""
    exercise = exercise_for(key)
    cases = cases_of(exercise, None, hidden=False)
    if seed is not None:
        cases = cases_of(exercise, seed)[len(cases) :]
    return [
        replace(case, expected=exercise.call(exercise.reference, *case.args, **case.kwargs))
        if case.expected is MISSING
        else case
        for case in cases
    ]


@cache
def entries(folder: str, key: str) -> list[Entry]:
    """Return the implementations of ``assignment/function`` in ``mutants`` or ``variants``."""
    path = FOLDER / folder / f"{key}.py"
    if not path.exists():
        return []
    found = []
    for name, value in vars(_module(path)).items():
        if isinstance(value, type) and "bank_entry" not in vars(value):
            continue  # a subclass of a marked class is not an entry by itself
        if mark := getattr(value, "bank_entry", None):
            kind, factory = mark
            found.append(Entry(name, value() if factory else value, kind))
    return found


def _module(path: Path) -> ModuleType:
    name = "bank_" + "_".join(path.relative_to(FOLDER).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

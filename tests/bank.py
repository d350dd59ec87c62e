"""The bank of wrong and right implementations of every graded function.

``tests/mutants/<assignment>/<function>.py`` holds the wrong ones, each marked with the failure that
a student who wrote it must be told: ``@mutant("no-max-subtraction")`` (a misconception's name, or
a general kind such as ``mutates``, ``dtype``, ``exception``, ``time``, ``validation``).
``tests/variants/<assignment>/<function>.py`` holds the right ones, marked ``@variant``. Where an
exercise is checked through several names (a class and its functions), the marked function returns
the object that ``check`` takes and is marked with ``factory=True``.
"""

import importlib.util
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from course_utils.feedback import Exercise, Report, diagnosis, examine, exercise_for
from course_utils.feedback.exercise import Case
from course_utils.feedback.limits import Outcome

FOLDER = Path(__file__).parent
OUTCOMES: dict[tuple[int, bytes], Outcome] = {}
_outcome_of = diagnosis.outcome_of


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


@cache
def verdict(folder: str, key: str, name: str, hidden: bool) -> Report:
    """Return the report on one implementation, examined once a test run."""
    student = next(entry.student for entry in entries(folder, key) if entry.name == name)
    return examined(exercise_for(key), student, hidden)


def examined(exercise: Exercise, student: Any, hidden: bool) -> Report:
    """Return the report on ``student``, with the misconceptions' results kept from call to call.

    Every wrong version is compared with every misconception on the same cases: without a memory
    that is two thirds of the bank's time.
    """
    with mock.patch.object(diagnosis, "outcome_of", _remembered):
        return examine(exercise, student, hidden)


def _remembered(exercise: Exercise, wrong: Any, case: Case) -> Outcome:
    """Return what a misconception does on a case, computed once where the case can be pickled."""
    try:
        key = id(wrong), pickle.dumps((case.args, dict(case.kwargs)))
    except (pickle.PicklingError, AttributeError, TypeError):  # functions and classes as arguments
        return _outcome_of(exercise, wrong, case)
    if key not in OUTCOMES:
        OUTCOMES[key] = _outcome_of(exercise, wrong, case)
    return OUTCOMES[key]


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

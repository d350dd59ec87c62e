"""The bank of wrong and right implementations of every graded function.

``tests/mutants/<assignment>/<function>.py`` holds the wrong ones, each marked with the failure that
a student who wrote it must be told: ``@mutant("no-max-subtraction")`` (a misconception's name, or
a general kind such as ``mutates``, ``dtype``, ``exception``, ``time``, ``validation``).
``tests/variants/<assignment>/<function>.py`` holds the right ones, marked ``@variant``. Where an
exercise is checked through several names (a class and its functions), the marked function returns
the object that ``check`` takes and is marked with ``factory=True``.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from course_utils.feedback import Report, examine, exercise_for

FOLDER = Path(__file__).parent


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
    return examine(exercise_for(key), student, hidden)


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

"""The code cells of a notebook: what a message calls them, what they define, how they fail."""

import ast
import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any


@dataclass(frozen=True)
class Step:
    """A code cell: its source, empty for a graded one, and its name."""

    source: str
    name: str = ""

    def should_define(self, name: str) -> bool:
        """Return whether this is the place of a name, also where the source is not Python."""
        own = re.escape(name)
        written = rf"^(?:(?:async +)?def|class) +{own}\b|^{own} *(?::[^=\n]*)?=(?!=)"
        return name == self.name or re.search(written, self.source, re.MULTILINE) is not None


def where(steps: Sequence[Step], place: int) -> str:
    """Return what a message calls a cell, by its name or else by its number."""
    name = steps[place].name
    return f"The cell {name!r}" if name else f"Code cell {place + 1}"


def raised(steps: Sequence[Step], place: int, error: dict[str, Any], seconds: float) -> str:
    """Return what a message says of a cell that failed, with ``seconds`` to run.

    It names the class and the line only: a text might tell what the program was asked.
    """
    name, (at, line) = _class(error), _line(steps[place], error)
    if name == "TimeLimitError":
        return f"{where(steps, place)} was stopped after {seconds:g} seconds."
    return f"{where(steps, place)}{at} raised {name}{f': {line}' if at else ''}"


def did_not_run(steps: Sequence[Step], place: int, error: dict[str, Any]) -> str:
    """Return where a cell is not Python."""
    return f"{where(steps, place)}{_line(steps[place], error)[0]}: {_class(error)}."


def not_defined(name: str, failed: str) -> str:
    """Return the sentence on a name that is missing because a cell failed, and how it did."""
    return f"{name} is not defined: the cell that should define it did not run. {failed}"


def names_in(expression: str) -> list[str]:
    """Return the names that an expression is made of."""
    return [node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]


def _class(error: dict[str, Any]) -> str:
    """Return the first class that everybody knows: others could be named after a hidden case."""
    names = error.get("names")
    known = {"TimeLimitError", *_BUILT_IN}
    found = (name for name in (names if isinstance(names, list) else []) if isinstance(name, str))
    return next((name for name in found if name in known), "an error")


def _line(step: Step, error: dict[str, Any]) -> tuple[str, str]:
    """Return the line of an error, as in ", line 3", and its text; empty where it has none."""
    line: Any = error.get("line")
    # IPython counts from the first line that is not blank.
    lines = list(dropwhile(str.isspace, step.source.splitlines(keepends=True)))
    if type(line) is not int or not 0 < line <= len(lines):
        return "", ""
    return f", line {line}", lines[line - 1].strip()[:120]


_BUILT_IN = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}

"""Run a student's notebook as the grader would and read the score from its checks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from course_utils.feedback.report import REPORT_MIME
from course_utils.grading.cells import Step, not_defined, where

TIMEOUT = 120  # seconds a cell; a check stops by itself before
NOT_PYTHON = ("SyntaxError", "IndentationError", "TabError")
_MISSING = re.compile(r"name '(\w+)' is not defined")
_PLACED = re.compile(r"(?P<words>.*) \([^()]*, line (?P<line>\d+)\)", re.DOTALL)


class NotebookError(ValueError):
    """The file is not a notebook of this course that can be run."""


@dataclass(frozen=True)
class Row:
    """The verdict on one function, and the first thing to mend."""

    function: str
    points: float
    earned: float
    hint: str = ""


@dataclass(frozen=True)
class Score:
    """The verdict on a notebook; ``manual`` are the points that an instructor gives by hand."""

    rows: tuple[Row, ...]
    manual: float = 0.0
    stopped: str = ""

    @property
    def points(self) -> float:
        """The points that the checks can give."""
        return sum(row.points for row in self.rows)

    @property
    def earned(self) -> float:
        """The points that the checks gave."""
        return round(sum(row.earned for row in self.rows), 2)

    @property
    def complete(self) -> bool:
        """Whether every check gave all its points."""
        return not self.stopped and all(row.earned == row.points for row in self.rows)


def score(path: Path, timeout: int = TIMEOUT) -> Score:
    """Run the notebook at ``path`` in a fresh kernel, in its folder, and return its score.

    Nothing is written. A cell that runs longer than ``timeout`` seconds is stopped and costs its
    own points only. Raises NotebookError for a file that is missing, is no notebook, or holds no
    check of this course.
    """
    notebook, started = read(path), []
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        allow_errors=True,
        interrupt_on_timeout=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=lambda cell, cell_index: started.append(cell),
    )
    stopped = ""
    try:
        client.execute(stdout=DEVNULL, stderr=DEVNULL)
    except DeadKernelError:
        first_lines = "\n".join(started[-1].source.splitlines()[:3])
        stopped = f"Python itself ended in this cell:\n{first_lines}"
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    rows = tuple(
        _row(cell, stopped, cells[:place])
        for place, cell in enumerate(cells)
        if _graded(cell, "code")
    )
    manual = sum(_points(cell) for cell in notebook.cells if _graded(cell, "markdown"))
    return Score(rows, manual, stopped)


def read(path: Path) -> NotebookNode:
    """Return the notebook at ``path`` without outputs; see ``score`` for the errors."""
    if path.is_dir():
        example = min(path.glob("*.ipynb"), default=Path("exercises", "mlp", "mlp.ipynb"))
        raise NotebookError(f"{path} is a folder: name the notebook in it, such as {example}")
    if not path.is_file():
        raise NotebookError(f"there is no file {path}")
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises whatever the wrong structure leads to
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotebookError(f"{path} is not a Jupyter notebook: {reason[:200]}") from None
    if not any(_graded(cell, "code") for cell in notebook.cells):
        raise NotebookError(f"{path} holds no check of this course: open one of exercises/")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _graded(cell: NotebookNode, kind: str) -> bool:
    return cell.cell_type == kind and bool(_settings(cell).get("grade"))


def _settings(cell: NotebookNode) -> dict[str, Any]:
    settings = cell.metadata.get("nbgrader", {})
    return settings if isinstance(settings, dict) else {}


def _points(cell: NotebookNode) -> float:
    return float(_settings(cell).get("points", 0))


def _row(cell: NotebookNode, stopped: str, before: Sequence[NotebookNode]) -> Row:
    function = str(_settings(cell).get("grade_id", "")).removeprefix("test_")
    points = _points(cell)
    for output in cell.outputs:
        if output.output_type == "error":
            return Row(function, points, 0.0, _error_hint(output, before))
        if output.output_type == "execute_result" and REPORT_MIME in output.data:
            record = output.data[REPORT_MIME]
            return Row(function, points, record["earned"], record["hint"])
    hint = "not run: Python had ended" if stopped else "the check gave no result"
    return Row(function, points, 0.0, hint)


def _error_hint(output: NotebookNode, before: Sequence[NotebookNode]) -> str:
    if output.ename == "KeyboardInterrupt":
        return "stopped: the cell did not end in time"
    missing = _MISSING.match(output.evalue) if output.ename == "NameError" else None
    return (missing and _why_missing(missing[1], before)) or f"{output.ename}: {output.evalue}"


def _why_missing(name: str, cells: Sequence[NotebookNode]) -> str:
    """Return why a name is missing where all cells that should define it are not Python."""
    steps = [Step(cell.source, str(_settings(cell).get("grade_id", ""))) for cell in cells]
    found = [place for place, step in enumerate(steps) if step.should_define(name)]
    errors = [_syntax_error(cells[place]) for place in found]
    if not errors or not all(errors):
        return ""
    return not_defined(name, f"{where(steps, found[0])}{errors[0]}")


def _syntax_error(cell: NotebookNode) -> str:
    """Return the line and the words of a cell's SyntaxError; empty where it has none."""
    for output in cell.outputs:
        if output.output_type == "error" and output.ename in NOT_PYTHON:
            placed = _PLACED.fullmatch(output.evalue)
            if placed is None:
                return f": {output.ename}: {output.evalue}"
            return f", line {placed['line']}: {output.ename}: {placed['words']}"
    return ""

"""A firing range: a small assignment, a checker, submissions that attack it, and honest ones."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from course_utils.feedback import exercise_for
from course_utils.feedback.checking import cases_of
from course_utils.feedback.exercise import Case
from course_utils.grading.checker import Checker
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.results import Result
from course_utils.grading.sandbox import Limits

ROOT = Path(__file__).resolve().parents[2]
SEED = "a seed that no submission may learn"
SMALL = Limits(cell=2, submission=40, memory=1 << 30, file=4 << 20, scratch=8 << 20, threads=16)
# For what a student's process can do once it turns to the code around it.
FORGE = """
import json, struct, sys
worker_module = sys.modules["course_utils.grading.worker"]
wire_module = sys.modules["course_utils.grading.wire"]
Outcome = wire_module.Outcome


def answering(make):
    worker_module.Worker.case = lambda self, args, kwargs, seconds: make(args, kwargs)


def later(make, calls=8):
    honest, count = worker_module.Worker.case, [0]

    def case(self, args, kwargs, seconds):
        count[0] += 1
        return make(args, kwargs) if count[0] > calls else honest(self, args, kwargs, seconds)

    worker_module.Worker.case = case


def raw(header, blob=b"", only_cases=True):
    text = header if isinstance(header, str) else json.dumps(header)
    body = struct.pack(">I", len(text)) + text.encode() + blob

    def send(channel, answer):
        forged = body if b"changed" in answer[:400] or not only_cases else answer
        wire_module.send(channel, forged)

    worker_module.send = send
"""


class Range:
    """An assignment of a few exercises of one chapter, its checker, and what is handed in."""

    def __init__(self, folder: Path, keys: tuple[str, ...], limits: Limits = SMALL) -> None:
        self.folder, self.keys = folder, keys
        self.assignment = keys[0].split("/")[0]
        given = ROOT / f"solutions/{self.assignment}/{self.assignment}.ipynb"
        full = _read(given)
        names = {part for key in keys for part in _cells_of(full, key)}
        full.cells = [c for c in full.cells if _name(c) in {"setup", *names}]
        path = folder / f"solutions/{self.assignment}/{self.assignment}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(full, path)
        self.solved, self.source = full, source_notebook(path)
        self.checker = Checker(self.assignment, self.source, SEED, limits)

    def hand_in(
        self,
        answers: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
        student: str = "mallory",
    ) -> Result:
        """Return the result of a notebook with other answers, and cells before and after."""
        notebook = deepcopy(self.solved)
        for cell in notebook.cells:
            cell.source = (answers or {}).get(_name(cell), cell.source)
        first = 1 if _name(notebook.cells[0]) == "setup" else 0
        notebook.cells[first:first] = [nbformat.v4.new_code_cell(code) for code in before]
        notebook.cells += [nbformat.v4.new_code_cell(code) for code in after]
        path = self.folder / f"submitted/{student}/{self.assignment}/{self.assignment}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return self.checker.grade(student, read_submission(path, self.source))

    def neighbour(self) -> None:
        """Assert that an honest submission is graded now as at any time."""
        start = time.monotonic()
        result = self.hand_in(student="neighbour")
        assert result.earned == result.points > 0, result.line()
        assert not result.messages, result.messages
        assert time.monotonic() - start < 10

    def hidden(self, key: str) -> list[Case]:
        """Return the cases of ``key`` that are drawn from the secret seed."""
        exercise = exercise_for(key)
        return cases_of(exercise, SEED)[len(cases_of(exercise, None, hidden=False)) :]

    def unwritten(self, *more: str) -> dict[str, str]:
        """Return answers that define nothing, for all exercises or for those named."""
        names = more or tuple(_name(c) for c in self.solved.cells if _solution(c))
        return dict.fromkeys(names, "pass")


@contextmanager
def firing_range(folder: Path, *keys: str, limits: Limits = SMALL) -> Iterator[Range]:
    """Give a range and end its processes."""
    made = Range(folder, keys, limits)
    try:
        yield made
    finally:
        made.checker.close()


def told(result: Result) -> str:
    """Return everything that a student may see of a result."""
    return result.record() + result.notebook


def secrets_of(cases: list[Case]) -> set[str]:
    """Return texts that would tell what is in the arrays of cases."""
    found: set[str] = set()
    for case in cases:
        for array in filter(lambda arg: isinstance(arg, np.ndarray), case.args):
            raw = np.ascontiguousarray(array).tobytes()
            found |= {repr(float(number)).lstrip("-")[:10] for number in array.ravel()}
            found |= {raw[at : at + 8].hex() for at in range(0, len(raw), 8)}
            found.add(str(int.from_bytes(raw[:16], "little")))
    return {text for text in found if len(text) >= 8 and not text.startswith("0000")}


def kinds(result: Result) -> dict[str, str]:
    """Return the kind of each verdict."""
    return {verdict.key: verdict.kind for verdict in result.verdicts}


def _read(path: Path) -> Any:
    return nbformat.read(path, 4)


def _name(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _solution(cell: NotebookNode) -> bool:
    settings: Any = cell.metadata.get("nbgrader", {})
    return bool(settings.get("solution")) and cell.cell_type == "code"


def _cells_of(notebook: NotebookNode, key: str) -> list[str]:
    """Return the names of the test of ``key`` and of the answer in front of it."""
    last = ""
    for cell in notebook.cells:
        if _solution(cell):
            last = _name(cell)
        elif f'check("{key}"' in cell.source:
            return [last, _name(cell)]
    raise ValueError(f"no check of {key}")

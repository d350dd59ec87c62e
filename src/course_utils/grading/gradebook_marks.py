"""What nbgrader's SaveAutoGrades would set for each cell of one result."""

import json
from dataclasses import dataclass, replace
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    GradeCell,
    Notebook,
    SourceCell,
    TaskCell,
)
from nbgrader.utils import compute_checksum
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from course_utils.grading.results import GRADED, Result, Verdict

ID_OF = {"GradeCell": "grade_id", "SolutionCell": "solution_id", "TaskCell": "task_id"}
NO_RESPONSE = "No response."  # nbgrader's words


@dataclass(frozen=True)
class Cell:
    """One of nbgrader's cells as the gradebook has it; an id is empty where it is no such cell."""

    cell_type: str
    locked: bool
    checksum: str | None
    grade_id: str = ""
    solution_id: str = ""
    task_id: str = ""
    points: float = 0.0

    def unchanged(self, name: str, cell: dict[str, Any]) -> bool:
        """Whether a student's cell is still the one that was handed out.

        Only its text and type are the student's: what kind of cell it is, the gradebook says.
        """
        settings = {"grade_id": name, "locked": self.locked, "points": self.points}
        settings |= {"grade": bool(self.grade_id), "solution": bool(self.solution_id)}
        node = NotebookNode(
            cell_type=cell.get("cell_type"),
            source="".join(cell.get("source", "")),
            metadata=NotebookNode(nbgrader=settings),
        )
        return compute_checksum(node) == self.checksum


@dataclass(frozen=True)
class Cells:
    """The rows that the marks of one notebook hang on, and its cells by their grade_id."""

    assignment_id: str
    notebook_id: str
    by_name: dict[str, Cell]


@dataclass(frozen=True)
class Mark:
    """The score of a cell; None: a person gives it. ``keep``: a row that exists stays as it is."""

    score: float | None
    keep: bool = False


@dataclass(frozen=True)
class Marks:
    """Scores and automatic comments by the id of their cell."""

    grades: dict[str, Mark]
    comments: dict[str, str | None]


def read_cells(session: Session, name: str) -> Cells:
    """Return the cells of the assignment ``name``; ValueError where it is not registered."""
    query = (
        select(Assignment.id, Notebook.id)
        .join(Notebook, Notebook.assignment_id == Assignment.id)
        .where(Assignment.__table__.c.name == name, Notebook.name == name)
    )
    ids = session.execute(query).one_or_none()
    if ids is None:
        raise ValueError(f"result.assignment must be in the gradebook, got {name!r}")
    assignment_id, notebook_id = ids
    return Cells(assignment_id, notebook_id, _cells(session, notebook_id))


def marks(result: Result, cells: Cells) -> Marks:
    """Return the score and comment of every cell that has one.

    A verdict is the score of its cell. A cell that a person marks scores 0 as long as the student
    left it as it was, and waits for that person otherwise. Without a notebook, all scores are 0.
    Raises ValueError for verdicts that do not fit the cells.
    """
    earned = {verdict.grade_id: _earned(verdict, cells) for verdict in result.verdicts}
    if result.status == GRADED:
        handed_in = _handed_in(result.notebook)
        given = {name for name, cell in cells.by_name.items() if name in handed_in}
        blank = {name for name in given if cells.by_name[name].unchanged(name, handed_in[name])}
    else:
        earned, blank = dict.fromkeys(cells.by_name, 0.0), set()
    grades: dict[str, Mark] = {}
    comments: dict[str, str | None] = {}
    for name, cell in cells.by_name.items():
        if cell.grade_id:
            grades[cell.grade_id] = Mark(earned.get(name, 0.0 if name in blank else None))
        if cell.task_id:
            grades[cell.task_id] = Mark(earned.get(name), keep=result.status == GRADED)
            comments[cell.task_id] = None
        if cell.solution_id:
            comments[cell.solution_id] = NO_RESPONSE if name in blank else None
    return Marks(grades, comments)


def _cells(session: Session, notebook_id: str) -> dict[str, Cell]:
    """Read the cells in one query; a cell that is solution and grade has a row for each."""
    base, source = BaseCell.__table__.c, SourceCell.__table__.c
    graded, task = GradeCell.__table__.c, TaskCell.__table__.c
    points = func.coalesce(graded.max_score, task.max_score)
    query = (
        select(base.name, base.id, base.type, points, source.cell_type, source.locked)
        .add_columns(source.checksum)
        .outerjoin(GradeCell.__table__, graded.id == base.id)
        .outerjoin(TaskCell.__table__, task.id == base.id)
        .join(
            SourceCell.__table__,
            and_(source.notebook_id == base.notebook_id, source.name == base.name),
        )
        .where(base.notebook_id == notebook_id)
    )
    found: dict[str, Cell] = {}
    for name, cell_id, kind, most, cell_type, locked, checksum in session.execute(query):
        cell = found.get(name) or Cell(cell_type, locked, checksum)
        cell = replace(cell, **{ID_OF[kind]: cell_id})
        found[name] = cell if most is None else replace(cell, points=most)
    return found


def _earned(verdict: Verdict, cells: Cells) -> float:
    cell = cells.by_name.get(verdict.grade_id)
    if cell is None or not cell.grade_id:
        raise ValueError(
            f"result.verdicts must be of graded cells of the assignment, got {verdict.grade_id!r}"
        )
    if not 0 <= verdict.earned <= cell.points:  # also refuses nan
        raise ValueError(
            f"{verdict.grade_id}: earned must be from 0 to {cell.points:g}, got {verdict.earned}"
        )
    return float(verdict.earned)


def _handed_in(notebook: str) -> dict[str, dict[str, Any]]:
    """Return the cells of the sanitised notebook by grade_id; none where there is no text."""
    if not notebook:
        return {}
    found = {}
    for cell in json.loads(notebook)["cells"]:
        grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if grade_id:
            found[grade_id] = cell
    return found

"""Register an assignment in nbgrader's gradebook, from the instructor's notebook."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.api import (
    Course as CourseRow,
)
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, with_polymorphic

from course_utils.grading.course import Course
from course_utils.grading.database import DEFAULT_COURSE, check_version, writing

Key = tuple[type, str]  # table and grade_id
Row = dict[str, object]
Rows = dict[Key, Row]  # one table after the other, each in the order of the notebook
COLUMNS: dict[type, tuple[str, ...]] = {
    GradeCell: ("max_score", "cell_type"),
    SolutionCell: (),
    TaskCell: ("max_score", "cell_type"),
    SourceCell: ("cell_type", "locked", "source", "checksum"),
}
TABLES = list(COLUMNS)


def ensure_assignment(course: Course, name: str) -> None:
    """Bring the gradebook's assignment ``name`` up to date with the instructor's notebook.

    The rows are those of ``nbgrader generate_assignment --create``; nothing else is written.
    Raises ValueError for an unknown assignment, for a notebook that nbgrader refuses, and where
    cells or notebooks would vanish that submissions have marks for.
    """
    notebook = _source_form(course, name)
    wanted = dict(sorted(_rows(notebook), key=lambda row: TABLES.index(row[0][0])))
    kernel = json.dumps(notebook.metadata.get("kernelspec", {}))
    check_version(course)
    with writing(course) as session:
        assignment = _assignment(session, course, name)
        _only_notebook(session, assignment)
        row = next((each for each in assignment.notebooks if each.name == name), None)
        if row is None:
            row = Notebook(name=name, assignment=assignment, kernelspec=kernel)
            session.add(row)
            session.flush()
        _bring_up_to_date(session, row, wanted, kernel)


def _source_form(course: Course, name: str) -> NotebookNode:
    """Return the notebook as nbgrader's own steps leave it for SaveCells."""
    path = course.source(name)
    directory = CourseDirectory(config=course.config)
    steps = GenerateAssignment(coursedir=directory, config=course.config).preprocessors
    exporter = NotebookExporter(config=course.config, preprocessors=[], default_preprocessors=[])
    for step in steps[: steps.index(SaveCells)] if SaveCells in steps else steps:
        exporter.register_preprocessor(step)
    made: list[NotebookNode] = []

    def keep(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        made.append(notebook)
        return notebook, resources

    exporter.register_preprocessor(keep)
    about = {"student": ".", "assignment": name, "notebook": name, "db_url": course.db_url}
    try:
        exporter.from_filename(str(path), resources={"nbgrader": about})
    except Exception as error:  # each of nbgrader's steps raises kinds of its own
        raise ValueError(f"nbgrader could not read {path}: {error}") from error
    return made[0]


def _rows(notebook: NotebookNode) -> Iterator[tuple[Key, Row]]:
    """Yield what nbgrader's SaveCells keeps of each cell."""
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        name = settings.get("grade_id")
        graded = {"max_score": float(settings.get("points", 0)), "cell_type": cell.cell_type}
        if is_grade(cell):
            yield (GradeCell, name), graded
        if is_solution(cell):
            yield (SolutionCell, name), {}
        if is_task(cell):
            yield (TaskCell, name), graded
        if is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell):
            source = {"locked": is_locked(cell), "source": cell.source}
            yield (
                (SourceCell, name),
                source | {"cell_type": cell.cell_type, "checksum": settings.get("checksum")},
            )


def _assignment(session: Session, course: Course, name: str) -> Assignment:
    for course_id in filter(None, (course.course_id, DEFAULT_COURSE)):
        if session.get(CourseRow, course_id) is None:
            session.add(CourseRow(id=course_id))
    found = session.scalar(select(Assignment).filter_by(name=name))
    if found is None:
        found = Assignment(name=name, course_id=course.course_id)
        session.add(found)
    return found


def _only_notebook(session: Session, assignment: Assignment) -> None:
    """Remove notebooks that the assignment no longer has; nbgrader does so without submissions."""
    name = assignment.name
    extra = [each for each in assignment.notebooks if each.name != name]
    if not extra:
        return
    handed_in = exists().where(SubmittedAssignment.assignment_id == assignment.id)
    if session.scalar(select(handed_in)):
        names = ", ".join(sorted(each.name for each in extra))
        raise ValueError(
            f"{name} has submissions, so notebooks cannot be removed from the gradebook: {names}"
        )
    for each in extra:
        _clear(session, each)
        assignment.notebooks.remove(each)
        session.delete(each)


def _bring_up_to_date(session: Session, row: Any, wanted: Rows, kernel: str) -> None:
    present = _present(session, row)
    if session.scalar(select(exists().where(SubmittedNotebook.notebook_id == row.id))):
        if present.keys() != wanted.keys():
            changed = sorted({name for _, name in present.keys() ^ wanted.keys()})
            raise ValueError(
                f"{row.name} has submissions, so cells cannot be added or removed: "
                f"{', '.join(changed)}"
            )
        for key, columns in wanted.items():
            for column, value in columns.items():
                setattr(present[key], column, value)
        return
    row.kernelspec = kernel
    same = {key: _columns(each) for key, each in present.items()} == wanted
    if same and _sources(present) == _sources(wanted):
        return
    # nbgrader reads source cells in the order of their rows, so all are written again; an id
    # stays with its cell.
    ids = {key: each.id for key, each in present.items()}
    _clear(session, row)
    for (table, name), columns in wanted.items():
        known = {"id": ids[table, name]} if (table, name) in ids else {}
        session.add(table(name=name, notebook_id=row.id, **known, **columns))


def _present(session: Session, row: Any) -> dict[Key, BaseCell | SourceCell]:
    every_kind = with_polymorphic(BaseCell, "*")
    cells = [
        *session.scalars(select(every_kind).where(every_kind.notebook_id == row.id)),
        *session.scalars(select(SourceCell).where(SourceCell.notebook_id == row.id)),
    ]
    return {(type(each), each.name): each for each in cells}


def _sources(keys: Iterable[Key]) -> list[str]:
    return [name for table, name in keys if table is SourceCell]


def _columns(cell: BaseCell | SourceCell) -> Row:
    return {column: getattr(cell, column) for column in COLUMNS[type(cell)]}


def _clear(session: Session, row: Any) -> None:
    for each in _present(session, row).values():
        session.delete(each)
    session.flush()

"""Results of the grader in nbgrader's own gradebook, one transaction a submission.

nbgrader's formgrader, feedback, export, late penalties and extra credit then work on them as on
marks of its own.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import select
from sqlalchemy.orm import Session

from course_utils.grading.course import Course, plain_name
from course_utils.grading.database import CourseResult, reading, writing
from course_utils.grading.gradebook_cells import ensure_assignment
from course_utils.grading.gradebook_marks import Cells, Mark, marks, read_cells
from course_utils.grading.results import GRADED, MISSING, Result

Row = Any  # nbgrader's tables are written without types

__all__ = [
    "ensure_assignment",
    "record",
    "recorded",
    "results",
    "students",
    "write_autograded",
]


def record(course: Course, result: Result, timestamp: datetime | None = None) -> None:
    """Put one result into the gradebook and its notebook into nbgrader's ``autograded`` folder.

    Student and submission are made where they are missing. What a person has given stays: manual
    scores, comments, extra credit, extensions. ``timestamp`` is the time of submission; None takes
    that of ``timestamp.txt`` or, without such a file, keeps the one that is known. Raises
    ValueError for an assignment that ``ensure_assignment`` has not registered and for verdicts
    that do not fit its cells.
    """
    # The order makes a killed run harmless. The notebook's file is written first, under another
    # name, then renamed; then one transaction holds all rows, and the row in course_results is
    # what `recorded` reads. Killed before the commit, the submission counts as not graded, and
    # the same command writes the same file and the same rows once more. Killed after it, all
    # is there. No moment leaves marks without their digest or a digest without its marks.
    plain_name("result.student", result.student)
    with writing(course) as session, session.no_autoflush:
        cells = read_cells(session, result.assignment)
        found = marks(result, cells)
        write_autograded(course, result)
        submission, notebook = _submission(session, cells, result.student)
        handed_in = timestamp or course.submitted_at(result.assignment, result.student)
        if handed_in is not None:
            submission.timestamp = parse_utc(handed_in)
        _write_grades(session, notebook, found.grades, result.status)
        _write_comments(session, notebook, found.comments)
        session.flush()
        notebook.late_submission_penalty = _penalty(course, submission, notebook)
        session.merge(_row(result))


def write_autograded(course: Course, result: Result) -> None:
    """Write the notebook and the time of submission where nbgrader's ``autograde`` would.

    A result that holds nothing to show removes the notebook of an earlier one. ``record`` calls
    this itself, before its commit.
    """
    name, student = plain_name("result.assignment", result.assignment), result.student
    folder = course.autograded / plain_name("result.student", student) / name
    notebook, stamp = folder / f"{name}.ipynb", folder / "timestamp.txt"
    if not result.notebook and result.status == GRADED:
        return  # a result that was read from the gradebook: its notebook is there
    stamped = course.submitted_at(name, student) is not None
    if stamped or result.status != MISSING:
        folder.mkdir(parents=True, exist_ok=True)  # tells formgrader that it was graded
    if stamped:
        handed_in = course.submitted / student / name / "timestamp.txt"
        _replace(course, stamp, handed_in.read_text(encoding="utf-8"))
    else:
        stamp.unlink(missing_ok=True)
    if result.notebook:
        _replace(course, notebook, _encodable(result.notebook))
    else:
        notebook.unlink(missing_ok=True)


def recorded(course: Course, name: str) -> dict[str, str]:
    """Return the digest of each student's graded submission of ``name``.

    A submission that was removed with nbgrader's tools is not among them.
    """
    return {row.student: row.digest for row in _rows(course, name)}


def results(course: Course, name: str) -> list[Result]:
    """Return the results of ``name``, without notebooks, in the order of the students' names."""
    found = (Result.from_record(row.record) for row in _rows(course, name))
    return sorted(found, key=lambda result: result.student)


def students(course: Course) -> list[str]:
    """Return the names of all students that the gradebook knows, in order."""
    with reading(course) as session:
        return sorted(session.scalars(select(Student.id)))


def _rows(course: Course, name: str) -> list[CourseResult]:
    with reading(course) as session:
        query = (
            select(CourseResult)
            .join(Assignment, Assignment.__table__.c.name == CourseResult.assignment)
            .join(
                SubmittedAssignment,
                (SubmittedAssignment.assignment_id == Assignment.id)
                & (SubmittedAssignment.student_id == CourseResult.student),
            )
            .where(CourseResult.assignment == name)
        )
        return list(session.scalars(query))


def _row(result: Result) -> CourseResult:
    return CourseResult(
        assignment=result.assignment,
        student=result.student,
        digest=result.digest,
        record=_encodable(result.record()),
        graded_at=datetime.now(UTC).replace(tzinfo=None),
    )


def _encodable(json_text: str) -> str:
    """Write half a surrogate pair, which no file or database takes, as JSON's escape."""
    return json_text.encode("utf-8", "backslashreplace").decode("utf-8")


def _submission(session: Session, cells: Cells, student: str) -> tuple[Row, Row]:
    """Return the rows of a student's submission and its notebook, made where they are missing."""
    query = (
        select(SubmittedAssignment, SubmittedNotebook)
        .outerjoin(
            SubmittedNotebook,
            (SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            & (SubmittedNotebook.notebook_id == cells.notebook_id),
        )
        .where(
            SubmittedAssignment.assignment_id == cells.assignment_id,
            SubmittedAssignment.student_id == student,
        )
    )
    submission, notebook = next(iter(session.execute(query)), (None, None))
    if submission is None:
        if session.get(Student, student) is None:
            session.add(Student(id=student))
        ids = {"assignment_id": cells.assignment_id, "student_id": student}
        submission = _added(session, SubmittedAssignment(id=new_uuid(), **ids))
    if notebook is None:
        ids = {"notebook_id": cells.notebook_id, "assignment_id": submission.id}
        notebook = _added(session, SubmittedNotebook(id=new_uuid(), **ids))
    return submission, notebook


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    return row


def _by_cell(session: Session, table: type, notebook: Row) -> dict[str, Row]:
    """Return a notebook's grades or comments; those of PostgreSQL wait for a grader's change."""
    query = select(table).where(table.notebook_id == notebook.id).with_for_update(of=table)
    return {row.cell_id: row for row in session.scalars(query)}


def _write_grades(session: Session, notebook: Row, found: dict[str, Mark], status: str) -> None:
    """Set what nbgrader's SaveAutoGrades sets; a person's score and extra credit stay."""
    present = _by_cell(session, Grade, notebook)
    for cell_id, mark in found.items():
        grade = present.get(cell_id)
        if grade is None:
            grade = _added(session, Grade(cell_id=cell_id, notebook_id=notebook.id))
        elif mark.keep:
            continue
        grade.auto_score = mark.score
        by_hand = grade.manual_score is not None or mark.score is None
        grade.needs_manual_grade = by_hand and status != MISSING


def _write_comments(session: Session, notebook: Row, found: dict[str, str | None]) -> None:
    present = _by_cell(session, Comment, notebook)
    for cell_id, text in found.items():
        comment = present.get(cell_id)
        if comment is None:
            comment = _added(session, Comment(cell_id=cell_id, notebook_id=notebook.id))
        comment.auto_comment = text


def _penalty(course: Course, submission: Row, notebook: Row) -> float | None:
    """Return the penalty that the course's late plugin gives; None where it gives none."""
    if submission.timestamp is None or submission.assignment.duedate is None:
        return None
    late = submission.total_seconds_late
    step = _penalties(course) if late > 0 else None
    if step is None:
        return None
    step.init_plugin()
    plugin: Any = step.plugin_inst
    penalty = plugin.late_submission_penalty(submission.student_id, notebook.score, late)
    return None if penalty is None else step._check_late_penalty(notebook, penalty)


def _penalties(course: Course) -> AssignLatePenalties | None:
    """Return nbgrader's step of the late penalties, or None where the course has taken it out."""
    for step in _autograde(course).autograde_preprocessors:
        if isinstance(step, type) and issubclass(step, AssignLatePenalties):
            made = step(config=course.config)
            return made if made.enabled else None
    return None


def _autograde(course: Course) -> Autograde:
    directory = CourseDirectory(config=course.config)
    return Autograde(coursedir=directory, config=course.config)


def _replace(course: Course, path: Path, text: str) -> None:
    """Write a file under another name, with the permissions that nbgrader sets, and rename it."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # one that was left by a killed run may be read-only
    part.write_text(text, encoding="utf-8")
    part.chmod(int(str(_autograde(course).permissions), 8))
    os.replace(part, path)

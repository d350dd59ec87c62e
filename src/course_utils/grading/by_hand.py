"""Read from nbgrader's gradebook what no check has given: marks, comments, late penalties."""

from collections.abc import Iterable
from typing import Any

from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from course_utils.grading.course import Course
from course_utils.grading.database import reading
from course_utils.grading.feedback_pages import ByHand
from course_utils.grading.gradebook_marks import NO_RESPONSE


def by_hand(course: Course, name: str) -> dict[str, list[ByHand]]:
    """Return, by student, the marks and comments that were given by hand for an assignment.

    Cells that wait for a mark are there without one, cells that were handed in as they were handed
    out with 0 points. A mark holds the extra credit of its cell.
    """
    with_cells = _notebooks(name).options(
        selectinload(SubmittedNotebook.grades), selectinload(SubmittedNotebook.comments)
    )
    with reading(course) as session:
        return {
            str(notebook.assignment.student_id): list(_of_one(notebook))
            for notebook in session.scalars(with_cells)
        }


def penalties(course: Course, name: str) -> dict[str, float]:
    """Return, by student, the points that the course's late plugin has taken off."""
    with reading(course) as session:
        return {
            str(notebook.assignment.student_id): float(notebook.late_submission_penalty)
            for notebook in session.scalars(_notebooks(name))
            if notebook.late_submission_penalty
        }


def _notebooks(name: str) -> Any:
    return (
        select(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.__table__.c.name == name)
    )


def _of_one(notebook: SubmittedNotebook) -> Iterable[ByHand]:
    comments = {each.name: each.manual_comment for each in notebook.comments}
    blank = {each.name for each in notebook.comments if each.auto_comment == NO_RESPONSE}
    for grade in notebook.grades:
        comment = comments.pop(grade.name, None) or ""
        touched = grade.manual_score is not None or grade.extra_credit
        empty = grade.name in blank and not touched
        if touched or empty or grade.auto_score is None or comment:
            yield ByHand(grade.name, float(grade.max_score), _earned(grade), comment, empty)
    yield from (ByHand(name, 0.0, None, comment) for name, comment in comments.items() if comment)


def _earned(grade) -> float | None:
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return None if given is None else given + (grade.extra_credit or 0.0)

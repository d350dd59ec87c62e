"""What a page calls a student: by the name of the gradebook or the platform, not of the folder."""

from typing import Any

from nbgrader.api import Student
from sqlalchemy import select

from course_utils.grading.course import Course
from course_utils.grading.database import reading
from course_utils.grading.placing import collected
from course_utils.grading.platforms import MOODLE


def full_name(student: Any) -> str:
    """Return the first and last name in a row of the gradebook; empty where it has neither."""
    return f"{student.first_name or ''} {student.last_name or ''}".strip()


def names_of(course: Course, name: str) -> dict[str, str]:
    """Return, by folder, the student's name in the gradebook, or else as Moodle gave it.

    Who has neither is left out. Canvas's names of files hold no name that a person would read.
    """
    found = {
        student: record["full_name"]
        for student, record in collected(course, name).items()
        if record["platform"] == MOODLE
    }
    with reading(course) as session:
        found |= {
            str(row.id): text
            for row in session.scalars(select(Student))
            if (text := full_name(row))
        }
    return found

"""Stock nbgrader on a scratch course: generate, submit, autograde, read the gradebook.

The first assignment goes through its command line, on kernels as nbgrader starts them. The others
go through the classes that its commands call, in this process, and on warm kernels: starting takes
as long as what they do.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbgrader.api import Gradebook

from course_utils.feedback import ASSIGNMENTS, exercises_of
from course_utils.grading.course import Course
from course_utils.grading.provisioner import NAME
from tests.exercises.assignment import cells, edited, notebook_path, settings
from tests.grading.a_course import make_course, stock

# One gradebook serves all of these tests: they run in one process.
pytestmark = pytest.mark.xdist_group("gradebook")
STUDENTS = ("untouched", "noisy", "one_wrong")
WRONG = "raise ValueError('wrong')"
# Lines that cost points where a grader reads the output instead of a verdict.
NOISE = """
import warnings as _warnings, sys as _sys
print("hello")
print("to stderr", file=_sys.stderr)
_warnings.warn("a warning")
"""


def nbgrader(course: Path, *arguments: str) -> str:
    """Run `nbgrader` as in an activated environment and return what it says."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {**os.environ, "PATH": path}
    result = subprocess.run(
        command, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def hand_in(course: Path, student: str, name: str, changes: dict[str, str]) -> None:
    target = course / "submitted" / student / name / f"{name}.ipynb"
    edited(course / "exercises" / name / f"{name}.ipynb", target, changes)


def hand_in_all(course: Path, name: str) -> None:
    """Hand in an untouched notebook, the reference with noise, and the reference but for one."""
    ours = {settings(c).get("grade_id"): c for c in cells("solutions", name)}
    answers = {i: c.source for i, c in ours.items() if i and settings(c)["solution"]}
    functions = [exercise.function for exercise in exercises_of(name).values()]
    noisy = {i: source + NOISE for i, source in answers.items() if i in functions}
    assert noisy
    hand_in(course, "untouched", name, {})
    hand_in(course, "noisy", name, answers | noisy)
    hand_in(course, "one_wrong", name, answers | {functions[0]: WRONG})


def grade_by_commands(course: Path, name: str) -> None:
    nbgrader(course, "generate_assignment", name, "--create")
    hand_in_all(course, name)
    nbgrader(course, "autograde", name, "--create")
    nbgrader(course, "generate_feedback", name)


def grade_here(course: Course, name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        api = stock(course, patch)
        patch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", NAME)
        done = [api.generate_assignment(name, create=True)]
        hand_in_all(course.root, name)
        for student in STUDENTS:
            done += [api.autograde(name, student), api.generate_feedback(name, student)]
    assert all(each["success"] for each in done), [each.get("log") for each in done]


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """Return the gradebook after all assignments of all students were graded."""
    course = make_course(tmp_path_factory.mktemp("course"), *ASSIGNMENTS)
    first, *others = ASSIGNMENTS
    grade_by_commands(course.root, first)
    for name in others:
        grade_here(course, name)
    with Gradebook(course.db_url) as book:
        book.course = course.root
        yield book


def scores(gradebook, name, student):
    submission = gradebook.find_submission(name, student)
    return {
        grade.cell.name.removeprefix("test_"): grade.auto_score
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.cell.cell_type == "code"
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_marks(gradebook, name):
    full = {e.function: e.points for e in exercises_of(name).values()}
    first = next(iter(full))
    assert scores(gradebook, name, "untouched") == dict.fromkeys(full, 0)
    assert scores(gradebook, name, "noisy") == full
    wrong = scores(gradebook, name, "one_wrong")
    assert wrong[first] == 0
    assert sum(wrong.values()) < sum(full.values())
    independent = [f for f in full if f != first]
    assert any(wrong[f] == full[f] for f in independent), "a mistake costs its own points only"


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_answers_in_words_wait_for_a_person(gradebook, name):
    submission = gradebook.find_submission(name, "noisy")
    written = [g for n in submission.notebooks for g in n.grades if g.cell.cell_type == "markdown"]
    assert all(grade.needs_manual_grade for grade in written)
    assert submission.score == sum(e.points for e in exercises_of(name).values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_generated_form_is_that_of_the_repository(gradebook, name):
    """What nbgrader makes by itself and what `course release` wrote have the same cells."""
    made = cells_of(gradebook.course / "exercises" / name / f"{name}.ipynb")
    assert made == cells_of(notebook_path("exercises", name))


def cells_of(path: Path) -> list[tuple[str, str, str]]:
    import nbformat

    return [(c.cell_type, c.id, c.source) for c in nbformat.read(path, 4).cells]


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_feedback_pages_are_written(gradebook, name):
    for student in STUDENTS:
        page = gradebook.course / "feedback" / student / name / f"{name}.html"
        assert page.stat().st_size < 2_000_000
        assert "course-check" in page.read_text(encoding="utf-8")

"""The synthetic class: each wrong version earns what its table says, by the checks themselves."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.feedback import ASSIGNMENTS, check, exercises_of
from course_utils.grading import demo
from course_utils.grading.course import Course
from course_utils.grading.intake import read_submission, source_notebook
from tests.grading.a_course import ROOT, make_course

QUICK = [
    (key, version)
    for key, versions in demo.VERSIONS.items()
    for version in (demo.RIGHT, demo.PRINTS, demo.UNWRITTEN, *versions)
]


def handed_out(folder: Path, name: str) -> Course:
    """Return a course with one assignment, and what students are given of it."""
    course = make_course(folder, name)
    shutil.copytree(ROOT / "exercises" / name, folder / "exercises" / name)
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return handed_out(tmp_path_factory.mktemp("course"), "mlp")


def namespace(course, versions):
    """Return what a student's notebook defines: its setup and its solutions, run."""
    found = {}
    for cell in demo.load(course, "mlp").notebook(versions)["cells"]:
        if demo.grade_id(cell) and not demo.settings(cell)["grade"] and cell["cell_type"] == "code":
            exec("".join(cell["source"]), found)
    return found


@pytest.mark.parametrize(
    ("key", "version"), QUICK, ids=[f"{key}: {version.name}" for key, version in QUICK]
)
def test_a_version_earns_what_its_table_says(course, key, version):
    exercise = exercises_of("mlp")[key]
    student = namespace(course, {exercise.function: version})[exercise.function]
    for hidden in (False, True):
        assert check(key, student, hidden=hidden).earned == version.earned(exercise)


@pytest.mark.slow
def test_an_endless_loop_earns_nothing(course):
    student = namespace(course, {"count_parameters": demo.ENDLESS})["count_parameters"]
    report = check("mlp/count_parameters", student, hidden=True)
    assert (report.earned, report.failure.kind) == (0, "time")


def test_a_crash_ends_python(course):
    cell = demo.CRASHES.written(demo.load(course, "mlp").solutions["count_parameters"])
    code = f"from collections.abc import Sequence\n{cell}\ncount_parameters([2, 3])\nprint('on')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (1, b"")


def test_a_version_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="solution must hold 'x @ W', got:"):
        demo.Version("other", "x @ W", "x").written("return x")


def test_a_class_is_the_same_again_and_another_with_another_seed(course, tmp_path):
    again, other = (handed_out(tmp_path / name, "mlp") for name in ("again", "other"))
    marks = demo.make_class(course, "mlp", 40)
    assert demo.make_class(again, "mlp", 40) == marks
    assert demo.make_class(other, "mlp", 40, seed=1) != marks
    assert list(marks)[:2] == ["student-001", "student-002"]
    paths = sorted(path.relative_to(course.root) for path in course.submitted.rglob("*.ipynb"))
    assert len(paths) == 39  # in forty, one hands in nothing
    for path in paths:
        assert (course.root / path).read_bytes() == (again.root / path).read_bytes()


def test_a_class_holds_every_version_and_every_breakage(course):
    marks = demo.make_class(course, "mlp", 120)
    source = source_notebook(course.source("mlp"), course.config)
    codes, sources = set(), ""
    for student in marks:
        found = read_submission(course.submitted / student / "mlp" / "mlp.ipynb", source)
        codes |= {message.code for message in found.messages}
        if found.notebook:
            sources += "".join(cell.source for cell in found.notebook.cells)
        else:
            assert marks[student] == 0
    assert {"missing", "nbformat", "encoding"} <= codes
    assert len(set(marks.values())) > 10
    for version in (demo.PRINTS, demo.ENDLESS, demo.CRASHES, *sum(demo.VERSIONS.values(), ())):
        assert version.new in sources


def test_what_needs_a_wrong_function_is_left_unwritten(course):
    needs = demo.load(course, "mlp").needs
    assert needs["mlp_forward"] == {"dense"}
    marks = demo.make_class(course, "mlp", 60)
    assert len(marks) == 60
    for student in marks:
        path = course.submitted / student / "mlp" / "mlp.ipynb"
        if path.is_file() and path.read_bytes()[:1] == b"{":
            text = path.read_text(encoding="utf-8")
            assert "dense: not written yet" not in text or "mlp_forward: not written yet" in text


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_assignment_can_have_a_class(tmp_path, name):
    course = handed_out(tmp_path, name)
    marks = demo.make_class(course, name, 4)
    full = sum(exercise.points for exercise in exercises_of(name).values())
    assert all(0 <= mark <= full for mark in marks.values())
    assert demo.load(course, name).solutions


def test_an_assignment_that_was_not_released_is_refused(tmp_path):
    with pytest.raises(ValueError, match="that was released, got 'mlp'"):
        demo.make_class(make_course(tmp_path, "mlp"), "mlp")

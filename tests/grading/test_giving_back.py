"""The pages go back under the names by which Moodle and Canvas find their students."""

import zipfile

import pytest
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading.collect import collect
from course_utils.grading.giving_back import write_archives
from course_utils.grading.gradebook import ensure_assignment, record
from course_utils.grading.platforms import owner
from tests.grading.a_course import graded, make_course
from tests.grading.pages import text_of

MOODLE = "Ada Lovelace_12_assignsubmission_file/mlp.ipynb"
CANVAS = "lovelaceada_LATE_123_456_mlp.ipynb"
ANONYMOUS = "anon_x1Y2z_789_mlp.ipynb"


@pytest.fixture
def course(tmp_path):
    made = make_course(tmp_path / "course", "mlp")
    ensure_assignment(made, "mlp")
    return made


def handed_in(course, folder, *names):
    """Collect these files, and write a page for each student that they make."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    collect(course, "mlp", folder)
    students = [path.parent.parent.name for path in course.submitted.glob("*/mlp/mlp.ipynb")]
    for student in students:
        page = course.feedback / student / "mlp" / "mlp.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<p>For {student}")
    return students


def inside(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_moodle(course, tmp_path):
    students = handed_in(course, tmp_path / "x", MOODLE)
    (path,) = write_archives(course, "mlp", students)
    assert path == course.feedback / "mlp-moodle.zip"
    name = "Ada Lovelace_12_assignfeedback_file_mlp.html"
    assert inside(path) == {name: "<p>For Ada_Lovelace"}
    # Moodle cuts a name at its first four underscores: who, number, and a plugin in two words.
    assert name.split("_", 4)[1:] == ["12", "assignfeedback", "file", "mlp.html"]
    before = path.read_bytes()
    write_archives(course, "mlp", students)
    assert path.read_bytes() == before


def test_an_underscore_in_a_name_does_not_move_the_number(course, tmp_path):
    students = handed_in(course, tmp_path / "x", MOODLE.replace(" ", "_"))
    (path,) = write_archives(course, "mlp", students)
    assert list(inside(path)) == ["Ada Lovelace_12_assignfeedback_file_mlp.html"]


def test_canvas(course, tmp_path):
    students = handed_in(course, tmp_path / "x", CANVAS, ANONYMOUS)
    (path,) = write_archives(course, "mlp", students)
    assert path == course.feedback / "mlp-canvas.zip"
    names = ["lovelaceada_123_456_mlp.html", "anon_x1Y2z_789_mlp.html"]
    assert sorted(inside(path)) == sorted(names)
    # They are read as the names that Canvas gives.
    found = [owner("canvas", name.replace(".html", ".ipynb")) for name in names]
    assert [(each.number, each.upload) for each in found] == [("123", "456"), ("x1Y2z", "789")]


def test_who_was_not_collected_is_in_no_archive(course, tmp_path):
    assert write_archives(course, "mlp", ["by_hand"]) == []
    handed_in(course, tmp_path / "x", MOODLE)
    assert write_archives(course, "mlp", ["by_hand"]) == []
    (course.feedback / "Ada_Lovelace" / "mlp" / "mlp.html").unlink()
    assert write_archives(course, "mlp", ["Ada_Lovelace"]) == []
    assert not list(course.feedback.glob("*.zip"))


def test_the_command_says_where_the_archive_is(course, tmp_path, monkeypatch):
    (course.root / "pyproject.toml").write_text('[project.urls]\nRepository = "https://a.b/c"\n')
    for student in handed_in(course, tmp_path / "x", MOODLE):
        record(course, graded(student))
    monkeypatch.chdir(course.root)
    said = CliRunner().invoke(app, ["feedback", "mlp"])
    assert said.exit_code == 0, said.output
    archive = course.feedback / "mlp-moodle.zip"
    assert f"To give back: {archive}" in said.output.replace("\n", "")
    (page,) = inside(archive).values()
    assert "For Ada Lovelace" in text_of(page)

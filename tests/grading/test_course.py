"""Where a course keeps its things, as nbgrader is configured, and errors that say what is wrong."""

import pickle
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.apps import NbGrader

from course_utils.grading.course import load_course
from tests.grading.a_course import ROOT, make_course


def write(folder: Path, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text("\n".join(["c = get_config()", *lines]))
    return folder


def test_this_course():
    course = load_course(ROOT)
    assert course.root == ROOT
    assert course.db_url == f"sqlite:///{ROOT}/gradebook.db"
    assert course.course_id == "learning-to-see"
    assert course.source("mlp") == ROOT / "solutions" / "mlp" / "mlp.ipynb"
    folders = (course.submitted, course.autograded, course.feedback)
    assert [folder.relative_to(ROOT).as_posix() for folder in folders] == [
        "submitted",
        "autograded",
        "feedback",
    ]
    assert course.config.Execute.timeout == 120


def test_the_address_is_the_repositorys(repository, tmp_path):
    assert load_course(ROOT).address == repository
    assert load_course(write(tmp_path)).address == ""


def test_it_travels_to_another_process_and_keeps_its_password():
    course = load_course(ROOT, "postgresql+psycopg://me:secret@host/marks")
    assert course.config
    assert pickle.loads(pickle.dumps(course)) == course
    assert "secret" not in repr(course)


def test_the_same_as_nbgrader_in_that_folder(tmp_path, monkeypatch):
    lines = ['c.CourseDirectory.db_url = "sqlite:///marks.db"']
    lines += ['c.CourseDirectory.autograded_directory = "marked"']
    course = load_course(write(tmp_path / "course", *lines))
    monkeypatch.chdir(course.root)
    app = NbGrader()
    app.initialize([])
    assert app.coursedir.db_url == "sqlite:///marks.db"
    assert course.db_url == f"sqlite:///{Path('marks.db').resolve()}"
    assert str(course.autograded) == app.coursedir.format_path("marked", "", "").rstrip("/")
    assert str(course.root) == app.coursedir.root


def test_the_users_settings_count_and_the_courses_win(tmp_path, monkeypatch):
    user = tmp_path / "user"
    user.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(user))
    write(user, 'c.CourseDirectory.course_id = "x"', 'c.CourseDirectory.db_url = "sqlite:////a.db"')
    (user / "nbgrader_config.json").write_text('{"CourseDirectory": {"feedback_directory": "f"}}')
    course = load_course(write(tmp_path / "course", 'c.CourseDirectory.course_id = "mine"'))
    assert (course.course_id, course.db_url) == ("mine", "sqlite:////a.db")
    assert course.feedback == tmp_path / "course" / "f"


def test_another_database(tmp_path, monkeypatch):
    folder = write(tmp_path / "course")
    monkeypatch.chdir(tmp_path)
    assert load_course(folder, "sqlite:///here.db").db_url == f"sqlite:///{tmp_path}/here.db"
    assert load_course(folder, "sqlite:////a/b.db").db_url == "sqlite:////a/b.db"
    url = "postgresql+psycopg://me:secret@host/marks"
    assert load_course(folder, url).db_url == url


@pytest.mark.parametrize(
    ("db", "wrong"),
    [
        ("marks.db", "SQLAlchemy URL.*'marks.db'"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
    ],
)
def test_a_database_that_is_none(tmp_path, db, wrong):
    with pytest.raises(ValueError, match=wrong):
        load_course(write(tmp_path), db)


def test_a_folder_that_is_no_course(tmp_path):
    with pytest.raises(ValueError, match=f"nbgrader_config.py, got {tmp_path}"):
        load_course(tmp_path)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("1 / 0", "could not be read: division by zero"),
        ("c.CourseDirectory.course_id = 3", "course_id"),
        ('c.CourseDirectory.directory_structure = "{assignment_id}"', "directory_structure"),
    ],
)
def test_a_wrong_configuration(tmp_path, line, wrong):
    with pytest.raises(ValueError, match=wrong):
        load_course(write(tmp_path, line))


@pytest.mark.parametrize("name", ["nothing", "", "..", "../mlp", "mlp/mlp", "a\0"])
def test_an_assignment_that_is_none(tmp_path, name):
    with pytest.raises(ValueError, match="name must be"):
        make_course(tmp_path, "mlp").source(name)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-01 14:00:00 UTC\n", datetime(2026, 11, 1, 14)),
        ("2026-11-01T14:00:00+02:00", datetime(2026, 11, 1, 12)),
        ("", None),
        ("soon", None),
        ("9" * 180, None),
        ("2026-11-01" + " " * 1000, None),
        ("\x00\x01\x02", None),
        ("2026-11-01 14:00:00 +99999999999999999999", None),
    ],
)
def test_the_time_of_a_submission(tmp_path, text, time):
    course = make_course(tmp_path, "mlp")
    assert course.submitted_at("mlp", "ada") is None
    folder = course.submitted / "ada" / "mlp"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(text)
    assert course.submitted_at("mlp", "ada") == time


def test_a_time_in_another_encoding_or_behind_a_link(tmp_path):
    course = make_course(tmp_path, "mlp")
    folder = course.submitted / "ada" / "mlp"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_bytes(b"\xff\xfe2\x000\x00")
    assert course.submitted_at("mlp", "ada") is None
    (tmp_path / "time").write_text("2026-11-01")
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to(tmp_path / "time")
    assert course.submitted_at("mlp", "ada") is None

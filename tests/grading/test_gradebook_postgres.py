"""The same marks in PostgreSQL, on a real server of the test's own.

COURSE_WITHOUT_POSTGRES=1 leaves these tests out on a machine that has no PostgreSQL.
"""

import os
import shutil
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine

from course_utils.grading import gradebook
from course_utils.grading.gradebook import ensure_assignment, record, recorded, results, students
from course_utils.grading.results import MISSING, REFUSED, Message, Result
from tests.grading.a_course import ANSWER, contents, graded, make_course

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("COURSE_WITHOUT_POSTGRES") == "1", reason="COURSE_WITHOUT_POSTGRES is set"
    ),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.slow,
]
INSTALL = (
    "PostgreSQL is not installed: `apt-get install --no-install-recommends postgresql`, "
    "or set COURSE_WITHOUT_POSTGRES=1 to leave these tests out"
)


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; Debian keeps them off the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(debian[-1]) if debian else shutil.which(name)
    if not found:
        pytest.fail(INSTALL, pytrace=False)
    return found


@pytest.fixture(scope="module")
def server():
    """Start a server on a socket in a folder of its own and return that folder."""
    root = os.geteuid() == 0
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
    # Short, since a socket's path may have 107 bytes, and where another account may go.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    try:
        initdb, control = program("initdb"), program("pg_ctl")
        if root:
            shutil.chown(folder, "postgres", "postgres")
        make = [initdb, "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run(make, check=True, cwd=folder, stdout=subprocess.DEVNULL, **account)
        start = [
            control,
            "-D",
            f"{folder}/data",
            "-l",
            f"{folder}/log",
            "-o",
            options,
            "-w",
            "start",
        ]
        subprocess.run(start, check=True, cwd=folder, stdout=subprocess.DEVNULL, **account)
        yield folder
        stop = [control, "-D", f"{folder}/data", "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, cwd=folder, stdout=subprocess.DEVNULL, **account)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def course(server, tmp_path):
    """Return a course with two assignments in a database of its own."""
    name = f"marks_{os.urandom(4).hex()}"
    with psycopg.connect(f"host={server} user=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = f"postgresql+psycopg://postgres@/{name}?host={server}"
    made = make_course(tmp_path / "postgres", "mlp", "detection", db=url)
    ensure_assignment(made, "mlp")
    ensure_assignment(made, "detection")
    return made


def twenty() -> list[Result]:
    """Return results of all kinds."""
    some = [
        graded(
            f"student {number:02}",
            shares=(1.0, number / 20, 0.0),
            answers={"linear_collapse": ANSWER} if number % 3 else {},
            messages=(Message("odd", "ü \ud800 \0"),),
        )
        for number in range(18)
    ]
    return [*some, Result("eve", "mlp", MISSING, ""), Result("Zoë", "mlp", REFUSED, "x")]


def test_twenty_results_are_the_same_as_in_sqlite(course, tmp_path):
    lite = make_course(tmp_path / "sqlite", "mlp", "detection")
    ensure_assignment(lite, "mlp")
    ensure_assignment(lite, "detection")
    for result in twenty():
        record(course, result)
        record(lite, result)
    record(course, graded("student 01", digest="again"))
    record(lite, graded("student 01", digest="again"))
    for table, rows in contents(lite.db_url).items():
        key = str if table in {"submitted_notebook", "submitted_assignment"} else (lambda _: 0)
        assert sorted(contents(course.db_url)[table], key=key) == sorted(rows, key=key), table
    assert recorded(course, "mlp") == recorded(lite, "mlp")
    assert results(course, "mlp") == results(lite, "mlp")
    assert students(course) == students(lite)
    assert len(students(course)) == 20


def test_formgraders_queries(course):
    for result in twenty()[-4:]:
        record(course, result)
    with Gradebook(course.db_url, course.course_id) as book:
        scores = {row["student"]: row["score"] for row in book.submission_dicts("mlp")}
        assert scores["eve"] == scores["Zoë"] == 0
        assert scores["student 17"] == pytest.approx(2 + 2 * 0.85 + 0 + 2 + 1 * 0.85 + 0 + 3)
        assert len(book.notebook_submission_dicts("mlp", "mlp")) == 4
        assert book.find_submission("mlp", "student 17").max_score == 17
        assert book.find_submission("mlp", "student 17").needs_manual_grade


def test_tables_of_another_program_may_be_there(course):
    with create_engine(course.db_url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    ensure_assignment(course, "mlp")
    record(course, graded("ada"))
    assert students(course) == ["ada"]


def test_an_error_leaves_nothing(course, monkeypatch):
    before = contents(course.db_url)
    monkeypatch.setattr(gradebook, "_row", lambda result: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        record(course, graded("ada"))
    assert contents(course.db_url) == before


def test_a_graders_change_at_the_same_moment_is_not_lost(course):
    record(course, graded("ada"))
    engine = create_engine(course.db_url)
    with engine.connect() as grader:
        grader.exec_driver_sql("UPDATE grade SET manual_score = 1.5, needs_manual_grade = false")
        thread = threading.Thread(target=record, args=(course, graded("ada", digest="second")))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        grader.commit()
    thread.join(30)
    engine.dispose()
    grades = contents(course.db_url)["grade"]
    assert {(row["manual_score"], row["needs_manual_grade"]) for row in grades} == {(1.5, True)}
    assert recorded(course, "mlp") == {"ada": "second"}


def test_two_writers_of_one_student_make_one_submission(course):
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(record, course, graded("ada")) for _ in range(8)]:
            done.result()
    assert len(contents(course.db_url)["submitted_assignment"]) == 1
    assert len(contents(course.db_url)["grade"]) == 8


def test_no_connection_stays_open(course):
    record(course, graded("ada"))
    with psycopg.connect(course.db_url.replace("+psycopg", "")) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert connection.execute(query).fetchone() == (1,)


def test_without_postgresql_the_tests_fail_and_say_what_to_install():
    with pytest.raises(pytest.fail.Exception, match="apt-get install"):
        program("no_such_program")


def test_a_server_that_is_not_there(tmp_path):
    url = f"postgresql+psycopg://postgres:secret@/marks?host={tmp_path}"
    course = make_course(tmp_path / "course", "mlp", db=url)
    with pytest.raises(ValueError, match="could not be opened") as caught:
        students(course)
    assert "secret" not in str(caught.value)

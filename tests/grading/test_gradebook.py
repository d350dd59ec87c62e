"""Marks of the grader in nbgrader's gradebook are the rows that nbgrader itself would leave."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from datetime import datetime, timedelta, timezone

import nbformat
import pytest
from nbgrader.api import Gradebook, GradeCell
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy import create_engine, event, select

from course_utils.grading import database, gradebook
from course_utils.grading.course import load_course
from course_utils.grading.gradebook import (
    ensure_assignment,
    record,
    recorded,
    results,
    students,
)
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.results import GRADED, MISSING, REFUSED, Message, Result, Verdict
from tests.grading.a_course import ANSWER, contents, filled, graded, make_course, stock, verdicts

DUE = datetime(2026, 11, 1, 12, 0)
PARTS = (1.0, 0.0, 0.5)


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """Return the folder of a course whose assignment mlp is registered."""
    made = make_course(tmp_path_factory.mktemp("registered") / "course", "mlp")
    ensure_assignment(made, "mlp")
    return made.root


@pytest.fixture
def course(registered, tmp_path):
    """Return a copy of that course, for one test."""
    return load_course(shutil.copytree(registered, tmp_path / "course"))


def book(course):
    return Gradebook(course.db_url, course.course_id)


def grade_of(gradebook_, student, cell):
    return gradebook_.find_grade(cell, "mlp", "mlp", student)


def edit_source(course, change, **metadata):
    """Change the cells of the instructor's notebook, and its metadata."""
    path = course.source("mlp")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    notebook["metadata"].update(metadata)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def settings(cell):
    return cell["metadata"].get("nbgrader", {})


def more_points(cells):
    settings(next(c for c in cells if settings(c).get("grade_id") == "test_dense"))["points"] = 5


def one_cell_less(cells):
    cells[:] = [c for c in cells if settings(c).get("grade_id") != "test_softmax"]


def one_cell_more(cells):
    new = json.loads(json.dumps(next(c for c in cells if settings(c).get("grade_id") == "dense")))
    settings(new)["grade_id"] = new["id"] = "another"
    cells.insert(2, new)


def other_order(cells):
    cells.reverse()


def a_task(cells):
    """Make the cell of words one of nbgrader's tasks."""
    cell = next(c for c in cells if settings(c).get("grade_id") == "linear_collapse")
    settings(cell).update(task=True, grade=False, solution=False, locked=True)
    cell["source"] = "Draw the boundary. ### BEGIN MARK SCHEME\nany\n### END MARK SCHEME"


# What each change does to the names of the rows, beside those that were there.
CHANGES = {
    more_points: set.__eq__,
    other_order: set.__eq__,
    one_cell_more: set.__gt__,
    one_cell_less: set.__lt__,
    a_task: lambda now, before: len(now & before) == len(before) - 2,
}


class TestAssignment:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["mlp", "detection"])
    def test_rows_are_those_of_generate_assignment(self, tmp_path, monkeypatch, name):
        ours = make_course(tmp_path / "ours", name)
        theirs = make_course(tmp_path / "theirs", name)
        ensure_assignment(ours, name)
        assert stock(theirs, monkeypatch).generate_assignment(name, create=True)["success"]
        found = contents(ours.db_url)
        assert found == contents(theirs.db_url)
        assert len(found["source_cell"]) > 10
        assert found["grade_cells"]
        assert not (ours.root / "exercises").exists()

    @pytest.mark.slow
    def test_the_database_is_of_nbgraders_version(self, course, monkeypatch):
        with create_engine(course.db_url).connect() as connection:
            ours = connection.exec_driver_sql("SELECT * FROM alembic_version").all()
        monkeypatch.setenv("PATH", f"{os.path.dirname(os.sys.executable)}:{os.environ['PATH']}")
        from nbgrader.api import get_alembic_version

        assert ours == [(get_alembic_version(),)]

    def test_an_old_database_is_refused(self, course):
        with create_engine(course.db_url).begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '167914646830'")
        with pytest.raises(ValueError, match="nbgrader db upgrade"):
            ensure_assignment(course, "mlp")

    def test_again_changes_nothing(self, course):
        before = ids(course)
        ensure_assignment(course, "mlp")
        assert ids(course) == before

    @pytest.mark.slow
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_changed_source_is_brought_up_to_date_as_by_nbgrader(
        self, course, tmp_path, monkeypatch, change
    ):
        kept = ids(course)
        theirs = make_course(tmp_path / "theirs", "mlp")
        ensure_assignment(theirs, "mlp")
        for each in (course, theirs):
            edit_source(each, change, kernelspec={"name": "another", "display_name": "Another"})
        ensure_assignment(course, "mlp")
        api = stock(theirs, monkeypatch)
        assert api.generate_assignment("mlp", create=True, force=True)["success"]
        assert contents(course.db_url) == contents(theirs.db_url)
        assert CHANGES[change](ids(course), kept)  # a row keeps its id

    def test_points_may_change_beside_submissions(self, course):
        record(course, graded("ada"))
        edit_source(course, more_points)
        ensure_assignment(course, "mlp")
        with book(course) as found:
            assert found.find_grade_cell("test_dense", "mlp", "mlp").max_score == 5
            assert grade_of(found, "ada", "test_dense").auto_score == 2

    @pytest.mark.parametrize("change", [one_cell_more, one_cell_less])
    def test_cells_may_not_beside_submissions(self, course, change):
        record(course, graded("ada"))
        before = contents(course.db_url)
        edit_source(course, change)
        with pytest.raises(ValueError, match=r"another|test_softmax"):
            ensure_assignment(course, "mlp")
        assert contents(course.db_url) == before

    def test_another_notebook_goes_unless_it_has_submissions(self, course):
        with book(course) as found:
            found.add_notebook("old", "mlp")
            found.add_source_cell("a", "old", "mlp", cell_type="code")
        ensure_assignment(course, "mlp")
        rows = contents(course.db_url)
        assert [row["name"] for row in rows["notebook"]] == ["mlp"]
        assert "a" not in {row["name"] for row in rows["source_cell"]}
        with book(course) as found:
            found.add_notebook("old", "mlp")
            found.add_student("ada")
            found.add_submission("mlp", "ada")
        with pytest.raises(ValueError, match="old"):
            ensure_assignment(course, "mlp")

    def test_a_source_that_nbgrader_refuses(self, course):
        edit_source(course, duplicate)
        with pytest.raises(ValueError, match="nbgrader could not read"):
            ensure_assignment(course, "mlp")

    def test_an_unknown_assignment(self, course):
        with pytest.raises(ValueError, match="'nothing'"):
            ensure_assignment(course, "nothing")
        with pytest.raises(ValueError, match="'nothing'"):
            record(course, Result("ada", "nothing", MISSING, ""))


def duplicate(cells):
    cells.append(dict(next(c for c in cells if settings(c).get("grade_id") == "dense")))


def ids(course):
    with create_engine(course.db_url).connect() as connection:
        query = "SELECT id FROM base_cell UNION ALL SELECT id FROM source_cell"
        return {row[0] for row in connection.exec_driver_sql(query)}


class TestMarks:
    def test_scores_and_what_waits_for_a_person(self, course):
        record(course, graded("ada", shares=PARTS, answers={"linear_collapse": ANSWER}))
        record(course, graded("max"))
        with book(course) as found:
            ada = found.find_submission("mlp", "ada")
            assert (ada.score, ada.max_score) == (2 + 0 + 1.5 + 2 + 0 + 1 + 3, 17)
            assert (ada.code_score, ada.written_score) == (9.5, 0)
            assert ada.needs_manual_grade
            assert grade_of(found, "ada", "linear_collapse").auto_score is None
            untouched = grade_of(found, "max", "linear_collapse")
            assert (untouched.auto_score, untouched.needs_manual_grade) == (0, False)
            assert not found.find_submission("mlp", "max").needs_manual_grade
            said = found.find_comment("linear_collapse", "mlp", "mlp", "max")
            assert said.auto_comment == "No response."
            assert found.find_comment("linear_collapse", "mlp", "mlp", "ada").comment is None

    def test_what_a_student_says_of_a_cell_does_not_count(self, course):
        notebook = json.loads(filled("mlp", {"linear_collapse": ANSWER}))
        cell = next(
            c for c in notebook["cells"] if settings(c).get("grade_id") == "linear_collapse"
        )
        settings(cell).update(grade=False, solution=False, points=0, checksum="0")
        record(course, graded("ada", notebook=json.dumps(notebook)))
        with book(course) as found:
            assert grade_of(found, "ada", "linear_collapse").needs_manual_grade

    def test_a_cell_that_is_gone_waits_for_a_person(self, course):
        notebook = json.loads(filled("mlp", {}))
        cells = notebook["cells"]
        notebook["cells"] = [c for c in cells if settings(c).get("grade_id") != "linear_collapse"]
        record(course, graded("ada", notebook=json.dumps(notebook)))
        with book(course) as found:
            assert grade_of(found, "ada", "linear_collapse").needs_manual_grade

    def test_marks_by_hand_survive_grading_again(self, course):
        record(course, graded("ada", answers={"linear_collapse": ANSWER}))
        by_hand = {"manual_score": 1.5, "needs_manual_grade": False}
        with book(course) as found:
            for cell, values in [
                ("linear_collapse", by_hand),
                ("test_dense", {"manual_score": 2.0, "extra_credit": 0.5}),
                ("test_softmax", {"extra_credit": 1.0}),
            ]:
                for key, value in values.items():
                    setattr(grade_of(found, "ada", cell), key, value)
            found.find_comment("dense", "mlp", "mlp", "ada").manual_comment = "Elegant."
            found.db.commit()
        zeros = graded("ada", shares=(0.0,), answers={"linear_collapse": ANSWER}, digest="second")
        record(course, zeros)
        with book(course) as found:
            ada = found.find_submission("mlp", "ada")
            assert ada.score == 1.5 + 2.5 + 1
            waiting = {grade.name for grade in ada.notebooks[0].grades if grade.needs_manual_grade}
            assert waiting == {"linear_collapse", "test_dense"}
            assert found.find_comment("dense", "mlp", "mlp", "ada").comment == "Elegant."
            assert len(found.assignment_submissions("mlp")) == 1

    @pytest.mark.parametrize("status", [MISSING, REFUSED])
    def test_nothing_to_grade_is_a_row_of_zeros(self, course, status):
        record(course, graded("ada", answers={"linear_collapse": ANSWER}))
        notebook = course.autograded / "ada" / "mlp" / "mlp.ipynb"
        assert notebook.is_file()
        for student in ("ada", "max"):
            record(course, Result(student, "mlp", status, "", messages=(Message("x", "No."),)))
        assert not notebook.exists()
        with book(course) as found:
            for student in ("ada", "max"):
                submission = found.find_submission("mlp", student)
                assert (submission.score, submission.needs_manual_grade) == (0, False)
                assert [grade.auto_score for grade in submission.notebooks[0].grades] == [0] * 8
                assert len(submission.notebooks[0].comments) == 8
        assert [each.status for each in results(course, "mlp")] == [status, status]

    def test_a_mark_by_hand_does_not_wait_where_nothing_came(self, course):
        record(course, graded("ada", answers={"linear_collapse": ANSWER}))
        with book(course) as found:
            grade_of(found, "ada", "linear_collapse").manual_score = 1
            found.db.commit()
        for status, waits in ((REFUSED, True), (MISSING, False)):
            record(course, Result("ada", "mlp", status, ""))
            with book(course) as found:
                assert grade_of(found, "ada", "linear_collapse").needs_manual_grade is waits

    def test_only_a_person_marks_a_task(self, course):
        edit_source(course, a_task)
        ensure_assignment(course, "mlp")
        record(course, graded("ada"))
        with book(course) as found:
            task = grade_of(found, "ada", "linear_collapse")
            assert (task.auto_score, task.needs_manual_grade, task.max_score) == (None, True, 2)
            assert found.find_comment("linear_collapse", "mlp", "mlp", "ada").comment is None
            task.manual_score, task.needs_manual_grade = 2, False
            found.db.commit()
        record(course, graded("ada"))
        record(course, Result("max", "mlp", MISSING, ""))
        with book(course) as found:
            assert not grade_of(found, "ada", "linear_collapse").needs_manual_grade
            assert found.find_submission("mlp", "ada").score == 17
            assert not found.find_submission("mlp", "max").needs_manual_grade

    def test_what_intake_makes_of_a_submission(self, course, tmp_path):
        for student, answers in (("ada", {"linear_collapse": ANSWER}), ("max", {})):
            path = tmp_path / f"{student}.ipynb"
            path.write_text(filled("mlp", answers))
            notebook = read_submission(path, source_notebook(course.source("mlp"))).notebook
            record(course, graded(student, notebook=nbformat.writes(notebook)))
        with book(course) as found:
            assert grade_of(found, "ada", "linear_collapse").auto_score is None
            assert grade_of(found, "max", "linear_collapse").auto_score == 0
            comments = found.find_submission("mlp", "max").notebooks[0].comments
            assert {each.auto_comment for each in comments} == {"No response."}

    @pytest.mark.parametrize(
        ("verdict", "wrong"),
        [
            (Verdict("test_nothing", "k", 1, 1), "test_nothing"),
            (Verdict("dense", "k", 1, 1), "dense"),
            (Verdict("test_dense", "k", 9, 9), "from 0 to 2, got 9"),
            (Verdict("test_dense", "k", 2, -1), "got -1"),
            (Verdict("test_dense", "k", 2, float("nan")), "got nan"),
        ],
    )
    def test_a_verdict_that_does_not_fit(self, course, verdict, wrong):
        with pytest.raises(ValueError, match=wrong):
            record(course, Result("ada", "mlp", GRADED, "d", (verdict,)))
        assert students(course) == []

    @pytest.mark.parametrize(
        "student", ["", "..", "a/b", "../max", "a\0", "a\nb", "x" * 129, "\ud800"]
    )
    def test_a_name_that_is_no_folder(self, course, student):
        with pytest.raises(ValueError, match=r"result\.student must be a plain name"):
            record(course, graded(student))
        assert not course.autograded.exists()


class TestLate:
    def due(self, course, penalty="zero"):
        course.config.LateSubmissionPlugin.penalty_method = penalty
        with book(course) as found:
            found.update_or_create_assignment("mlp", duedate=DUE.isoformat())

    def penalty(self, course):
        with book(course) as found:
            return found.find_submission("mlp", "ada").notebooks[0].late_submission_penalty

    @pytest.mark.parametrize(
        ("minutes", "method", "expected"),
        [(1, "zero", 15.0), (-1, "zero", None), (1, "none", None)],
    )
    def test_the_penalty_is_the_plugins(self, course, minutes, method, expected):
        self.due(course, method)
        record(course, graded("ada"), DUE + timedelta(minutes=minutes))
        assert self.penalty(course) == expected

    def test_a_time_with_a_zone_is_kept_in_utc(self, course):
        self.due(course)
        east = timezone(timedelta(hours=2))
        record(course, graded("ada"), (DUE + timedelta(minutes=119)).replace(tzinfo=east))
        assert self.penalty(course) is None
        with book(course) as found:
            assert found.find_submission("mlp", "ada").timestamp == DUE - timedelta(minutes=1)

    def test_an_extension_and_a_kept_time(self, course):
        self.due(course)
        record(course, graded("ada"), DUE + timedelta(minutes=30))
        assert self.penalty(course) == 15
        with book(course) as found:
            found.grant_extension("mlp", "ada", hours=1)
        record(course, graded("ada"))
        assert self.penalty(course) is None
        with book(course) as found:
            assert found.find_submission("mlp", "ada").timestamp == DUE + timedelta(minutes=30)

    @pytest.mark.parametrize(("given", "kept"), [(-3.0, 0.0), (99.0, 15.0), (4.5, 4.5)])
    def test_a_penalty_stays_within_the_score(self, course, monkeypatch, given, kept):
        self.due(course)
        name = "nbgrader.plugins.LateSubmissionPlugin.late_submission_penalty"
        monkeypatch.setattr(name, lambda self, student, score, late: given)
        record(course, graded("ada"), DUE + timedelta(days=1))
        assert self.penalty(course) == kept

    def test_without_the_step_there_is_no_penalty(self, course):
        self.due(course)
        course.config.AssignLatePenalties.enabled = False
        record(course, graded("ada"), DUE + timedelta(days=1))
        assert self.penalty(course) is None

    def test_the_time_is_read_from_the_submission(self, course):
        self.due(course)
        folder = course.submitted / "ada" / "mlp"
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-11-01 14:00:00 UTC")
        record(course, graded("ada"))
        assert self.penalty(course) == 15
        copy = course.autograded / "ada" / "mlp" / "timestamp.txt"
        assert copy.read_text() == "2026-11-01 14:00:00 UTC"
        (folder / "timestamp.txt").write_text("yesterday, I think")
        record(course, graded("ada"))
        assert not copy.exists()


class TestOneTransaction:
    def test_what_was_recorded_comes_back(self, course):
        said = Message("odd", "half a pair: \ud800, \u2028 and \0", repaired=True)
        given = graded("max", messages=(said,), seconds=0.25)
        record(course, given)
        record(course, graded("ada", shares=(0.5,), digest="second"))
        assert recorded(course, "mlp") == {"ada": "second", "max": "first"}
        assert [each.student for each in results(course, "mlp")] == ["ada", "max"]
        assert results(course, "mlp")[1].record() == given.record()
        assert students(course) == ["ada", "max"]

    def test_a_new_gradebook_is_empty(self, tmp_path):
        course = make_course(tmp_path / "new", "mlp")
        assert (recorded(course, "mlp"), results(course, "mlp"), students(course)) == ({}, [], [])

    def test_a_submission_that_nbgrader_removed_is_graded_again(self, course):
        record(course, graded("ada"))
        with book(course) as found:
            found.remove_submission("mlp", "ada")
        assert recorded(course, "mlp") == {}
        record(course, graded("ada"))
        assert recorded(course, "mlp") == {"ada": "first"}

    def test_an_error_leaves_nothing(self, course, monkeypatch):
        before = contents(course.db_url)
        monkeypatch.setattr(gradebook, "_row", lambda result: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            record(course, graded("ada"))
        assert contents(course.db_url) == before

    @pytest.mark.slow
    def test_killed_at_any_moment_it_is_graded_once(self, course, tmp_path):
        """A process dies at its first step, another at its second, until one gets through."""
        whole = make_course(tmp_path / "whole", "mlp")
        ensure_assignment(whole, "mlp")
        empty, steps, seen = contents(course.db_url), 0, []
        record(whole, graded("ada"))
        full = contents(whole.db_url)
        while killed_after(course, steps):
            steps += 1
            done = recorded(course, "mlp") == {"ada": "first"}
            assert contents(course.db_url) == (full if done else empty)
            seen.append(done)
        assert seen == sorted(seen)
        assert seen.count(False) > 10
        assert seen.count(True) > 0
        assert contents(course.db_url) == full
        notebooks = [c.autograded / "ada" / "mlp" for c in (course, whole)]
        assert [sorted(path.name for path in folder.iterdir()) for folder in notebooks] == [
            ["mlp.ipynb"],
            ["mlp.ipynb"],
        ]

    def test_a_writer_waits_for_another_program(self, course):
        path = course.root / "gradebook.db"
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=record, args=(course, graded("ada")))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert students(course) == []  # readers go on
        other.execute("ROLLBACK")
        thread.join(30)
        assert recorded(course, "mlp") == {"ada": "first"}

    def test_a_reader_does_not_break_a_write(self, course):
        reader = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM grade").fetchall()
        thread = threading.Thread(target=record, args=(course, graded("ada")))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        reader.execute("COMMIT")
        thread.join(30)
        assert recorded(course, "mlp") == {"ada": "first"}

    def test_one_engine_and_no_open_connection(self, course):
        opened = []
        engine = database._engine(course.db_url)
        event.listen(engine, "connect", lambda connection, _: opened.append(connection))
        record(course, graded("ada"))
        recorded(course, "mlp")
        assert database._engine(course.db_url) is engine
        assert opened
        files = [os.readlink(f"/proc/self/fd/{fd}") for fd in open_files()]
        assert not [name for name in files if name.startswith(str(course.root))]

    def test_few_statements(self, course):
        statements = []
        event.listen(
            database._engine(course.db_url),
            "before_cursor_execute",
            lambda *args: statements.append(args[2]),
        )
        record(course, graded("ada"))
        assert len(statements) <= 20, statements


def open_files():
    for name in os.listdir("/proc/self/fd"):
        if os.path.lexists(f"/proc/self/fd/{name}"):
            yield name


def killed_after(course, steps):
    """Record in a process that kills itself at a step: a statement, a rename, before the commit
    or after it; return whether it did."""
    child = os.fork()
    if not child:
        left = [steps]

        def step(*_):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        replace = os.replace
        os.replace = lambda *names: (step(), replace(*names), step())
        engine = database._engine(course.db_url)
        for moment in ("before_cursor_execute", "after_cursor_execute", "commit", "checkin"):
            event.listen(engine, moment, step)
        try:
            record(course, graded("ada"))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.slow
def test_a_record_takes_under_40_milliseconds(course):
    record(course, graded("warm"))
    taken = []
    for number in range(30):
        result = graded(f"student {number}", answers={"linear_collapse": ANSWER})
        start = time.perf_counter()
        record(course, result)
        taken.append(time.perf_counter() - start)
    assert sorted(taken)[len(taken) // 4] < 0.04  # what it takes, not what else the machine does


class TestStockTools:
    @pytest.fixture
    def api(self, course, monkeypatch):
        record(course, graded("ada", answers={"linear_collapse": ANSWER}), DUE)
        record(course, graded("max", shares=PARTS))
        record(course, Result("eve", "mlp", MISSING, ""))
        record(course, Result("bob", "mlp", REFUSED, "x", messages=(Message("a", "No."),)))
        return stock(course, monkeypatch)

    def test_formgraders_queries(self, api, course):
        with book(course) as found:
            by_student = {row["student"]: row for row in found.submission_dicts("mlp")}
            assert {s: row["score"] for s, row in by_student.items()} == {
                "ada": 15,
                "max": 9.5,
                "eve": 0,
                "bob": 0,
            }
            assert {s for s, row in by_student.items() if row["needs_manual_grade"]} == {"ada"}
            notebooks = found.notebook_submission_dicts("mlp", "mlp")
            failed = {row["student"] for row in notebooks if row["failed_tests"]}
            assert failed == {"max", "eve", "bob"}
            assert {row["id"]: row["score"] for row in found.student_dicts()}["max"] == 9.5
        for student in ("ada", "max", "bob"):
            folder = course.submitted / student / "mlp"
            folder.mkdir(parents=True)
            (folder / "mlp.ipynb").write_text("{}")
        (course.submitted / "ada" / "mlp" / "timestamp.txt").write_text(f"{DUE} UTC")
        assert api.get_autograded_students("mlp") == {"ada", "max", "bob"}
        assert api.get_assignment("mlp")["num_submissions"] == 3
        shown = {row["student"] for row in api.get_submissions("mlp") if row["autograded"]}
        assert shown == set(by_student)

    def test_export(self, api, course, tmp_path):
        target = tmp_path / "grades.csv"
        with book(course) as found:
            CsvExportPlugin(to=str(target)).export(found)
        rows = {row["student_id"]: row for row in csv.DictReader(target.open())}
        assert {s: float(row["score"]) for s, row in rows.items()} == {
            "ada": 15,
            "max": 9.5,
            "eve": 0,
            "bob": 0,
        }
        assert rows["ada"]["timestamp"] == "2026-11-01 12:00:00"

    def test_feedback(self, api, course):
        with book(course) as found:
            found.find_comment("dense", "mlp", "mlp", "ada").manual_comment = "Elegant."
            found.db.commit()
        done = api.generate_feedback("mlp")
        assert done["success"], done["log"]
        pages = sorted(course.feedback.glob("*/mlp/mlp.html"))
        assert [page.parent.parent.name for page in pages] == ["ada", "max"]
        assert "Elegant." in pages[0].read_text()
        assert "9.5 / 17" in pages[1].read_text()


@pytest.mark.slow
def test_rows_are_those_of_autograde(tmp_path, monkeypatch):
    """Stock nbgrader grades a notebook; its scores as verdicts lead to the same rows, twice."""
    theirs = make_course(tmp_path / "theirs", "mlp")
    ours = make_course(tmp_path / "ours", "mlp")
    answers = {"dense": "def dense(x, W, b):\n    return x @ W.T + b", "linear_collapse": ANSWER}
    for course in (theirs, ours):
        course.config.LateSubmissionPlugin.penalty_method = "zero"
        folder = course.submitted / "ada" / "mlp"
        folder.mkdir(parents=True)
        (folder / "mlp.ipynb").write_text(filled("mlp", answers))
        (folder / "timestamp.txt").write_text("2026-11-01 14:00:00 UTC")
    api = stock(theirs, monkeypatch)
    assert api.generate_assignment("mlp", create=True)["success"]
    ensure_assignment(ours, "mlp")
    for course in (theirs, ours):
        with book(course) as found:
            found.update_or_create_assignment("mlp", duedate=DUE.isoformat())
    for again in (False, True):
        done = api.autograde("mlp", "ada", force=again)
        assert done["success"], done["log"]
        record(ours, as_graded_by(theirs))
        for table, rows in contents(theirs.db_url).items():
            assert contents(ours.db_url)[table] == rows, table
        assert properties(ours) == properties(theirs)
        for course in (theirs, ours):
            with book(course) as found:
                grade_of(found, "ada", "linear_collapse").manual_score = 1.5
                grade_of(found, "ada", "test_dense").extra_credit = 0.25
                found.find_comment("dense", "mlp", "mlp", "ada").manual_comment = "Good."
                found.db.commit()
    kept = [course.autograded / "ada" / "mlp" for course in (theirs, ours)]
    names = [{(p.name, p.stat().st_mode) for p in folder.iterdir()} for folder in kept]
    assert names[0] == names[1]


def as_graded_by(course):
    """Return the scores of stock nbgrader as a result of the grader."""
    with book(course) as found:
        notebook = found.find_submission_notebook("mlp", "mlp", "ada")
        scores = {grade.name: grade.auto_score for grade in notebook.grades}
    given = tuple(
        Verdict(each.grade_id, each.key, each.points, scores[each.grade_id])
        for each in verdicts("mlp", 1.0)
    )
    assert 0 < sum(each.earned for each in given) < sum(each.points for each in given)
    text = (course.autograded / "ada" / "mlp" / "mlp.ipynb").read_text()
    return Result("ada", "mlp", GRADED, "d", given, notebook=text)


def properties(course):
    """Return everything that nbgrader computes about a submission."""
    with book(course) as found:
        submission = found.find_submission("mlp", "ada")
        notebook = submission.notebooks[0]
        said = [each.to_dict() for each in (submission, notebook, *notebook.grades)]
        extra = [submission.late_submission_penalty, submission.total_seconds_late]
        cells = found.db.scalars(select(GradeCell)).all()
        return [{k: v for k, v in row.items() if k != "id"} for row in said], extra, len(cells)

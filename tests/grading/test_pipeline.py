"""Grading a class: each submission once, resumed after anything, the same on a cluster."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock
from grading.a_course import make_course
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import gradebook
from course_utils.grading.pipeline import LOCK, Grading, Options, grade
from course_utils.grading.seed import FILE, make_seed, seed_of
from tests.exercises.assignment import ROOT

NAME = "autodiff"
ONE = Options(workers=1)


@pytest.fixture
def course(tmp_path):
    made = make_course(tmp_path / "course", NAME)
    shutil.copy(ROOT / "pyproject.toml", made.root)
    make_seed(made.root)
    return made


def hand_in(course, student, text=None):
    folder = course.submitted / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    solved = (ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    (folder / f"{NAME}.ipynb").write_text(solved if text is None else text, encoding="utf-8")


def untouched():
    return (ROOT / "exercises" / NAME / f"{NAME}.ipynb").read_text("utf-8")


def marks(course):
    return {result.student: result.earned for result in gradebook.results(course, NAME)}


def graded(course, options=ONE):
    seen = []
    count = grade(course, NAME, "secret", options, lambda result: seen.append(result.student))
    assert count == len(seen)
    return sorted(seen)


def command(course, *arguments):
    code = "from course_utils.cli import app; app()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=course.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_each_submission_is_graded_once_and_again_only_when_it_changed(course):
    hand_in(course, "right")
    hand_in(course, "empty", untouched())
    hand_in(course, "broken", "{")
    assert graded(course) == ["broken", "empty", "right"]
    assert marks(course) == {"broken": 0, "empty": 0, "right": 11}
    assert graded(course) == []
    hand_in(course, "empty")
    assert graded(course) == ["empty"]
    assert marks(course)["empty"] == 11
    (course.submitted / "right" / NAME / f"{NAME}.ipynb").unlink()
    assert graded(course) == ["right"]
    assert [r.status for r in gradebook.results(course, NAME)] == ["refused", "graded", "missing"]
    assert graded(course, Options(workers=1, force=True)) == ["broken", "empty", "right"]
    assert graded(course, Options(students=["empty"], workers=1, force=True)) == ["empty"]
    before: list[None] = []
    again = Grading(course, NAME, "secret", Options(workers=1))
    again.done_before = lambda: before.append(None)
    assert again.run() == 0
    assert len(before) == 3


def test_only_one_process_grades_a_course(course):
    hand_in(course, "right")
    with (
        FileLock(course.root / LOCK),
        pytest.raises(ValueError, match="being graded by another process"),
    ):
        graded(course)


def test_an_unknown_student_or_assignment_is_named(course):
    hand_in(course, "right")
    with pytest.raises(ValueError, match="nobody"):
        graded(course, Options(students=["nobody"]))
    with pytest.raises(ValueError, match="'mlp'"):
        grade(course, "mlp", "secret")


def test_there_is_no_grading_without_a_secret(course, monkeypatch):
    monkeypatch.delenv("COURSE_HIDDEN_SEED", raising=False)
    (course.root / FILE).unlink()
    with pytest.raises(ValueError, match="course init"):
        seed_of(course.root)
    assert make_seed(course.root)
    secret = seed_of(course.root)
    assert len(secret) == 64
    assert (course.root / FILE).stat().st_mode & 0o777 == 0o600
    assert not make_seed(course.root)
    assert seed_of(course.root) == secret


@pytest.mark.slow
def test_the_commands_lead_from_a_submission_to_marks(course, monkeypatch):
    monkeypatch.chdir(course.root)
    hand_in(course, "ada")
    run = CliRunner()
    for arguments in (["init"], ["grade", NAME, "--workers", "1"], ["feedback", NAME]):
        result = run.invoke(app, arguments)
        assert result.exit_code == 0, result.output
    assert "ada" in result.output
    assert "11 of 11" in result.output
    assert (course.feedback / "ada" / NAME / f"{NAME}.html").is_file()
    assert run.invoke(app, ["report", NAME]).exit_code == 0
    assert run.invoke(app, ["export", NAME, "--output", "marks.csv"]).exit_code == 0
    assert "11" in (course.root / "marks.csv").read_text("utf-8")


def test_a_command_without_results_says_what_to_do(course, monkeypatch):
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(app, ["feedback", NAME])
    assert result.exit_code == 2
    assert f"course grade {NAME}" in result.output


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_any_moment_the_same_command_ends_with_the_same_gradebook(course):
    for number in range(12):
        hand_in(course, f"s{number:02}", None if number % 3 else untouched())
    undisturbed = {f"s{n:02}": (11.0 if n % 3 else 0.0) for n in range(12)}
    draw, kills = random.Random(0), 0
    for _ in range(20):
        process = command(course, "grade", NAME, "--workers", "2")
        time.sleep(draw.uniform(1.0, 6.0))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        for student, earned in marks(course).items():
            assert earned == undisturbed[student]
        if len(marks(course)) == 12 and draw.random() < 0.7:
            (course.root / "gradebook.db").unlink()  # begin again, to be killed elsewhere
    assert kills >= 5
    assert command(course, "grade", NAME, "--workers", "2").wait() == 0
    assert marks(course) == undisturbed
    assert grade(course, NAME, seed_of(course.root), ONE) == 0


@pytest.mark.slow
def test_on_a_cluster_a_killed_worker_costs_nothing(course):
    from distributed import LocalCluster

    for number in range(8):
        hand_in(course, f"s{number}")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        victims = [worker.process.pid for worker in cluster.workers.values()][:1]

        def watch(_):
            while victims:
                os.kill(victims.pop(), signal.SIGKILL)

        options = Options(workers=2, scheduler=cluster.scheduler_address)
        count = grade(course, NAME, "secret", options, watch)
    assert count == 8
    assert marks(course) == {f"s{n}": 11.0 for n in range(8)}


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_named(course, monkeypatch):
    hand_in(course, "right")
    monkeypatch.setattr("course_utils.grading.fleet.CLUSTER_SECONDS", "1s")
    with pytest.raises(ValueError, match=r"nobody answers at 'tcp://127\.0\.0\.1:9'"):
        graded(course, Options(scheduler="tcp://127.0.0.1:9"))


@pytest.mark.slow
def test_the_autograded_notebook_holds_marks_and_nothing_that_the_program_said(course):
    source = json.loads(untouched())
    source["cells"].append(
        {
            "cell_type": "code",
            "id": "loud",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": "print('said by the program')",
        }
    )
    hand_in(course, "loud", json.dumps(source))
    graded(course)
    text = (course.autograded / "loud" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    outputs = [o for c in json.loads(text)["cells"] for o in c.get("outputs", [])]
    assert len(outputs) == 3
    assert "said by the program" not in json.dumps(outputs)

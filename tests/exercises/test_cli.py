"""The command `course`: scores, and clear words where something is wrong."""

import json
import subprocess
import sys

import nbformat
import pytest
from typer.testing import CliRunner

from course_utils import __version__
from course_utils.cli import _print_score, app
from course_utils.grading.scoring import Row, Score, score
from tests.exercises.assignment import ROOT, edited, notebook_path

RUN = CliRunner()
EXERCISE = notebook_path("exercises", "mlp")
COUNT = "def count_parameters(widths):\n    "


def course(*arguments):
    return RUN.invoke(app, [str(argument) for argument in arguments])


def changed(tmp_path, **cells):
    return edited(EXERCISE, tmp_path / "mlp.ipynb", cells)


def rows(path, **options):
    return {row.function: row for row in score(path, **options).rows}


@pytest.mark.slow
def test_check_prints_the_score_and_the_first_thing_to_mend(tmp_path):
    wrong = COUNT + "return sum(a * b for a, b in zip(widths[:-1], widths[1:]))"
    path = changed(tmp_path, count_parameters=wrong)
    before = path.read_bytes()
    result = course("check", path)
    assert result.exit_code == 1
    assert "Total: 0 of 15 points." in result.stdout
    assert "not written yet" in result.stdout
    assert rows(path)["count_parameters"].hint.endswith("are not. Each neuron has one.")
    assert path.read_bytes() == before, "the student's file stays as it is"


@pytest.mark.slow
def test_check_ends_with_zero_where_everything_is_there():
    result = course("check", notebook_path("solutions", "mlp"))
    assert result.exit_code == 0
    assert "Total: 15 of 15 points." in result.stdout
    assert "Your instructor gives up to 2 more points." in result.stdout


@pytest.mark.slow
def test_check_finds_an_exercise_from_the_folder_of_the_course(tmp_path, monkeypatch):
    folder = tmp_path / "exercises" / "mlp"
    folder.mkdir(parents=True)
    (folder / "mlp.ipynb").write_bytes(EXERCISE.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert "of 15 points." in course("check", "mlp.ipynb").stdout
    assert "there is no file sgd.ipynb" in course("check", "sgd.ipynb").output


@pytest.mark.slow
def test_a_cell_that_hangs_costs_its_own_points(tmp_path):
    right = COUNT + (
        "if len(widths) < 2 or min(widths) < 1:\n        raise ValueError(widths)\n"
        "    return sum((widths[i - 1] + 1) * widths[i] for i in range(1, len(widths)))"
    )
    found = rows(changed(tmp_path, dense="while True: pass", count_parameters=right), timeout=3)
    assert found["count_parameters"].earned == 1
    assert "NameError" in found["dense"].hint


@pytest.mark.slow
def test_a_python_that_ends_is_reported(tmp_path):
    result = course("check", changed(tmp_path, softmax="import os\nos._exit(1)"))
    assert result.exit_code == 1
    assert "Python itself ended in this cell" in result.stdout
    assert "os._exit(1)" in result.stdout
    assert "not run" in result.stdout


@pytest.mark.slow
def test_markup_in_an_error_is_shown_as_text(tmp_path):
    path = changed(tmp_path, dense="def dense(x, W, b):\n    raise ValueError('[red]x[/red]')")
    result = course("check", path)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no file"),
        ("not JSON", "is not a Jupyter notebook"),
        ("[]", "is not a Jupyter notebook"),
        ('{"cells": 3}', "is not a Jupyter notebook"),
        ("\ufeff{}", "is not a Jupyter notebook"),
        (b"\xff\xfe\x00", "is not a Jupyter notebook"),
        (nbformat.writes(nbformat.v4.new_notebook()), "holds no check of this course"),
    ],
    ids=["missing", "text", "list", "cells", "mark", "bytes", "empty"],
)
def test_files_that_are_no_exercise(tmp_path, text, said):
    path = tmp_path / "mlp.ipynb"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = course("check", path)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_folder_is_no_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    said = course("check", "exercises/mlp").stderr
    assert "exercises/mlp is a folder: name the notebook in it, " in said
    assert said.endswith("such as exercises/mlp/mlp.ipynb\n")
    assert "such as exercises/mlp/mlp.ipynb" in course("check", tmp_path).stderr


def test_the_name_of_a_function_is_never_shortened(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    name, hint = "softmax_cross_entropy_backward", "a hint of many words that fills its column " * 4
    _print_score(tmp_path / "mlp.ipynb", Score((Row(name, 2, 0, hint),), 0, ""))
    printed = capsys.readouterr().out
    cells = [line.split("│")[1].strip() for line in printed.splitlines() if line.startswith("│")]
    assert "".join(cells) == name


def test_release_is_up_to_date_and_names_what_is_unknown(monkeypatch):
    monkeypatch.chdir(ROOT / "book")
    assert "exercises/mlp/mlp.ipynb is up to date" in course("release", "mlp").stdout
    unknown = course("release", "poetry")
    assert unknown.exit_code == 2
    assert "poetry" in unknown.stderr


def test_release_outside_of_a_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = course("release")
    assert result.exit_code == 2
    assert "nbgrader_config.py" in result.stderr


def test_notebooks_fix(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = tmp_path / "page.ipynb"
    cell = nbformat.v4.new_code_cell("1 + 1", execution_count=3)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    assert "changed" in course("notebooks", "fix", path).stdout
    assert len(json.loads(path.read_text())["cells"]) == 2
    assert "is in form" in course("notebooks", "fix", path).stdout
    assert course("notebooks", "fix", tmp_path / "none.ipynb").exit_code == 2
    path.write_text("no")
    assert "is not a Jupyter notebook" in course("notebooks", "fix", path).stderr


def test_data_list_and_an_unknown_set():
    listed = course("data", "list")
    assert listed.exit_code == 0
    assert "bccd" in listed.stdout
    unknown = course("data", "fetch", "poetry")
    assert unknown.exit_code == 2
    assert "poetry" in unknown.stderr


def test_version():
    assert course("version").stdout.strip() == __version__


def test_help_loads_nothing_heavy():
    code = "import course_utils.cli, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "torch", "nbgrader", "nbformat", "matplotlib", "IPython"} & set(loaded)

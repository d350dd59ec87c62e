"""Files that are no sound notebooks: each is a row with a message, and the next is graded."""

import codecs
import copy
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attacks.stage import (
    LIMITS,
    NAME,
    POINTS,
    ROOT,
    Attack,
    Stage,
    named,
    notebook_of,
    right,
    untouched,
)

from course_utils.grading import gradebook
from course_utils.grading.course import load_course
from course_utils.grading.pipeline import Options, grade
from course_utils.grading.results import GRADED, MISSING, REFUSED, Result

GOOD: dict[str, Any] = notebook_of(right("right"))


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    notebook = copy.deepcopy(GOOD)
    change(notebook)
    return json.dumps(notebook).encode()


def copied(notebook: dict[str, Any]) -> None:
    """Copy an answer, as Jupyter does with its name."""
    cells = notebook["cells"]
    answer = named(notebook, "dense")
    cells.insert(cells.index(answer), {**answer, "source": "def dense(*args): return None"})


def unknown_version(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 99


WORDS = json.dumps(GOOD, ensure_ascii=False).replace(
    "Write your answer", "Gr\u00fc\u00dfe, Zo\u00eb"
)
FILES: dict[str, tuple[bytes, float, str]] = {
    "copied-answer": (changed(copied), POINTS, "duplicate-cell"),
    "copied-notebook": (changed(lambda n: n["cells"].extend(n["cells"])), POINTS, "duplicate-cell"),
    "unknown-version": (changed(unknown_version), POINTS, "schema-version"),
    "byte-order-mark": (codecs.BOM_UTF8 + json.dumps(GOOD).encode(), POINTS, "byte-order-mark"),
    "latin-1": (WORDS.encode("latin-1"), POINTS, "encoding"),
    "utf-16": (json.dumps(GOOD).encode("utf-16"), POINTS, "encoding"),
    "no-ids": (changed(lambda n: [c.pop("id", None) for c in n["cells"]]), POINTS, ""),
    "newer-format": (changed(lambda n: n.update(nbformat_minor=99)), POINTS, "nbformat"),
    "no-metadata": (changed(lambda n: n.pop("metadata")), POINTS, "structure"),
    "not-numbers": (changed(lambda n: n.update(x=float("nan"))), POINTS, "numbers"),
    "empty": (b"", 0, "empty-file"),
    "nothing": (bytes(1000), 0, "empty-file"),
    "no-json": (b"{'cells': ", 0, "not-json"),
    "half": (json.dumps(GOOD).encode()[:5000], 0, "not-json"),
    "merge-conflict": (b"<<<<<<< HEAD\n" + json.dumps(GOOD).encode(), 0, "not-json"),
    "a-list": (b"[]", 0, "not-a-notebook"),
    "no-cells": (b"{}", 0, "not-a-notebook"),
    "a-picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, 0, "not-json"),
    "deep": (b"[" * 100_000, 0, "not-json"),
    "large": (b'{"cells": "' + b"x" * 21_000_000 + b'"}', 0, "too-large"),
    "another": ((ROOT / "exercises/sgd/sgd.ipynb").read_bytes(), 0, "another-notebook"),
}


def about(result: Result) -> list[str]:
    return [message.code for message in result.messages]


QUICK = {"copied-answer", "unknown-version", "byte-order-mark", "latin-1", "half", "no-json"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else (pytest.mark.slow,)) for n in FILES]
)
def test_a_broken_file_is_a_row_with_a_message(stage: Stage, name: str) -> None:
    raw, earned, code = FILES[name]
    before = stage.snapshot()
    result = stage.hand_in("mallory", raw)
    assert (result.earned, result.points) == (earned, POINTS), result.line()
    assert result.status == (GRADED if earned else REFUSED)
    assert not code or code in about(result), result.line()
    untouched(stage, before)


CLASS = {
    "ends": right("ends", "import os\nos._exit(0)"),
    "deaf": right(
        "deaf", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    ),
    "kills": right("kills", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    "cheats": Attack("cheats", "import course_utils.feedback as f\nf.check = lambda *a: 15"),
    "hog": right("hog", "x = [bytes(300 << 20) for _ in range(5)]"),
}


def answered(attack: Attack) -> bytes:
    return json.dumps(notebook_of(attack)).encode()


@pytest.mark.slow
def test_a_class_of_attackers_is_graded_to_the_last(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the pipeline: each has a row and a message, honest ones all points, and once."""
    files = {name: answered(attack) for name, attack in CLASS.items()}
    files |= {
        name: FILES[name][0] for name in ("copied-answer", "unknown-version", "half", "empty")
    }
    files |= {f"honest-{number}": answered(right("right")) for number in range(6)}
    root, temporary = tmp_path / "course", tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))  # for the processes that grade
    shutil.copytree(stage.course.root / "solutions", root / "solutions")
    shutil.copyfile(stage.course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    for student, raw in files.items():
        path = root / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(raw)
    renamed = root / "submitted/renamed" / NAME / "mlp (1).ipynb"
    renamed.parent.mkdir(parents=True)
    renamed.write_bytes(answered(right("right")))
    course = load_course(root)
    options, told = Options(workers=2, limits=LIMITS), []
    count = grade(course, NAME, "a seed", options, told.append)
    results = {result.student: result for result in gradebook.results(course, NAME)}
    assert set(results) == {*files, "renamed"} == {result.student for result in told}
    assert count == len(told) == len(results)
    for name, result in results.items():
        honest = name.startswith("honest")
        assert bool(result.messages) != (honest or name == "cheats"), result.line()
        lost = name in ("half", "empty", "renamed", "cheats")
        assert result.earned == (0 if lost else POINTS), result.line()
    assert results["renamed"].status == MISSING
    assert grade(course, NAME, "a seed", options, told.append) == 0
    assert list(temporary.iterdir()) == []

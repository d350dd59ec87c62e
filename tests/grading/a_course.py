"""A course of its own in a scratch folder, and everything that a gradebook says as plain rows."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Base
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, select

from course_utils.grading.course import Course, load_course
from course_utils.grading.results import GRADED, Result, Verdict

ROOT = Path(__file__).resolve().parents[2]
REFERENCES = ("assignment_id", "notebook_id", "cell_id")  # with "id", random names of rows
UNORDERED = {"grade", "comment"}  # nbgrader reads these by the name of their cell
ANSWER = "Two affine maps in a row are one affine map."


def make_course(folder: Path, *names: str, db: str | None = None) -> Course:
    """Return a course in ``folder`` with the assignments ``names``."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "nbgrader_config.py", folder / "nbgrader_config.py")
    for name in names:
        shutil.copytree(ROOT / "solutions" / name, folder / "solutions" / name)
    return load_course(folder, db)


def stock(course: Course, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> NbGraderAPI:
    """Return nbgrader's own API on the course; ``changes`` are settings of CourseDirectory."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)  # nbgrader starts `alembic` by its name
    config = course.config.copy()
    config.CourseDirectory.db_url = course.db_url
    config.CourseDirectory.update(changes)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def handed_out(name: str) -> dict[str, Any]:
    """Return the student's form of an assignment, as JSON holds it."""
    return json.loads((ROOT / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8"))


def filled(name: str, answers: dict[str, str]) -> str:
    """Return a student's notebook with the cells of these grade_ids filled in."""
    notebook, left = handed_out(name), dict(answers)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in left:
            cell["source"] = left.pop(grade_id)
    assert not left
    return json.dumps(notebook)


def verdicts(name: str, *shares: float) -> tuple[Verdict, ...]:
    """Return a verdict on each test cell, with these shares of its points, in turn."""
    found = []
    for cell in handed_out(name)["cells"]:
        settings = cell["metadata"].get("nbgrader", {})
        if settings.get("grade") and cell["cell_type"] == "code":
            share, points = shares[len(found) % len(shares)], float(settings["points"])
            key = f"{name}/{settings['grade_id'].removeprefix('test_')}"
            kind = "" if share == 1 else "value"
            found.append(Verdict(settings["grade_id"], key, points, share * points, kind))
    return tuple(found)


def graded(student: str, name: str = "mlp", shares: tuple[float, ...] = (1.0,), **more) -> Result:
    """Return a graded result; ``answers`` are what the student has filled in."""
    answers = more.pop("answers", {})
    more = {"digest": "first", "notebook": filled(name, answers)} | more
    return Result(student, name, GRADED, verdicts=verdicts(name, *shares), **more)


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all of nbgrader's tables, with readable names in place of random ids.

    Rows are in the order in which they were written, where nbgrader depends on it.
    """
    engine, found, names = create_engine(url), {}, {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in connection.execute(select(table)).mappings()]
            for row in rows:
                names[row["id"]] = names.get(row["id"]) or label(row, names)
            found[table.name] = [readable(row, names) for row in rows]
            if table.name in UNORDERED:
                found[table.name].sort(key=lambda row: row["id"])
    engine.dispose()
    return found


def label(row: dict[str, Any], names: dict[str, str]) -> str:
    """Return a name for a row from what makes it unique; a student's or a course's id is one."""
    said = [row[key] for key in ("type", "name", "student_id") if row.get(key)]
    said += [names[row[key]] for key in REFERENCES if row.get(key) in names]
    return "/".join(said) or row["id"]


def readable(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    ids = ("id", *REFERENCES)
    return {key: names.get(value, value) if key in ids else value for key, value in row.items()}

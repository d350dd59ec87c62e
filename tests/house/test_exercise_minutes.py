"""Every graded exercise states the minutes that it takes a newcomer, and its notebook their sum."""

import json
import re
from pathlib import Path

import pytest

from course_utils.feedback import ASSIGNMENTS

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"
# The last line of an exercise's text; no other numbers, since nobody knows them more exactly.
FORM = re.compile(r"\n\n\*About (5|10|15|20|30|45|60) minutes\.\*\Z")
TOTAL = re.compile(r"\babout (\d+) minutes\b")


def texts(name: str) -> tuple[str, list[str]]:
    """Return the first text of a notebook, and each that stands above something graded."""
    path = EXERCISES / name / f"{name}.ipynb"
    title, text, graded = "", "", []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            graded.append(text)
        elif cell["cell_type"] == "markdown" and source.startswith("# "):
            title = source
        elif cell["cell_type"] == "markdown" and source.startswith("## "):
            text = source
    return title, list(dict.fromkeys(graded))


def minutes(text: str) -> int | None:
    found = FORM.search(text)
    return int(found[1]) if found else None


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_graded_exercise_states_its_minutes(name: str) -> None:
    graded = texts(name)[1]
    assert len(graded) > 2, "functions and a question"
    assert not [text.splitlines()[0] for text in graded if minutes(text) is None]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_notebook_states_their_sum(name: str) -> None:
    title, graded = texts(name)
    assert TOTAL.findall(title) == [str(sum(minutes(text) or 0 for text in graded))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("## f: a sum\n\nReturn x + y.\n\n*About 15 minutes.*", 15),
        ("## f: a sum\n\nReturn x + y. *About 15 minutes.*", None),
        ("## f: a sum\n\n*About 15 minutes.*\n\nReturn x + y.", None),
        ("## f: a sum\n\n*About 17 minutes.*", None),
    ],
)
def test_one_form_is_taken_and_no_other(text: str, found: int | None) -> None:
    assert minutes(text) == found

"""Every row of the coverage list has its place in the book, with evidence.

``coverage/<page>.csv`` says for each row on which page it is found, what kind of evidence stands
for it, and a piece of text that must be there. ``numbers/<page>.csv`` names numbers that the
executed page must print; ``test_outputs.py`` looks for those in the built site.
"""

import csv
import json
import re
from functools import cache
from pathlib import Path

import pytest

from course_utils.feedback import exercise_for

HERE = Path(__file__).parent
BOOK = HERE.parents[1] / "book"
ROWS = range(1, 404)
# The checkable numbers, but for those that nothing can compute.
NOT_COMPUTED = {
    "N001": "ten digits",
    "N005": "sizes in a drawing",
    "N010": "made-up scores",
    "N052": "a convention of batch sizes",
    "N053": "a convention of dropout rates",
    "N098": "two example sizes",
    "N099": "the sizes of ImageNet",
    "N100": "the years of its contest",
    "N104": "how it was labelled",
    "N136": "the size of COCO",
    "N137": "the time of another's computer",
    "N139": "a count of papers",
    "N140": "the sizes of three data sets",
    "N159": "the size of a data set",
}
NUMBERS = {f"N{n:03d}" for n in range(1, 162)} - NOT_COMPUTED.keys()
KINDS = ("exec", "figure", "exercise", "quiz", "graded", "prose")


def entries(folder: str = "coverage") -> list[dict[str, str]]:
    found = []
    for path in sorted((HERE / folder).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found += list(csv.DictReader(lines))
    return found


@cache
def cells(page: str) -> tuple[tuple[str, str], ...]:
    notebook = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))
    return tuple((cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"])


def places(page: str, kind: str) -> list[str]:
    """Return the pieces of the page in which evidence of this kind must stand."""
    code = [source for cell_type, source in cells(page) if cell_type == "code"]
    prose = "\n".join(source for cell_type, source in cells(page) if cell_type == "markdown")
    if kind == "exec":
        return code
    if kind == "figure":
        return [c for c in code if re.search(r"plotting\.show\(|\balt=", c)]
    if kind == "quiz":
        return [c for c in code if "Quiz" in c]
    if kind == "exercise":
        blocks = re.finditer(r"^(`{3,})\{(?:exercise|solution).*?^\1\s*$", prose, re.S | re.M)
        return [block.group() for block in blocks]
    return [prose]


def squeeze(text: str) -> str:
    """Return ``text`` without white space: prose and code may be wrapped anywhere."""
    return "".join(text.split())


def test_every_row_is_placed() -> None:
    placed = {int(entry["row"]) for entry in entries()}
    missing = sorted(set(ROWS) - placed)
    assert not missing, f"rows without a place in the book: {missing}"


def test_every_number_is_recomputed() -> None:
    printed = {entry["number"] for entry in entries("numbers") if entry["output"]}
    assert sorted(NUMBERS - printed) == []


@pytest.mark.parametrize("entry", entries(), ids=lambda e: f"{e['row']}-{e['kind']}-{e['page']}")
def test_evidence_is_where_the_table_says(entry: dict[str, str]) -> None:
    assert entry["kind"] in KINDS
    assert len(entry["evidence"]) >= 6, "evidence too short to prove anything"
    assert entry["topic"]
    if entry["kind"] == "graded":
        exercise = exercise_for(entry["evidence"])
        assert f"`{exercise.function}`" in "\n".join(places(entry["page"], "prose"))
        return
    where = places(entry["page"], entry["kind"])
    evidence = squeeze(entry["evidence"])
    assert any(evidence in squeeze(piece) for piece in where), (
        f"row {entry['row']}: no {entry['kind']} in {entry['page']} contains {entry['evidence']!r}"
    )

"""Every row of the page of claims points to its section and quotes only figures that stand there.

Figures come from the prose of the section, or from outputs that the tables of ``coverage``,
``numbers`` or ``claims.csv`` promise; ``test_outputs.py`` looks for those in the built site.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from test_outputs import promises

from tests.book_prose import prose

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "claims.md").read_text(encoding="utf-8")
INTRO = PAGE.split("\n## ")[0]
VERDICTS = ("held", "held in part", "not here")
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
ROLE = re.compile(r"\{(?:ref|cite:\w)\}`[^`]+`")


def rows() -> list[tuple[int, list[str]]]:
    """Return the chapter and the cells of each row."""
    found = []
    for part in PAGE.split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")]
        cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]
        found += [(int(part.split()[0]), row) for row in cells]
    return found


@cache
def sections() -> dict[str, str]:
    """Return the page on which each label of a section stands."""
    return {
        label: path.relative_to(BOOK).with_suffix("").as_posix()
        for path in BOOK.glob("*/*.ipynb")
        for label in re.findall(r"^\(([\w-]+)\)=$", prose(path), re.M)
    }


def section(row: list[str]) -> str:
    (label,) = re.findall(r"\{ref\}`([\w-]+)`", row[1])
    return sections()[label]


def figures(text: str) -> list[str]:
    return FIGURE.findall(ROLE.sub("", text))


def quoted(page: str) -> list[str]:
    return [output for _, where, output in promises() if where == page]


@pytest.mark.parametrize(("chapter", "row"), rows(), ids=lambda part: str(part)[2:50])
def test_a_row_quotes_its_section(chapter: int, row: list[str]) -> None:
    claim, _, came_out, verdict = row
    assert verdict in VERDICTS
    page = section(row)
    assert page.startswith(f"{chapter:02d}_"), f"{claim}: {page} is not of chapter {chapter}"
    printed = "\n".join(quoted(page))  # may be the beginnings of figures
    strange = [
        figure
        for figure in figures(came_out)
        if figure not in FIGURE.findall(prose(BOOK / f"{page}.ipynb"))
        and not re.search(rf"(?<![\d.,]){re.escape(figure)}", printed)
    ]
    assert not strange, f"{claim}: {page} has no {strange}"


def test_the_counts_are_true() -> None:
    verdicts = [row[-1] for _, row in rows()]
    stated = dict(re.findall(r"\*([a-z ]+)\* \((\d+) rows\)", INTRO.replace("\n", " ")))
    assert stated == {verdict: str(verdicts.count(verdict)) for verdict in VERDICTS}
    assert f"lists {len(verdicts)} of them" in " ".join(INTRO.split())


def test_every_chapter_occurs() -> None:
    assert {chapter for chapter, _ in rows()} == set(range(1, 11))


def test_no_output_is_listed_in_vain() -> None:
    used = {(section(row), figure) for _, row in rows() for figure in figures(row[2])}
    claims = [(page, output) for what, page, output in promises() if what.startswith("page ")]
    idle = [c for c in claims if not any(p == c[0] and figure in c[1] for p, figure in used)]
    assert claims
    assert not idle, f"figures of claims.csv that no row quotes: {idle}"

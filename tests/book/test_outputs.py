"""The executed pages print what the tables of coverage and numbers promise."""

import csv
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

HERE = Path(__file__).parent


def promises() -> list[tuple[str, str, str]]:
    """Return (what, page, output) for each printed result that stands as evidence."""
    found = []
    for folder, key in (("coverage", "row"), ("numbers", "number"), ("", "page")):
        for path in sorted((HERE / folder).glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as lines:
                rows = [row for row in csv.DictReader(lines) if row["output"]]
            found += [(f"{key} {row[key]}", row["page"], row["output"]) for row in rows]
    return found


@cache
def printed(page: Path) -> str:
    """Return the outputs of the page's cells as text without white space."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return "".join("".join(block.get_text().split()) for block in soup.select(".cell_output"))


@pytest.mark.web
@pytest.mark.parametrize(("what", "page", "output"), promises())
def test_the_page_prints(built_site: Path, what: str, page: str, output: str) -> None:
    text = printed(built_site / "book" / f"{page}.html")
    assert "".join(output.split()) in text, f"{what}: {page} does not print {output!r}"

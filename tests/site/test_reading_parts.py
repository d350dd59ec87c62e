"""The parts of the site's extension that count, list and pack; they need no site."""

import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from docutils import nodes
from docutils.utils import new_document
from offline import ARCHIVE, pack

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

from course_changes import ATOM, Release, feed, releases
from course_progress import exercises_in
from course_reading import BUDGET, Effort, effort, sentence

ROOT = Path(__file__).resolve().parents[2]
LOG = """# Changelog

## Unreleased

- Not yet.

## [0.2.0] - 2027-01-02

### Added

- A *second* version with <b>.

## 0.1.0 - 2026-11-28

- The first.

[0.2.0]: https://example.org/0.2.0
"""
BASE = "https://example.org/course/"
NAMES = {"a": ATOM}


def page() -> nodes.document:
    """Ten words with one formula among them, three lines of code, a displayed formula, output."""
    doctree = new_document("page")
    text = nodes.paragraph("", "one two three four five ")
    text += [nodes.math("", "x + y"), nodes.Text(" six seven eight nine")]
    output = nodes.container("", nodes.literal_block("", "1\n2"), nb_element="cell_code_output")
    hidden = nodes.container("", nodes.literal_block("", "a = 1"), classes=["tag_hide-input"])
    doctree += [text, nodes.literal_block("", "a = 1\n\nb = 2\nc = 3"), output, hidden]
    doctree += nodes.math_block("", "E = mc^2")
    return doctree


def test_effort_counts_what_is_read_and_not_what_cells_print() -> None:
    assert effort(page()) == Effort(words=10, lines=3, formulas=1)


def test_minutes_are_those_of_the_stated_rates() -> None:
    assert Effort(words=2000).minutes == 10
    assert Effort(words=2000, lines=60, formulas=10).minutes == 13
    assert Effort(words=3).minutes == 1


def test_the_line_states_what_was_measured_or_else_the_budget() -> None:
    assert sentence(1) == "1 minute to read"
    assert sentence(12, None, "30 s") == "12 minutes to read · to run, at most 30 s"
    measured = sentence(12, 0.3, "30 s on two CPU cores")
    assert measured == (
        "12 minutes to read · 1 second to run when this page was built"
        " · budget 30 s on two CPU cores"
    )


def test_every_budget_of_the_book_is_read() -> None:
    lines = [
        line.strip().strip('",').removesuffix("\\n").strip("*")
        for path in (ROOT / "book").rglob("*.ipynb")
        for line in path.read_text(encoding="utf-8").splitlines()
        if '"*Budget' in line
    ]
    assert len(lines) > 70
    assert [line for line in lines if not BUDGET.fullmatch(line)] == []


def test_only_released_versions_are_in_the_feed() -> None:
    found = releases(LOG)
    assert [(one.version, one.date) for one in found] == [
        ("0.2.0", "2027-01-02"),
        ("0.1.0", "2026-11-28"),
    ]
    assert found[1].text == "- The first."


def test_feed_is_what_atom_asks_for() -> None:
    root = Xml.fromstring(feed(releases(LOG), BASE, "Book", "Authors"))
    for name in ("id", "title", "updated", "author/a:name"):
        assert root.findtext(f"a:{name}", namespaces=NAMES), name
    assert root.findtext("a:updated", namespaces=NAMES) == "2027-01-02T00:00:00Z"
    entries = root.findall("a:entry", NAMES)
    ids = [entry.findtext("a:id", namespaces=NAMES) for entry in entries]
    assert ids == [f"{BASE}book/changelog.html#v0.2.0", f"{BASE}book/changelog.html#v0.1.0"]
    content = entries[0].findtext("a:content", namespaces=NAMES)
    assert content is not None
    assert "<em>second</em>" in content
    assert "Unreleased" not in content


@pytest.mark.parametrize(
    ("changes", "base", "named"),
    [
        ([Release("1.0", "2027-01-01", "")], "", "base: got ''"),
        ([Release("1.0", "2027-01-01", "")], "https://example.org/course", "ends with a slash"),
        ([], BASE, "changes: got none"),
    ],
)
def test_a_feed_that_would_be_wrong_is_refused(
    changes: list[Release], base: str, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        feed(changes, base, "Book", "Authors")


def test_the_changelog_has_the_version_of_the_package() -> None:
    newest = releases((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{newest.version}"\n' in project


def test_exercises_are_listed_by_page_once_each() -> None:
    check = '<details class="check" id="c" data-key="{}" data-seconds="60">'
    pages = {"book/a": check.format("mlp/dense") * 2 + check.format("mlp/loss"), "book/b": "<p>"}
    assert exercises_in(pages) == {"book/a": ["mlp/dense", "mlp/loss"]}


def built(folder: Path) -> Path:
    (folder / "book").mkdir(parents=True)
    (folder / "_static").mkdir()
    (folder / "_static" / "a.js").write_text("let a;")
    start = '<div class="course-offline docutils container">\n<p>Text.</p>\n</div>'
    (folder / "book" / "index.html").write_text(start)
    return folder


def test_the_same_site_gives_the_same_archive_and_one_link(tmp_path: Path) -> None:
    one, other = built(tmp_path / "one"), built(tmp_path / "other")
    first = pack(one).read_bytes()
    assert pack(one).read_bytes() == first, "packed again, with the archive and the link there"
    assert pack(other).read_bytes() == first
    start = (one / "book" / "index.html").read_text()
    assert start.count(f'href="../{ARCHIVE}"') == 1
    assert "<p>Text.</p>" in start


def test_the_archive_does_not_hold_or_offer_itself(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(built(tmp_path))) as archive:
        names = archive.namelist()
        start = archive.read("learning-to-see/book/index.html").decode()
    assert names == ["learning-to-see/_static/a.js", "learning-to-see/book/index.html"]
    assert ARCHIVE not in start


def test_a_folder_that_is_no_site_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"site: got .*, expected a built site"):
        pack(tmp_path)

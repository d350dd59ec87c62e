"""The extension of the site: what it does to a page, and the builds that it must let fail."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from site_pages import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))

from course_site import CHROME, describe

TOC = "format: jb-book\nroot: book/index\nchapters:\n  - file: book/page\n"
PLOT = "import matplotlib.pyplot as plt\nfigure, axis = plt.subplots()\naxis.plot([0, 1])\n"
SHOW = "from course_utils.plotting import show\nshow(figure, '{}')"
ALT = "A straight line rises from nought at the left to one at the right."


def document(text: str) -> nodes.document:
    doctree = new_document("page")
    doctree += nodes.paragraph(text, text)
    return doctree


def test_description_is_the_first_paragraph() -> None:
    assert describe(document("How does a\nprogram learn?"), "title") == "How does a program learn?"
    assert describe(None, "Learning to See") == "Learning to See"


def test_description_is_not_the_budget() -> None:
    doctree = document("")
    doctree[0] += nodes.emphasis("Budget: 30 s", "Budget: 30 s")
    doctree += nodes.paragraph("", "You want a program.")
    assert describe(doctree, "title") == "You want a program."


def test_long_description_is_cut_at_a_word() -> None:
    text = describe(document("word, " * 60), "title")
    assert len(text) <= 160
    assert text.endswith("word…")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>', ""),
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        (
            '<a class="navbar-brand logo" href="#">x</a>',
            '<nav aria-label="Start page"><a class="navbar-brand logo" href="#">x</a></nav>',
        ),
    ],
)
def test_chrome_is_mended_once(before: str, after: str) -> None:
    for _ in range(2):
        for pattern, replacement in CHROME:
            before = re.sub(pattern, replacement, before, flags=re.DOTALL)
        assert before == after


def build(tree: Path, *cells: str) -> tuple[int, str, Path]:
    """Build a book of one notebook with the course's settings: (exit status, log, page)."""
    for name in ("site_assets", "book/_ext"):
        shutil.copytree(ROOT / name, tree / name)
    shutil.copy(ROOT / "_config.yml", tree)
    (tree / "_toc.yml").write_text(TOC, encoding="utf-8")
    (tree / "book" / "index.md").write_text("# Start\n\nA page.\n", encoding="utf-8")
    (tree / "book" / "references.bib").write_text("", encoding="utf-8")
    (tree / "README.md").write_text("# Not a page\n", encoding="utf-8")
    title = nbformat.v4.new_markdown_cell("# Page\n\nA page of the test.")
    notebook = nbformat.v4.new_notebook(cells=[title, *map(nbformat.v4.new_code_cell, cells)])
    nbformat.write(notebook, tree / "book" / "page.ipynb")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", "-W", "--keep-going", str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    return (
        done.returncode,
        done.stdout + done.stderr,
        tree / "_build" / "html" / "book" / "page.html",
    )


@pytest.mark.web
@pytest.mark.slow
def test_output_keeps_its_alternative_text_and_progress_bars_are_left_out(tmp_path: Path) -> None:
    progress = "from tqdm.auto import tqdm\nfor _ in tqdm(range(2)):\n    pass"
    status, log, page = build(tmp_path, PLOT + SHOW.format(ALT), progress)
    assert status == 0, log
    html = page.read_text(encoding="utf-8")
    assert f'alt="{ALT}"' in html
    assert "widget-view" not in html
    assert "figures.js" not in html


@pytest.mark.web
@pytest.mark.slow
def test_image_without_an_alternative_text_fails_the_build(tmp_path: Path) -> None:
    status, log, _ = build(tmp_path, PLOT + "plt.show()")
    assert status != 0
    assert "expected at least 10 words that say what it shows" in log


@pytest.mark.web
@pytest.mark.slow
def test_cell_that_fails_fails_the_build(tmp_path: Path) -> None:
    status, log, _ = build(tmp_path, "1 / 0")
    assert status != 0
    assert "ZeroDivisionError" in log

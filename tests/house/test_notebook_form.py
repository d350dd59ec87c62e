"""The form of every notebook, and of the book that they make together."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from course_utils import figures
from course_utils.notebooks import BOOTSTRAP_ID, bootstrap_source
from tests.book_prose import prose

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(
    path
    for folder in ("book", "exercises", "solutions")
    for path in (ROOT / folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
SECTIONS = [path for path in NOTEBOOKS if re.search(r"book/\d\d_\w+/\d\d_", path.as_posix())]
PAGES = sorted((ROOT / "book").rglob("*.md")) + [p for p in NOTEBOOKS if "book" in p.parts]
ALT_WORDS, EXERCISES, FIGURES = 10, 4, 3
QUESTIONS = {"Quiz"}  # an interactive figure by its class, but it draws nothing
INTERACTIVE = {
    name
    for name, thing in vars(figures).items()
    if isinstance(thing, type) and issubclass(thing, figures.InteractiveFigure)
}
DRAWING = {"show"} | (INTERACTIVE - QUESTIONS)
BLOCK = (
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[a-z-]+)\}(?P<title>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)\s*$"
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, 4)


def code(path: Path) -> list[str]:
    """Return the code cells without their IPython lines."""
    cells = [c.source for c in read(path).cells if c.cell_type == "code"]
    return [
        "\n".join(
            "pass"
            if re.match(r"\s*[%!]", line) and not line.startswith(" ")
            else re.sub(r"^(\s+)[%!].*", r"\1pass", line)
            for line in c.splitlines()
        )
        for c in cells
    ]


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Return every call in the notebook's code with the last part of its name."""
    found = []
    for cell in code(path):
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                found.append((name, node))
    return found


def blocks(text: str) -> list[tuple[str, str, str]]:
    """Return (directive, title, body) of every MyST directive."""
    found = re.finditer(BLOCK, text, re.MULTILINE)
    return [(m["name"], m["title"].strip(), m["body"]) for m in found]


def test_there_are_notebooks():
    assert SECTIONS
    assert any("exercises" in path.parts for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_stored_clean(path):
    raw = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(raw)
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    assert raw["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell.get("id") for cell in raw["cells"]]
    assert all(ids), "a cell has no id"
    assert len(ids) == len(set(ids)), "two cells share an id"
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], cell["id"]
            assert cell["execution_count"] is None, cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_the_first_cell_installs_the_course(path, repository):
    first = read(path).cells[0]
    assert first.cell_type == "code"
    assert first.source == bootstrap_source(repository)
    assert first.id == BOOTSTRAP_ID


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_alternative_texts_are_sentences(path):
    for name, call in calls(path):
        texts = [k.value for k in call.keywords if k.arg == "alt"]
        texts += call.args[1:2] if name == "show" else []
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                assert len(text.value.split()) >= ALT_WORDS, text.value


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_every_interactive_figure_is_shown(path):
    """Jupyter shows the last expression of a cell; a figure before it would be made in vain."""
    for cell in code(path):
        *earlier, last = ast.parse(cell).body
        shown = last.value if isinstance(last, ast.Expr) else None
        for statement in earlier:
            made = getattr(statement, "value", None)
            if not (isinstance(made, ast.Call) and getattr(made.func, "id", None) in INTERACTIVE):
                continue
            named = [ast.unparse(t) for t in getattr(statement, "targets", [])]
            assert shown is not None, ast.unparse(made)[:60]
            assert ast.unparse(shown) in named, ast.unparse(made)[:60]


@pytest.mark.parametrize("path", SECTIONS, ids=name_of)
def test_a_section_states_its_budget_at_the_top(path):
    head = "".join(c.source for c in read(path).cells[1:3])
    assert re.search(r"Budget: \d+ s\b", head), "no line `Budget: N s` in the first text cell"
    assert "Reading time" not in head, "the site counts the minutes"


@pytest.mark.parametrize("path", SECTIONS, ids=name_of)
def test_a_section_has_figures(path):
    drawn = sum(name in DRAWING for name, _ in calls(path))
    assert drawn >= FIGURES


@pytest.mark.parametrize("path", SECTIONS, ids=name_of)
def test_a_section_has_exercises_each_with_an_answer(path):
    found = blocks(prose(path))
    labels = {}
    for name, title, body in found:
        if name == "exercise":
            label = re.search(r"^:label:\s*(\S+)", body, re.MULTILINE)
            assert label, f"an exercise has no label: {body[:60]}"
            assert title, f"an exercise has no title: {body[:60]}"
            labels[label[1]] = body
    assert len(labels) >= EXERCISES
    solved = {title for name, title, _ in found if name == "solution"}
    for label, body in labels.items():
        graded = re.search(r"`[a-z_]+/\w+`|exercises/\w+", body)
        assert label in solved or graded, f"{label} has neither a solution nor a graded function"


def test_the_table_of_contents_and_the_folder_agree():
    pages = {f"{name_of(path.with_suffix(''))}" for path in PAGES}
    listed = set(parse_toc_yaml(ROOT / "_toc.yml"))
    assert listed - pages == set(), "listed in _toc.yml, not there"
    assert pages - listed == set(), "there, not listed in _toc.yml"


def test_every_citation_is_in_the_bibliography():
    text = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    known = re.findall(r"^@\w+\{([^,\s]+),", text, re.MULTILINE)
    assert len(known) == len(set(known)), "a key is there twice"
    cited = set()
    for path in PAGES:
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", prose(path)):
            cited |= {key.strip() for key in keys.split(",")}
    assert cited
    assert cited <= set(known), f"not in references.bib: {sorted(cited - set(known))}"

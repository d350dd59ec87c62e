"""Where checks stand in the book, how the editor takes keys, and that every reference passes."""

import html
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.utils import new_document
from playwright.sync_api import Browser, Page, expect
from pyodide import pyodide_folder
from pyodide_site import served
from site_pages import ROOT, pages
from sphinx_exercise.nodes import exercise_node

from course_utils.feedback import ASSIGNMENTS, exercises_of

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import check_files
import course_checks

pytestmark = pytest.mark.web

KEYS = [key for name in ASSIGNMENTS for key in exercises_of(name)]
NEED_TORCH = {
    "receptive_field/receptive_field_by_gradient",
    "classification/ResidualBlock",
    "classification/SqueezeExcite",
    "segmentation/UNet",
    *(key for key in KEYS if key.startswith("triton_")),
}
PAGE, BOX = "book/01_mlp/05_losses", "#check-mlp-softmax"
# Runs jobs one after the other in one worker.
RUN = """async ([address, jobs]) => {
  const { Session } = await import(`${address}_static/checks/session.js`);
  const session = new Session(), nothing = () => {}, found = [];
  const on = { loading: nothing, running: nothing, printed: nothing };
  for (const job of jobs) found.push(await session.run(job, 120, on));
  session.stop();
  return found;
}"""


@pytest.fixture(scope="module")
def texts(site: Path) -> dict[str, str]:
    return {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in pages()}


def anchor(key: str) -> str:
    return f'id="check-{key.replace("/", "-")}"'


def test_every_graded_function_has_one_home(texts: dict[str, str]) -> None:
    homes = {key: [name for name in texts if anchor(key) in texts[name]] for key in KEYS}
    expected = {key: [f"book/{exercises_of(key.split('/')[0])[key].section}"] for key in KEYS}
    assert homes == expected
    boxes = re.findall(r'<details class="check"[^>]* data-key="([^"]+)"', "".join(texts.values()))
    assert sorted(boxes) == sorted(set(KEYS) - NEED_TORCH)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_links_lead_to_the_notebook(name: str, texts: dict[str, str], repository: str) -> None:
    together = html.unescape("".join(texts.values()))
    owner = repository.removeprefix("https://github.com")
    path = f"exercises/{name}/{name}.ipynb"
    assert (ROOT / path).is_file()
    colab = f'"https://colab.research.google.com/github{owner}/blob/main/{path}"'
    binder = f'"https://mybinder.org/v2/gh{owner}/main?urlpath=lab/tree/{path}"'
    count = len(exercises_of(name))
    assert (together.count(colab), together.count(binder)) == (count, count)


def test_only_pages_with_a_check_load_its_script(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        has = 'class="check"' in text or 'class="check-elsewhere"' in text
        assert ("checks/checks.js" in text) == ("checks/checks.css" in text) == has, name


def test_the_archive_is_the_same_each_time() -> None:
    assert check_files.packed() == check_files.packed()


def test_what_is_said_of_numpy_is_said_once() -> None:
    facts = check_files.facts()
    (numpy,) = facts["lock"]["packages"].values()
    assert facts["files"][numpy["file_name"]]["sha256"] == numpy["sha256"]
    assert facts["lock"]["info"]["version"] == facts["version"]
    assert f"/v{facts['version']}/" in facts["address"]


def paragraph(*words: str) -> nodes.paragraph:
    found = nodes.paragraph()
    found.extend(nodes.literal(word, word) for word in words)
    return found


def test_an_exercise_comes_before_a_paragraph_and_a_stranger_has_no_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    doctree, exercise = new_document("page"), exercise_node()
    before, asks = paragraph("dense", "exercises/mlp"), paragraph("mlp/dense", "exercises/mlp")
    other = paragraph("softmax", "exercises/mlp")
    exercise += asks
    doctree.extend([before, exercise, other])
    places = course_checks.places(doctree, ["mlp/dense", "mlp/softmax", "mlp/cross_entropy"])
    assert places == {exercise: ["mlp/dense", "mlp/cross_entropy"], other: ["mlp/softmax"]}
    assert caplog.text == ""
    assert course_checks.places(new_document("page"), ["mlp/dense"]) == {}
    assert "no exercise and no paragraph names `dense` and `exercises/mlp`" in caplog.text


def test_stubs_are_the_notebook_s_own() -> None:
    cells = check_files.cells_of("backprop")
    assert [cell["name"] for cell in cells if "key" in cell] == [
        "mlp_forward_cached",
        "softmax_cross_entropy_backward",
        "mlp_backward",
        "gradient_check",
    ]
    assert 'check("backprop/mlp_backward", both)' in cells[3]["test"]
    setup = check_files.cells_of("classification")[0]["setup"]
    assert "import numpy as np" in setup
    assert "torch" not in setup


@pytest.mark.parametrize("change", ["missing", "other"])
def test_a_folder_that_is_not_pyodide_is_refused(tmp_path: Path, change: str) -> None:
    if change == "other":
        (tmp_path / "pyodide.mjs").write_text("alert(1)", encoding="utf-8")
    with pytest.raises(ValueError, match=r"PYODIDE_DIR=.*pyodide\.mjs must have the sha256"):
        check_files.copy_pyodide(tmp_path / "site", str(tmp_path))


def test_pyodide_is_copied_and_taken_away(tmp_path: Path) -> None:
    check_files.copy_pyodide(tmp_path, str(pyodide_folder()))
    assert {path.name for path in tmp_path.iterdir()} == set(check_files.facts()["files"])
    check_files.copy_pyodide(tmp_path, "")
    assert not tmp_path.exists()


@pytest.mark.parametrize("own", [True, False])
def test_the_page_is_told_where_python_comes_from(own: bool) -> None:
    address = check_files.runtime(b"", own)["address"]
    assert address == ("../pyodide/" if own else check_files.facts()["address"])


def references() -> dict[str, Any]:
    """A job for each function that a page can check, answered by the instructor's notebook."""
    jobs = {}
    for name in ASSIGNMENTS:
        cells = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text("utf-8"))[
            "cells"
        ]
        answers = {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            for cell in cells
            if cell["metadata"].get("nbgrader", {}).get("solution")
        }
        before: list[dict[str, str]] = []
        setup: list[str] = []
        for cell in check_files.cells_of(name):
            if "setup" in cell:
                setup.append(cell["setup"])
                continue
            answer = {"name": cell["name"], "code": answers[cell["name"]]}
            jobs[cell["key"]] = {
                "setup": [*setup],
                "earlier": [*before],
                "cell": answer,
                "test": cell["test"],
            }
            before.append(answer)
    return jobs


def test_every_reference_passes_in_the_page(site: Path, browser: Browser) -> None:
    jobs = references()
    assert set(jobs) == set(KEYS) - NEED_TORCH
    page = browser.new_page()
    with served(site, pyodide_folder()) as address:
        page.goto(f"{address}{PAGE}.html")
        verdicts = page.evaluate(RUN, [address, list(jobs.values())])
    page.close()
    found = {key: verdict.get("rows", verdict) for key, verdict in zip(jobs, verdicts, strict=True)}
    points = {key: f"{exercises_of(key.split('/')[0])[key].points:g}" for key in jobs}
    expected = {
        key: [["", f"{key.split('/')[1]} passed: {full} of {full} point{'s' * (full != '1')}."]]
        for key, full in points.items()
    }
    assert found == expected


@pytest.fixture
def page(browser: Browser, address: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{address}{PAGE}.html")
    page.locator(f"{BOX} summary").click()
    page.locator(f"{BOX} textarea").wait_for()
    return page


def test_the_editor_indents_as_python_wants(page: Page) -> None:
    field = page.locator(f"{BOX} textarea")
    field.fill("")
    for key in ["def f(x):", "Enter", "if x:", "Enter", "return g(", "Enter", "1)", "Enter"]:
        page.keyboard.press(key) if key == "Enter" else page.keyboard.type(key)
    assert (
        field.input_value()
        == "def f(x):\n    if x:\n        return g(\n            1)\n            "
    )
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("pass")
    page.keyboard.press("Enter")
    assert field.input_value().endswith("\n    pass\n")
    page.keyboard.press("Tab")
    page.keyboard.type("y")
    assert field.input_value().endswith("\n    y")
    page.keyboard.press("Shift+Tab")
    assert field.input_value().endswith("\ny")
    page.keyboard.press("Control+z")
    assert field.input_value().endswith("\n    y")


def test_a_selection_is_shifted_as_a_whole(page: Page) -> None:
    field = page.locator(f"{BOX} textarea")
    field.fill("a\n\nb\nc")
    field.evaluate("field => field.setSelectionRange(0, 4)")
    field.press("Tab")
    assert field.input_value() == "    a\n\n    b\nc"
    field.press("Shift+Tab")
    assert field.input_value() == "a\n\nb\nc"


def test_the_keyboard_is_not_trapped(page: Page) -> None:
    field = page.locator(f"{BOX} textarea")
    code = field.input_value()
    field.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(f"{BOX} .check-go")).to_be_focused()
    assert field.input_value() == code
    page.keyboard.press("Shift+Tab")
    expect(field).to_be_focused()
    expect(page.locator(BOX)).to_contain_text("Escape and then Tab leaves the field")


def test_a_link_to_a_check_opens_it(page: Page) -> None:
    page.evaluate("location.hash = '#check-mlp-cross_entropy'")
    expect(page.locator("#check-mlp-cross_entropy textarea")).to_be_visible()


def test_without_scripts_the_notebook_is_named(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{PAGE}.html")
    box = page.locator(BOX)
    box.locator("summary").click()
    expect(box).to_contain_text("A check in the page needs JavaScript")
    expect(box.get_by_role("link", name="mlp.ipynb in JupyterLab")).to_be_visible()
    context.close()

"""Exercises that are written and checked in the page: Python in a worker, after a click."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from pyodide import FACTS, pyodide_folder
from pyodide_site import served

from course_utils.feedback import check
from tests.feedback.sample import RIGHT, WRONG

pytestmark = pytest.mark.web

PAGE = "book/01_mlp/05_losses"
KEY, BOX = "mlp/softmax", "#check-mlp-softmax"
PUBLIC = FACTS["address"]
FIRST = 60_000  # ms for Python to start on a busy machine
LOOP = "def softmax(z):\n    while True:\n        pass\n"
MARKUP = (
    "def softmax(z):\n    raise RuntimeError('<img src=x onerror=document.title=1> <b>bold</b>')\n"
)


@pytest.fixture(scope="module")
def pyodide() -> Path:
    try:
        return pyodide_folder()
    except SystemExit as stopped:
        pytest.fail(str(stopped), pytrace=False)


@pytest.fixture(scope="module")
def home(site: Path, pyodide: Path) -> Iterator[str]:
    with served(site, pyodide) as address:
        yield address


@pytest.fixture
def context(browser: Browser, home: str) -> Iterator[BrowserContext]:
    """A browser without a past, which reaches nothing but the site."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(FIRST)

    def on_request(route: Route) -> None:
        if route.request.url.startswith((home, "blob:", "data:")):
            route.continue_()
        else:
            route.abort()

    context.route("**/*", on_request)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, home: str) -> Page:
    page = context.new_page()
    page.goto(f"{home}{PAGE}.html")
    return page


def opened(page: Page) -> Locator:
    """The box of the exercise with its editor."""
    box = page.locator(BOX)
    box.locator("summary").click()
    box.locator("textarea").wait_for()
    return box


def checked(box: Locator, code: str) -> Locator:
    """The report on ``code``."""
    box.locator("textarea").fill(code)
    box.get_by_role("button", name="Check", exact=True).click()
    panel = box.locator(".check-panel")
    panel.wait_for()
    return panel


def shown(panel: Locator) -> list[list[str]]:
    """The rows of a report as the reader sees them."""
    headline = panel.locator(".check-headline").inner_text()
    names, values = panel.locator("dt").all_inner_texts(), panel.locator("dd").all_inner_texts()
    return [["", headline], *map(list, zip(names, values, strict=True))]


def state(box: Locator) -> Locator:
    return box.locator(".check-state")


def test_nothing_is_loaded_before_a_click_and_the_price_is_said(page: Page, home: str) -> None:
    page.wait_for_load_state("networkidle")
    script = "() => performance.getEntriesByType('resource').map(entry => entry.name)"
    names = [name.partition("?")[0] for name in page.evaluate(script) if "/_static/checks/" in name]
    assert {Path(name).name for name in names} == {"checks.css", "checks.js", "store.js"}
    opened(page)
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate(script)
    assert [name for name in loaded if "pyodide/" in name or ".zip" in name] == []
    assert page.workers == []
    megabytes = sum(fact["bytes"] for fact in FACTS["files"].values()) / 1e6
    price = f"loads Python and numpy, {megabytes:.0f} MB, from this site"
    expect(page.locator(BOX)).to_contain_text(price)


def test_a_right_answer_passes_and_is_noted_as_solved(page: Page) -> None:
    page.evaluate("addEventListener('course:solved', e => { window.heard = e.detail; }, true)")
    page.evaluate("localStorage['course:solved'] = '{\"mlp/dense\": \"2026-01-01\"}'")
    box = opened(page)
    assert shown(checked(box, RIGHT)) == [["", "✔ softmax passed: 2 of 2 points."]]
    expect(box.locator("summary")).to_contain_text("✔ solved")
    kept = page.evaluate("JSON.parse(localStorage['course:solved'])")
    assert page.evaluate("window.heard") == {"key": KEY, "date": kept[KEY]}
    assert kept["mlp/dense"] == "2026-01-01"
    page.reload()
    expect(page.locator(f"{BOX} summary")).to_contain_text("✔ solved")
    expect(page.locator("#check-mlp-cross_entropy summary")).not_to_contain_text("solved")


def test_python_is_loaded_once_for_all_pages(page: Page, home: str) -> None:
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    checked(opened(page), WRONG)
    names = [url.partition("/_static/pyodide/")[2] for url in asked]
    assert sorted(filter(None, names)) == sorted(FACTS["files"])
    page.wait_for_function(
        "async n => (await (await caches.open((await caches.keys())[0])).keys()).length === n",
        arg=len(FACTS["files"]),
    )
    asked.clear()
    page.goto(f"{home}book/06_detection/01_boxes.html")
    box = page.locator("#check-detection-nms")
    box.locator("summary").click()
    box.locator("textarea").wait_for()
    expect(checked(box, "nms = 1")).to_contain_text("TypeError")
    assert [url for url in asked if "/_static/pyodide/" in url] == []


def test_a_wrong_answer_gets_the_report_that_it_gets_here(page: Page) -> None:
    space: dict[str, Any] = {"np": np}
    exec(WRONG, space)
    lines = [list(line) for line in check(KEY, space["softmax"]).lines()]
    panel = checked(opened(page), WRONG)
    lines[0][1] = f"✘ {lines[0][1]}"
    title, _, place = lines[-1][1].partition(" (")
    lines[-1][1] = title
    assert shown(panel) == lines
    assert "the whole array sums to one" in lines[0][1]
    href = panel.get_by_role("link", name=title).evaluate("link => link.href")
    assert href.endswith(f"/{place.rstrip(')')}.html")
    assert page.evaluate("localStorage.getItem('course:solved')") is None


def test_a_loop_is_ended_by_the_time_limit(page: Page) -> None:
    page.eval_on_selector(BOX, "box => { box.dataset.seconds = 2; }")
    box = opened(page)
    box.locator("textarea").fill(LOOP)
    box.get_by_role("button", name="Check", exact=True).click()
    expect(state(box)).to_have_text("Checking …", timeout=FIRST)
    with page.workers[0].expect_event("close"):
        expect(state(box)).to_contain_text("Stopped after 2 seconds")
    assert "passed" in checked(box, RIGHT).inner_text()


def test_a_loop_is_ended_by_the_stop_button(page: Page) -> None:
    box = opened(page)
    box.locator("textarea").fill(LOOP)
    box.get_by_role("button", name="Check", exact=True).click()
    expect(state(box)).to_have_text("Checking …", timeout=FIRST)
    other = page.locator("#check-mlp-cross_entropy")
    other.locator("summary").click()
    other.get_by_role("button", name="Check", exact=True).click()
    expect(state(other)).to_contain_text("Another check on this page is running")
    with page.workers[0].expect_event("close"):
        box.get_by_role("button", name="Stop").press("Enter")
    expect(state(box)).to_contain_text("Stopped.")
    expect(box.get_by_role("button", name="Check", exact=True)).to_be_focused()
    assert "passed" in checked(box, RIGHT).inner_text()


def test_an_error_names_its_line_and_what_was_printed_is_shown(page: Page) -> None:
    box = opened(page)
    panel = checked(box, 'print("one <b>line</b>")\nx = 1\nx(2)\n')
    expect(box.locator(".check-printed")).to_have_text("one <b>line</b>\n")
    assert "Line 3 of your code: TypeError: 'int' object is not callable" in panel.inner_text()
    panel.get_by_role("button", name="Go to line 3").click()
    chosen = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert box.locator("textarea").evaluate(chosen) == "x(2)"
    expect(checked(box, "def softmax(z:\n    pass")).to_contain_text("Line 1 of your code: Synt")


def test_what_code_says_is_never_markup(page: Page) -> None:
    panel = checked(opened(page), MARKUP)
    assert "<img src=x onerror=document.title=1> <b>bold</b>" in panel.inner_text()
    assert panel.locator("img, b").count() == 0


def test_an_earlier_function_of_the_notebook_is_the_reader_s_own(page: Page, home: str) -> None:
    page.goto(f"{home}book/01_mlp/02_networks.html")
    wrong = "def dense(x, W, b):\n    return x @ W.T\n"
    page.evaluate("code => { localStorage['course:code:mlp/dense'] = code; }", wrong)
    box = page.locator("#check-mlp-mlp_forward")
    box.locator("summary").click()
    own = "def mlp_forward(x, params):\n    return dense(x, *params[0])\n"
    assert ["Got", "[[-3.  0.]]"] in shown(checked(box, own))
    expect(box).to_contain_text("your code for the functions before it (dense, softmax,")


def test_code_survives_a_reload_and_the_stub_comes_back(page: Page) -> None:
    box = opened(page)
    stub = box.locator("textarea").input_value()
    assert stub.startswith("def softmax(z: np.ndarray)")
    assert "not written yet" in stub
    box.locator("textarea").fill(WRONG)
    page.reload()
    box = opened(page)
    expect(box.locator("textarea")).to_have_value(WRONG)
    box.get_by_role("button", name="Start again from the stub").click()
    expect(box.locator("textarea")).to_have_value(stub)
    assert page.evaluate("localStorage.getItem('course:code:mlp/softmax')") is None
    box.get_by_role("button", name="Bring my code back").click()
    expect(box.locator("textarea")).to_have_value(WRONG)
    assert page.evaluate("localStorage['course:code:mlp/softmax']") == WRONG


def test_without_python_the_reader_is_sent_to_the_notebook(page: Page) -> None:
    page.context.route("**/_static/pyodide/**", lambda route: route.abort())
    box = opened(page)
    box.locator("textarea").fill(WRONG)
    box.get_by_role("button", name="Check", exact=True).click()
    expect(state(box)).to_contain_text("Python could not be loaded")
    href = state(box).get_by_role("link", name="mlp.ipynb in Colab").get_attribute("href")
    assert href is not None
    assert href.endswith("/blob/main/exercises/mlp/mlp.ipynb")
    same = box.get_by_text("The same in the notebook")
    expect(same).to_be_hidden()  # its links stand in the message
    expect(box.locator("textarea")).to_have_value(WRONG)
    page.context.unroute("**/_static/pyodide/**")
    assert "whole array" in checked(box, WRONG).inner_text()
    expect(same).to_be_visible()


@pytest.fixture
def public(page: Page, pyodide: Path) -> Callable[[str], Locator]:
    """The exercise where Python comes from its public address, one file of it perhaps changed."""

    def use(changed: str) -> Locator:
        def on_file(route: Route) -> None:
            name = route.request.url.removeprefix(PUBLIC)
            body = (pyodide / name).read_bytes()
            body = body[:-1] + bytes([body[-1] ^ 1]) if name == changed else body
            route.fulfill(body=body, headers={"Access-Control-Allow-Origin": "*"})

        def on_facts(route: Route) -> None:
            facts = route.fetch().json()
            route.fulfill(json={**facts, "address": PUBLIC})

        page.context.route(f"{PUBLIC}**", on_file)
        page.context.route("**/_static/checks/runtime.json", on_facts)
        return opened(page)

    return use


def test_python_may_come_from_its_public_address(public: Callable[[str], Locator]) -> None:
    box = public("")
    expect(box).to_contain_text("MB, from cdn.jsdelivr.net")
    assert "passed" in checked(box, RIGHT).inner_text()


@pytest.mark.parametrize("name", list(FACTS["files"]))
def test_a_changed_file_is_not_run(public: Callable[[str], Locator], name: str) -> None:
    box = public(name)
    box.get_by_role("button", name="Check", exact=True).click()
    expect(state(box)).to_contain_text(f"{name} is not the published file", timeout=FIRST)

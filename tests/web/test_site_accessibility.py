"""WCAG 2.2 AA: axe-core finds nothing, and the keyboard reaches everything.

axe-core sees one page of each kind in the light scheme, and its colours in the dark one; what is
checked on every page (headings, tables, reflow) is in `test_site_pages.py`. The thousands of
words of coloured code and of pieces of formulas would cost it half a minute a page; it sees them on
one page of each kind, and elsewhere the same page with plain code.
"""

import os
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page
from site_pages import goto, pages

pytestmark = pytest.mark.web


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    "preload": False,
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SCROLLABLE = {"runOnly": {"type": "rule", "values": ["scrollable-region-focusable"]}}
# Pages that Sphinx makes by itself, every page that is no section, and the first section of each
# chapter.
SECTION = re.compile(r"book/\d\d_\w+/\d\d_\w+")
SECTIONS = [
    next(group) for _, group in groupby(filter(SECTION.fullmatch, pages()), os.path.dirname)
]
KINDS = ["search", "genindex", *(p for p in pages() if not SECTION.fullmatch(p)), *SECTIONS]
WHOLE = {"book/index", "book/roadmap", "book/01_mlp/01_learning", "book/glossary", "search"}
# Code without colours, and no drawings of formulas: those are hidden from assistive technology,
# which reads the MathML beside them.
LESS = """() => {
  document.querySelectorAll(".highlight pre").forEach(n => { n.textContent = n.textContent; });
  document.querySelectorAll(".katex-html").forEach(n => n.remove());
}"""
MOVING = """() => document.getAnimations().filter(a => a.playState === "running"
  && a.effect.getComputedTiming().duration > 1).map(a => a.effect.target.outerHTML.slice(0, 200))"""
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
    || style.boxShadow !== "none";
}"""


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe-core objects to: the rule, the element, the reason."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="module")
def still(browser: Browser) -> Iterator[Page]:
    """A tab of a reader who wants no motion."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield page
    page.close()


def show(page: Page, url: str, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    goto(page, url)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme


def lessen(page: Page, name: str) -> None:
    if name not in WHOLE:
        page.evaluate(LESS)


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing(name: str, address: str, still: Page) -> None:
    show(still, f"{address}{name}.html", "light")
    assert still.evaluate(MOVING) == [], "motion that the reader did not want"
    lessen(still, name)
    assert violations(still, EVERYTHING) == []
    show(still, f"{address}{name}.html", "dark")
    lessen(still, name)
    assert violations(still, COLOURS) == []


@pytest.mark.parametrize("name", KINDS)
def test_what_scrolls_in_a_narrow_window_is_reached_by_the_keyboard(
    name: str, address: str, still: Page
) -> None:
    still.set_viewport_size({"width": 320, "height": 900})
    goto(still, f"{address}{name}.html")
    still.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    found = violations(still, SCROLLABLE)
    still.set_viewport_size({"width": 1280, "height": 900})
    assert found == []


def reached(page: Page, target: Locator, most: int) -> bool:
    """Whether Tab comes to `target`, its focus to be seen, in at most `most` steps."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("n => n.contains(document.activeElement)"):
            return page.evaluate(FOCUS)
    return False


def test_tab_reaches_all_parts_of_a_page(address: str, still: Page) -> None:
    goto(still, f"{address}book/01_mlp/01_learning.html")
    links = still.locator("#pst-primary-sidebar a").count()
    assert reached(still, still.locator("#pst-skip-link"), 2)
    assert reached(still, still.locator("#pst-primary-sidebar .search-button-field"), 8)
    assert reached(still, still.locator("#pst-primary-sidebar .bd-links"), 8)
    assert reached(still, still.locator("article"), links + 40)


def test_the_skip_link_leads_to_the_text(address: str, still: Page) -> None:
    goto(still, f"{address}book/01_mlp/01_learning.html")
    still.locator("#pst-skip-link a").focus()
    still.keyboard.press("Enter")
    assert still.evaluate("location.hash") == "#main-content"
    still.keyboard.press("Tab")
    assert still.evaluate("document.activeElement.closest('#main-content') !== null")
    assert still.evaluate(FOCUS)


def test_a_solution_opens_by_keyboard(address: str, still: Page) -> None:
    goto(still, f"{address}book/01_mlp/01_learning.html")
    solution = still.locator(".solution.dropdown").first
    text = solution.locator("section").first
    opener = solution.locator(".admonition-title button")
    assert not text.is_visible()
    opener.focus()
    assert still.evaluate(FOCUS)
    still.keyboard.press("Enter")
    text.wait_for(state="visible", timeout=2_000)
    assert opener.get_attribute("aria-expanded") == "true"
    still.keyboard.press("Space")
    text.wait_for(state="hidden", timeout=2_000)

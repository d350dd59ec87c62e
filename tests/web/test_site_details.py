"""Small things of the pages: times in tables, marks after formulas, excerpts of a search."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from site_pages import NARROW, goto, pages

pytestmark = pytest.mark.web

LOOSE = ".with-mark, .with-last { display: inline !important; white-space: normal !important; }"
INDEXES = [name for name in pages() if re.fullmatch(r"book/\d\d_\w+/index", name)]
ROW = re.compile(
    r'<tr class="row-\w+"><td><p><a class="reference internal" href="(\d\d_\w+)\.html[^\n]*\n'
    r"[^\n]*\n<td><p>(\d+)\xa0min</p></td>\n<td><p>([\d ]+)\xa0s</p></td>"
)
STILL = [
    "book/index",
    "book/notation",
    "book/01_mlp/04_approximation",
    "book/04_cnn/02_convolution",
    "book/08_diffusion/08_flows",
]
MOST_SHIFT = 0.1  # of the layout as a page loads: "good" in the Web Vitals
SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
})"""
# Formulas whose mark stands elsewhere than after their last part, at some width of the text.
PARTED = """() => {
  const found = [], article = document.querySelector(".bd-article"), mark = document.createRange();
  for (let width = 260; width < 360; width += 2) {
    article.style.width = `${width}px`;
    for (const pair of document.querySelectorAll(".with-mark")) {
      if (!pair.checkVisibility()) continue;
      mark.selectNodeContents(pair.lastChild.lastChild);
      const end = [...pair.querySelectorAll(".katex-html > .base")].at(-1).getBoundingClientRect();
      const { left, top } = mark.getBoundingClientRect();
      if (Math.abs(left - end.right) > 3 || top > end.bottom) found.push(pair.textContent);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("name", INDEXES)
def test_a_chapter_says_the_times_that_its_sections_say(site: Path, name: str) -> None:
    page = site / f"{name}.html"
    rows = ROW.findall(page.read_text(encoding="utf-8"))
    for section, minutes, seconds in rows:
        text = (page.parent / f"{section}.html").read_text(encoding="utf-8")
        assert re.search(rf"\b{minutes} minutes? to read", text), section
        measured = re.search(r"(\d+) seconds? to run", text)
        assert measured is None or measured[1] == seconds, section
    assert len(rows) == len(list(page.parent.glob("[0-9]*.html")))


@pytest.mark.parametrize("name", ["book/06_detection/01_boxes", "book/08_diffusion/05_samplers"])
def test_a_mark_stays_on_the_line_of_its_formula(name: str, page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    goto(page, f"{name}.html")
    assert page.locator(".with-mark .katex").count() > 9
    assert page.evaluate(PARTED) == []
    page.add_style_tag(content=LOOSE)
    assert page.evaluate(PARTED) != []  # else this page would not show the difference


def test_an_excerpt_is_of_the_text_and_not_of_its_surroundings(page: Page) -> None:
    goto(page, "search.html?q=loss")
    excerpts = page.locator("#search-results p.context")
    expect(excerpts.first).to_be_visible()
    expect(page.locator("#search-results .search-summary")).to_contain_text("found")
    texts = " ".join(excerpts.all_inner_texts())
    assert "loss" in texts
    assert re.findall(r"\.pdf|minutes to read", texts) == []


@pytest.mark.parametrize("name", STILL)
def test_a_page_stays_where_it_is_as_it_loads(name: str, browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1350, "height": 940}, base_url=address)
    page.goto(f"{name}.html")
    assert page.evaluate(SHIFT) < MOST_SHIFT
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_there_before_the_page(
    scheme: Literal["light", "dark"], browser: Browser, address: str
) -> None:
    page = browser.new_page(base_url=address, color_scheme=scheme)
    page.route("**/pydata-sphinx-theme.js*", lambda route: route.abort())  # it comes last
    page.goto("book/index.html")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.close()


def test_formulas_that_cannot_be_drawn_are_shown_as_they_are_written(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(base_url=address)
    page.route("**/katex.min.js*", lambda route: route.abort())
    page.goto("book/notation.html")
    expect(page.locator("article .math").first).to_have_text(re.compile(r"\\\(.+\\\)"))
    page.close()


def test_solutions_are_open_where_no_script_folds_them(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("book/01_mlp/04_approximation.html")
    expect(page.locator("div.solution p").last).to_be_visible()
    context.close()

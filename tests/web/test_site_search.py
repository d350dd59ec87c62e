"""The search answers, from any page; the index is loaded only where results are shown."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from site_pages import goto, pages

pytestmark = pytest.mark.web

MILLISECONDS = 100
# The time of one query over the loaded index, which must find something.
ASKED = """question => {
  const start = performance.now();
  const asked = Search._parseQuery(question);
  const found = Search._performSearch(...asked);
  if (!found.length) throw new Error(`nothing found for ${question}`);
  return performance.now() - start;
}"""


def test_a_term_is_found_from_a_page(address: str, tab: Page) -> None:
    goto(tab, f"{address}book/roadmap.html")
    tab.get_by_role("button", name="Search").first.click()
    field = tab.locator("input[name=q]:visible").first
    field.fill("receptive field")
    field.press("Enter")
    tab.wait_for_url("**/search.html?q=receptive+field**")
    found = tab.locator("#search-results a[href*='06_receptive_fields']")
    found.first.wait_for(timeout=10_000)


def test_an_answer_takes_a_tenth_of_a_second(address: str, tab: Page) -> None:
    goto(tab, f"{address}search.html")
    tab.wait_for_function("typeof Search !== 'undefined' && Search.hasIndex()")
    for question in ("receptive field", "softmax", "gradient of the loss"):
        times = [tab.evaluate(ASKED, question) for _ in range(5)]
        assert min(times) < MILLISECONDS, f"{question}: {times} ms"


def test_only_the_page_of_results_loads_the_index(site: Path) -> None:
    assert "searchindex.js" in (site / "search.html").read_text(encoding="utf-8")
    heavy = [n for n in pages() if "searchindex.js" in (site / f"{n}.html").read_text("utf-8")]
    assert heavy == []

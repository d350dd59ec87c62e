"""The grader's pages in a browser: they load nothing, complain of nothing, and fit a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from site_pages import OVERFLOW

from course_utils.grading.feedback_pages import ByHand, feedback_page
from course_utils.grading.report_page import report
from tests.grading.a_class import ADDRESS, class_of

pytestmark = pytest.mark.web

BY_HAND = [ByHand("linear_collapse", 2, 1.5, "Part (b) is right.\nSay why the rank matters.")]
CLASS = class_of()
PAGES = {
    "feedback": feedback_page(CLASS[1], ADDRESS, BY_HAND),
    "report": report("mlp", CLASS, ADDRESS),
    "long report": report("sgd", class_of(40, "sgd"), ADDRESS),
}
STYLED = "getComputedStyle(document.querySelector('h2')).borderBottomStyle"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(params=["light", "dark"])
def sheet(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(color_scheme=request.param)
    yield page
    assert (
        page.evaluate(GROUND)
        == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}[request.param]
    )
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_and_asks_for_nothing(name: str, sheet: Page, tmp_path) -> None:
    heard: list[str] = []
    sheet.on("console", lambda message: heard.append(message.text))
    sheet.on("pageerror", lambda error: heard.append(str(error)))
    sheet.on("request", lambda request: heard.append(request.url))
    path = tmp_path / "page.html"
    path.write_text(PAGES[name], encoding="utf-8")
    sheet.goto(path.as_uri())
    assert heard == [path.as_uri()]
    assert sheet.evaluate(STYLED) == "solid", "the policy has let the style through"
    for width in (320, 390, 1280):
        sheet.set_viewport_size({"width": width, "height": 900})
        assert sheet.evaluate(OVERFLOW)[0] <= 0, f"too wide at {width} px"

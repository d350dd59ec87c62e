"""What readers expect of a page: previews of links, its times, the next page, a fit for paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from site_pages import goto, pages

pytestmark = pytest.mark.web

CHAPTER = "book/04_cnn/02_convolution"
TERM = 'article a.internal[href*="#term-convolution"]'
EQUATION = 'article a.internal[href="#equation-eq-convolution-layer"]'
SOURCE = "article .bibtex-citation a"
COURSE = [name for name in pages() if re.fullmatch(r"book/(\d\d_\w+/\w+|roadmap)", name)]


def html_of(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("link", "shown"),
    [(TERM, "in networks, by habit"), (EQUATION, "katex-html"), (SOURCE, "Network in network")],
)
def test_a_link_under_the_pointer_says_what_it_leads_to(page: Page, link: str, shown: str) -> None:
    goto(page, f"{CHAPTER}.html")
    page.locator(link).first.hover()
    preview = page.get_by_role("tooltip")
    expect(preview).to_be_visible()
    assert shown in preview.inner_html()
    assert preview.locator("a, [id], [tabindex]").count() == 0, "nothing in it can be reached"
    assert preview.locator(".math:not(:has(.katex))").count() == 0, "formulas are set"
    assert page.locator("article [aria-describedby=course-preview]").count() == 1


def test_a_preview_stays_under_the_pointer_and_goes_with_escape(page: Page) -> None:
    goto(page, f"{CHAPTER}.html")
    preview = page.get_by_role("tooltip")
    page.locator(TERM).first.hover()
    expect(preview).to_be_visible()
    preview.hover()
    hidden = "() => document.querySelector('#course-preview').hidden"
    with pytest.raises(Exception, match="Timeout"):  # longer than a preview outlives its link
        page.wait_for_function(hidden, timeout=800)
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    page.locator(TERM).first.hover()
    expect(preview).to_be_visible()
    page.mouse.move(2, 2)
    expect(preview).to_be_hidden()


def test_a_preview_follows_the_keyboard(page: Page) -> None:
    goto(page, f"{CHAPTER}.html")
    link, preview = page.locator(EQUATION).first, page.get_by_role("tooltip")
    link.focus()  # as by a click: no preview; by the keyboard, the way back and forth
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("Tab")
    expect(preview).to_be_hidden()


def test_one_tap_shows_a_preview_and_the_next_one_goes(browser: Browser, address: str) -> None:
    context = browser.new_context(
        has_touch=True, viewport={"width": 390, "height": 800}, base_url=address
    )
    page = context.new_page()
    goto(page, f"{CHAPTER}.html")
    before, preview, link = page.url, page.get_by_role("tooltip"), page.locator(TERM).first
    link.tap()
    expect(preview).to_contain_text("Tap the link again to go there.")
    assert page.url == before
    page.locator("article h1").tap()
    expect(preview).to_be_hidden()
    link.tap()
    expect(preview).to_be_visible()
    link.tap()
    page.wait_for_url("**/glossary.html#term-*")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_preview_is_inside_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    goto(page, f"{CHAPTER}.html")
    for link in (TERM, EQUATION, SOURCE):
        page.locator(link).first.scroll_into_view_if_needed()
        page.locator(link).first.hover()
        preview = page.get_by_role("tooltip")
        expect(page.locator(f"{link}[aria-describedby]")).to_have_count(1)
        box = preview.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 700
        page.keyboard.press("Escape")


@pytest.mark.parametrize("name", COURSE)
def test_a_page_of_the_course_states_its_times_once(name: str, site: Path) -> None:
    text = html_of(site, name)
    lines = re.findall(r'<p class="course-times"><em>(.*?)</em></p>', text)
    assert len(lines) == 1
    minutes = re.match(r"(\d+) minutes? to read", lines[0])
    assert minutes
    assert 1 <= int(minutes[1]) <= 30
    assert "Budget:" not in text, "a second statement"
    before, after = text.split('<p class="course-times">')
    assert before.rindex("</h1>") > before.rindex("<p") > 0 or "<p" not in before.split("</h1>")[1]
    assert "<h2" in after


def test_seconds_are_those_of_the_execution(site: Path) -> None:
    measured = [name for name in COURSE if "seconds to run" in html_of(site, name)]
    printed = [name for name in COURSE if "cell_output" in html_of(site, name)]
    assert [name for name in measured if name not in printed] == []


def test_each_page_names_the_one_before_and_the_one_after(site: Path) -> None:
    for before, after in zip(pages(), pages()[1:], strict=False):
        down, up = html_of(site, before), html_of(site, after)
        following = re.search(r'<link rel="next" title="([^"]+)" href="([^"]+)"', down)
        preceding = re.search(r'<link rel="prev" title="([^"]+)" href="([^"]+)"', up)
        assert following, before
        assert preceding, after
        assert (site / before).parent.joinpath(following[2]).resolve() == site / f"{after}.html"
        for text, found in ((down, following), (up, preceding)):
            assert f'<p class="prev-next-title">{found[1]}</p>' in text


def test_paper_has_one_column_and_everything_that_can_be_read(page: Page) -> None:
    goto(page, f"{CHAPTER}.html")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})
    for gone in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
        assert page.locator(gone).locator("visible=true").count() == 0, gone
    for gone in (".course-end", ".prev-next-footer", ".headerlink", ".copybtn"):
        assert page.locator(gone).locator("visible=true").count() == 0, gone
    wide = """() => [...document.querySelectorAll("article pre, article img, article p")]
      .filter(n => Math.max(n.getBoundingClientRect().right - innerWidth,
                            n.scrollWidth - n.clientWidth) > 1)
      .map(n => n.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide) == []
    for box in ("div.cell_input", "div.cell_input > div", "div.cell_input pre"):
        style = page.locator(box).first.evaluate("n => ({ ...getComputedStyle(n) })")
        # Else a cell that is longer than the rest of a sheet would leave that rest empty.
        assert (style["breakInside"], style["display"]) == ("auto", "block"), box


def test_solutions_are_printed_as_they_stand_on_the_screen(page: Page) -> None:
    goto(page, f"{CHAPTER}.html")
    first = page.locator(".solution.dropdown").first
    first.locator("button").click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    shown = page.locator(
        ".solution.dropdown section, .solution.dropdown > div:not(.admonition-title)"
    )
    assert shown.first.is_visible()
    assert not shown.last.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_an_address_on_paper_can_be_read(page: Page) -> None:
    goto(page, "book/changelog.html")
    page.emulate_media(media="print")
    after = "n => getComputedStyle(n, '::after').content"
    link = page.locator("article a.external").first
    assert "https://" in link.evaluate(after)

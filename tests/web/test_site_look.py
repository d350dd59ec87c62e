"""What an eye stumbles over: things cut without a sign, crossed by a line, broken into pieces."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from site_pages import NARROW, WIDE, goto

from course_utils.figures import InteractiveFigure, OnlineSoftmax, Trace

pytestmark = pytest.mark.web

ALT = "A figure with several knobs and buttons, which stand beside each other in their order."
MASK = "n => getComputedStyle(n).maskImage"
# Lines of the map that run through the words of another idea.
CROSSED = """host => {
  const boxes = [...host.querySelectorAll(".ifig-node")].map(node => {
    const { e: x, f: y } = node.transform.baseVal[0].matrix, inset = 2;
    const { width, height } = node.querySelector("rect").getBBox();
    const holds = p => Math.abs(p.x - x - width / 2) < width / 2 - inset
      && Math.abs(p.y - y - height / 2) < height / 2 - inset;
    return [node.textContent, holds];
  });
  return [...host.querySelectorAll(".ifig-edge")].flatMap(path => {
    const piece = path.getTotalLength() / 100;
    const places = Array.from({ length: 101 }, (_, i) => path.getPointAtLength(i * piece));
    return boxes.filter(([, holds]) => places.some(holds)).map(([name]) => name);
  });
}"""
# How far the numbers at the left of a plot stand from its left edge and from its label.
LEFT = """() => {
  const axes = document.querySelector(".ifig-plot svg > g");
  const [edge, label] = [axes.parentNode, axes.querySelector("text[transform]")]
    .map(node => node.getBoundingClientRect());
  const ticks = [...axes.querySelectorAll("[text-anchor=end]")];
  return [label.right, ...ticks.map(tick => tick.getBoundingClientRect().left)]
    .map(place => place - edge.left);
}"""
PLOT = """
export default { render({ model, el }) {
  const ui = kit.root(el, model);
  kit.plot(ui.body, { yLabel: "error", x: [0, 1], y: [1e-14, 1], yLog: true }).draw([]);
  kit.readout(ui.after)({ a: 1e-12, b: 1.5e-4, c: 1.234e-5, d: 2e6, e: 1.1e-10 });
} };
"""


@pytest.fixture
def hinting(page: Page) -> Page:
    """A narrow window on a page of formulas and tables that are wider than it."""
    page.set_viewport_size({"width": NARROW, "height": 900})
    goto(page, "book/notation.html")
    return page


def test_what_scrolls_sideways_fades_where_more_of_it_lies(hinting: Page) -> None:
    wide = hinting.locator(".pst-scrollable-table-container[data-wide=true]").first
    assert "gradient" in wide.evaluate(MASK)
    before = hinting.evaluate("document.documentElement.scrollHeight")
    wide.evaluate("n => { n.scrollLeft = n.scrollWidth; }")
    expect(wide).to_have_attribute("data-end", "true")
    assert wide.evaluate(MASK) == "none"
    wide.evaluate("n => { n.scrollLeft = 0; }")
    expect(wide).to_have_attribute("data-end", "false")
    assert "gradient" in wide.evaluate(MASK)
    assert hinting.evaluate("document.documentElement.scrollHeight") == before
    narrow = hinting.locator(".pst-scrollable-table-container:not([data-wide=true])")
    assert set(narrow.evaluate_all(f"all => all.map({MASK})")) <= {"none"}


def test_neither_the_outline_nor_paper_fades(hinting: Page) -> None:
    wide = hinting.locator(".pst-scrollable-table-container[data-wide=true]").first
    wide.focus()
    hinting.keyboard.press("Shift+Tab")
    hinting.keyboard.press("Tab")
    expect(wide).to_be_focused()
    assert wide.evaluate(MASK) == "none"
    assert wide.evaluate("n => getComputedStyle(n).outlineWidth") == "3px"
    hinting.keyboard.press("Tab")
    assert "gradient" in wide.evaluate(MASK)
    hinting.emulate_media(media="print")
    every = hinting.locator(".pst-scrollable-table-container, .katex-display")
    assert set(every.evaluate_all(f"all => all.map({MASK})")) == {"none"}


def test_the_table_of_mistakes_is_seen_whole(page: Page) -> None:
    page.set_viewport_size({"width": WIDE, "height": 900})
    goto(page, "book/instructors.html")
    table = page.locator(".pst-scrollable-table-container", has_text="passed")
    assert table.evaluate("n => n.scrollWidth - n.clientWidth") <= 0


def test_no_line_of_the_map_runs_through_words(page: Page) -> None:
    goto(page, "book/roadmap.html")
    assert page.locator(".ifig:has(.ifig-node)").evaluate(CROSSED) == []


def test_the_neighbours_of_a_page_are_named_in_lines_of_words(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    goto(page, "book/gallery.html")
    lines = "all => all.map(n => n.clientHeight / parseFloat(getComputedStyle(n).lineHeight))"
    counted = page.locator(".prev-next-title").evaluate_all(lines)
    assert len(counted) == 2
    assert max(counted) < 4


def test_folded_solutions_are_as_high_as_their_titles(page: Page) -> None:
    goto(page, "book/05_classification/05_successors.html")
    beyond = """all => all.map(n =>
      n.offsetHeight - n.querySelector(".admonition-title").offsetHeight)"""
    heights = page.locator(".solution.toggle-hidden").evaluate_all(beyond)
    assert len(heights) > 1
    assert len(set(heights)) == 1


def test_captions_of_pictures_are_as_dark_as_text(page: Page) -> None:
    goto(page, "book/gallery.html")
    weight = "n => getComputedStyle(n).fontWeight"
    assert page.locator(".ifig-gallery figcaption").first.evaluate(weight) == "400"


def test_long_numbers_stay_in_the_plot(
    mount: Callable[[InteractiveFigure], Page], tmp_path: Path
) -> None:
    (tmp_path / "own.js").write_text(PLOT, encoding="utf-8")
    page = mount(type("Own", (InteractiveFigure,), {"module": tmp_path / "own.js"})(alt=ALT))
    label, *ticks = page.evaluate(LEFT)
    assert len(ticks) > 2
    assert min(ticks) > label
    said = page.locator(".ifig-readout").inner_text()
    assert " ".join(said.split()) == "a: 1e−12 b: 1.5e−4 c: 1.23e−5 d: 2e6 e: 1.1e−10"


@pytest.mark.parametrize(
    "figure",
    [
        Trace("log(x1) + x1*x2 - sin(x2)", {"x1": 2, "x2": 5}, mode="reverse", alt=ALT),
        OnlineSoftmax([0.5, -1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], alt=ALT, block=2),
    ],
    ids=["trace", "softmax"],
)
def test_buttons_stand_apart(
    figure: InteractiveFigure, mount: Callable[[InteractiveFigure], Page]
) -> None:
    page = mount(figure)
    page.set_viewport_size({"width": 760, "height": 900})
    boxes = [button.bounding_box() for button in page.get_by_role("button").all()]
    assert len(boxes) == 3
    for left, right in pairwise(boxes):
        assert left is not None
        assert right is not None
        assert right["x"] - left["x"] - left["width"] >= 8


def test_an_expression_is_seen_whole(mount: Callable[[InteractiveFigure], Page]) -> None:
    page = mount(Trace("log(x1) + x1*x2 - sin(x2)", {"x1": 2, "x2": 5}, mode="forward", alt=ALT))
    for width in (NARROW, 690):  # of the figure in a window of 1280 px
        page.set_viewport_size({"width": width, "height": 900})
        assert page.get_by_role("textbox").evaluate("n => n.scrollWidth - n.clientWidth") <= 0


def test_the_weights_of_a_unit_share_a_row(page: Page) -> None:
    goto(page, "book/gallery.html")
    sliders = page.get_by_role("group", name="Sliders move the weights").get_by_role("slider")
    tops = sliders.evaluate_all("all => all.map(n => n.getBoundingClientRect().top)")
    assert [tops.count(top) for top in sorted(set(tops))] == [3, 3, 2]
    assert tops == sorted(tops)

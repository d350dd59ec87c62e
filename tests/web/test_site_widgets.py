"""The host of the figures and the parts of `kit.js` in a browser, without the site."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import traitlets
from conftest import serve
from playwright.sync_api import Browser, Page, expect
from site_pages import ROOT, goto

from course_utils.figures import (
    Bars,
    Explorer,
    Frame,
    Heat,
    InteractiveFigure,
    Line,
    Matching,
    Option,
    Panel,
    Points,
    Question,
    Quiz,
)

pytestmark = pytest.mark.web

ALT = "A line whose slope follows the slider, beside bars and a map of the same numbers."

LENS = """
function render({ model, el }) {
  const ui = kit.root(el, model);
  const plot = kit.plot(ui.body, { title: "t", xLabel: "x", yLabel: "y", x: [0, 10], y: [0, 5] });
  const say = kit.readout(ui.after);
  plot.draw([{ kind: "line", x: [0, 10], y: [0, 5], label: "line" }]);
  kit.handle(plot, { x: 5, y: 2, step: 1, label: "point", onMove: (x, y) => say({ x, y }) });
  const onInput = n => say({ n });
  kit.number(ui.controls, { label: "n", min: 0, max: 9, step: 1, value: 3, onInput });
  const { uniform } = kit.random(7);
  kit.button(ui.controls, "draw", () => say({ drawn: uniform() }));
}
export default () => ({ render });
"""


def made(js: str, folder: Path) -> InteractiveFigure:
    """A figure from the text of its module, as a chapter's own figure would be."""
    (folder / "own.js").write_text(js, encoding="utf-8")
    return type("Own", (InteractiveFigure,), {"module": folder / "own.js"})(alt=ALT)


def explorer() -> Explorer:
    x = np.linspace(0, 1, 5)

    def frame(slope: float, kind: str) -> Frame:
        y = slope * x if kind == "line" else slope * x**2
        grid = np.outer(y - 1, x)
        y = np.where(x == 0.5, np.nan, y)
        return Frame(
            [
                [Line(x, y, "model"), Points(x, y, "data")],
                [Bars(["a", "b"], [slope, -1]), Bars(["a", "b"], [1, 2])],
                [Heat(grid, (0, 1, 0, 1), "height")],
                [Heat(np.eye(4))],
            ],
            {"slope": slope, "kind": kind},
        )

    panels = [Panel("Fit", "x", "y"), Panel("Bars", "", "size"), Panel("Map"), Panel("Image")]
    knobs = {"slope": [0.5, 1, 2], "kind": ["line", "curve"]}
    return Explorer(knobs=knobs, frame=frame, panels=panels, alt=ALT, start={"slope": 1})


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """A page with figures on it, served with ``figures.js``; fails on an error in the console."""
    (tmp_path / "figures.js").write_text(
        (ROOT / "site_assets" / "figures.js").read_text(encoding="utf-8"), encoding="utf-8"
    )
    server = serve(tmp_path)
    address = next(server)
    page = browser.new_page(viewport={"width": 390, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def shown(*figures: InteractiveFigure) -> Page:
        state = {
            figure.model_id or str(i): {"state": figure.get_state()}
            for i, figure in enumerate(figures)
        }
        hosts = "".join(
            f'<div class="figure-host" data-model-id="{key}">alt</div>' for key in state
        )
        text = json.dumps({"state": state}).replace("</", r"<\/")
        (tmp_path / "page.html").write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">'
            '<meta name="viewport" content="width=device-width">'
            + hosts
            + f'<script type="application/vnd.jupyter.widget-state+json">{text}</script>'
            '<script type="module" src="figures.js"></script>',
            encoding="utf-8",
        )
        goto(page, f"{address}page.html")
        return page

    yield shown
    page.close()
    next(server, None)
    assert errors == []


def test_explorer_shows_the_frame_of_its_knobs(show: Callable[..., Page]) -> None:
    page = show(explorer())
    status = page.get_by_role("status")
    expect(status).to_have_text("slope: 1kind: line")
    page.get_by_role("slider", name="slope").press("ArrowRight")
    expect(status).to_have_text("slope: 2kind: line")
    page.get_by_role("combobox", name="kind").select_option("curve")
    expect(status).to_have_text("slope: 2kind: curve")
    assert page.get_by_role("slider", name="slope").get_attribute("aria-valuetext") == "2"
    expect(page.get_by_role("group", name=ALT)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_explorer_draws_every_kind_of_mark(show: Callable[..., Page]) -> None:
    page = show(explorer())
    plots = page.locator(".ifig-plot svg[role=img]")
    assert plots.count() == 4
    line = plots.nth(0).locator("g[clip-path] path").first.get_attribute("d") or ""
    assert line.count("M") == 2, "a value that is not finite leaves a gap"
    assert plots.nth(1).locator("g[clip-path] rect").count() == 4
    assert plots.nth(2).locator("image").count() == plots.nth(3).locator("image").count() == 1


def test_figures_of_a_page_do_not_share_names(show: Callable[..., Page], tmp_path: Path) -> None:
    page = show(made(LENS, tmp_path), explorer())  # two modules, so two kits
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(names) == len(set(names)) > 0


def test_image_has_its_first_row_at_the_top(show: Callable[..., Page]) -> None:
    page = show(explorer())
    image = page.locator(".ifig-plot svg[role=img]").nth(3)
    ticks = image.locator("text[text-anchor=end]").all()
    rows = {float(tick.get_attribute("y") or 0): tick.text_content() for tick in ticks}
    assert [rows[y] for y in sorted(rows)] == ["0", "1", "2", "3"]


def test_quiz_names_the_mistake(show: Callable[..., Page]) -> None:
    options = [Option("`W @ x`", True, "It scales."), Option("`W @ x + b`", False, "An *offset*.")]
    page = show(
        Quiz(
            [
                Question("Which is linear in `x`?", options),
                Matching("Match them.", {"a": ("one", "A is one."), "b": ("two", "B is two.")}),
            ]
        )
    )
    first, second = page.locator("fieldset").all()
    first.get_by_role("button", name="Check").click()
    expect(first.get_by_role("status")).to_have_text("Choose an answer first.")
    first.get_by_role("radio", name="W @ x + b").check()
    first.get_by_role("button", name="Check").click()
    expect(first.get_by_role("status")).to_have_text("Not quite. An offset.")
    first.get_by_role("radio", name="W @ x", exact=True).check()
    expect(first.get_by_role("status")).to_have_text("")
    first.get_by_role("button", name="Check").click()
    expect(first.get_by_role("status")).to_have_text("Right. It scales.")
    second.get_by_role("combobox", name="a").select_option("two")
    second.get_by_role("button", name="Check").click()
    expect(second.get_by_role("status")).to_have_text(
        "Not quite. a: A is one.1 of 2 still to choose."
    )


def test_question_with_several_answers_wants_all_of_them(show: Callable[..., Page]) -> None:
    options = [
        Option("a", True, "Yes, a."),
        Option("b", True, "Yes, b."),
        Option("c", False, "No."),
    ]
    page = show(Quiz("Which two?", options, several=True))
    page.get_by_role("checkbox", name="a").check()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("one more option is right too")
    page.get_by_role("checkbox", name="b").check()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_have_text("Right. Yes, a.Right. Yes, b.")


def test_handle_is_moved_by_keys_and_by_dragging(show: Callable[..., Page], tmp_path: Path) -> None:
    page = show(made(LENS, tmp_path))
    handle, status = page.get_by_role("slider", name="point"), page.get_by_role("status")
    handle.press("ArrowRight")
    # JupyterLab leaves the keys of such an element alone; it would move between cells with them.
    assert handle.get_attribute("data-lm-suppress-shortcuts") == ""
    expect(status).to_have_text("x: 6y: 2")
    handle.press("Shift+ArrowUp")
    expect(status).to_have_text("x: 6y: 5")
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] - 400, box["y"] + 9)
    page.mouse.up()
    expect(status).to_contain_text("x: 0")


def test_number_input_ignores_what_is_out_of_range(
    show: Callable[..., Page], tmp_path: Path
) -> None:
    page = show(made(LENS, tmp_path))
    page.get_by_role("spinbutton", name="n").fill("4")
    expect(page.get_by_role("status")).to_have_text("n: 4")
    page.get_by_role("spinbutton", name="n").fill("40")
    expect(page.get_by_role("status")).to_have_text("n: 4")


def test_seeded_numbers_are_the_same_each_time(show: Callable[..., Page], tmp_path: Path) -> None:
    drawn = []
    for _ in range(2):
        page = show(made(LENS, tmp_path))
        page.get_by_role("button", name="draw").click()
        drawn.append(page.get_by_role("status").inner_text())
    assert drawn[0] == drawn[1] != ""


def test_figure_that_cannot_start_says_so_and_keeps_its_text(
    show: Callable[..., Page], tmp_path: Path
) -> None:
    bad = made("export default { render() { throw new Error('no such trait'); } };", tmp_path)
    page = show(bad, explorer())
    expect(page.locator(".figure-host").nth(0)).to_contain_text("no such trait")
    assert page.locator(".figure-host").nth(0).get_attribute("data-ready") == "error"
    assert page.locator(".figure-host").nth(1).get_attribute("data-ready") == "true"


def test_figures_are_drawn_when_the_reader_comes_near_or_prints(
    show: Callable[..., Page],
) -> None:
    page = show(explorer(), explorer())
    page.add_init_script(
        """const far = new CSSStyleSheet();
        far.replaceSync(".figure-host { margin-top: 4000px }");
        document.adoptedStyleSheets = [far];"""
    )
    hosts = page.locator(".figure-host")
    ready = "all => all.map(host => host.dataset.ready ?? '')"
    drawn = page.locator(".figure-host[data-ready=true]")
    page.reload()
    expect(hosts).to_have_count(2)
    assert hosts.evaluate_all(ready) == ["", ""]
    assert "alt" in hosts.first.inner_text()
    hosts.first.scroll_into_view_if_needed()
    expect(drawn).to_have_count(1)
    assert hosts.evaluate_all(ready) == ["true", ""]
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert hosts.evaluate_all(ready) == ["true", "true"], "a print does not wait"


def test_model_follows_the_protocol_of_anywidget(show: Callable[..., Page], tmp_path: Path) -> None:
    script = """
    export default {
      initialize({ model }) { model.set("count", 1); },
      render({ model, el }) {
        const heard = [];
        const hear = value => heard.push(value);
        model.on("change:count", hear);
        model.set({ count: 2 });
        model.set("count", 2);
        model.save_changes();
        model.off("change:count", hear);
        model.set("count", 3);
        el.textContent = `${heard} ${model.get("count")}`;
      },
    };
    """
    (tmp_path / "count.js").write_text(script, encoding="utf-8")
    traits = {"module": tmp_path / "count.js", "count": traitlets.Int(0).tag(sync=True)}
    page = show(type("Count", (InteractiveFigure,), traits)(alt=ALT))
    expect(page.locator(".figure-host")).to_have_text("2 3")

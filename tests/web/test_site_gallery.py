"""The gallery shows every kind of figure, and each answers to one key or click as it should."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from site_pages import goto, source

from course_utils import figures

pytestmark = pytest.mark.web

NAME = "book/gallery"
BYTES = 2_000_000  # of the page itself
KINDS = {
    name
    for name, thing in vars(figures).items()
    if isinstance(thing, type) and issubclass(thing, figures.InteractiveFigure)
} - {"InteractiveFigure"}


@pytest.fixture(scope="module")
def gallery(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    goto(page, f"{address}{NAME}.html")
    return page


def figure(page: Page, beginning: str) -> Locator:
    """The figure whose accessible name begins so."""
    return page.get_by_role("group", name=re.compile(f"^{beginning}"))


def readout(host: Locator, text: str) -> None:
    """Wait until the figure's numbers hold this text."""
    expect(host.locator(".ifig-readout")).to_contain_text(text)


def test_the_gallery_shows_every_figure_once() -> None:
    cells = nbformat.read(source(NAME), 4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    shown = [name for name in re.findall(r"\b([A-Z]\w+)\(", code) if name in KINDS]
    assert sorted(shown) == sorted(KINDS)


def test_the_gallery_is_light(site: Path, gallery: Page) -> None:
    assert (site / f"{NAME}.html").stat().st_size <= BYTES
    assert gallery.locator(".figure-host[data-ready=true]").count() == len(KINDS)


def test_timeline(gallery: Page) -> None:
    host = figure(gallery, "A timeline")
    host.get_by_role("button", name="1998").press("ArrowRight")
    expect(host.get_by_role("status")).to_contain_text("2012 · AlexNet")
    expect(host.get_by_role("button", name="2012")).to_be_focused()


def test_course_map(gallery: Page) -> None:
    host = figure(gallery, "A map of six")
    host.get_by_role("button", name="detection").press("Enter")
    story = host.get_by_role("status")
    for need in ("learning", "gradients", "descent", "convolution"):
        expect(story).to_contain_text(need)
    expect(story).not_to_contain_text("segmentation")


def test_network_drawer(gallery: Page) -> None:
    host = figure(gallery, "A fully connected network drawn")
    host.get_by_role("textbox").fill("784, 512, 10")
    readout(host, "401920 + 5130 = 407,050")
    expect(host.get_by_role("img", name="network 784-512-10")).to_be_visible()


def test_digit_pad(gallery: Page) -> None:
    host = figure(gallery, "A pad to draw")
    before = host.locator(".ifig-readout").inner_text()
    host.get_by_role("button", name="Next example").press("Enter")
    expect(host.locator(".ifig-readout")).not_to_have_text(before)
    host.get_by_role("button", name="Clear").press("Enter")
    readout(host, "empty")


def test_kinks(gallery: Page) -> None:
    host = figure(gallery, "A wave and a flat line")
    before = mean_square(host)
    host.get_by_role("slider", name="kink 1").press("Shift+ArrowDown")
    after = mean_square(host)
    t = np.linspace(-2, 2, 81)
    assert before == pytest.approx(np.mean(np.sin(2 * t) ** 2), rel=1e-3)
    assert after != before


def mean_square(host: Locator) -> float:
    found = re.search(r"mean squared error: ([\d.]+)", host.locator(".ifig-readout").inner_text())
    assert found
    return float(found[1])


def test_exclusive_or(gallery: Page) -> None:
    host = figure(gallery, "Sliders move the weights")
    host.get_by_role("combobox").select_option(label="identity")
    host.get_by_role("slider", name="v₁").press("ArrowRight")
    readout(host, "f(0,1): −0.25")
    host.get_by_role("button", name="Start again").press("Enter")
    expect(host.get_by_role("combobox")).to_have_value("0")


def test_trace(gallery: Page) -> None:
    host = figure(gallery, "The graph and table")
    host.get_by_role("button", name="To the end").press("Enter")
    readout(host, "∂f/∂x1: 5.5")
    host.get_by_role("textbox", name="expression").fill("x1*x2")
    host.get_by_role("textbox", name="expression").press("Enter")
    host.get_by_role("button", name="To the end").press("Enter")
    readout(host, "∂f/∂x1: 5")
    host.get_by_role("textbox", name="expression").fill("x1*")
    host.get_by_role("textbox", name="expression").press("Enter")
    readout(host, "cannot read the expression")


def test_backprop_steps(gallery: Page) -> None:
    host = figure(gallery, "A network of two layers")
    forward = host.get_by_role("button", name="Forward")
    for _ in range(5):
        forward.press("Enter")
    expect(host.get_by_role("status")).to_contain_text("6 of 9. Loss and δ₂")
    forward.press("ArrowLeft")
    expect(host.get_by_role("status")).to_contain_text("5 of 9")
    host.get_by_role("button", name="Play").press("Enter")  # to the end at once: no motion
    expect(host.get_by_role("status")).to_contain_text("9 of 9", timeout=1000)


def test_norm_cube(gallery: Page) -> None:
    host = figure(gallery, "A tensor of three samples")
    for norm, size in (("batch", 12), ("layer", 16), ("instance", 4), ("group", 8)):
        host.get_by_role("combobox", name="norm", exact=True).select_option(label=norm)
        readout(host, f"values in its set: {size}")
    host.locator("path[tabindex='0']").press("PageDown")
    readout(host, "chosen: sample 2")


def test_convolution_stepper(gallery: Page) -> None:
    host = figure(gallery, "A kernel steps over")
    host.get_by_role("button", name="Step").press("Enter")
    readout(host, "Output (0, 1), 2 of 16")
    readout(host, "= 16")
    host.get_by_role("slider", name="stride").press("ArrowRight")
    readout(host, "⌊(6 + 2·0 − 3)/2⌋ + 1 = 2")
    host.get_by_role("button", name="Flip the kernel").press("Enter")
    readout(host, "= −16")


def test_receptive_field(gallery: Page) -> None:
    host = figure(gallery, "A row of pixels")
    host.get_by_role("button", name="dilations 1, 2, 4").press("Enter")
    readout(host, "size R: 15")
    host.locator("g[tabindex='0']").press("ArrowDown")
    readout(host, "size R: 7")


def test_confusion_gallery(gallery: Page) -> None:
    host = figure(gallery, "Confusion matrix of ten")
    chosen = host.locator("button[aria-pressed=true]")
    expect(chosen).to_have_accessible_name(re.compile("of 9 called 7"))
    expect(host.locator("figcaption").first).to_contain_text("7 0.")
    chosen.press("ArrowUp")
    expect(chosen).to_have_accessible_name(re.compile("of 8 called 7"))
    expect(chosen).to_be_focused()


def test_explorer(gallery: Page) -> None:
    host = figure(gallery, "The path of gradient descent")
    host.get_by_role("slider").press("End")
    loss = 0.5 * ((2 * 0.79**12) ** 2 + 10 * 1.1**24)
    readout(host, f"loss after 12 steps: {loss:.2f}"[:-1])

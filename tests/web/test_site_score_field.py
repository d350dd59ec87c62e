"""The score field in a browser: its particle ends where our Python's does."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from course_utils.diffusion.mixtures import Mixture
from course_utils.diffusion.process import alpha_bar, linear_betas
from course_utils.diffusion.samplers import sample_ddim
from course_utils.figures import ScoreField

pytestmark = pytest.mark.web

MEANS, SIGMA = [(2.0, 0.0), (-1.0, 1.5), (-1.0, -1.5)], 0.3
BARS, TIMES = alpha_bar(linear_betas(1000)), list(range(1000, 0, -25))
ALT = "Arrows of the score of a noised mixture and the path of a particle that follows them."
MOUNT = """async ([text, state]) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const figure = (await import(address)).default;
  figure.render({ model: { get: name => state[name] }, el: document.getElementById("host") });
}"""


@pytest.fixture
def mount(browser: Browser) -> Iterator[Callable[[], Page]]:
    page = browser.new_page(viewport={"width": 390, "height": 900}, reduced_motion="reduce")

    def mounted() -> Page:
        figure = ScoreField(MEANS, SIGMA, BARS[TIMES], alt=ALT, start=(1.0, 0.5))
        state = {k: v for k, v in figure.get_state().items() if not k.startswith("_")}
        state.pop("layout", None)
        page.set_content(f'<style>{figure._css}</style><div id="host"></div>')
        page.evaluate(MOUNT, [figure._esm, state])
        return page

    yield mounted
    page.close()


def place(page: Page) -> list[float]:
    parts = [part.inner_text() for part in page.locator(".ifig-readout > span").all()]
    said = {m[1]: m[2] for m in (re.fullmatch(r"(.*): (.*)", part) for part in parts) if m}
    return [float(said[axis].replace("−", "-")) for axis in "xy"]


def ours(start: list[float]) -> list[float]:
    mixture = Mixture(np.array(MEANS), SIGMA)
    ends = sample_ddim(lambda x, t: mixture.eps(x, t, BARS), np.array([start]), TIMES, BARS)
    return ends[0].tolist()


def test_the_particle_ends_where_python_says(mount: Callable[[], Page]) -> None:
    page = mount()
    page.get_by_role("button", name="let it run").click()
    page.wait_for_timeout(200)
    assert place(page) == pytest.approx(ours([1.0, 0.5]), abs=2e-3)
    start = page.get_by_role("slider", name="start of the particle")
    for _ in range(5):
        start.press("Shift+ArrowLeft")
    assert place(page) == pytest.approx(ours([-1.5, 0.5]), abs=2e-3)


def test_a_click_places_the_start_and_noise_is_drawn_anew(mount: Callable[[], Page]) -> None:
    page = mount()
    page.get_by_label("steps from noise towards data").press("Home")
    box = page.locator(".ifig-plot > svg").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    y = place(page)[1]
    assert y > 1.5
    page.get_by_label("steps from noise towards data").press("End")
    page.get_by_label("the particle follows").select_option(index=1)
    one = place(page)
    page.get_by_role("button", name="other noise").click()
    assert place(page) != one
    nearest = np.hypot(*(np.array(MEANS) - place(page)).T).min()
    assert nearest < 5 * SIGMA
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

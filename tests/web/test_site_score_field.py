"""The score field in a browser: its particle ends where our Python's does."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from site_pages import readout

from course_utils.diffusion.mixtures import Mixture
from course_utils.diffusion.process import alpha_bar, linear_betas
from course_utils.diffusion.samplers import sample_ddim
from course_utils.figures import ScoreField

pytestmark = pytest.mark.web

MEANS, SIGMA = [(2.0, 0.0), (-1.0, 1.5), (-1.0, -1.5)], 0.3
BARS, TIMES = alpha_bar(linear_betas(1000)), list(range(1000, 0, -25))
ALT = "Arrows of the score of a noised mixture and the path of a particle that follows them."


def shown(mount: Callable[..., Page]) -> Page:
    return mount(ScoreField(MEANS, SIGMA, BARS[TIMES], alt=ALT, start=(1.0, 0.5)))


def place(page: Page) -> list[float]:
    return [readout(page)[axis] for axis in "xy"]


def ours(start: list[float]) -> list[float]:
    mixture = Mixture(np.array(MEANS), SIGMA)
    ends = sample_ddim(lambda x, t: mixture.eps(x, t, BARS), np.array([start]), TIMES, BARS)
    return ends[0].tolist()


def test_the_particle_ends_where_python_says(mount: Callable[..., Page]) -> None:
    page = shown(mount)
    page.get_by_role("button", name="let it run").click()
    page.wait_for_timeout(200)
    assert place(page) == pytest.approx(ours([1.0, 0.5]), abs=2e-3)
    start = page.get_by_role("slider", name="start of the particle")
    for _ in range(5):
        start.press("Shift+ArrowLeft")
    assert place(page) == pytest.approx(ours([-1.5, 0.5]), abs=2e-3)


def test_a_click_places_the_start_and_noise_is_drawn_anew(mount: Callable[..., Page]) -> None:
    page = shown(mount)
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

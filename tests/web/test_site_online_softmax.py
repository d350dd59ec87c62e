"""The softmax block by block in a browser agrees with numpy, also where e^x overflows."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from site_pages import readout

from course_utils.figures import OnlineSoftmax

pytestmark = pytest.mark.web

SCORES, VALUES = [0.5, -1.0, 2.0, 1.0, 3.0, -2.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
ALT = "Scores of one query read block by block, with the running maximum, sum and average."


def average(scores: list[float], values: list[float]) -> float:
    weights = np.exp(np.array(scores) - max(scores))
    return float(weights @ values / weights.sum())


def test_every_block_gives_what_numpy_gives(mount: Callable[..., Page]) -> None:
    page = mount(OnlineSoftmax(SCORES, VALUES, alt=ALT, block=2))
    for read in (2, 4, 6):
        said = readout(page)
        assert said["average so far"] == pytest.approx(
            average(SCORES[:read], VALUES[:read]), abs=6e-4
        )
        if read < len(SCORES):
            page.get_by_role("button", name="Next block").press("Enter")
    assert page.get_by_role("button", name="Next block").is_disabled()
    assert "the same: yes" in page.locator(".ifig-readout").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_large_scores_overflow_the_plain_sum_alone(mount: Callable[..., Page]) -> None:
    page = mount(OnlineSoftmax(SCORES, VALUES, alt=ALT, block=3))
    page.get_by_role("slider", name="added to all scores").press("End")
    page.get_by_role("button", name="To the end").click()
    assert readout(page)["average so far"] == pytest.approx(average(SCORES, VALUES), abs=6e-4)
    assert "float32: overflow" in page.locator(".ifig-readout").inner_text()


def test_without_rescaling_the_old_sums_are_wrong(mount: Callable[..., Page]) -> None:
    page = mount(OnlineSoftmax(SCORES, VALUES, alt=ALT, block=2))
    page.get_by_label("old sums are rescaled").select_option(index=1)
    page.get_by_role("button", name="To the end").click()
    said = readout(page)
    assert abs(said["average so far"] - said["of all scores at once"]) > 0.1

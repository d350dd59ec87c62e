"""A strided view in a browser: the places that it marks are those of numpy."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from course_utils.figures import StridedView

pytestmark = pytest.mark.web

ALT = "A storage of 24 numbers, and above it the matrix that shape, strides and offset read out."
VIEWS = {"as written": ((4, 6), (6, 1), 0), "transposed": ((6, 4), (1, 6), 0)}


def shown(page: Page) -> np.ndarray:
    """The places written into the entries, -1 where an entry lies outside."""
    texts = [
        t.replace("×", "-1") for t in page.locator(".ifig g[role=button] text").all_text_contents()
    ]
    return np.array([int(t) for t in texts])


def test_the_entries_are_those_of_numpy(mount: Callable[..., Page]) -> None:
    page = mount(StridedView(VIEWS, alt=ALT))
    assert np.array_equal(shown(page), np.arange(24))
    assert "contiguous: yes" in page.locator(".ifig-readout").inner_text()
    page.get_by_label("view", exact=True).select_option(index=1)
    assert np.array_equal(shown(page), np.arange(24).reshape(4, 6).T.ravel())
    said = page.locator(".ifig-readout").inner_text()
    assert "contiguous: no" in said
    assert "this row touches: 3" in said
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_arrow_keys_walk_over_the_entries(mount: Callable[..., Page]) -> None:
    page = mount(StridedView(VIEWS, alt=ALT))
    page.locator(".ifig g[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert "0 + 1 · 6 + 1 · 1 = 7" in page.locator(".ifig-readout").inner_text()
    assert page.locator(".ifig g[tabindex='0']").get_attribute("aria-label") == (
        "row 1, column 1: the number at place 7"
    )


def test_what_lies_outside_is_crossed_out(mount: Callable[..., Page]) -> None:
    page = mount(StridedView(VIEWS, alt=ALT))
    page.get_by_role("slider", name="offset").press("End")
    assert np.array_equal(shown(page), [23] + 23 * [-1])
    assert "outside the storage: 23" in page.locator(".ifig-readout").inner_text()
    assert page.get_by_label("view", exact=True).evaluate("menu => menu.selectedIndex") == 2

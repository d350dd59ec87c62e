"""Typed class names in a browser: the probabilities agree with numpy's, odd words are refused."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from course_utils.figures import ZeroShot

pytestmark = pytest.mark.web

ALT = "A picture, typed class names, and bars that say which name is the closest to it."
VECTORS = {"red": [0.8, 0.6], "blue": [0.0, 1.0], "red ring": [0.96, 0.28]}


@pytest.fixture
def page(mount: Callable[..., Page]) -> Page:
    pictures = {"one": (np.zeros((3, 2, 2)), [1.0, 0.0]), "two": (np.ones((3, 2, 2)), [0.0, 1.0])}
    groups = {"colour": ["red", "blue"], "shape": ["ring"]}
    return mount(ZeroShot(pictures, groups, VECTORS, names="red, blue", scale=2.0, alt=ALT))


def said(page: Page) -> str:
    return page.locator(".ifig-readout").inner_text()


def test_it_computes_what_numpy_computes(page: Page) -> None:
    powers = np.exp(2.0 * np.array([VECTORS["red"], VECTORS["blue"]]) @ [1.0, 0.0])
    assert "red" in said(page)
    assert f"{powers[0] / powers.sum():.3f}" in said(page)
    page.get_by_label("picture", exact=True).select_option("two")
    assert "blue" in said(page)


def test_words_may_come_in_any_order_and_odd_ones_are_named(page: Page) -> None:
    field = page.get_by_role("textbox")
    field.fill("a ring of red, the blue")
    assert "a ring of red" in said(page)
    field.fill("red, green")
    assert '"green" is no word of this network' in said(page)
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("red blue")
    assert "2 words of one kind" in said(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

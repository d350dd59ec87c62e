"""The bits of a number in a browser: patterns and values agree with Python's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from site_pages import readout

from course_utils.figures import FloatBits
from course_utils.figures.float_bits import FORMATS, bits_of, value_of

pytestmark = pytest.mark.web

ALT = "The bits of a number as buttons, its value, and its distance to the next number."
BITS = ".ifig-panels button"


def pattern(page: Page) -> list[int]:
    return [int(text) for text in page.locator(BITS).all_text_contents()]


def test_every_format_has_the_pattern_of_python(mount: Callable[..., Page]) -> None:
    page = mount(FloatBits(0.1, "fp16", alt=ALT))
    assert pattern(page) == bits_of(0.1, "fp16")
    for place, name in enumerate(FORMATS):
        page.get_by_label("format", exact=True).select_option(index=place)
        for number in (0.1, -3.5, 300.0, 1e-7, 70000.0):
            page.get_by_role("spinbutton", name="a number").fill(str(number))
            assert pattern(page) == bits_of(number, name), (name, number)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_flipped_bit_changes_the_value(mount: Callable[..., Page]) -> None:
    page = mount(FloatBits(1.0, "fp16", alt=ALT))
    page.locator(BITS).nth(6).press("Enter")  # the first of the fraction: a half
    assert readout(page)["value"] == 1.5
    assert "distance to the next: 9.77e−4" in page.locator(".ifig-readout").inner_text()
    page.locator(BITS).nth(0).press("Enter")
    assert "value: −1.5" in page.locator(".ifig-readout").inner_text()
    assert page.get_by_role("spinbutton", name="a number").input_value() == "-1.5"


def test_neighbours_and_infinity(mount: Callable[..., Page]) -> None:
    page = mount(FloatBits(65504.0, "fp16", alt=ALT))
    page.get_by_role("button", name="next larger pattern").press("Enter")
    assert "value: infinity" in page.locator(".ifig-readout").inner_text()
    page.get_by_label("format", exact=True).select_option(index=list(FORMATS).index("fp8 e4m3"))
    page.get_by_role("spinbutton", name="a number").fill("449")
    assert readout(page)["value"] == value_of(bits_of(449.0, "fp8 e4m3"), "fp8 e4m3") == 448.0

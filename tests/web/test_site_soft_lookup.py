"""The lookup by a query in a browser: its weights agree with numpy's, and keys move by arrows."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from course_utils.figures import SoftLookup

pytestmark = pytest.mark.web

KEYS, VALUES = [(2.0, 0.0), (0.0, 2.0), (-1.0, -1.0)], [10.0, 20.0, 60.0]
ALT = "A query and keys in the plane with the weights of the keys beside them as bars."
MOUNT = """async ([text, state]) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const figure = (await import(address)).default;
  figure.render({ model: { get: name => state[name] }, el: document.getElementById("host") });
}"""


@pytest.fixture
def mount(browser: Browser) -> Iterator[Callable[[SoftLookup], Page]]:
    page = browser.new_page(viewport={"width": 390, "height": 900})

    def mounted(figure: SoftLookup) -> Page:
        state = {k: v for k, v in figure.get_state().items() if not k.startswith("_")}
        state.pop("layout", None)
        page.set_content(f'<style>{figure._css}</style><div id="host"></div>')
        page.evaluate(MOUNT, [figure._esm, state])
        return page

    yield mounted
    page.close()


def readout(page: Page) -> dict[str, float]:
    parts = [part.inner_text() for part in page.locator(".ifig-readout > span").all()]
    return {m[1]: float(m[2]) for m in (re.fullmatch(r"(.*): (.*)", part) for part in parts) if m}


def test_it_computes_what_numpy_computes(mount: Callable[..., Page]) -> None:
    page = mount(SoftLookup(KEYS, VALUES, (1, 0.5), alt=ALT, presets={"hard": ((2, 1), 0.05)}))
    keys, query = np.array(KEYS), np.array([1.0, 0.5])
    moves = (("query", "ArrowRight", (0.1, 0)), ("key with value 20", "ArrowDown", (0, -0.1)))
    for name, arrow, move in moves:
        page.get_by_role("slider", name=name).press(arrow)
        (query if name == "query" else keys[1])[:] += move
        weights = np.exp(keys @ query)
        weights /= weights.sum()
        said = readout(page)
        assert said["output"] == pytest.approx(weights @ VALUES, abs=6e-3)
        assert said["largest weight"] == pytest.approx(weights.max(), abs=6e-4)
        assert said["effective number of keys"] == pytest.approx(
            np.exp(-weights @ np.log(weights)), abs=6e-4
        )
    page.get_by_role("button", name="hard").click()
    assert readout(page)["output"] == 10
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

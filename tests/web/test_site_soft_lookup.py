"""The lookup by a query in a browser: its weights agree with numpy's, and keys move by arrows."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from site_pages import readout

from course_utils.figures import SoftLookup

pytestmark = pytest.mark.web

KEYS, VALUES = [(2.0, 0.0), (0.0, 2.0), (-1.0, -1.0)], [10.0, 20.0, 60.0]
ALT = "A query and keys in the plane with the weights of the keys beside them as bars."


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

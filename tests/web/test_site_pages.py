"""Every page of the site in a browser: nothing foreign, nothing broken, nothing unreadable."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from site_pages import WIDTHS, Record, has_math, pages, source

pytestmark = pytest.mark.web

ALT_WORDS = 10
# Everything a first visit loads, uncompressed. KaTeX and its fonts are 0.4 MB of it.
PAGE_BYTES, WORDS_BYTES = 2_000_000, 1_000_000
HTML_BYTES = 1_000_000

Load = Callable[[str], Record]
every_page = pytest.mark.parametrize("name", pages())


@every_page
def test_page_loads_without_foreign_request_or_error(name: str, record: Load) -> None:
    seen = record(name)
    assert seen.foreign == [], "requests to other hosts"
    assert seen.missing == [], "missing files"
    assert seen.errors == [], "errors in the console"
    assert seen.facts["unloaded"] == [], "images that did not load"


@every_page
def test_formulas_are_rendered(name: str, record: Load) -> None:
    facts = record(name).facts
    assert facts["badMath"] == [], "formulas that are not drawn, or lack MathML"
    assert facts["cut"] == [], "displayed formulas wider than the column of a wide window"
    assert facts["math"] > 0 or not has_math(name), "the source has formulas, the page shows none"


@every_page
def test_every_drawn_picture_has_a_caption(name: str, record: Load) -> None:
    assert record(name).facts["bare"] == []


@every_page
@pytest.mark.parametrize("width", WIDTHS)
def test_page_does_not_scroll_sideways(name: str, width: int, record: Load) -> None:
    extra, guilty = record(name).overflow[width]
    assert extra <= 0, f"{extra} px too wide at {width} px: {guilty}"


@every_page
def test_what_scrolls_sideways_can_be_reached_and_has_a_name(name: str, record: Load) -> None:
    assert record(name).unnamed == []


@every_page
def test_headings_are_in_order_and_tables_have_headers(name: str, record: Load) -> None:
    levels = record(name).levels
    assert levels[:1] == [1]
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels
    assert record(name).headless == [], "tables without a header cell"


@every_page
def test_images_have_alternative_texts(name: str, record: Load) -> None:
    short = [image for image in record(name).facts["images"] if len(image[1].split()) < ALT_WORDS]
    assert short == [], f"alternative texts of fewer than {ALT_WORDS} words"


@every_page
def test_page_is_light(name: str, record: Load) -> None:
    weights = record(name).weights
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:5]
    most = WORDS_BYTES if source(name).suffix == ".md" else PAGE_BYTES
    assert sum(weights.values()) <= most, heaviest
    assert bool(record(name).facts["math"]) == any("katex" in path for path in weights)
    assert weights[f"{name}.html"] <= HTML_BYTES


@every_page
def test_pictures_wait_and_say_their_size(name: str, site: Path) -> None:
    page = site / f"{name}.html"
    pictures = re.findall(r"<img [^>]*_images/[^>]*>", page.read_text(encoding="utf-8"))
    for place, picture in enumerate(pictures):
        address = re.search(r'src="([^"]+)"', picture)
        assert address, picture
        assert (page.parent / address[1]).is_file(), "a lazy picture that is missing is not noticed"
        assert re.search(r'\b(width="|height="|style="[^"]*(width|height):)', picture), picture
        assert ('loading="lazy"' in picture) == (place > 0), picture


@every_page
def test_no_name_is_used_twice(name: str, record: Load) -> None:
    assert record(name).facts["twice"] == [], "a link or a clip path would meet the wrong element"


@every_page
def test_every_figure_is_mounted(name: str, record: Load) -> None:
    failed = [text for ready, text in record(name).facts["figures"] if ready != "true"]
    assert failed == []


@every_page
def test_the_same_page_without_a_script_describes_its_figures(name: str, site: Path) -> None:
    html = (site / f"{name}.html").read_text(encoding="utf-8")
    for part in html.split('<p class="figure-alt">')[1:]:
        assert len(part.split("</p>")[0].split()) > ALT_WORDS
    assert html.count('class="figure-host"') == html.count('<p class="figure-alt">')


@every_page
def test_page_has_a_description(name: str, site: Path) -> None:
    html = (site / f"{name}.html").read_text(encoding="utf-8")
    assert html.count('<meta name="description"') == 1


def test_every_icon_that_a_style_sheet_draws_is_in_a_font(site: Path) -> None:
    static = site / "_static"
    sheets = [path.read_text(encoding="utf-8") for path in static.rglob("*.css")]
    drawn = {int(code, 16) for text in sheets for code in re.findall(r'"\\(f[0-9a-f]{3})', text)}
    fonts = static.glob("vendor/fontawesome/webfonts/*.woff")
    assert drawn
    assert drawn <= {point for font in fonts for point in TTFont(font).getBestCmap() or ()}

"""What `course_weight` takes out of a page, and what it leaves."""

import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))
import course_weight

HEAD = """<head>
<link rel="stylesheet" href="../_static/togglebutton.css?v=1" />
<link rel="stylesheet" href="../_static/mystnb.0a1b.css" />
<script>let toggleHintShow = 'Click to show';</script>
<script src="../_static/togglebutton.js?v=1"></script>
<script src="../_static/exercises.js"></script>
<link rel="stylesheet" href="../_static/vendor/katex/katex.min.css?v=1" />
<script blocking="render" defer="defer" src="../_static/vendor/katex/katex.min.js?v=1"></script>
<script blocking="render" defer="defer" src="../_static/formulas.js?v=1"></script>
</head>"""
FORMULAS = {"katex.min.css", "katex.min.js", "formulas.js"}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p>words</p>", set()),
        ('<span class="math notranslate">x</span>', FORMULAS),
        ('<div class="cell docutils"></div>', {"mystnb.0a1b.css"}),
        ('<button class="btn sidebar-toggle dropdown-toggle"></button>', set()),
        (
            '<div class="solution dropdown admonition"></div>',
            {"togglebutton.css", "togglebutton.js", "toggleHintShow"},
        ),
    ],
)
def test_a_page_keeps_only_what_it_uses(body: str, kept: set[str]) -> None:
    page = course_weight.without_unused_parts(f"{HEAD}<body>{body}</body>")
    optional = {
        "togglebutton.css",
        "togglebutton.js",
        "toggleHintShow",
        "mystnb.0a1b.css",
        *FORMULAS,
    }
    assert {name for name in optional if name in page} == kept
    assert "exercises.js" in page, "its name only begins like that of a style"
    assert body in page
    assert course_weight.without_unused_parts(page) == page


def test_pictures_state_their_size_and_all_but_the_first_wait(tmp_path: Path) -> None:
    (tmp_path / "_images").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images" / "a.png")
    first, second = (
        'alt="the height of a" src="./_images/a.png" /',
        'src="./_images/a.png" width="9"',
    )
    page = f"<img {first}><img {second}>"
    mended = course_weight.with_patient_pictures(page, tmp_path)
    first, second = mended.split("<img ")[1:]
    assert 'width="30" height="20"' in first
    assert "lazy" not in first
    assert second.count("width") == 1
    assert 'loading="lazy"' in second
    assert course_weight.with_patient_pictures(mended, tmp_path) == mended


def test_only_the_icons_in_use_stay() -> None:
    one = '.fa-list:before{content:"\\f03a"}'
    two = '.fa-cat:before,.fa-kitty:before{content:"\\f6be"}'
    used = course_weight.icon_names(['<i class="fa-solid fa-list"></i>'])
    assert course_weight.without_unused_icons(f"{one}{two}.a{{b:c}}", used) == f"{one}.a{{b:c}}"


def test_a_font_is_cut_to_its_characters(tmp_path: Path) -> None:
    import matplotlib

    whole = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    cut = tmp_path / "font.woff"
    course_weight.cut_font(whole, {ord("a"), ord("b")}, cut)
    assert set(TTFont(cut).getBestCmap()) == {ord("a"), ord("b")}
    assert cut.stat().st_size < whole.stat().st_size / 50


def test_icons_are_cut_again_where_they_are_cut_already(tmp_path: Path) -> None:
    (tmp_path / course_weight.FONTS).mkdir(parents=True)
    sheet = tmp_path / course_weight.SHEET
    sheet.parent.mkdir()
    (tmp_path / "other.css").write_text('.exercise::after { content: "\\f303" }')
    fonts = tmp_path / course_weight.FONTS
    for used in ({"fa-list"}, {"fa-list", "fa-moon"}):
        course_weight.cut_fonts(tmp_path, used)
        points = {p for font in fonts.glob("*.woff") for p in TTFont(font).getBestCmap() or ()}
        assert {0xF303, 0xF03A} <= points
        assert (0xF186 in points) == ("fa-moon" in used)
        assert ".woff)" in sheet.read_text("utf-8")

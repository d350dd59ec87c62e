"""What a page must load: nothing that it does not use, and pictures only where they are seen.

* scripts and styles of Sphinx's extensions are left out of pages that have nothing for them;
* the icon fonts are cut to the icons that occur, and their style sheet with them;
* images say their size, so that nothing jumps, and wait until they are scrolled to.

Everything works on the built files, since Jupyter Book ignores template overrides. A site that is
built again holds what an earlier build has lightened; each change finds nothing there any more.
"""

from __future__ import annotations

import logging as standard_logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

from course_utils.grading import files

logger = logging.getLogger(__name__)
standard_logging.getLogger("fontTools").setLevel("WARNING")  # it tells of each table that it cuts

# What marks a page that uses an extension, and the names of what the extension loads.
PARTS = [
    (
        r'class="(?:[^"]*(?<![\w-])toggle(?![\w-])|(?=[^"]*\badmonition\b)[^"]*\bdropdown\b)',
        "togglebutton",
    ),
    (r'class="(?:[^"]*\s)?math[\s"]', r"katex\.min|formulas"),
    (r'class="[^"]*\bsd-', r"sphinx-design\.min|design-tabs"),
    (r'class="[^"]*\bhighlight\b', r"clipboard\.min|copybutton|pygments"),
    (r'class="[^"]*\bcell\b', "mystnb"),
    (r'class="[^"]*\b(?:exercise|solution)\b', "exercise"),
    (r"thebe-button", "sphinx-thebe"),  # no page has one
]
TOGGLE_SETTINGS = r"<script>(?:let toggle|var togglebuttonSelector)[^<]*</script>\s*"

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
SHEET = "styles/pydata-sphinx-theme.css"
FONTS = "vendor/fontawesome/webfonts"
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"[^"]*"\}')
FONT_SOURCE = re.compile(rf'src:url\(\.\./{FONTS}/([\w-]+)\.woff2\)[^;}}]*?format\("truetype"\)')
CODE_POINT = re.compile(r'"\\([0-9a-f]{2,5})\s?"')
SIZED = re.compile(r'\b(?:width|height)=|style="[^"]*\b(?:width|height):')
PICTURE = re.compile(r'<img (?![^>]*\bloading=)([^>]*?)src="([^"]+)"([^>]*?)(\s*/?)>')


def without_unused_parts(page: str) -> str:
    """The page without the scripts and styles of extensions that it does not use."""
    head, found, body = page.partition("<body")
    for sign, names in PARTS:
        if not re.search(sign, body):
            head = _without_files(head, names)
            body = _without_files(body, names)
            head = re.sub(TOGGLE_SETTINGS, "", head) if names == "togglebutton" else head
    return head + found + body


def _without_files(text: str, names: str) -> str:
    address = rf'"[^"]*/(?:{names})(?:\.\w+)?\.(?:css|js)(?:\?[^"]*)?"'
    text = re.sub(rf"<script [^>]*src={address}[^>]*></script>\s*", "", text)
    return re.sub(rf"<link [^>]*href={address}[^>]*>\s*", "", text)


def with_patient_pictures(page: str, folder: Path) -> str:
    """The page whose images state their size; all but the first of its text wait to be seen."""
    seen: list[str] = []

    def mended(match: re.Match[str]) -> str:
        before, address, after, end = match.groups()
        size = "" if SIZED.search(before + after) else _size(folder / address)
        first = "/_images/" in address and not seen
        if "/_images/" in address:
            seen.append(address)
        wait = "eager" if first else "lazy"
        more = f'{size} loading="{wait}" decoding="async"'
        return f'<img {before}src="{address}"{after.rstrip()}{more}{end}>'

    return PICTURE.sub(mended, page)


def _size(path: Path) -> str:
    if path.suffix not in {".png", ".jpg", ".jpeg", ".gif", ".webp"} or not path.is_file():
        return ""
    with Image.open(path) as image:
        return ' width="{}" height="{}"'.format(*image.size)


def icon_names(texts: Iterable[str]) -> set[str]:
    """The classes of Font Awesome that occur in pages and scripts."""
    return {name for text in texts for name in re.findall(r"\bfa-[\w-]+", text)}


def without_unused_icons(sheet: str, used: set[str]) -> str:
    """The style sheet with the rules of the used icons only."""

    def kept(match: re.Match[str]) -> str:
        names = re.findall(r"\.(fa-[\w-]+):before", match[1])
        return match[0] if used.intersection(names) else ""

    return ICON_RULE.sub(kept, sheet)


def cut_fonts(static: Path, used: set[str]) -> None:
    """Cut the theme's style sheet and icon fonts to the icons in `used` and of other sheets.

    They are taken from the theme itself: in a site that is built again they are cut already.
    """
    path, others = static / SHEET, [p for p in static.rglob("*.css") if p != static / SHEET]
    sheet = without_unused_icons((THEME / SHEET).read_text(encoding="utf-8"), used)
    texts = [sheet, *(other.read_text(encoding="utf-8") for other in others)]
    points = {int(code, 16) for text in texts for code in CODE_POINT.findall(text)}
    names = FONT_SOURCE.findall(sheet)
    if not names:
        logger.warning("no icon fonts in %s: the theme has changed", THEME / SHEET, type="course")
    for name in names:
        cut_font(THEME / FONTS / f"{name}.ttf", points, static / FONTS / f"{name}.woff")
        for unused in ("woff2", "ttf"):
            (static / FONTS / f"{name}.{unused}").unlink(missing_ok=True)
    files.write(path, FONT_SOURCE.sub(rf'src:url(../{FONTS}/\1.woff) format("woff")', sheet))


def cut_font(source: Path, points: set[int], target: Path) -> None:
    """Write a WOFF font that has, of a TrueType one, only the characters in `points`."""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font: TTFont = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    scratch = target.with_suffix(".part")
    subset.save_font(font, str(scratch), options)
    os.replace(scratch, target)


def lighten(app: Sphinx, error: Exception | None) -> None:
    """Lighten every page, then the icons that they share."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    used: set[str] = set()
    for path in site.rglob("*.html"):
        before = path.read_text(encoding="utf-8")
        after = with_patient_pictures(without_unused_parts(before), path.parent)
        used |= icon_names([after])
        if after != before:
            files.write(path, after)
    scripts = (site / "_static").glob("scripts/*-theme.js")
    cut_fonts(site / "_static", used | icon_names(p.read_text(encoding="utf-8") for p in scripts))


def setup(app: Sphinx) -> None:
    """Connect this part; `course_site` calls it."""
    app.connect("build-finished", lighten, priority=900)  # after all that adds to a page

"""The places where `progress.js` says what a reader has read and solved.

The start page has its place in its source; the map of the course is a notebook, which gets its own
here. Which exercises can be solved in the pages is read from the pages.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from course_utils.grading import files

MAP, MAP_SECTION = "book/roadmap", "the-road-of-this-book"
PLACE = "course-progress"
LIST = "exercises.js"
WITHOUT_SCRIPT = "With JavaScript, your browser shows here which pages you have read."
EXERCISE = re.compile(r'<details class="check"[^>]* data-key="([^"]+)"')


def add_place(app: Sphinx, doctree: nodes.document) -> None:
    """Put a place for the progress under the map of the course."""
    if app.env.docname != MAP:
        return
    for section in doctree.findall(nodes.section):
        if MAP_SECTION in section["ids"]:
            text = nodes.paragraph(WITHOUT_SCRIPT, WITHOUT_SCRIPT)
            section.append(nodes.container("", text, classes=[PLACE]))


def exercises_in(pages: dict[str, str]) -> dict[str, list[str]]:
    """The keys of the exercises that each page has a check for, from its HTML; none, no entry."""
    found = {name: list(dict.fromkeys(EXERCISE.findall(page))) for name, page in pages.items()}
    return {name: keys for name, keys in found.items() if keys}


def list_exercises(app: Sphinx, error: Exception | None) -> None:
    """Write which exercises there are, for `progress.js`.

    It is a script and no JSON, since a page that is opened from a disk cannot read a file.
    """
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pages = {
        path.relative_to(site).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((site / "book").rglob("*.html"))
    }
    text = json.dumps(exercises_in(pages), separators=(",", ":"))
    files.write(site / "_static" / LIST, f"window.courseExercises = {text};\n")


def setup(app: Sphinx) -> None:
    """Connect this part; `course_site` calls it."""
    app.add_js_file(LIST, loading_method="defer")
    app.connect("doctree-read", add_place)
    app.connect("build-finished", list_exercises)

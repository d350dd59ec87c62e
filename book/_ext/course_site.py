"""Sphinx extension of the course: what Jupyter Book 1 and its theme do not do by themselves.

* the theme: an empty top bar is removed, texts are set;
* the head: a description for search engines, no script that a page does not use;
* the chrome: names that assistive technology can use, no copy of Font Awesome as a script, the
  search index only where results are shown;
* weight (see `course_weight.py`): a page loads nothing that it does not use;
* outputs (see `course_outputs.py`): alternative texts and interactive figures;
* details (see `course_details.py`): marks after formulas, times in tables, excerpts of a search;
* exercises (see `course_checks.py`): graded functions are written and checked in the page.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import course_changes
import course_details
import course_outputs
import course_progress
import course_reading
import course_weight
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

DESCRIPTION_LENGTH = 160

# Added to what Jupyter Book makes of _config.yml: a value there would replace all of it.
THEME_OPTIONS = {
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "primary_sidebar_end": [],
    "logo": {"text": "Learning to See", "alt_text": "Learning to See, start page"},
    "search_bar_text": "Search the book",
    "toc_title": "On this page",
    "show_toc_level": 2,
}

# Pairs (pattern, replacement) for the theme's HTML, each true of sphinx-book-theme 1.x; they change
# nothing when applied twice, since an incremental build meets pages that it did not write.
CHROME = [
    # 1.5 MB of icons drawn by script; the style sheet draws the same icons from a font.
    (r'<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>', ""),
    # A name that leaves out the visible text ("Search Ctrl+K") cannot be spoken to a voice control.
    (r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1"),
    (
        r'class="search-button__kbd-shortcut">',
        'class="search-button__kbd-shortcut" aria-hidden="true">',
    ),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # sphinx-exercise gives every exercise of a page the same name.
    (r' id="(exercise|solution)-content"', ""),
    # A link begins with its word, not with the space before it.
    (r'(<p class="admonition-title">Solution to)(<a [^>]*>) ', r"\1 \2"),
    # Content outside a landmark cannot be reached by jumping from one landmark to the next.
    (
        r'(?<!<nav aria-label="Start page">)(<a class="navbar-brand logo".*?</a>)',
        r'<nav aria-label="Start page">\1</nav>',
    ),
    # The corner of a table heads nothing.
    (r'<th(?: class="head"| scope="col")?>(?:<p></p>)?</th>', "<td></td>"),
    # The general index is laid out in columns by a table.
    (
        r'<table style="width: 100%" class="indextable',
        '<table role="presentation" style="width: 100%" class="indextable',
    ),
    # Roles that were withdrawn, or that ask for children which docutils does not write.
    (r' role="doc-biblioentry"| role="list"(?= class="citation-list")', ""),
]

# The theme loads the index of the whole book on every page; only the page of results uses it.
SEARCH = r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
RESULTS = "search.html"


def set_theme(app: Sphinx, config: Config) -> None:
    """Merge the course's options into those that Jupyter Book generated."""
    config.html_theme_options = {**config.html_theme_options, **THEME_OPTIONS}


def describe(doctree: nodes.document | None, fallback: str) -> str:
    """The page's first paragraph, cut at a word to the length that search engines show.

    A paragraph in italics (the budget of a notebook) is not about the page's subject.
    """
    found = doctree.findall(nodes.paragraph) if doctree else []
    first = next((p for p in found if not _in_italics(p)), None)
    text = " ".join((first.astext() if first else fallback).split())
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[: DESCRIPTION_LENGTH - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _in_italics(paragraph: nodes.paragraph) -> bool:
    return all(isinstance(child, nodes.emphasis) for child in paragraph.children)


def set_head(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop the scripts of thebe, which is not used, and add a description."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if not _is_thebe(script)
    ]
    tags = context.get("metatags", "")
    if 'name="description"' not in tags:
        text = html.escape(describe(doctree, app.config.project))
        context["metatags"] = f'{tags}<meta name="description" content="{text}" />'


def _is_thebe(script: Any) -> bool:
    body = (getattr(script, "attributes", None) or {}).get("body") or ""
    return "THEBE_JS_URL" in body or "sphinx-thebe" in str(getattr(script, "filename", ""))


def mend_chrome(app: Sphinx, error: Exception | None) -> None:
    """Apply `CHROME` to every page; Jupyter Book ignores template overrides."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        before = after = path.read_text(encoding="utf-8")
        for pattern, replacement in CHROME:
            after = re.sub(pattern, replacement, after, flags=re.DOTALL)
        if path.name != RESULTS:
            after = re.sub(SEARCH, "", after)
        if after != before:
            path.write_text(after, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension."""
    app.setup_extension("course_checks")
    course_outputs.keep_alternative_texts()
    app.connect("config-inited", set_theme)
    app.connect("doctree-read", course_outputs.check_images)
    app.connect("doctree-read", course_outputs.caption_pictures)
    app.connect("doctree-read", course_outputs.host_figures)
    app.connect("html-page-context", set_head, priority=900)
    app.connect("build-finished", mend_chrome)
    app.connect("build-finished", course_outputs.copy_kit)
    for part in (course_reading, course_progress, course_changes, course_details, course_weight):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Small things that a reader stumbles over, and that no theme or extension minds.

* a formula and the mark after it stay on one line;
* a chapter's table of sections says the times that the sections themselves say;
* a page of results shows the text of the pages, not their buttons and headings.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from course_utils.grading import files

logger = logging.getLogger(__name__)

MARK = re.compile(r"[.,;:!?)\]…’”]+")
INDEX = re.compile(r"book/\d\d_\w+/index")
COLUMNS = 4  # section, question, minutes to read, seconds to run
READ, RUN = re.compile(r"(\d+) minutes? to read"), re.compile(r"(\d+) seconds? to run")
# What Sphinx's search takes for the text of a page, and what it takes away from that.
SEARCHED = [
    ('[role="main"]', "article.bd-article"),
    ('[".headerlink", ', '[".headerlink", "h1", ".course-times", '),
]


def keep_marks(app: Sphinx, doctree: nodes.document) -> None:
    """Tie each formula of a line to the punctuation that follows it.

    A browser may break a line on either side of what KaTeX draws.
    """
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True)
        text = after.astext() if isinstance(after, nodes.Text) else ""
        mark = MARK.match(text)
        if mark and after is not None:
            after.parent.replace(after, nodes.Text(text[mark.end() :]))
            tied = nodes.inline("", "", formula.deepcopy(), nodes.Text(mark[0]))
            tied["classes"] = ["with-mark"]
            formula.replace_self(tied)


def state_times(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put into a chapter's table of sections what each section says under its title."""
    if not INDEX.fullmatch(page):
        return
    for row in doctree.findall(nodes.row):
        link = next(iter(row.findall(nodes.reference)), None)
        cells = list(row.findall(nodes.entry))
        if link is None or len(cells) < COLUMNS:
            continue
        address = link.get("refuri", "").partition("#")[0].removesuffix(".html")
        section = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
        line = _times(app.env, section)
        for cell, pattern, unit in zip(cells[2:], (READ, RUN), ("min", "s"), strict=True):
            found = pattern.search(line)
            text = f"{found[1]} {unit}" if found else cell.astext()
            cell.clear()
            cell.append(nodes.paragraph("", text.replace(" ", "\N{NO-BREAK SPACE}")))


def _times(env: BuildEnvironment, page: str) -> str:
    if page not in env.found_docs:
        return ""
    lines = env.get_doctree(page).findall(nodes.paragraph)
    return next((line.astext() for line in lines if "course-times" in line["classes"]), "")


def renew_indexes(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterator[str]:
    """Name the indexes of the chapters in which a section is read anew."""
    indexes = {posixpath.join(posixpath.dirname(page), "index") for page in added | changed}
    return iter(sorted(page for page in indexes & env.found_docs if INDEX.fullmatch(page)))


def search_text_only(app: Sphinx, error: Exception | None) -> None:
    """Let Sphinx's search quote the article alone."""
    path = Path(app.outdir) / "_static" / "searchtools.js"
    if error or app.builder.format != "html" or not path.is_file():
        return
    before = after = path.read_text(encoding="utf-8")
    for theirs, ours in SEARCHED:
        if theirs not in before and ours not in before:
            logger.warning("Sphinx's search no longer has %s", theirs, type="course")
        after = after if ours in after else after.replace(theirs, ours)
    if after != before:
        files.write(path, after)


def setup(app: Sphinx) -> None:
    """Connect this part; `course_site` calls it."""
    app.connect("doctree-read", keep_marks)
    app.connect("doctree-resolved", state_times)
    app.connect("env-get-outdated", renew_indexes)
    app.connect("build-finished", search_text_only)

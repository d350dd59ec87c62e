"""Checks in the page: under each exercise, the graded functions that it asks for.

The home of a function is the page that its report names to read again: there the first exercise
that names it, or else the paragraph that does, or else the exercise with others of its notebook.
Functions for torch and Triton get links to their notebook, since no page can run them.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import check_files
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx_exercise.nodes import is_exercise_node

from course_utils.feedback import ASSIGNMENTS, exercises_of

logger = logging.getLogger(__name__)

BOOK = "book/"
SECONDS = 60  # of a check in the page, where Python is several times slower


@cache
def homes() -> dict[str, list[str]]:
    """Return the keys of the graded functions by the page where they are checked."""
    pages: dict[str, list[str]] = {}
    for assignment in ASSIGNMENTS:
        for key, exercise in exercises_of(assignment).items():
            pages.setdefault(BOOK + exercise.section, []).append(key)
    return pages


@cache
def runnable(assignment: str) -> frozenset[str]:
    """Return the keys of an assignment's functions that a page can check."""
    return frozenset(check_files.keys_of(assignment))


def place_checks(app: Sphinx, doctree: nodes.document) -> None:
    """Put each check of the page under its exercise."""
    keys = homes().get(app.env.docname, [])
    for assignment in assignments_of(keys):
        app.env.note_dependency(str(check_files.notebook(assignment)))
    addresses = notebook_addresses(app.config.html_theme_options)
    for place, found in places(doctree, keys).items():
        text = "".join(_check(key, addresses(key.split("/")[0])) for key in found)
        block = nodes.raw("", text, format="html")
        if is_exercise_node(place):
            place.append(block)
        elif place.parent is not None:
            place.parent.insert(place.parent.index(place) + 1, block)


def assignments_of(keys: Iterable[str]) -> list[str]:
    """Return the assignments that the keys belong to, each once."""
    return sorted({key.split("/")[0] for key in keys})


def places(doctree: nodes.document, keys: Iterable[str]) -> dict[nodes.Element, list[str]]:
    """Return where the checks belong; a function without a place is a warning."""
    exercises = [node for node in doctree.findall(nodes.Element) if is_exercise_node(node)]
    paragraphs = list(doctree.findall(nodes.paragraph))
    result: dict[nodes.Element, list[str]] = {}
    for key in keys:
        assignment = key.split("/")[0]
        beside = [
            p for p, found in result.items() if any(k.startswith(f"{assignment}/") for k in found)
        ]
        candidates = [node for node in (*exercises, *paragraphs) if _asks_for(node, key)] + beside
        if candidates:
            result.setdefault(candidates[0], []).append(key)
        else:
            logger.warning(
                "no exercise and no paragraph names `%s` and `exercises/%s`",
                key.split("/")[1],
                assignment,
                location=doctree,
                type="course",
                subtype="check",
            )
    return result


def _asks_for(node: nodes.Element, key: str) -> bool:
    assignment, function = key.split("/")
    words = {literal.astext() for literal in node.findall(nodes.literal)}
    return f"exercises/{assignment}" in words and not words.isdisjoint({function, key})


def notebook_addresses(options: dict[str, Any]) -> Callable[[str], dict[str, str]]:
    """Return a function from an assignment to the addresses of its notebook, by their names."""
    repository, branch = options["repository_url"], options["repository_branch"]
    owner, launch = urlsplit(repository).path, options["launch_buttons"]
    binder = f"{launch['binderhub_url']}/v2/gh{owner}/{branch}"

    def addresses(assignment: str) -> dict[str, str]:
        path = check_files.notebook(assignment).relative_to(check_files.ROOT).as_posix()
        return {
            "Colab": f"{launch['colab_url']}/github{owner}/blob/{branch}/{path}",
            "JupyterLab": f"{binder}?urlpath=lab/tree/{path}",
        }

    return addresses


def _check(key: str, addresses: dict[str, str]) -> str:
    assignment, function = key.split("/")
    name = f"<code>{html.escape(function)}</code>"
    links = ", ".join(
        f'<a href="{html.escape(url)}">{assignment}.ipynb in {place}</a>'
        for place, url in addresses.items()
    )
    anchor = f"check-{assignment}-{function}"
    if key not in runnable(assignment):
        needs = "torch and Triton" if assignment.startswith("triton") else "torch"
        return (
            f'<p class="check-elsewhere" id="{anchor}">{name} needs {needs}, which a page cannot '
            "run. Write and check it in the notebook: "
            f'<span class="check-links">{links}</span>.</p>'
        )
    return (
        f'<details class="check" id="{anchor}" data-key="{key}" data-seconds="{SECONDS}">'
        f"<summary>Write {name} and check it here</summary>"
        '<p class="check-plain">A check in the page needs JavaScript, and a page that comes from a '
        "web server. The notebook has the same check: "
        f'<span class="check-links">{links}</span>.</p></details>'
    )


def load_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the script and the style of the checks on the pages that have one."""
    if homes().get(page):
        app.add_css_file("checks/checks.css")
        app.add_js_file("checks/checks.js", type="module")


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Put beside the pages what checks load."""
    if error or app.builder.format != "html":
        return
    found = [key for page in app.env.found_docs for key in homes().get(page, [])]
    names = [name for name in assignments_of(found) if runnable(name)]
    if names:
        check_files.write(Path(app.outdir) / "_static", names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension."""
    app.connect("doctree-read", place_checks)
    app.connect("html-page-context", load_script)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

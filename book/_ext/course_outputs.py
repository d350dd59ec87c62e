"""What cells put on a page: images with an alternative text, and interactive figures.

`course_utils.plotting.show` stores the alternative text in the output's metadata, as
``{"image/png": {"alt": ...}}``. An image with fewer than ten words of it is a warning, which fails
the build. An interactive figure becomes an element that holds its alternative text until
``figures.js`` puts the figure there, so that a reader without JavaScript is told what it shows.
"""

from __future__ import annotations

import html
import importlib
import json
import re
import shutil
from functools import wraps
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.util import logging

from course_utils import figures
from course_utils.figures.base import module_text

logger = logging.getLogger(__name__)

FIGURES = Path(figures.__file__).parent
KIT = (FIGURES / "kit.js", FIGURES / "kit.css")

ALT_WORDS = 10
OUTPUT = "cell_code_output"  # myst-nb's name for what a cell has put out
VIEW = "application/vnd.jupyter.widget-view+json"
# What figures.js reads of a figure; the rest of the state describes a Jupyter front end.
FRONT_END_TRAITS = re.compile(r"_(model|view|dom|anywidget)_|layout$|tabbable$|tooltip$")


def keep_alternative_texts() -> None:
    """Let myst-nb take an image's alternative text from the metadata of the output.

    Its own way is metadata of the cell, which holds one text for all the images of the cell and
    stands apart from the code that draws them.
    """
    original = NbElementRenderer.render_image
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def render_image(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
        rendered = original(self, data)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        for node in rendered:
            if alt and isinstance(node, nodes.image):
                node["alt"] = alt
        return rendered

    NbElementRenderer.render_image = render_image


def check_images(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of every image without an alternative text of at least ten words."""
    for image in doctree.findall(nodes.image):
        alt = image.get("alt", "")
        if len(alt.split()) < ALT_WORDS:
            logger.warning(
                "image %s: got the alternative text %r, expected at least %d words that say what "
                "it shows (in a notebook: course_utils.plotting.show(figure, alt))",
                image.get("uri"),
                alt,
                ALT_WORDS,
                type="course",
                subtype="alt",
                location=image if image.line else app.env.docname,
            )


def caption_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Show under each picture that a cell draws what its alternative text says of it.

    Who hears the page has heard it already, so the line is for the eye only.
    """
    for image in list(doctree.findall(nodes.image)):
        text = image.get("alt", "")
        if text and _is_output(image):
            line = f'<p class="picture-caption" aria-hidden="true">{html.escape(text)}</p>'
            place = image.parent.index(image) + 1
            image.parent.insert(place, nodes.raw("", line, format="html"))


def _is_output(node: nodes.Node | None) -> bool:
    while isinstance(node, nodes.Element):
        if node.get("nb_element") == OUTPUT:
            return True
        node = node.parent
    return False


def host_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Turn widget views into elements that ``figures.js`` fills.

    Widgets without a module of their own (the progress bars of tqdm) need a kernel; they are left
    out, and so is their state.
    """
    files = getattr(app.env, "nb_metadata", {}).get(app.env.docname, {}).get("js_files", {})
    if "ipywidgets_state" not in files:
        return
    models = json.loads(files["ipywidgets_state"][1]["body"])["state"]
    shown = {key: _lean(model) for key, model in models.items() if "_esm" in model["state"]}
    for view in [raw for raw in doctree.findall(nodes.raw) if VIEW in raw.astext()]:
        found = re.search(r'"model_id": "(\w+)"', view.astext().replace("'", '"'))
        figure = shown.get(found[1]) if found else None
        if found and figure:
            view.replace_self(_host(found[1], figure["state"]))
        else:
            view.replace_self([])
    if shown:
        body = json.dumps({"state": shown}, separators=(",", ":")).replace("</", r"<\/")
        files["ipywidgets_state"][1]["body"] = body
    else:
        app.env.nb_metadata[app.env.docname]["js_files"] = {}


def _lean(model: dict[str, Any]) -> dict[str, Any]:
    """The state of a figure for the page, without what all figures of the site have in common.

    A figure of the package gets its program as it is now, however long ago its cell was run.
    """
    state = {k: v for k, v in model["state"].items() if not FRONT_END_TRAITS.search(k)}
    shared, style = (path.read_text(encoding="utf-8") for path in KIT)
    module, _, name = model["state"].get("_anywidget_id", "").rpartition(".")
    if module.startswith(figures.__name__):
        kind = getattr(importlib.import_module(module), name)
        state |= {"_esm": module_text(kind), "_css": kind._css}
    if state["_esm"].startswith(shared):
        state |= {"_esm": state["_esm"].removeprefix(shared), "_kit": True}
    if state.get("_css") == style:
        del state["_css"]
    return {"state": state}


def copy_kit(app: Sphinx, error: Exception | None) -> None:
    """Put the parts that figures share beside ``figures.js``, which loads them once."""
    if error or app.builder.format != "html":
        return
    for path in KIT:
        shutil.copyfile(path, Path(app.outdir) / "_static" / path.name)


def _host(model_id: str, state: dict[str, Any]) -> nodes.raw:
    alt = html.escape(f"Interactive figure: {state.get('alt', '')}")
    text = (
        f'<div class="figure-host" data-model-id="{model_id}"><p class="figure-alt">{alt}</p></div>'
    )
    return nodes.raw("", text, format="html")

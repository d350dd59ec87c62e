"""From the JSON of a notebook in any format and state to a list of sound cells."""

import json
import warnings
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils.grading.notes import Notes, RefusedError

MOST_CELLS = 2_000
MOST_TEXT = 4_000_000  # characters of all cells without outputs
MAJOR, MINOR = 4, 5
KINDS = ("code", "markdown", "raw")
PICTURES = ("image/png", "image/jpeg", "image/gif")
NO_NOTEBOOK = "The file is JSON, but not a notebook: it has no cells."
USUAL_SETTINGS = {"kernelspec", "language_info"}


@dataclass
class Part:
    """A cell as it was handed in: ``cell`` is sound, ``claim`` and ``tags`` are what it says.

    ``name`` is the ``grade_id`` that it is taken for, empty for a cell of the student's own;
    ``label`` is what a message calls it.
    """

    cell: NotebookNode
    label: str
    claim: dict[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    name: str = ""


def parts_of(content: Any, notes: Notes) -> list[Part]:
    """Return the cells of a notebook without outputs; what was repaired goes to ``notes``.

    Raises RefusedError where ``content`` is no notebook or has too many cells or too much text.
    """
    if not isinstance(content, dict) or not ("cells" in content or "worksheets" in content):
        raise RefusedError(
            "not-a-notebook", "The file is JSON, but not a notebook: it has no cells."
        )
    content = _current(content, notes)
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise RefusedError(
            "not-a-notebook", "The file is JSON, but not a notebook: it has no cells."
        )
    if len(cells) > MOST_CELLS:
        raise RefusedError("too-large", f"The notebook has more than {MOST_CELLS} cells.")
    found = (_part(cell, number, notes) for number, cell in enumerate(cells, 1))
    parts = [part for part in found if part]
    if sum(len(part.cell.source) for part in parts) > MOST_TEXT:
        raise RefusedError(
            "too-large", f"The cells hold more than {MOST_TEXT:,} characters of text."
        )
    _note_settings(content.get("metadata"), notes)
    return parts


def _current(content: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Return ``content`` in nbformat 4, by nbformat's own conversion from 3, 2 and 1."""
    major, minor = content.get("nbformat"), content.get("nbformat_minor")
    if "cells" in content:
        if major != MAJOR or minor not in range(MINOR + 1) or isinstance(minor, bool):
            notes.add("nbformat", f"{major}.{minor}")
        return content
    if major not in (1, 2, 3):
        content = {**content, "nbformat": 3, "nbformat_minor": 0}
    notes.add("nbformat", major)
    content = {"metadata": {}, **content}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = nbformat.reader.reads(json.dumps(_without_outputs(content)))
            return nbformat.convert(old, MAJOR)
    except Exception as error:  # nbformat raises whatever the wrong structure leads to
        reason = type(error).__name__
        text = f"The notebook is in the old format {major} and could not be converted ({reason})."
        raise RefusedError("nbformat", text) from None


def _without_outputs(content: dict[str, Any]) -> dict[str, Any]:
    """Return an old notebook without outputs, which the conversion would work through."""
    sheets = [sheet for sheet in _list(content.get("worksheets")) if isinstance(sheet, dict)]
    cells = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    kept = [_old_cell(cell) for cell in cells if isinstance(cell, dict)]
    return {**content, "worksheets": [{"cells": kept[: MOST_CELLS + 1], "metadata": {}}]}


def _old_cell(cell: dict[str, Any]) -> dict[str, Any]:
    text = "input" if cell.get("cell_type") == "code" else "source"
    return {"metadata": {}, **cell, "outputs": [], text: _text(cell.get(text))[0]}


def _part(cell: Any, number: int, notes: Notes) -> Part | None:
    label = f"cell {number}"
    if not isinstance(cell, dict):
        notes.add("structure", label)
        return None
    kind, source, metadata = cell.get("cell_type"), cell.get("source"), cell.get("metadata")
    text, sound = _text(source)
    expected = {"outputs", "execution_count"} if kind == "code" else set()
    if kind not in KINDS or not sound or not isinstance(metadata, dict) or expected - cell.keys():
        notes.add("structure", label)
    if kind not in KINDS:
        kind = "code" if "outputs" in cell else "markdown"
    metadata = metadata if isinstance(metadata, dict) else {}
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
    if clean != text:
        notes.add("characters", label)
    sound_cell = NotebookNode(
        cell_type=kind, id=cell.get("id"), metadata=NotebookNode(), source=clean
    )
    if kind == "code":
        sound_cell.update(outputs=[], execution_count=None)
    elif pictures := _pictures(cell.get("attachments"), label, notes):
        sound_cell.attachments = pictures
    claim, tags = metadata.get("nbgrader"), _list(metadata.get("tags"))
    return Part(
        sound_cell,
        label,
        claim if isinstance(claim, dict) else {},
        frozenset(tag for tag in tags if isinstance(tag, str)),
    )


def _text(source: Any) -> tuple[str, bool]:
    """Return the text of a cell, stored whole or in lines, and whether all of it was text."""
    if isinstance(source, str):
        return source, True
    lines = [line for line in _list(source) if isinstance(line, str)]
    return "".join(lines), isinstance(source, list) and len(lines) == len(source)


def _pictures(attachments: Any, label: str, notes: Notes) -> NotebookNode:
    """Return the attachments that are pictures of a type without active content."""
    kept = NotebookNode()
    entries = attachments if isinstance(attachments, dict) else {}
    for name, given in entries.items():
        bundle = given if isinstance(given, dict) else {}
        pictures = {
            kind: data
            for kind, data in bundle.items()
            if kind in PICTURES and isinstance(data, str) and data.isascii()
        }
        if pictures:
            kept[name.encode("utf-8", "replace").decode("utf-8")] = NotebookNode(pictures)
        if not pictures or len(pictures) < len(bundle):
            notes.add("attachment", label)
    return kept


def _note_settings(settings: Any, notes: Notes) -> None:
    if not isinstance(settings, dict):
        notes.add("structure", "metadata")
        return
    for name in sorted(settings.keys() - USUAL_SETTINGS)[:20]:
        notes.add("notebook-metadata", name)
    kernel = settings.get("kernelspec")
    name = kernel.get("name") if isinstance(kernel, dict) else None
    if name != "python3":
        notes.add("kernelspec", "none" if name is None else name)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

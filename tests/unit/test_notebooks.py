"""Normalising a notebook: no outputs, stable ids, the first cell, nothing half-written."""

import json
from pathlib import Path

import nbformat
import pytest

from course_utils.notebooks import BOOTSTRAP_ID, bootstrap_source, normalise, normalise_file

ADDRESS = "https://example.org/learning/course"


def dirty_notebook() -> dict:
    code = nbformat.v4.new_code_cell("1 + 1", id="sum", execution_count=7)
    code.outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=7)
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title", id="a"), code])


def test_normalise_removes_results_and_keeps_ids() -> None:
    clean = normalise(dirty_notebook(), ADDRESS)
    assert [cell.id for cell in clean.cells] == [BOOTSTRAP_ID, "a", "sum"]
    assert clean.cells[2].outputs == []
    assert clean.cells[2].execution_count is None
    assert ADDRESS in clean.cells[0].source


def test_normalise_is_idempotent_and_follows_a_new_address() -> None:
    once = normalise(dirty_notebook(), ADDRESS)
    assert normalise(once, ADDRESS) == once
    moved = normalise(once, "https://example.org/elsewhere/course")
    assert len(moved.cells) == len(once.cells)
    assert "elsewhere" in moved.cells[0].source


def test_normalise_file_writes_only_changes(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps(dirty_notebook()), encoding="utf-8")
    assert normalise_file(path, ADDRESS)
    assert not normalise_file(path, ADDRESS)
    assert [p.name for p in tmp_path.iterdir()] == ["page.ipynb"]


def test_address_must_be_a_repository() -> None:
    with pytest.raises(ValueError, match="address must be an https URL of a repository, got 'ftp"):
        bootstrap_source("ftp://example.org/course")

"""The files that a check in the page loads: cells of the notebooks, the checks, Python itself.

All of them go into ``_static/checks``, and Pyodide, where the environment variable PYODIDE_DIR
names a folder of it, into ``_static/pyodide``.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import course_utils
from course_utils.grading import files

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "site_assets" / "checks" / "pyodide.json"
PACKAGE = Path(course_utils.__file__).parent
# Names in the cells of a notebook that no browser can give a meaning to.
HEAVY = {"torch", "nn", "Tensor", "triton", "tl"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same archive from the same files

Cell = dict[str, str]


def notebook(assignment: str) -> Path:
    """Return the student's notebook of an assignment."""
    return ROOT / "exercises" / assignment / f"{assignment}.ipynb"


def cells_of(assignment: str) -> list[Cell]:
    """Return the cells of a notebook that a page can run, in order.

    A cell that comes before the answers is ``{"setup": code}``, an answer
    ``{"key": ..., "name": ..., "code": its stub, "test": the cell that checks it}``.
    """
    cells = json.loads(notebook(assignment).read_text(encoding="utf-8"))["cells"]
    found: list[Cell] = []
    tests: dict[str, str] = {}
    for cell in (cell for cell in cells if cell["cell_type"] == "code"):
        source, graded = "".join(cell["source"]), cell["metadata"].get("nbgrader", {})
        name = graded.get("grade_id", "")
        if graded.get("solution"):
            if not _names(source) & HEAVY:
                found.append({"key": f"{assignment}/{name}", "name": name, "code": source})
        elif graded.get("grade"):
            tests[name.removeprefix("test_")] = source
        elif "remove-cell" not in cell["metadata"].get("tags", []):
            found.append({"setup": _without_heavy_imports(source)})
    return [{**cell, "test": tests[cell["name"]]} if "name" in cell else cell for cell in found]


def keys_of(assignment: str) -> list[str]:
    """Return the keys of the functions that a page can check."""
    return [cell["key"] for cell in cells_of(assignment) if "key" in cell]


def _names(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _without_heavy_imports(source: str) -> str:
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if _imported(node) & HEAVY:
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines).strip()


def _imported(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]}
    names = node.names if isinstance(node, ast.Import) else []
    return {alias.name.split(".")[0] for alias in names}


def packed() -> bytes:
    """Return the part of ``course_utils`` that checks need, as a zip archive."""
    modules = [PACKAGE / "__init__.py", *sorted((PACKAGE / "feedback").rglob("*.py"))]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in modules:
            name = path.relative_to(PACKAGE.parent).as_posix()
            file.writestr(zipfile.ZipInfo(name, EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def facts() -> dict[str, Any]:
    """Return what is known of Pyodide: its address, its files with their sizes and sha256."""
    return json.loads(RUNTIME.read_text(encoding="utf-8"))


def runtime(package: bytes, own: bool) -> dict[str, Any]:
    """Return what a page must know of Python; ``own`` where the site has Pyodide itself."""
    version = hashlib.sha256(package).hexdigest()[:12]
    address = {"address": "../pyodide/"} if own else {}
    return {**facts(), **address, "package": f"course_utils.zip?v={version}"}


def write(static: Path, assignments: list[str]) -> None:
    """Put the files below the folder of static files."""
    folder, package = static / "checks", packed()
    own = bool(os.environ.get("PYODIDE_DIR"))
    copy_pyodide(static / "pyodide", os.environ.get("PYODIDE_DIR", ""))
    files.write(folder / "course_utils.zip", package)
    files.write(folder / "runtime.json", json.dumps(runtime(package, own)).encode())
    for name in assignments:
        files.write(folder / f"{name}.json", json.dumps({"cells": cells_of(name)}).encode())


def copy_pyodide(target: Path, source: str) -> None:
    """Copy Pyodide's files; without a source delete those of an earlier build.

    Raises ValueError for a file that is missing or not the published one.
    """
    shutil.rmtree(target, ignore_errors=True)
    if not source:
        return
    target.mkdir(parents=True)
    for name, fact in facts()["files"].items():
        path = Path(source, name)
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        if found != fact["sha256"]:
            raise ValueError(
                f"PYODIDE_DIR={source}: {name} must have the sha256 {fact['sha256']}, got {found}; "
                "`python tools/pyodide.py` makes such a folder"
            )
        shutil.copyfile(path, target / name)

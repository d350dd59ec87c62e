"""What the tests of the book read of a page: its cells, and its text without the code."""

import json
from functools import cache
from pathlib import Path


@cache
def cells(path: Path, kind: str) -> list[str]:
    """Return the sources of a notebook's cells of a kind, ``markdown`` or ``code``."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


@cache
def prose(path: Path) -> str:
    """Return the text of a page, a notebook's or Markdown; an empty line ends each cell."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8") + "\n"
    return "".join(cell + "\n\n" for cell in cells(path, "markdown"))

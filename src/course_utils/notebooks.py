"""What every notebook of the course must look like, and the tool that makes it so.

A notebook is stored without outputs, with cell ids, and starts with one cell that installs
``course_utils`` where it is missing (Colab, or any other fresh environment).
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import nbformat

BOOTSTRAP_ID = "bootstrap"

_BOOTSTRAP = """\
# In Colab, or wherever the course's helper package is missing, this cell installs it.
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    %pip install --quiet "course-utils @ git+{address}"
"""


def bootstrap_source(address: str) -> str:
    """Return the first cell of every notebook for the repository at ``address`` (https URL)."""
    if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+", address):
        raise ValueError(f"address must be an https URL of a repository, got {address!r}")
    return _BOOTSTRAP.format(address=address).rstrip("\n")


def normalise(notebook: dict[str, Any], address: str) -> dict[str, Any]:
    """Return ``notebook`` without outputs and execution counts, with ids and the first cell.

    Cell ids that exist are kept, so that a difference in version control shows only real changes.
    """
    node: Any = nbformat.from_dict(notebook)
    cells = [cell for cell in node.cells if cell.get("id") != BOOTSTRAP_ID]
    for number, cell in enumerate(cells):
        cell.setdefault("id", f"cell-{number}")
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's, of no use in a notebook
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    first = nbformat.v4.new_code_cell(
        bootstrap_source(address), id=BOOTSTRAP_ID, metadata={"tags": ["remove-cell"]}
    )
    node.cells = [first, *cells]
    node.nbformat, node.nbformat_minor = 4, 5
    node.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(node)
    return node


def normalise_file(path: Path, address: str) -> bool:
    """Normalise the notebook at ``path`` in place; return whether it changed."""
    before = path.read_text(encoding="utf-8")
    after = nbformat.writes(normalise(json.loads(before), address)) + "\n"
    if after == before:
        return False
    scratch = path.with_suffix(".ipynb.part")
    scratch.write_text(after, encoding="utf-8")
    os.replace(scratch, path)
    return True

"""What the tests of the assignments share: their exercises and both forms of their notebooks."""

import json
from pathlib import Path

import nbformat

from course_utils.feedback import ASSIGNMENTS, Exercise, exercises_of

ROOT = Path(__file__).resolve().parents[2]
EXERCISES: dict[str, Exercise] = {
    key: exercise for name in ASSIGNMENTS for key, exercise in exercises_of(name).items()
}


def notebook_path(folder: str, name: str) -> Path:
    return ROOT / folder / name / f"{name}.ipynb"


def cells(folder: str, name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(notebook_path(folder, name), 4).cells


def settings(cell: nbformat.NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def test_cells(folder: str, name: str) -> dict[str, nbformat.NotebookNode]:
    """Return the cells with autograded points by the function that they check."""
    found = [c for c in cells(folder, name) if settings(c).get("grade") and c.cell_type == "code"]
    by_name = {settings(cell)["grade_id"].removeprefix("test_"): cell for cell in found}
    assert len(by_name) == len(found)
    return by_name


test_cells.__test__ = False


def edited(source: Path, target: Path, changes: dict[str, str]) -> Path:
    """Copy a notebook, with the source of the cells of these grade_ids replaced."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    left = dict(changes)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in left:
            cell["source"] = left.pop(grade_id)
    assert not left, f"no cells {sorted(left)}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")
    return target

"""Figures that a kernel draws again: controls above a picture that is there without them, too."""

import base64
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_utils.exploring import explore

ROOT = Path(__file__).resolve().parents[2]
VIEW = "application/vnd.jupyter.widget-view+json"
MOVE = """
from ipywidgets.widgets.widget import _instances
controls = {w.description: w for w in _instances.values() if getattr(w, "description", "")}
said = [w for w in _instances.values() if type(w).__name__ == "Label"]
"""
TELL = "print([w.value for w in said])"
NO_PICTURE = """({"name": "a", "type": "image/png", "size": 4, "content": b"none",
"last_modified": __import__("datetime").datetime.now()},)"""
EXPLORATIONS = {
    "04_cnn/02_convolution": (
        ["stepper", "any-dimension", "learned-flip", "kernels", "gabor", "own-picture"],
        {"θ (degrees)": "45", "λ (pixels)": "12"},
        ("your own picture", NO_PICTURE),
    ),
    "08_diffusion/07_guidance": (
        ["setup", "digits", "order"],
        {"number": "'31'", "guidance scale w": "0.5"},
        ("number", "'none'"),
    ),
}


def run(sources: list[str]) -> list[nbformat.NotebookNode]:
    """Run cells in a kernel and return them."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return cells


def picture(cell: nbformat.NotebookNode) -> bytes:
    """The last picture among the outputs of a cell."""
    shown = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
    return base64.b64decode(shown[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORATIONS)
def test_an_exploration_of_the_book_draws_again(name: str) -> None:
    wanted, moves, (wrong, value) = EXPLORATIONS[name]
    notebook = nbformat.read(ROOT / "book" / f"{name}.ipynb", 4)
    by_id = {cell.id: cell.source for cell in notebook.cells}
    sources = [by_id[each] for each in wanted]
    still = picture(run(sources)[-1])
    steps = [f"controls[{knob!r}].value = {new}" for knob, new in moves.items()]
    refused = f"controls[{wrong!r}].value = {value}"
    *_, drawn, moved, told = run(
        [*sources, "\n".join([MOVE, *steps, TELL]), "\n".join([refused, TELL])]
    )
    assert picture(drawn) != still  # where it stands: the picture is replaced, not repeated
    text = drawn.outputs[-1].metadata["image/png"]["alt"]
    assert text.startswith("The picture as it is drawn anew")
    assert moved.outputs[-1].text == "['']\n"
    assert "Error: " in told.outputs[-1].text


@pytest.mark.slow
def test_the_picture_has_its_text_and_needs_no_control() -> None:
    source = """
import matplotlib.pyplot as plt
from course_utils.exploring import explore

def draw(height):
    figure, axis = plt.subplots()
    axis.plot([0, height])
    return figure

explore(draw, "One line that rises from zero to the height that a slider says.", height=(0, 9))
"""
    controls, shown = run([source])[0].outputs
    assert VIEW in controls.data
    assert VIEW not in shown.data
    assert shown.metadata["image/png"]["alt"].startswith("One line that rises")


@pytest.mark.parametrize("knob", [None, object(), 1 + 2j])
def test_what_is_no_control_is_refused(knob: object) -> None:
    with pytest.raises(ValueError, match="size: expected a widget with a value"):
        explore(lambda size: size, "A sentence of ten words at least on what it shows.", size=knob)

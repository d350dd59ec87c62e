"""Figures that Python draws anew whenever a reader moves a control: for where a kernel runs.

The figures of `course_utils.figures` answer without a kernel, on the website too, but can only show
what was computed beforehand. This one is for what nobody can compute beforehand: a reader's own
picture, or a network that draws.
"""

from collections.abc import Callable, Iterable
from typing import Any

from IPython.display import Image, display
from ipywidgets import Label, VBox, Widget, interactive
from matplotlib.figure import Figure

from course_utils.plotting import picture

WIDTH = "32rem"  # of a control, its name included


def explore(draw: Callable[..., Figure], alt: str, **knobs: Any) -> None:
    """Show ``draw(**values)`` below a control for each knob, and draw again when one is moved.

    A page without a kernel shows the picture of the first values, and no controls.

    Args:
        draw: takes one value for each knob, by name, and returns a matplotlib figure. What it
            raises later on is told beside the controls, and the picture stays.
        alt: the alternative text, a sentence of at least ten words on what the figure shows at
            first; of what is drawn later, the text names the values.
        knobs: for each argument of ``draw`` a widget of ipywidgets, or what its ``interact`` makes
            one of, as ``(low, high, step)`` or a list.

    Raises:
        ValueError: a knob is neither, or ``alt`` is too short.
    """
    controls = {name: _control(name, knob) for name, knob in knobs.items()}
    said = Label()

    def drawn(text: str) -> Image:
        return picture(draw(**{name: control.value for name, control in controls.items()}), text)

    first = drawn(alt)
    display(VBox([*controls.values(), said]))
    shown: Any = display(first, display_id=True)

    def draw_again(_change: Any) -> None:
        try:
            shown.update(drawn(_drawn_anew(controls.values())))
            said.value = ""
        except Exception as error:  # whatever a reader's own picture or text leads to
            said.value = f"{type(error).__name__}: {error}"

    for control in controls.values():
        control.observe(draw_again, "value")


def _drawn_anew(controls: Iterable[Any]) -> str:
    values = ", ".join(
        f"{control.description} {control.value}"
        for control in controls
        if isinstance(control.value, str | int | float)
    )
    return f"The picture as it is drawn anew by this code for {values}"


def _control(name: str, knob: Any) -> Any:
    made: Any = knob if isinstance(knob, Widget) else interactive.widget_from_abbrev(knob)
    if made is None or not made.has_trait("value"):
        raise ValueError(f"{name}: expected a widget with a value, or (low, high), got {knob!r}")
    made.description = made.description or name.replace("_", " ")
    made.style.description_width = "11rem"
    made.layout.width = WIDTH
    if made.has_trait("continuous_update"):
        made.continuous_update = False  # a picture for each value on the way would lag behind
    return made

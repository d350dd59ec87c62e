"""The base of every interactive figure: one Python class beside one JavaScript module.

A figure is an `anywidget <https://anywidget.dev>`_ whose module is the text of ``kit.js``, followed
by the text of the figure's own ``.js`` file. Python computes what the figure shows and stores it in
traits; the browser draws it and reacts to the reader, with no kernel behind it. The same text
therefore runs in JupyterLab, in Colab and on the static site.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

HERE = Path(__file__).resolve().parent
ALT_WORDS = 10
DIGITS = 4


def require_alt(alt: str) -> str:
    """Return `alt`, stripped; ValueError when it has fewer than ten words."""
    text = " ".join(str(alt).split())
    if len(text.split()) < ALT_WORDS:
        raise ValueError(
            f"alt: got {len(text.split())} words ({text!r}), expected a sentence of at least "
            f"{ALT_WORDS} words that says what the figure shows"
        )
    return text


def rounded(value: float) -> float | int | None:
    """`value` to four significant digits; whole numbers as int, non-finite ones as None (a gap)."""
    number = float(value)
    if not math.isfinite(number):
        return None
    short = float(f"{number:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def rounded_list(values: Iterable[float] | np.ndarray) -> list[float | int | None]:
    """A flat list of `rounded` numbers from anything that numpy reads as an array."""
    return [rounded(value) for value in np.asarray(values, dtype=float).ravel()]


class InteractiveFigure(anywidget.AnyWidget):
    """A figure that the reader operates.

    A subclass names its JavaScript file in `module` (a path relative to the file of the class) and
    adds traits with ``.tag(sync=True)`` that hold JSON-able values only. The module has the line
    ``export default { render }``; inside it `kit` holds the shared parts.

    Args:
        alt: a sentence of at least ten words that says what the figure shows and what moving its
            knobs reveals; it becomes the figure's accessible name, and the text that stands in
            its place where no JavaScript runs.
        caption: an optional line under the figure.

    Raises:
        ValueError: `alt` has fewer than ten words.
    """

    module: ClassVar[str | Path | None] = None
    _css = (HERE / "kit.css").read_text(encoding="utf-8")

    alt = traitlets.Unicode().tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if vars(cls).get("module") is not None:
            cls._esm = module_text(cls)
        super().__init_subclass__(**kwargs)

    def __init__(self, *, alt: str, caption: str = "", **traits: Any) -> None:
        super().__init__(alt=require_alt(alt), caption=caption, **traits)

    def __repr__(self) -> str:
        return f"Interactive figure: {self.alt}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/plain"] = repr(self)
        return bundle


def module_text(cls: type[InteractiveFigure]) -> str:
    """The JavaScript sent for `cls`: ``kit.js``, then the class's own file."""
    assert cls.module is not None
    own = Path(inspect.getfile(cls)).resolve().parent / cls.module
    if not own.is_file():
        raise ValueError(f"{cls.__name__}.module: no file {own}, expected the figure's JavaScript")
    return "\n".join(path.read_text(encoding="utf-8") for path in (HERE / "kit.js", own))

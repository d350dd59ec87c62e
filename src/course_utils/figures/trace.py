"""Step through forward or reverse mode on an expression that the reader may edit."""

from collections.abc import Mapping

import traitlets

from course_utils.figures.base import InteractiveFigure

MODES = ("forward", "reverse")


class Trace(InteractiveFigure):
    """The graph and the trace table of ``expression`` at ``inputs``, one step at a time.

    ``expression`` uses the variables ``x1`` and ``x2``, numbers, ``+ - * / ^`` and the functions
    log, exp, sin, cos, tanh, sqrt; the browser parses it, so the reader can type another. In
    ``forward`` mode each step shows a value and its tangent, in ``reverse`` mode each step hands an
    adjoint to the parents of a node. Raises ValueError for another mode or other variables.
    """

    module = "trace.js"
    expression = traitlets.Unicode().tag(sync=True)
    inputs = traitlets.Dict().tag(sync=True)
    mode = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, expression: str, inputs: Mapping[str, float], *, mode: str, alt: str
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        if set(inputs) != {"x1", "x2"}:
            raise ValueError(f"inputs must give x1 and x2, got {sorted(inputs)}")
        numbers = {name: float(value) for name, value in inputs.items()}
        super().__init__(alt=alt, expression=expression, inputs=numbers, mode=mode)

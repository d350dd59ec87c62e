"""Draw a fully connected network from its widths, with its counts."""

from collections.abc import Sequence

import traitlets

from course_utils.figures.base import InteractiveFigure

MAX_WIDTH = 100_000


class NetworkDrawer(InteractiveFigure):
    """A network ``d_0 - d_1 - ... - d_L`` that the reader changes by typing other widths.

    ``widths`` are two or more integers from 1 to 100,000 (ValueError otherwise).
    """

    module = "network_drawer.js"
    widths = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, widths: Sequence[int], *, alt: str) -> None:
        if len(widths) < 2 or any(not 1 <= width <= MAX_WIDTH for width in widths):
            raise ValueError(f"widths must be two or more of 1..{MAX_WIDTH}, got {list(widths)}")
        super().__init__(alt=alt, widths=list(widths))

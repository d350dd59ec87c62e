"""`BoxPair`: two boxes that the reader drags, with their intersection, union, IoU and GIoU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import traitlets

from course_utils.figures.base import InteractiveFigure

Box = Sequence[int]


class BoxPair(InteractiveFigure):
    """Two boxes on a field of pixels; their overlap is filled, their hull is drawn around them.

    The reader drags a box, or its lower right corner, in whole pixels, by pointer or, once it has
    the focus, by the arrow keys (with Shift by five). The areas, IoU and GIoU follow.

    Args:
        first: the box (x1, y1, x2, y2) called A, whole pixels, half-open.
        second: the box called B.
        alt: see `InteractiveFigure`.
        extent: width and height of the field in pixels.
        presets: name -> (first, second), one button each.

    Raises:
        ValueError: a box without area or outside the field.
    """

    module = "box_pair.js"
    boxes = traitlets.List().tag(sync=True)
    extent = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        first: Box,
        second: Box,
        *,
        alt: str,
        extent: tuple[int, int] = (32, 20),
        presets: Mapping[str, tuple[Box, Box]] | None = None,
        caption: str = "",
    ) -> None:
        pairs = {name: _checked(pair, extent) for name, pair in (presets or {}).items()}
        super().__init__(
            alt=alt,
            caption=caption,
            boxes=_checked((first, second), extent),
            extent=list(extent),
            presets=pairs,
        )


def _checked(pair: tuple[Box, Box], extent: tuple[int, int]) -> list[list[int]]:
    """The pair as lists of whole numbers; ValueError names the box that does not fit."""
    width, height = extent
    for x1, y1, x2, y2 in pair:
        if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
            raise ValueError(
                f"a box must be (x1, y1, x2, y2) with an area, inside {width} x {height} pixels, "
                f"got {(x1, y1, x2, y2)}"
            )
    return [[int(value) for value in box] for box in pair]

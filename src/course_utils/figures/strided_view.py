"""`StridedView`: a row of memory, and the matrix that shape, strides and offset make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure

MOST_NUMBERS, MOST_SIDE, MOST_STRIDE = 48, 8, 12
View = tuple[Sequence[int], Sequence[int], int]  # shape, strides, offset


class StridedView(InteractiveFigure):
    """A storage of `numbers` numbers 0, 1, 2, .. and a view of it that the reader changes.

    Entry (i, j) lies at ``offset + i * strides[0] + j * strides[1]``. The reader chooses one of the
    named views or sets the five numbers, and walks over the entries by pointer or arrow keys; the
    entry's place in memory is marked. Entries outside the storage are crossed out.

    Args:
        views: name -> (shape, strides, offset), each of two axes; the first is shown first.
        numbers: length of the storage, 2 to 48.
        alt: see `InteractiveFigure`.

    Raises:
        ValueError: no view, a side outside 1..8, a stride outside 0..12, a storage or an offset out
            of range.
    """

    module = "strided_view.js"
    views = traitlets.List().tag(sync=True)
    numbers = traitlets.Int().tag(sync=True)
    shape = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    strides = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    offset = traitlets.Int().tag(sync=True)

    def __init__(
        self, views: Mapping[str, View], *, alt: str, numbers: int = 24, caption: str = ""
    ) -> None:
        if not 2 <= numbers <= MOST_NUMBERS:
            raise ValueError(f"numbers: got {numbers}, expected 2 to {MOST_NUMBERS}")
        if not views:
            raise ValueError("views: got none, expected at least one")
        listed = [_listed(name, view, numbers) for name, view in views.items()]
        first = {key: listed[0][key] for key in ("shape", "strides", "offset")}
        super().__init__(alt=alt, caption=caption, views=listed, numbers=numbers, **first)

    def places(self) -> np.ndarray:
        """Where each entry of the view shown lies in the storage: int, in the view's shape."""
        i, j = np.indices(tuple(self.shape))
        return self.offset + i * self.strides[0] + j * self.strides[1]


def _listed(name: str, view: View, numbers: int) -> dict:
    shape, strides, offset = view
    if len(shape) != 2 or not all(1 <= side <= MOST_SIDE for side in shape):
        raise ValueError(
            f"views: {name!r} has shape {tuple(shape)}, expected two of 1..{MOST_SIDE}"
        )
    if len(strides) != 2 or not all(0 <= step <= MOST_STRIDE for step in strides):
        raise ValueError(
            f"views: {name!r} has strides {tuple(strides)}, expected two of 0..{MOST_STRIDE}"
        )
    if not 0 <= offset < numbers:
        raise ValueError(f"views: {name!r} has offset {offset}, expected 0..{numbers - 1}")
    return {"name": name, "shape": list(shape), "strides": list(strides), "offset": offset}

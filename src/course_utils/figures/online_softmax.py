"""`OnlineSoftmax`: a softmax and its average, added up block by block in view of the reader."""

from __future__ import annotations

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure, rounded_list

SCORES = (2, 24)
REACH = 50.0


class OnlineSoftmax(InteractiveFigure):
    """The scores of one query, read in blocks, with the three numbers that are kept.

    After each block the figure shows the running maximum m, the running sum s of ``e^(x - m)``, the
    factor ``e^(m_old - m)`` by which the old sum was multiplied, and the average of the values so
    far. The reader steps through the blocks, chooses their length, adds a constant to all scores,
    and may leave the rescaling out; beside it stands the plain sum of ``e^x`` in float32.

    Args:
        scores: two to 24 numbers within 50 of 0.
        values: one number a score.
        alt: see `InteractiveFigure`.
        block: length of a block at the start, 1 to the number of scores.

    Raises:
        ValueError: a wrong number of scores or values, scores out of range, or such a block.
    """

    module = "online_softmax.js"
    scores = traitlets.List().tag(sync=True)
    values = traitlets.List().tag(sync=True)
    block = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        scores: ArrayLike,
        values: ArrayLike,
        *,
        alt: str,
        block: int = 3,
        caption: str = "",
    ) -> None:
        x = np.asarray(scores, dtype=float)
        low, high = SCORES
        if x.ndim != 1 or not low <= len(x) <= high:
            raise ValueError(f"scores: got shape {x.shape}, expected ({low} to {high},)")
        if not (np.abs(x) <= REACH).all():
            raise ValueError(f"scores: expected numbers within {REACH:g} of 0, got {x.tolist()}")
        if np.shape(values) != x.shape:
            raise ValueError(f"values: got shape {np.shape(values)}, expected {x.shape}")
        if not 1 <= block <= len(x):
            raise ValueError(f"block: got {block}, expected 1 to {len(x)}")
        super().__init__(
            alt=alt,
            caption=caption,
            scores=rounded_list(x),
            values=rounded_list(np.asarray(values)),
            block=block,
        )

"""`ScoreField`: the score of a noised mixture, and a particle that follows it to the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure

REACH = 3.5
MAX_STEPS = 200


class ScoreField(InteractiveFigure):
    """The exact score of a Gaussian mixture under noise, as arrows, and one particle in it.

    The browser computes the score at the chosen time, and the particle's way from noise to there:
    by DDIM's steps through the shares of signal, or by DDPM's, whose noise has a button. The reader
    places the start by click, by dragging or by arrow keys.

    Args:
        means: centres of the mixture ``(K, 2)``, one to nine, within 3.5 of the axes.
        sigma: the deviation of each component.
        shares: the shares of signal visited, rising, all in (0, 1); the last step leads to 1.
        alt: see `InteractiveFigure`.
        start: where the particle starts.

    Raises:
        ValueError: means or a start of another shape or outside, sigma not positive, or shares
            that do not rise within (0, 1).
    """

    module = "score_field.js"
    means = traitlets.List().tag(sync=True)
    sigma = traitlets.Float().tag(sync=True)
    shares = traitlets.List().tag(sync=True)
    start = traitlets.List().tag(sync=True)

    def __init__(
        self,
        means: ArrayLike,
        sigma: float,
        shares: ArrayLike,
        *,
        alt: str,
        start: Sequence[float] = (1.5, 0.5),
        caption: str = "",
    ) -> None:
        centres, rising = np.asarray(means, dtype=float), np.asarray(shares, dtype=float)
        if centres.ndim != 2 or centres.shape[1] != 2 or not 1 <= len(centres) <= 9:
            raise ValueError(f"means: got shape {centres.shape}, expected (1 to 9, 2)")
        if np.shape(start) != (2,):
            raise ValueError(f"start: got shape {np.shape(start)}, expected (2,)")
        if not (np.abs([*centres, start]) <= REACH).all():
            raise ValueError(f"a point must lie within {REACH:g} of both axes")
        if not sigma > 0:
            raise ValueError(f"sigma: got {sigma}, expected a positive number")
        if rising.ndim != 1 or not 1 <= rising.size <= MAX_STEPS:
            raise ValueError(f"shares: got shape {rising.shape}, expected (1 to {MAX_STEPS},)")
        if not ((rising > 0) & (rising < 1)).all() or not (np.diff(rising) > 0).all():
            raise ValueError("shares: expected numbers in (0, 1) that rise")
        super().__init__(
            alt=alt,
            caption=caption,
            means=centres.tolist(),
            sigma=float(sigma),
            shares=rising.tolist(),
            start=[float(place) for place in start],
        )

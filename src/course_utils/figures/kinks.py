"""Fit a curve by hand with a sum of ReLUs: drag the kinks."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure, rounded_list


class Kinks(InteractiveFigure):
    """A piecewise-linear curve through ``knots`` over a ``target`` given at the points ``x``.

    The reader drags the knots; the figure shows the curve as a sum of ReLUs (a kink at each inner
    knot, weighted by the change of slope) and its mean squared error. ``knots`` are four or more
    pairs with rising first entries (ValueError otherwise); ``x`` and ``target`` are ``(N,)``.
    """

    module = "kinks.js"
    x = traitlets.List().tag(sync=True)
    target = traitlets.List().tag(sync=True)
    knots = traitlets.List().tag(sync=True)

    def __init__(
        self, x: np.ndarray, target: np.ndarray, knots: Sequence[tuple[float, float]], *, alt: str
    ) -> None:
        places = [place for place, _ in knots]
        if len(knots) < 4 or any(b <= a for a, b in pairwise(places)):
            raise ValueError(f"knots must be four or more with rising places, got {places}")
        if np.shape(x) != np.shape(target) or np.ndim(x) != 1:
            raise ValueError(
                f"x and target must be equally long lists, got {np.shape(x)}, {np.shape(target)}"
            )
        super().__init__(
            alt=alt, x=rounded_list(x), target=rounded_list(target), knots=[list(k) for k in knots]
        )

"""`SoftLookup`: a query and keys that the reader moves, and the weights of a softmax over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure, rounded_list

REACH = 3.0


class SoftLookup(InteractiveFigure):
    """Keys and a query in the plane; the output is the average of the values by their weights.

    ``weights = softmax(keys @ query / temperature)``. The reader moves the query and the keys, by
    pointer or arrow keys, and the temperature; weights, output and the perplexity of the weights
    (how many keys they amount to) follow.

    Args:
        keys: points of the plane ``(n, 2)``, two to six, within 3 of the axes.
        values: one number a key.
        query: a point of the plane.
        alt: see `InteractiveFigure`.
        temperature: where the slider starts, in [0.05, 20].
        presets: name -> (query, temperature), one button each; the keys go back to their start.

    Raises:
        ValueError: a wrong number of keys or values, a point outside, a temperature out of range.
    """

    module = "soft_lookup.js"
    places = traitlets.List().tag(sync=True)
    held = traitlets.List().tag(sync=True)
    query = traitlets.List().tag(sync=True)
    temperature = traitlets.Float().tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        keys: ArrayLike,
        values: ArrayLike,
        query: Sequence[float],
        *,
        alt: str,
        temperature: float = 1.0,
        presets: Mapping[str, tuple[Sequence[float], float]] | None = None,
        caption: str = "",
    ) -> None:
        points = np.asarray(keys, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not 2 <= len(points) <= 6:
            raise ValueError(f"keys: got shape {points.shape}, expected (2 to 6, 2)")
        if np.shape(values) != (len(points),):
            raise ValueError(f"values: got shape {np.shape(values)}, expected ({len(points)},)")
        _check(points)
        super().__init__(
            alt=alt,
            caption=caption,
            places=[rounded_list(point) for point in points],
            held=rounded_list(np.asarray(values)),
            query=_place(query, temperature)[0],
            temperature=float(temperature),
            presets={name: _place(*pair) for name, pair in (presets or {}).items()},
        )


def _check(points: np.ndarray) -> None:
    if not (np.abs(points) <= REACH).all():
        raise ValueError(f"a point must lie within {REACH:g} of both axes, got {points.tolist()}")


def _place(query: Sequence[float], temperature: float) -> list:
    """Return (query, temperature) as plain numbers, checked."""
    point = np.asarray(query, dtype=float)
    if point.shape != (2,):
        raise ValueError(f"query: got shape {point.shape}, expected (2,)")
    _check(point)
    if not 0.05 <= temperature <= 20:
        raise ValueError(f"temperature: got {temperature}, expected 0.05 to 20")
    return [rounded_list(point), float(temperature)]

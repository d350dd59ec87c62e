"""What an `Explorer` can draw: marks, panels and frames, and their compact JSON form."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.figures.base import rounded_list

COLOUR_MAPS = ("viridis", "grey", "diverging")
LEVELS = 254  # a heat map's cells travel as one byte each; 255 marks a gap


def _flat(name: str, values: ArrayLike) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise ValueError(f"{name}: got shape {array.shape}, expected one dimension")
    return array


@dataclass(frozen=True)
class _XY:
    """Shared by the marks that have one y for each x."""

    x: ArrayLike
    y: ArrayLike

    def __post_init__(self) -> None:
        x, y = _flat(f"{type(self).__name__}.x", self.x), _flat(f"{type(self).__name__}.y", self.y)
        if x.shape != y.shape:
            raise ValueError(
                f"{type(self).__name__}: got {x.size} x and {y.size} y, expected as many"
            )
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)


@dataclass(frozen=True)
class Line(_XY):
    """A line through (x, y), in order; a non-finite value leaves a gap.

    `colour` is a place in the palette; by default the mark's place in its panel.
    """

    label: str = ""
    dash: bool = False
    colour: int | None = None


@dataclass(frozen=True)
class Points(_XY):
    """Separate markers at (x, y); each set in a panel has its own colour and shape."""

    label: str = ""
    colour: int | None = None


@dataclass(frozen=True)
class Bars:
    """One bar a category from zero to its value; several `Bars` in a panel stand side by side."""

    labels: Sequence[str]
    values: ArrayLike
    label: str = ""
    colour: int | None = None

    def __post_init__(self) -> None:
        values = _flat("Bars.values", self.values)
        if len(self.labels) != values.size:
            raise ValueError(
                f"Bars: got {len(self.labels)} labels and {values.size} values, expected as many"
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "labels", [str(name) for name in self.labels])


@dataclass(frozen=True)
class Heat:
    """A matrix as colours.

    `extent` = (x_first, x_last, y_first, y_last) are the outer edges of the first and last column
    and of the first and last row, so that a grid from `numpy.meshgrid` needs
    ``(x.min(), x.max(), y.min(), y.max())``. Without it the matrix is an image: unit pixels, row 0
    at the top. `colours` is "viridis", "grey" or "diverging" (white at zero); by default diverging
    where the values have both signs, viridis elsewhere. `value_range` fixes the colour scale; by
    default it spans all frames of the panel. `smooth` blends neighbouring cells.
    """

    matrix: ArrayLike
    extent: tuple[float, float, float, float] | None = None
    label: str = ""
    colours: str | None = None
    value_range: tuple[float, float] | None = None
    smooth: bool = False

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=float)
        if matrix.ndim != 2 or matrix.size == 0:
            raise ValueError(f"Heat.matrix: got shape {matrix.shape}, expected (rows, columns)")
        if self.colours is not None and self.colours not in COLOUR_MAPS:
            raise ValueError(f"Heat.colours: got {self.colours!r}, expected one of {COLOUR_MAPS}")
        object.__setattr__(self, "matrix", matrix)

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """The extent, or that of an image with unit pixels centred on whole numbers."""
        if self.extent is not None:
            return self.extent
        rows, columns = np.shape(self.matrix)
        return (-0.5, columns - 0.5, -0.5, rows - 0.5)


Mark = Line | Points | Bars | Heat


@dataclass(frozen=True)
class Panel:
    """One set of axes. Ranges that are not given span every frame, and stay while a knob moves.

    `equal` gives both axes the same unit (the default where the panel shows an image).
    """

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_log: bool = False
    y_log: bool = False
    equal: bool | None = None


@dataclass(frozen=True)
class Frame:
    """What the figure shows for one setting of the knobs: marks a panel, and named readouts."""

    panels: Sequence[Sequence[Mark]]
    readouts: Mapping[str, float | int | str] = field(default_factory=dict)


class Pool:
    """Arrays by value: equal ones (a shared x, an unchanged target) travel once."""

    def __init__(self) -> None:
        self.arrays: list[list[float | int | None]] = []
        self._places: dict[tuple, int] = {}

    def add(self, values: np.ndarray) -> int:
        """The place of `values`, rounded, in `arrays`."""
        row = rounded_list(values)
        place = self._places.setdefault(tuple(row), len(self.arrays))
        if place == len(self.arrays):
            self.arrays.append(row)
        return place


def encode(mark: Mark, pool: Pool, heat_range: tuple[float, float], colours: str) -> dict[str, Any]:
    """The JSON form of a mark; `heat_range` and `colours` apply to heat maps only."""
    if isinstance(mark, Heat):
        return _encode_heat(mark, heat_range, mark.colours or colours)
    known: dict[str, Any] = {"label": mark.label} if mark.label else {}
    if mark.colour is not None:
        known["colour"] = mark.colour
    if isinstance(mark, Bars):
        return {"kind": "bars", "values": pool.add(np.asarray(mark.values)), **known}
    if isinstance(mark, Line) and mark.dash:
        known["dash"] = True
    kind = "line" if isinstance(mark, Line) else "points"
    return {
        "kind": kind,
        "x": pool.add(np.asarray(mark.x)),
        "y": pool.add(np.asarray(mark.y)),
        **known,
    }


def _encode_heat(mark: Heat, heat_range: tuple[float, float], colours: str) -> dict[str, Any]:
    low, high = heat_range
    matrix = np.asarray(mark.matrix)
    share = np.clip((matrix - low) / ((high - low) or 1.0), 0, 1)
    gap = ~np.isfinite(matrix)
    levels = np.where(gap, 255, np.round(np.where(gap, 0, share) * LEVELS)).astype(np.uint8)
    return {
        "kind": "heat",
        "rows": matrix.shape[0],
        "cols": matrix.shape[1],
        "levels": base64.b64encode(levels.tobytes()).decode(),
        "range": rounded_list(heat_range),
        "extent": rounded_list(mark.edges),
        "colours": colours,
        "smooth": mark.smooth,
        "label": mark.label,
    }


def heat_scale(marks: Sequence[Mark]) -> tuple[tuple[float, float], str]:
    """The colour range and map that all heat maps of a panel share: ((low, high), colours)."""
    heats = [mark for mark in marks if isinstance(mark, Heat)]
    given = next((mark.value_range for mark in heats if mark.value_range), None)
    values = np.concatenate([np.asarray(mark.matrix).ravel() for mark in heats] or [np.zeros(1)])
    values = values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)
    low, high = given or (float(values.min()), float(values.max()))
    colours = "diverging" if low < 0 < high else "viridis"
    if given is None and any((mark.colours or colours) == "diverging" for mark in heats):
        high = max(abs(low), abs(high))
        low = -high
    return (low, high), colours


def axis_range(marks: Sequence[Mark], axis: str, log: bool) -> tuple[float, float]:
    """A range for one axis ("x" or "y") that holds every mark, with a margin but for heat maps."""
    values = np.concatenate([_extent(mark, axis) for mark in marks] or [np.zeros(1)])
    keep = np.isfinite(values) & ((values > 0) | (not log))
    if not keep.any():
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = float(values[keep].min()), float(values[keep].max())
    if any(isinstance(mark, Heat) for mark in marks):
        return low, high
    if log:
        room = max(math.log10(high / low) * 0.05, 0.05)
        return low / 10**room, high * 10**room
    room = 0.05 * (high - low) or 0.5 * (abs(high) or 1.0)
    flat = axis == "y" and any(isinstance(mark, Bars) for mark in marks)
    return (low - room * (not (flat and low == 0)), high + room * (not (flat and high == 0)))


def _extent(mark: Mark, axis: str) -> np.ndarray:
    if isinstance(mark, Heat):
        return np.asarray(mark.edges[:2] if axis == "x" else mark.edges[2:], dtype=float)
    if isinstance(mark, Bars):
        return np.append(np.asarray(mark.values), 0.0) if axis == "y" else np.zeros(0)
    return np.asarray(mark.x if axis == "x" else mark.y)

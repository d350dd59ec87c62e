"""`Explorer`: knobs that select among pictures which Python has computed beforehand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure, rounded
from course_utils.figures.marks import (
    Bars,
    Frame,
    Heat,
    Mark,
    Panel,
    Pool,
    axis_range,
    encode,
    heat_scale,
)

MAX_FRAMES = 200


class Explorer(InteractiveFigure):
    """A figure with knobs; every combination of their values is computed here, once.

    The browser only selects a frame, so that the figure needs no kernel and the code that made it
    stands in the cell. A knob with numbers becomes a slider, any other a menu.

    Args:
        knobs: name -> the values it can take, in order.
        frame: called with one value a knob, by name; returns a `Frame`.
        panels: the axes, one for each entry of ``Frame.panels``.
        alt: see `InteractiveFigure`.
        start: the values shown first; by default the first of each knob.
        labels: name -> the text beside the knob; by default its name with spaces.
        caption: an optional line under the figure.

    Raises:
        ValueError: no knob, more than 200 frames, an unknown knob or value in `start`, or a frame
            whose panels do not match `panels`.
    """

    module = "explorer.js"
    spec = traitlets.Dict().tag(sync=True)
    value = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        knobs: Mapping[str, Sequence[Any]],
        frame: Callable[..., Frame],
        panels: Sequence[Panel],
        alt: str,
        start: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        caption: str = "",
    ) -> None:
        values = {name: [_plain(value) for value in options] for name, options in knobs.items()}
        _check_knobs(values)
        chosen = {name: options[0] for name, options in values.items()}
        _check_choice(values, start or {})
        chosen |= {name: _plain(value) for name, value in (start or {}).items()}
        frames = [_computed(frame, setting, len(panels)) for setting in _settings(values)]
        spec = _spec(values, frames, list(panels), dict(labels or {}))
        super().__init__(alt=alt, caption=caption, spec=spec, value=chosen)

    @traitlets.validate("value")
    def _known_value(self, proposal: Any) -> dict[str, Any]:
        known = {knob["name"]: knob["values"] for knob in self.spec.get("knobs", [])}
        if known:
            _check_choice(known, proposal["value"])
        return {**self.value, **proposal["value"]}


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python number it holds."""
    return value.item() if isinstance(value, np.generic) else value


def _settings(knobs: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(knobs, values, strict=True)) for values in itertools.product(*knobs.values())]


def _check_knobs(knobs: Mapping[str, Sequence[Any]]) -> None:
    if not knobs or not all(knobs.values()):
        raise ValueError(
            f"knobs: got {dict(knobs)}, expected at least one knob with at least one value"
        )
    for name, values in knobs.items():
        if not all(isinstance(value, bool | int | float | str) for value in values):
            raise ValueError(
                f"knobs: {name!r} holds {values}, expected numbers, strings or booleans"
            )
        if len(set(values)) != len(values):
            raise ValueError(f"knobs: {name!r} holds {values}, expected no value twice")
    count = int(np.prod([len(values) for values in knobs.values()]))
    if count > MAX_FRAMES:
        raise ValueError(f"knobs: got {count} combinations, expected at most {MAX_FRAMES}")


def _check_choice(knobs: Mapping[str, Sequence[Any]], choice: Mapping[str, Any]) -> None:
    for name, value in choice.items():
        if name not in knobs:
            raise ValueError(f"value: got the knob {name!r}, expected one of {list(knobs)}")
        if value not in knobs[name]:
            raise ValueError(f"value: got {name} = {value!r}, expected one of {list(knobs[name])}")


def _computed(frame: Callable[..., Frame], setting: dict[str, Any], panels: int) -> Frame:
    try:
        result = frame(**setting)
    except Exception as error:
        error.add_note(f"while computing the frame for {setting}")
        raise
    if not isinstance(result, Frame):
        raise ValueError(f"frame: for {setting} got {type(result).__name__}, expected a Frame")
    if len(result.panels) != panels:
        raise ValueError(f"frame: for {setting} got {len(result.panels)} panels, expected {panels}")
    for mark in itertools.chain.from_iterable(result.panels):
        if not isinstance(mark, Mark):
            raise ValueError(f"frame: for {setting} got a {type(mark).__name__}, expected a mark")
    return result


def _spec(
    knobs: Mapping[str, list[Any]], frames: list[Frame], panels: list[Panel], labels: dict[str, str]
) -> dict[str, Any]:
    """Everything the browser needs, as JSON-able values; frames in the order of the product."""
    pool = Pool()
    columns = [[list(frame.panels[place]) for frame in frames] for place in range(len(panels))]
    scales = [heat_scale(list(itertools.chain.from_iterable(column))) for column in columns]
    return {
        "knobs": [
            {"name": name, "label": labels.get(name, name.replace("_", " ")), "values": values}
            for name, values in knobs.items()
        ],
        "panels": [_axes(panel, column) for panel, column in zip(panels, columns, strict=True)],
        "frames": [
            {
                "panels": [
                    [encode(mark, pool, *scale) for mark in marks]
                    for marks, scale in zip(frame.panels, scales, strict=True)
                ],
                # Pairs: a notebook is stored with the keys of its objects in alphabetical order.
                "readouts": [[name, _readout(v)] for name, v in frame.readouts.items()],
            }
            for frame in frames
        ],
        "arrays": pool.arrays,
    }


def _readout(value: Any) -> float | int | str | bool | None:
    plain = value.item() if hasattr(value, "item") else value
    return plain if isinstance(plain, bool | str | int) else rounded(plain)


def _axes(panel: Panel, column: list[list[Mark]]) -> dict[str, Any]:
    marks = list(itertools.chain.from_iterable(column))
    heats = [mark for mark in marks if isinstance(mark, Heat)]
    image = bool(heats) and all(mark.extent is None for mark in heats)
    labels = list(dict.fromkeys(tuple(mark.labels) for mark in marks if isinstance(mark, Bars)))
    if len(labels) > 1:
        raise ValueError(
            f"the bars of panel {panel.title!r} must have the same labels in every frame, "
            f"got {labels[0]} and {labels[1]}"
        )
    x = panel.x_range or axis_range(marks, "x", panel.x_log)
    y = panel.y_range or axis_range(marks, "y", panel.y_log)
    axes = {
        "title": panel.title,
        "xLabel": panel.x_label,
        "yLabel": panel.y_label,
        "x": [rounded(v) for v in x],
        "y": [rounded(v) for v in (y if panel.y_range or not image else (y[1], y[0]))],
        "xLog": panel.x_log,
        "yLog": panel.y_log,
        "whole": image,
        "equal": image if panel.equal is None else panel.equal,
    }
    return axes | ({"categories": list(labels[0])} if labels else {})

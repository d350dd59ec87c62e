"""`ReceptiveField`: a one-dimensional network whose layers the reader sets, unit by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import traitlets

from course_utils.figures.base import InteractiveFigure

# The smallest and largest value, and the default, of each setting of a layer.
SETTINGS = {"k": (1, 9, 1), "s": (1, 4, 1), "p": (0, 9, 0), "d": (1, 8, 1)}
MAX_LAYERS, MIN_PIXELS, MAX_PIXELS = 6, 8, 40


class ReceptiveField(InteractiveFigure):
    """A network over a row of pixels; a chosen unit shows the pixels and units that it reads.

    Every unit is drawn above the centre of its field. The reader adds and changes layers; hovering
    over a unit, or reaching it with Tab and the arrow keys, chooses it. A chosen pixel shows the
    units that see it.

    Args:
        layers: up to six dicts with the keys k, s, p, d (kernel, stride, padding, dilation), in
            the order of the network; defaults 1, 1, 0, 1.
        pixels: the length of the input, from 8 to 40.
        alt: see `InteractiveFigure`.
        presets: name -> layers, one button each.

    Raises:
        ValueError: no layer or too many, an unknown key, a value outside `SETTINGS`, or `pixels`
            out of range.
    """

    module = "receptive_field.js"
    layers = traitlets.List(trait=traitlets.Dict()).tag(sync=True)
    pixels = traitlets.Int().tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        layers: Sequence[Mapping[str, int]],
        *,
        alt: str,
        pixels: int = 24,
        presets: Mapping[str, Sequence[Mapping[str, int]]] | None = None,
        caption: str = "",
    ) -> None:
        if not MIN_PIXELS <= pixels <= MAX_PIXELS:
            raise ValueError(f"pixels must be in {MIN_PIXELS}..{MAX_PIXELS}, got {pixels}")
        super().__init__(
            alt=alt,
            caption=caption,
            layers=_complete(layers),
            pixels=pixels,
            presets={name: _complete(each) for name, each in (presets or {}).items()},
            settings={name: list(bounds) for name, bounds in SETTINGS.items()},
        )

    def fields(self) -> list[tuple[int, int, float]]:
        """(size, jump, start) after each layer: the field of a unit, the distance of two
        neighbours, and the centre of the first one's field, all in pixels counted from 0."""
        size, jump, start, found = 1, 1, 0.0, []
        for layer in self.layers:
            reach = layer["d"] * (layer["k"] - 1)
            size += reach * jump
            start += (reach / 2 - layer["p"]) * jump
            jump *= layer["s"]
            found.append((size, jump, start))
        return found


def _complete(layers: Sequence[Mapping[str, int]]) -> list[dict[str, int]]:
    """The layers with their defaults filled in; ValueError names what does not fit."""
    if not 1 <= len(layers) <= MAX_LAYERS:
        raise ValueError(f"layers must be 1 to {MAX_LAYERS} dicts, got {len(layers)}")
    for layer in layers:
        unknown = set(layer) - set(SETTINGS)
        if unknown:
            raise ValueError(f"a layer has the keys {list(SETTINGS)}, got {sorted(unknown)}")
        for name, value in layer.items():
            low, high, _ = SETTINGS[name]
            if not low <= value <= high:
                raise ValueError(f"{name} must be in {low}..{high}, got {value}")
    return [
        {name: int(layer.get(name, d)) for name, (_, _, d) in SETTINGS.items()} for layer in layers
    ]

"""The receptive field figure: its geometry against a count of what is read, and what it refuses."""

import numpy as np
import pytest

from course_utils.figures import ReceptiveField

ALT = "A network of three layers over a row of pixels with the field of one unit."


def read_by(layers: list[dict[str, int]], unit: int) -> list[int]:
    """Pixels that a unit of the last layer reads, padding included, found tap by tap."""
    places = {unit}
    for layer in reversed(layers):
        taps = range(0, layer["d"] * layer["k"], layer["d"])
        places = {layer["s"] * i - layer["p"] + tap for i in places for tap in taps}
    return sorted(places)


@pytest.mark.parametrize("seed", range(20))
def test_fields_agree_with_what_is_read(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = [
        {name: int(rng.integers(low, 4)) for name, low in (("k", 1), ("s", 1), ("p", 0), ("d", 1))}
        for _ in range(rng.integers(1, 5))
    ]
    figure = ReceptiveField(layers, alt=ALT)
    for depth, (size, jump, start) in enumerate(figure.fields(), 1):
        first, second = (read_by(figure.layers[:depth], unit) for unit in (0, 1))
        assert size == first[-1] - first[0] + 1
        assert jump == second[0] - first[0]
        assert start == (first[0] + first[-1]) / 2


def test_defaults_are_filled_in() -> None:
    figure = ReceptiveField([{"k": 3}], alt=ALT, presets={"pool": [{"k": 2, "s": 2}]})
    assert figure.layers == [{"k": 3, "s": 1, "p": 0, "d": 1}]
    assert figure.presets == {"pool": [{"k": 2, "s": 2, "p": 0, "d": 1}]}


@pytest.mark.parametrize(
    ("layers", "pixels", "message"),
    [
        ([], 24, "layers must be 1 to 6 dicts, got 0"),
        ([{"k": 3}] * 7, 24, "layers must be 1 to 6 dicts, got 7"),
        ([{"kernel": 3}], 24, r"the keys \['k', 's', 'p', 'd'\], got \['kernel'\]"),
        ([{"k": 3, "s": 0}], 24, r"s must be in 1\.\.4, got 0"),
        ([{"k": 3}], 41, r"pixels must be in 8\.\.40, got 41"),
    ],
)
def test_what_does_not_fit_is_named(
    layers: list[dict[str, int]], pixels: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ReceptiveField(layers, alt=ALT, pixels=pixels)

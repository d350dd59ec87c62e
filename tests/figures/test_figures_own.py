"""The figures that pages bring themselves: what they send, and what they refuse."""

import numpy as np
import pytest

from course_utils.figures import (
    CourseMap,
    DigitPad,
    Event,
    Kinks,
    NetworkDrawer,
    Node,
    Timeline,
    Trace,
)

ALT = "A figure that shows enough to be worth a sentence of ten words."


def test_timeline_keeps_its_events() -> None:
    figure = Timeline([Event(1943, "a", "b"), Event(1958, "c", "d", "p", "q")], alt=ALT)
    assert [event["year"] for event in figure.events] == [1943, 1958]
    with pytest.raises(ValueError, match=r"order of years, got \[1958, 1943\]"):
        Timeline([Event(1958, "c", "d"), Event(1943, "a", "b")], alt=ALT)


def test_course_map_refuses_an_unknown_need() -> None:
    nodes = [Node("a", 0, 0, "first"), Node("b", 1, 0, "second")]
    assert CourseMap(nodes, {"b": ["a"]}, alt=ALT).needs == {"b": ["a"]}
    with pytest.raises(ValueError, match=r"needs name \['c'\], expected nodes: \['a', 'b'\]"):
        CourseMap(nodes, {"b": ["c"]}, alt=ALT)


def test_trace_names_what_it_does_not_know() -> None:
    figure = Trace("log(x1)", {"x1": 2, "x2": 5}, mode="forward", alt=ALT)
    assert figure.inputs == {"x1": 2.0, "x2": 5.0}
    with pytest.raises(ValueError, match="mode must be one of forward, reverse, got 'sideways'"):
        Trace("x1 + x2", {"x1": 2, "x2": 5}, mode="sideways", alt=ALT)
    with pytest.raises(ValueError, match=r"inputs must give x1 and x2, got \['x1'\]"):
        Trace("x1 + 1", {"x1": 2}, mode="forward", alt=ALT)


def test_network_drawer_checks_widths() -> None:
    assert NetworkDrawer([3, 4, 2], alt=ALT).widths == [3, 4, 2]
    for widths in ([3], [3, 0], [3, 100_001]):
        with pytest.raises(ValueError, match="widths must be two or more of"):
            NetworkDrawer(widths, alt=ALT)


def test_digit_pad_checks_the_chain_of_shapes() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(5, 196)), np.zeros(5)), (rng.normal(size=(10, 5)), np.zeros(10))]
    pictures = rng.random((2, 14, 14))
    figure = DigitPad(layers, pictures, alt=ALT)
    assert [layer["rows"] for layer in figure.layers] == [5, 10]
    assert len(figure.samples[0]) == 196
    with pytest.raises(ValueError, match=r"layers: W must be \(10, 5\), got \(10, 6\)"):
        DigitPad([layers[0], (np.zeros((10, 6)), np.zeros(10))], pictures, alt=ALT)
    with pytest.raises(ValueError, match="expected 10 outputs"):
        DigitPad(layers[:1], pictures, alt=ALT)


def test_kinks_checks_places() -> None:
    x = np.linspace(0, 1, 5)
    knots = [(0.0, 0.0), (0.3, 1.0), (0.6, 0.0), (1.0, 0.0)]
    assert Kinks(x, x**2, knots, alt=ALT).knots[1] == [0.3, 1.0]
    with pytest.raises(ValueError, match="four or more with rising places"):
        Kinks(x, x**2, [*knots[:2], (0.2, 0.0), (1.0, 0.0)], alt=ALT)
    with pytest.raises(ValueError, match="equally long lists"):
        Kinks(x, x[:3], knots, alt=ALT)

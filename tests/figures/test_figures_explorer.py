"""`Explorer`: every frame is computed, encoded compactly, and axes stay while a knob moves."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from course_utils.figures import Bars, Explorer, Frame, Heat, Line, Panel, Points
from course_utils.figures.marks import Mark

ALT = "A line that follows the knob, drawn to test how a figure is put together."
X = np.linspace(0, 1, 11)


def explore(knobs: dict[str, Any], frame: Any, **options: Any) -> Explorer:
    options.setdefault("panels", [Panel("t", "x", "y")])
    return Explorer(knobs=knobs, frame=frame, alt=ALT, **options)


def one(mark: Mark, **panel: Any) -> dict[str, Any]:
    """The specification of a figure with one frame and one mark."""
    return explore({"k": [0]}, lambda k: Frame([[mark]]), panels=[Panel(**panel)]).spec


def test_frames_are_in_the_order_of_the_knobs() -> None:
    calls: list[tuple[int, str]] = []

    def frame(width: int, kind: str) -> Frame:
        calls.append((width, kind))
        return Frame([[Line(X, width * X)]], {"width": width, "kind": kind})

    figure = explore({"width": [1, 2], "kind": ["a", "b"]}, frame)
    assert calls == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert [dict(f["readouts"])["width"] for f in figure.spec["frames"]] == [1, 1, 2, 2]
    assert figure.value == {"width": 1, "kind": "a"}


def test_equal_arrays_travel_once() -> None:
    figure = explore({"k": [1, 2, 3]}, lambda k: Frame([[Line(X, X), Line(X, k * X)]]))
    assert len(figure.spec["arrays"]) == 3  # X, 2 X, 3 X


def test_specification_is_json_without_nan() -> None:
    figure = explore(
        {"k": [1]}, lambda k: Frame([[Points([0, 1], [np.nan, np.inf])]], {"e": np.nan})
    )
    text = json.dumps(figure.spec, allow_nan=False)
    assert json.loads(text)["arrays"][1] == [None, None]
    assert figure.spec["frames"][0]["readouts"] == [["e", None]]


def test_axes_span_all_frames() -> None:
    figure = explore({"k": [1, -10]}, lambda k: Frame([[Line(X, k * X)]]))
    low, high = figure.spec["panels"][0]["y"]
    assert low < -10
    assert high > 1


@pytest.mark.parametrize(
    ("mark", "panel", "axis", "expected"),
    [
        (Line([1, 100], [1, 100]), {"x_range": (0, 5)}, "x", [0, 5]),
        (Heat(np.zeros((2, 4)), (0, 4, 1, 3)), {}, "y", [1, 3]),
        (Heat(np.zeros((2, 4))), {}, "y", [1.5, -0.5]),
        (Heat(np.zeros((2, 4))), {}, "x", [-0.5, 3.5]),
        (Bars(["a", "b"], [1, 4]), {}, "y", [0, 4.2]),
        (Line([], []), {}, "y", [0, 1]),
        (Line([1, 10], [1, 10]), {"x_log": True, "y_log": True}, "x", [0.8913, 11.22]),
    ],
)
def test_default_ranges(
    mark: Mark, panel: dict[str, Any], axis: str, expected: list[float]
) -> None:
    assert one(mark, **panel)["panels"][0][axis] == expected


def test_heat_map_shares_one_scale_and_marks_gaps() -> None:
    figure = explore(
        {"k": [1.0, 2.0]}, lambda k: Frame([[Heat([[0, k], [np.nan, k / 2]], label="h")]])
    )
    first = figure.spec["frames"][0]["panels"][0][0]
    assert first["range"] == [0, 2]
    assert list(base64.b64decode(first["levels"])) == [0, 127, 255, 64]


def test_heat_map_of_both_signs_is_white_at_zero() -> None:
    mark = one(Heat([[-1.0, 3.0]]))["frames"][0]["panels"][0][0]
    assert (mark["colours"], mark["range"]) == ("diverging", [-3, 3])


def test_value_can_be_set_and_read() -> None:
    figure = explore({"k": [1, 2], "m": [0]}, lambda k, m: Frame([[Line(X, X)]]), start={"k": 2})
    assert figure.value == {"k": 2, "m": 0}
    figure.value = {"k": 1}
    assert figure.value == {"k": 1, "m": 0}
    with pytest.raises(ValueError, match=r"got k = 7, expected one of \[1, 2\]"):
        figure.value = {"k": 7}


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({}, "at least one knob"),
        ({"k": []}, "at least one knob"),
        ({"k": [1, 1]}, "no value twice"),
        ({"k": [None]}, "numbers, strings or booleans"),
        ({"k": list(range(201))}, "got 201 combinations, expected at most 200"),
    ],
)
def test_knobs_that_cannot_be_shown(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explore(knobs, lambda **_: Frame([[Line(X, X)]]))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (lambda k: None, "got NoneType, expected a Frame"),
        (lambda k: Frame([]), "got 0 panels, expected 1"),
        (lambda k: Frame([[X]]), "got a ndarray, expected a mark"),
        (
            lambda k: Frame([[Bars([f"{k}"], [1])]]),
            "panel 't' must have the same labels in every frame",
        ),
    ],
)
def test_frames_that_do_not_fit(frame: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explore({"k": [1, 2]}, frame)


def test_unknown_start_is_named() -> None:
    with pytest.raises(ValueError, match=r"got the knob 'depth', expected one of \['k'\]"):
        explore({"k": [1]}, lambda k: Frame([[Line(X, X)]]), start={"depth": 1})


def test_error_in_a_frame_says_for_which_knobs() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        explore({"k": [1, 0]}, lambda k: Frame([[Line(X, X / (1 // k))]]))
    assert caught.value.__notes__ == ["while computing the frame for {'k': 0}"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Line([1, 2], [1]), "Line: got 2 x and 1 y"),
        (lambda: Points([[1]], [1]), r"Points\.x: got shape \(1, 1\)"),
        (lambda: Bars(["a"], [1, 2]), "Bars: got 1 labels and 2 values"),
        (lambda: Heat([1, 2]), r"Heat\.matrix: got shape \(2,\)"),
        (lambda: Heat([[1]], colours="jet"), r"Heat\.colours: got 'jet'"),
    ],
)
def test_marks_that_cannot_be_drawn(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

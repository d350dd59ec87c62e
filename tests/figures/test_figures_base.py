"""The base of the interactive figures: alternative texts, modules, rounding."""

import json
from pathlib import Path

import numpy as np
import pytest

from course_utils.figures import Explorer, InteractiveFigure, Option, Quiz
from course_utils.figures.base import HERE, rounded, rounded_list

ALT = "Ten words are what a reader needs to see this."


def test_alternative_text_of_nine_words_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alt: got 9 words .*at least 10"):
        InteractiveFigure(alt=" ".join(["word"] * 9))


def test_module_is_the_kit_and_then_the_figures_own_text() -> None:
    kit = (HERE / "kit.js").read_text(encoding="utf-8")
    for figure in (Explorer, Quiz):
        assert str(figure._esm).startswith(kit)
        assert str(figure._esm).rstrip().endswith("export default { render };")


def test_missing_module_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Lens\.module: no file .*lens\.js"):
        type("Lens", (InteractiveFigure,), {"module": tmp_path / "lens.js"})


def test_plain_text_stands_in_for_the_figure() -> None:
    quiz = Quiz("Is it so?", [Option("yes", True, ""), Option("no", False, "It is.")], alt=ALT)
    assert repr(quiz) == f"Interactive figure: {ALT}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (0.123456, 0.1235),
        (123456.0, 123500),
        (-2e-9, -2e-9),
        (np.nan, None),
        (np.inf, None),
    ],
)
def test_numbers_are_rounded_to_four_digits(value: float, expected: float | None) -> None:
    assert rounded(value) == expected


def test_rounded_list_is_json() -> None:
    values = np.array([[0.5, 1.0], [np.nan, 1 / 3]], dtype=np.float32)
    assert json.dumps(rounded_list(values)) == "[0.5, 1, null, 0.3333]"

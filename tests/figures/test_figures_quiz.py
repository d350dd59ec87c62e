"""`Quiz`: a question that cannot teach is refused when it is written."""

from typing import Any

import pytest

from course_utils.figures import Matching, Option, Question, Quiz

YES, NO = Option("yes", True, "So it is."), Option("no", False, "You forgot the bias.")


def test_single_question_has_the_words_of_its_question_as_text() -> None:
    quiz = Quiz("Is an affine map linear?", [YES, NO])
    assert quiz.alt.endswith("Is an affine map linear?")
    assert quiz.questions[0]["options"][1]["why"] == "You forgot the bias."


def test_matching_keeps_the_order_of_its_categories() -> None:
    items = {"a": ("two", "It is two."), "b": ("one", "It is one.")}
    assert Quiz.matching("Match.", items).questions[0]["categories"] == ["two", "one"]
    named = Quiz.matching("Match.", items, ["one", "two", "three"]).questions[0]
    assert named["categories"] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Question("q", [YES]), "got 1, expected at least two"),
        (lambda: Question("q", [NO, NO]), "got 0 correct ones, expected exactly one"),
        (lambda: Question("q", [YES, YES]), "got 2 correct ones, expected exactly one"),
        (lambda: Question("q", [NO, NO], several=True), "expected at least one"),
        (lambda: Question("q", [YES, Option("no", False, " ")]), "why: got nothing for 'no'"),
        (lambda: Matching("q", {"a": ("x", "w")}), "got 1 in 1 categories"),
        (lambda: Matching("q", {"a": ("x", "w"), "b": ("y", "")}), "why: got nothing for 'b'"),
        (lambda: Matching("q", {"a": ("x", "w"), "b": ("y", "w")}, ["x", "z"]), "'b' is in 'y'"),
        (lambda: Quiz([]), "got an empty list"),
    ],
)
def test_question_that_cannot_teach(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

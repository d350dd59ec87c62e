"""Points are counted in words: one point, any other number of points."""

import pytest

from course_utils.feedback.report import Report, counted


@pytest.mark.parametrize(
    ("shown", "nouns", "words"),
    [
        ("1", ["point"], "1 point"),
        ("0", ["point"], "0 points"),
        ("0.5", ["point"], "0.5 points"),
        ("1", ["more point"], "1 more point"),
        ("3", ["more point"], "3 more points"),
        ("1", ["class", "classes"], "1 class"),
        ("1,000", ["class", "classes"], "1,000 classes"),
    ],
)
def test_a_number_has_its_noun(shown, nouns, words):
    assert counted(shown, *nouns) == words


@pytest.mark.parametrize(("points", "words"), [(1, "1 of 1 point."), (2.0, "2 of 2 points.")])
def test_the_check_in_a_terminal_counts_so(points, words):
    report = Report("x/f", points, points, "")
    assert report.text() == f"[PASS] f passed: {words}"

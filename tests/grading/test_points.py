"""Points are counted in words: one point, any other number of points."""

import pytest

from course_utils.feedback.report import Report, in_points


@pytest.mark.parametrize(
    ("shown", "kind", "words"),
    [
        ("1", "", "1 point"),
        ("0", "", "0 points"),
        ("0.5", "", "0.5 points"),
        ("1", "more", "1 more point"),
        ("3", "more", "3 more points"),
    ],
)
def test_a_number_has_its_noun(shown, kind, words):
    assert in_points(shown, kind) == words


@pytest.mark.parametrize(("points", "words"), [(1, "1 of 1 point."), (2.0, "2 of 2 points.")])
def test_the_check_in_a_terminal_counts_so(points, words):
    report = Report("x/f", points, points, "")
    assert report.text() == f"[PASS] f passed: {words}"

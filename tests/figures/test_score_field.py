"""The score field: what it sends, and what it refuses."""

import json

import pytest

from course_utils.figures import ScoreField

ALT = "Arrows of the score of a noised mixture and the path of a particle that follows them."
MEANS, SHARES = [(2, 0), (-1, 1.5)], [0.01, 0.5, 0.99]


def test_it_sends_plain_numbers() -> None:
    figure = ScoreField(MEANS, 0.3, SHARES, alt=ALT, start=(1, -2))
    assert (figure.means, figure.sigma) == ([[2.0, 0.0], [-1.0, 1.5]], 0.3)
    assert (figure.shares, figure.start) == (SHARES, [1.0, -2.0])
    json.dumps(figure.means)
    assert repr(figure) == f"Interactive figure: {ALT}"


@pytest.mark.parametrize(
    ("means", "sigma", "shares", "start", "said"),
    [
        ([(1, 0, 0)], 0.3, SHARES, (0, 0), r"means: got shape \(1, 3\)"),
        ([], 0.3, SHARES, (0, 0), r"means: got shape \(0,\)"),
        ([(4, 0)], 0.3, SHARES, (0, 0), "within 3.5 of both axes"),
        (MEANS, 0.3, SHARES, (0, 9), "within 3.5 of both axes"),
        (MEANS, 0.3, SHARES, (0,), r"start: got shape \(1,\)"),
        (MEANS, 0.0, SHARES, (0, 0), "sigma: got 0.0"),
        (MEANS, 0.3, [0.5, 0.4], (0, 0), "that rise"),
        (MEANS, 0.3, [0.5, 1.0], (0, 0), "that rise"),
        (MEANS, 0.3, [], (0, 0), r"shares: got shape \(0,\)"),
    ],
)
def test_what_does_not_fit_is_refused(means, sigma, shares, start, said) -> None:
    with pytest.raises(ValueError, match=said):
        ScoreField(means, sigma, shares, alt=ALT, start=start)

"""The softmax block by block: what the figure sends, and what it refuses."""

import json

import numpy as np
import pytest

from course_utils.figures import OnlineSoftmax

ALT = "Scores of one query read block by block, with the running maximum, sum and average."
SCORES, VALUES = [0.5, -1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]


def test_it_sends_plain_numbers() -> None:
    figure = OnlineSoftmax(np.array(SCORES), np.array(VALUES), alt=ALT, block=2)
    assert (figure.scores, figure.values, figure.block) == (SCORES, VALUES, 2)
    json.dumps([figure.scores, figure.values])
    assert "Scores of one query" in repr(figure)


@pytest.mark.parametrize(
    ("scores", "values", "block", "said"),
    [
        ([1.0], [1.0], 1, r"scores: got shape \(1,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], 1, r"scores: got shape \(1, 2\)"),
        (np.zeros(25), np.zeros(25), 1, r"scores: got shape \(25,\)"),
        ([0.0, 51.0], [1.0, 2.0], 1, "within 50 of 0"),
        ([0.0, np.nan], [1.0, 2.0], 1, "within 50 of 0"),
        (SCORES, VALUES[:3], 2, r"values: got shape \(3,\)"),
        (SCORES, VALUES, 0, "block: got 0"),
        (SCORES, VALUES, 5, "block: got 5"),
    ],
)
def test_what_does_not_fit_is_refused(scores, values, block, said) -> None:
    with pytest.raises(ValueError, match=said):
        OnlineSoftmax(scores, values, alt=ALT, block=block)

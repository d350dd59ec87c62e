"""The lookup by a query: what the figure sends, and what it refuses."""

import json

import pytest

from course_utils.figures import SoftLookup

ALT = "A query and keys in the plane with the weights of the keys beside them as bars."
KEYS, VALUES = [(2, 0), (0, 2), (-1, -1)], [10, 20, 60]


def test_it_sends_plain_numbers() -> None:
    figure = SoftLookup(KEYS, VALUES, (1, 1), alt=ALT, presets={"tie": ((1, 1), 0.1)})
    assert (figure.places, figure.held) == ([[2, 0], [0, 2], [-1, -1]], [10, 20, 60])
    assert (figure.query, figure.temperature) == ([1, 1], 1.0)
    assert figure.presets == {"tie": [[1, 1], 0.1]}
    json.dumps(figure.presets)


@pytest.mark.parametrize(
    ("keys", "values", "query", "temperature", "said"),
    [
        ([(1, 0)], [1], (0, 0), 1.0, r"keys: got shape \(1, 2\)"),
        (KEYS, [1, 2], (0, 0), 1.0, r"values: got shape \(2,\), expected \(3,\)"),
        (KEYS, VALUES, (0, 0, 0), 1.0, r"query: got shape \(3,\)"),
        (KEYS, VALUES, (4, 0), 1.0, "within 3 of both axes"),
        ([(1, 0), (0, 9)], [1, 2], (0, 0), 1.0, "within 3 of both axes"),
        (KEYS, VALUES, (0, 0), 0.0, "temperature: got 0.0"),
    ],
)
def test_what_does_not_fit_is_refused(keys, values, query, temperature, said) -> None:
    with pytest.raises(ValueError, match=said):
        SoftLookup(keys, values, query, alt=ALT, temperature=temperature)

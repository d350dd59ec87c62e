"""Comparing values: what agrees, what differs, and how the difference is called."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.feedback.compare import brief, difference, same_outcome_value, told_apart

RTOL = 1e-7
ARRAYS = hnp.arrays(
    np.float64,
    hnp.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6, allow_nan=False),
)


@given(ARRAYS)
def test_an_array_agrees_with_itself_however_it_is_stored(array):
    assert difference(array.copy(order="F"), array, RTOL) is None
    assert same_outcome_value(array[..., ::-1][..., ::-1], array, RTOL)


@given(ARRAYS, st.data())
def test_one_wrong_entry_is_found(array, data):
    place = data.draw(st.integers(0, array.size - 1))
    wrong = array.copy()
    wrong.flat[place] += 1e-3 * max(1.0, np.abs(array).max())
    assert difference(wrong, array, RTOL).kind == "value"
    assert not same_outcome_value(wrong, array, RTOL)


@pytest.mark.parametrize(
    ("got", "expected", "kind"),
    [
        (np.ones(2), np.ones(3), "shape"),
        (np.ones((2, 1)), np.ones(2), "shape"),
        (np.ones(2, np.float32), np.ones(2), "dtype"),
        (np.ones(2), np.ones(2, np.float32), "dtype"),
        (np.ones(2), np.ones(2, int), "dtype"),
        (np.ones(2, bool), np.ones(2, int), "dtype"),
        (np.array([1.0, np.nan]), np.ones(2), "nan"),
        (np.array([1.0, np.inf]), np.ones(2), "nan"),
        ([1.0, 1.0], np.ones(2), "type"),
        (None, np.ones(2), "none"),
        (None, 1.0, "none"),
        (None, (1.0, 2.0), "none"),
        ((1.0,), (1.0, 2.0), "length"),
        (np.ones(2), (1.0, 1.0), "type"),
        ("1", 1.0, "type"),
        (True, 1, "type"),
        (1.0, 1, "dtype"),
        (np.ones(1), 1.0, "shape"),
        (float("nan"), 1.0, "nan"),
        (2, 1, "value"),
        ("a", "b", "value"),
        (1, True, "value"),
        (np.array(["a"]), np.array([1.0]), "dtype"),
    ],
)
def test_kinds_of_difference(got, expected, kind):
    assert difference(got, expected, RTOL).kind == kind


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.array(0.5), 0.5),
        (np.int32(3), 3),
        (np.ones(2, np.int32), np.ones(2, np.int64)),
        ([1.0, 2.0], (1.0, 2.0)),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.float32([1, 1e-9]), np.float32([1.0001, 0])),
        (np.True_, True),
    ],
)
def test_what_agrees(got, expected):
    assert difference(got, expected, RTOL) is None


def test_items_are_named():
    found = difference((1.0, 3.0), (1.0, 2.0), RTOL, labels=("mean", "variance"))
    assert found.text.startswith("variance: ")
    assert difference([1.0, 3.0], [1.0, 2.0], RTOL).text.startswith("item 1: ")


@settings(max_examples=50)
@given(st.recursive(st.floats() | st.text() | st.none(), st.lists, max_leaves=20))
def test_brief_is_short_for_anything(value):
    assert 0 < len(brief(value, limit=60)) <= 60


def test_brief_shows_arrays_and_numbers_as_people_write_them():
    assert brief(np.array([0.25, 0.75])) == "[0.25 0.75]"
    assert brief(1 / 3) == "0.3333333"
    assert brief([(np.zeros(1), 2)]) == "[([0.], 2)]"
    assert brief(ValueError("no")) == "ValueError: no"
    matrix = np.eye(2, dtype=int)
    assert brief((matrix, 7)) == "([[1 0]\n  [0 1]],\n 7)", "rows stand under rows"


@pytest.mark.parametrize(
    ("got", "text"),
    [
        ([1.0, 2.0, 3.0, 5.0], "1 of 4 values is wrong"),
        ([1.0, 2.0, 0.0, 5.0], "2 of 4 values are wrong"),
        ([1.0, 2.0, np.nan, 4.0], "1 of 4 values is nan or infinite"),
        ([np.inf, 2.0, np.nan, 4.0], "2 of 4 values are nan or infinite"),
    ],
)
def test_one_value_is_wrong_and_two_are(got, text):
    assert difference(np.array(got), np.arange(1.0, 5.0), RTOL).text == text


def test_of_one_value_or_item_no_number_is_needed():
    assert difference(np.ones(1), np.zeros(1), RTOL).text == "the value is wrong"
    assert difference(np.nan, 1.0, RTOL).text == "the value is nan or infinite"
    assert difference(np.ones(1), (1.0,), RTOL).text == "expected 1 item, got an array"
    assert difference((), (1.0, 2.0), RTOL).text == "expected 2 items, got 0"


def off(size, place, shape):
    array = np.ones(shape)
    array[place] += size
    return array


@pytest.mark.parametrize(
    ("got", "expected", "line"),
    [
        (off(2e-7, 1, 4), np.ones(4), "largest difference 2e-07 at [1]"),
        (off(3.0, (20, 9), (30, 30)), np.ones((30, 30)), "largest difference 3 at [20, 9]"),
        (off(np.nan, 9, 30), np.ones(30), "not finite at [9]"),
        (1 + 3e-8, 1.0, "largest difference 3e-08"),
        ((2.0, off(-1e-6, 0, 2)), (2.0, np.ones(2)), "largest difference 1e-06 at [1][0]"),
    ],
)
def test_results_that_look_the_same_are_told_apart(got, expected, line):
    assert brief(got) == brief(expected)
    kind = difference(got, expected, 1e-9).kind
    assert told_apart(got, expected, kind) == (f"{brief(got)}\n{line}", brief(expected))


@pytest.mark.parametrize(
    ("got", "expected", "texts"),
    [
        (np.ones(2, "f4"), np.ones(2), ("[1. 1.] (dtype float32)", "[1. 1.] (dtype float64)")),
        (3.0, 3, ("3 (dtype float)", "3 (dtype int)")),
        (np.ones((0, 3)), np.ones((0, 2)), ("[] (shape (0, 3))", "[] (shape (0, 2))")),
        (
            (np.ones(1), np.ones(1, "f4")),
            (np.ones(1), np.ones(1)),
            ("([1.], [1.]) (dtype float64, float32)", "([1.], [1.]) (dtype float64, float64)"),
        ),
        (np.ones(2), np.zeros(2), ("[1. 1.]", "[0. 0.]")),
        ("a", "a", ("'a'", "'a'")),
    ],
)
def test_dtypes_and_shapes_are_told_apart(got, expected, texts):
    found = difference(got, expected, RTOL)
    assert told_apart(got, expected, found.kind if found else "value") == texts


def test_what_a_call_did_to_its_input_needs_no_difference():
    assert told_apart(np.ones(2), np.ones(2) + 1e-16, "mutates") == ("[1. 1.]", "[1. 1.]")

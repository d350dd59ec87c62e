"""A view of a storage: what the figure sends, where its entries lie, and what it refuses."""

import json

import numpy as np
import pytest

from course_utils.figures import StridedView

ALT = "A storage of 24 numbers, and above it the matrix that shape, strides and offset read out."
VIEWS = {"as written": ((4, 6), (6, 1), 0), "transposed": ((6, 4), (1, 6), 0)}


def test_it_sends_plain_numbers() -> None:
    figure = StridedView(VIEWS, alt=ALT)
    assert (figure.shape, figure.strides, figure.offset, figure.numbers) == ([4, 6], [6, 1], 0, 24)
    assert [view["name"] for view in figure.views] == list(VIEWS)
    json.dumps(figure.views)
    assert "24 numbers" in repr(figure)


@pytest.mark.parametrize(
    ("view", "made_by_numpy"),
    [
        (((4, 6), (6, 1), 0), lambda x: x.reshape(4, 6)),
        (((6, 4), (1, 6), 0), lambda x: x.reshape(4, 6).T),
        (((2, 3), (12, 2), 7), lambda x: x.reshape(4, 6)[1::2, 1::2]),
        (((3, 6), (0, 1), 6), lambda x: np.broadcast_to(x[6:12], (3, 6))),
        (((5, 4), (1, 1), 0), lambda x: np.lib.stride_tricks.sliding_window_view(x[:8], 4)),
    ],
)
def test_entries_lie_where_numpy_finds_them(view, made_by_numpy) -> None:
    figure = StridedView({"one": view}, alt=ALT)
    assert np.array_equal(figure.places(), made_by_numpy(np.arange(24)))


@pytest.mark.parametrize(
    ("views", "numbers", "said"),
    [
        ({}, 24, "views: got none"),
        (VIEWS, 1, "numbers: got 1"),
        (VIEWS, 49, "numbers: got 49"),
        ({"a": ((4,), (1,), 0)}, 24, r"'a' has shape \(4,\)"),
        ({"a": ((0, 3), (3, 1), 0)}, 24, r"'a' has shape \(0, 3\)"),
        ({"a": ((9, 3), (3, 1), 0)}, 24, r"'a' has shape \(9, 3\)"),
        ({"a": ((2, 3), (-3, 1), 0)}, 24, r"'a' has strides \(-3, 1\)"),
        ({"a": ((2, 3), (13, 1), 0)}, 24, r"'a' has strides \(13, 1\)"),
        ({"a": ((2, 3), (3, 1), 24)}, 24, "'a' has offset 24"),
    ],
)
def test_what_does_not_fit_is_refused(views, numbers, said) -> None:
    with pytest.raises(ValueError, match=said):
        StridedView(views, alt=ALT, numbers=numbers)

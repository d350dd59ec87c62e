"""Boxes: overlaps against pycocotools, against counted pixels, and their laws."""

import numpy as np
import pytest
from coco_reference import random_boxes
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask

from course_utils.detection.boxes import (
    box_area,
    box_iou,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    giou,
    to_centre,
    to_corners,
)

whole = st.integers(-50, 50)
box = st.tuples(whole, whole, st.integers(0, 40), st.integers(0, 40)).map(
    lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]
)
boxes = st.lists(box, min_size=1, max_size=5).map(lambda rows: np.array(rows, dtype=float))


def sizes(found):
    """(x, y, w, h), as pycocotools wants them."""
    return np.concatenate([found[:, :2], found[:, 2:] - found[:, :2]], axis=1)


def test_iou_agrees_with_pycocotools_on_thousands_of_sets():
    rng, largest, pairs = np.random.default_rng(0), 0.0, 0
    for case in range(3000):
        a, b = (random_boxes(rng, rng.integers(1, 9), case % 2 == 0) - 17 for _ in range(2))
        a[rng.random(len(a)) < 0.1, 2:] = 0, 0
        a[:, 2:] = np.maximum(a[:, 2:], a[:, :2])  # some are points
        b[rng.random(len(b)) < 0.1, 2] = 0
        b[:, 2] = np.maximum(b[:, 2], b[:, 0])  # some are lines
        theirs = mask.iou(sizes(a), sizes(b), [0] * len(b))
        largest = max(largest, np.abs(box_iou(a, b) - theirs).max())
        pairs += theirs.size
    assert pairs > 50_000
    assert largest < 1e-12  # measured: 0.0, the same bits


def pixels(found):
    """The pixels that a half-open box owns: (100, 100), shifted by 50."""
    x1, y1, x2, y2 = (int(v) + 50 for v in found)
    grid = np.zeros((150, 150), bool)
    grid[y1:y2, x1:x2] = True
    return grid


def test_overlaps_are_counts_of_pixels():
    rng, largest = np.random.default_rng(1), 0.0
    for _ in range(1500):
        a, b = random_boxes(rng, 2, grid=True) - 15
        (p, q), hull = map(pixels, (a, b)), [*np.minimum(a, b)[:2], *np.maximum(a, b)[2:]]
        union, around = (p | q).sum(), pixels(hull).sum()
        iou = (p & q).sum() / union
        largest = max(
            largest,
            abs(box_iou([a], [b])[0, 0] - iou),
            abs(giou([a], [b])[0, 0] - (iou - (around - union) / around)),
            abs(box_area([a])[0] - p.sum()),
        )
    assert largest == 0.0  # whole numbers below 2**53: the same divisions


@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(a, b):
    for measure, low in ((box_iou, 0), (giou, -1)):
        found = measure(a, b)
        assert found.shape == (len(a), len(b))
        assert np.array_equal(found, measure(b, a).T)
        assert ((found >= low) & (found <= 1)).all()
    assert (giou(a, b) <= box_iou(a, b)).all()


@given(boxes, st.floats(0.1, 100), st.floats(-100, 100))
def test_overlap_ignores_scale_and_place(a, scale, shift):
    for measure in (box_iou, giou):
        np.testing.assert_allclose(
            measure(scale * a + shift, scale * a[::-1] + shift), measure(a, a[::-1]), atol=1e-9
        )


@given(boxes)
def test_a_box_overlaps_itself(a):
    for measure in (box_iou, giou):
        np.testing.assert_array_equal(np.diag(measure(a, a)), (box_area(a) > 0).astype(float))


def test_giou_falls_on_when_boxes_move_apart():
    far = np.array([[x, 0.0, x + 2, 2] for x in range(2, 40)])
    found = giou([[0, 0, 2, 2]], far)[0]
    assert (box_iou([[0, 0, 2, 2]], far) == 0).all()
    assert found[0] == 0.0
    assert (np.diff(found) < 0).all()
    assert found.min() > -1


def test_half_open_boxes_that_share_an_edge_do_not_overlap():
    assert box_iou([[0, 0, 5, 5]], [[5, 0, 9, 5], [4, 4, 9, 9]]).tolist() == [[0, 1 / 49]]


@given(boxes)
def test_centre_and_corners_undo_each_other(a):
    np.testing.assert_array_equal(to_corners(to_centre(a)), a)


def test_encoding_by_hand_and_back():
    anchor, found = np.array([[0.0, 0, 10, 20]]), np.array([[4.0, 2, 9, 42]])
    by_hand = [(6.5 - 5) / 10, (22 - 10) / 20, np.log(0.5), np.log(2.0)]
    np.testing.assert_allclose(encode_boxes(found, anchor)[0], by_hand, rtol=0, atol=1e-15)
    rng, largest = np.random.default_rng(2), 0.0
    for _ in range(1000):
        a, b = (random_boxes(rng, 6, grid=False) for _ in range(2))
        largest = max(largest, np.abs(decode_boxes(encode_boxes(a, b), b) - a).max())
        deltas = rng.normal(size=(6, 4))
        again = encode_boxes(decode_boxes(deltas, b), b)
        largest = max(largest, np.abs(again - deltas).max())
    assert largest < 1e-11  # measured: 3.6e-14


def test_clipping_keeps_what_lies_inside():
    found = clip_boxes(np.array([[-3, 2, 5, 99], [50, 50, 60, 60]], np.float32), 20, 10)
    assert found.tolist() == [[0, 2, 5, 20], [10, 20, 10, 20]]
    assert found.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_keep_the_dtype_and_leave_the_input(dtype):
    a = random_boxes(np.random.default_rng(3), 4, grid=False).astype(dtype)
    before = a.copy()
    for found in (box_iou(a, a), giou(a, a), encode_boxes(a, a), decode_boxes(0 * a, a)):
        assert found.dtype == dtype
    assert np.array_equal(a, before)
    assert box_iou([[0, 0, 2, 2]], [[0, 0, 2, 2]]).dtype == np.float64
    assert box_iou(np.zeros((0, 4)), a).shape == (0, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: box_iou(np.zeros((3, 5)), np.zeros((1, 4))), r"a must be \(n, 4\), got shape"),
        (lambda: giou([[0, 0, 1, 1]], [[5, 0, 2, 2]]), "b must be .* x1 <= x2"),
        (lambda: box_area([[0, 0, np.nan, 1]]), "boxes must be .* x1 <= x2"),
        (lambda: encode_boxes([[0, 0, 1, 1]], np.zeros((2, 4))), "one anchor a row"),
        (lambda: encode_boxes([[0, 0, 0, 1]], [[0, 0, 1, 1]]), "boxes must have a width"),
        (lambda: decode_boxes([[0, 0, 0, 0]], [[0, 0, 0, 1]]), "anchors must have a width"),
        (lambda: to_corners([[0, 0, -1, 1]]), "sizes of 0 or more"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

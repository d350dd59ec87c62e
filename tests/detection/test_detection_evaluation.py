"""Matching, precision and recall, AP and mAP against pycocotools, by size, and by hand."""

import numpy as np
import pytest
from coco_reference import COARSE, Judge, random_scene
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.boxes import box_area, box_iou
from course_utils.detection.evaluation import (
    average_precision,
    envelope,
    interpolated_precision,
    match_boxes,
    match_detections,
    mean_average_precision,
    precision_recall,
)

CLASSES, THRESHOLDS = 2, (0.5, 0.75)
AREAS = (COARSE, (0, 36), (36, 81), (81, 1e10))
# The largest difference measured is 2.2e-16 in both; COCO adds as much to a denominator.
LARGEST = 1e-12


def count_of(truths, label, area):
    sizes = [box_area(t["boxes"][t["labels"] == label]) for t in truths]
    return sum(int(((size >= area[0]) & (size <= area[1])).sum()) for size in sizes)


def difference(ours, theirs):
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    return np.nan_to_num(np.abs(ours - theirs)).max()


@pytest.mark.slow
def test_a_thousand_data_sets_agree_with_pycocotools():
    rng, compared, largest = np.random.default_rng(0), 0, 0.0
    for case in range(1000):
        predictions, truths = random_scene(rng, images=2, classes=CLASSES, grid=case % 2 == 0)
        judge = Judge(predictions, truths, THRESHOLDS, CLASSES)
        counts = np.array([[count_of(truths, label, COARSE)] for label in range(CLASSES)])
        theirs = judge.all_points(counts)[:, :, 0]
        runs = [
            [match_detections(predictions, truths, t, label) for label in range(CLASSES)]
            for t in THRESHOLDS
        ]
        ours = np.array([[average_precision(*run) for run in row] for row in runs])
        largest = max(largest, difference(ours, theirs))
        grid = judge.precision(np.linspace(0, 1, 101)).mean(axis=1)[:, :, 0]
        grid[:, counts[:, 0] == 0] = np.nan
        points = np.array([[interpolated_precision(*run) for run in row] for row in runs])
        largest = max(largest, difference(points, grid))
        if counts.any():
            mean = mean_average_precision(predictions, truths, THRESHOLDS)
            largest = max(largest, abs(mean - np.nanmean(theirs)))
        compared += 2 * ours.size
    assert compared == 8000
    assert largest < LARGEST


@pytest.mark.slow
def test_sizes_and_all_ten_thresholds_agree_with_pycocotools():
    rng, largest, thresholds = np.random.default_rng(1), 0.0, np.linspace(0.5, 0.95, 10)
    for case in range(40):
        predictions, truths = random_scene(rng, images=3, classes=CLASSES, grid=case % 2 == 0)
        judge = Judge(predictions, truths, thresholds, CLASSES, AREAS)
        counts = np.array([[count_of(truths, c, area) for area in AREAS] for c in range(CLASSES)])
        theirs = judge.all_points(counts)
        for index in np.ndindex(theirs.shape):
            t, label, area = thresholds[index[0]], index[1], AREAS[index[2]]
            run = match_detections(predictions, truths, t, label, area)
            assert run[2] == counts[label, index[2]]
            largest = max(largest, difference(np.array(average_precision(*run)), theirs[index]))
        for k, area in enumerate(AREAS):
            if counts[:, k].any():
                mean = mean_average_precision(predictions, truths, thresholds, area)
                largest = max(largest, abs(mean - np.nanmean(theirs[:, :, k])))
    assert largest < LARGEST


def lattice(rng, count):
    """Equal squares on a small lattice: many overlaps are the same."""
    start = 2.0 * rng.integers(0, 4, (count, 2))
    return np.concatenate([start, start + 6], axis=1)


def test_each_single_match_is_that_of_pycocotools():
    rng, ties = np.random.default_rng(2), 0
    for _ in range(1000):
        truth = {"boxes": lattice(rng, 6), "labels": np.zeros(6, int)}
        guess = {"boxes": lattice(rng, 6), "labels": np.zeros(6, int), "scores": rng.random(6)}
        judge = Judge([guess], [truth], (0.3,), 1)
        order = np.argsort(-guess["scores"], kind="stable")
        iou = box_iou(guess["boxes"][order], truth["boxes"])
        ties += sum((row == row.max()).sum() > 1 for row in iou if row.max() >= 0.3)
        matches = judge.run.evalImgs[0]["dtMatches"][0]
        assert match_boxes(iou, 0.3).tolist() == [int(i) - 1 for i in matches]  # ids from 1
    assert ties > 1000, "the rule for equal overlaps was not put to the test"


def test_of_equal_overlaps_the_last_truth_is_taken():
    assert match_boxes(np.array([[0.6, 0.6, 0.2], [0.6, 0.6, 0.2]]), 0.5).tolist() == [1, 0]


def test_an_ignored_truth_is_taken_only_where_no_other_fits():
    iou = np.array([[0.9, 0.6], [0.9, 0.6]])
    assert match_boxes(iou, 0.5, ignored=[True, False]).tolist() == [1, 0]


def test_equal_scores_keep_the_given_order():
    assert average_precision([0.5, 0.5], [1, 0], 1) == 1.0
    assert average_precision([0.5, 0.5], [0, 1], 1) == 0.5
    box = np.array([[0.0, 0, 2, 2]])
    truths = [{"boxes": box[:0], "labels": np.zeros(0, int)}, {"boxes": box, "labels": [0]}]
    guess = {"boxes": box, "scores": np.array([0.5]), "labels": np.array([0])}
    assert match_detections([guess, guess], truths, 0.5, 0)[1].tolist() == [False, True]


def test_a_case_by_hand():
    # Hits at ranks 1, 3 and 4 of five; four truths. Precisions 1, 1/2, 2/3, 3/4, 3/5.
    scores, hits = [0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 1, 0]
    precision, recall = precision_recall(scores, hits, 4)
    assert np.allclose(precision, [1, 1 / 2, 2 / 3, 3 / 4, 3 / 5], rtol=0, atol=1e-15)
    assert recall.tolist() == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert envelope(precision).tolist() == [1, 0.75, 0.75, 0.75, 0.6]
    assert average_precision(scores, hits, 4) == pytest.approx((1 + 0.75 + 0.75) / 4, abs=1e-15)
    eleven = (3 * 1 + 5 * 0.75) / 11  # recalls 0, 0.1, 0.2; 0.3 to 0.7; the rest is not reached
    assert interpolated_precision(scores, hits, 4, 11) == pytest.approx(eleven, abs=1e-15)


def test_the_ends_are_defined():
    none = {"boxes": np.zeros((0, 4)), "scores": np.zeros(0), "labels": np.zeros(0, int)}
    one = {"boxes": np.array([[0.0, 0, 1, 1]]), "labels": np.array([3])}
    assert average_precision([], [], 4) == 0.0
    assert np.isnan(average_precision([0.5], [0], 0))
    assert mean_average_precision([none], [one]) == 0.0
    assert np.isnan(mean_average_precision([none], [none]))
    assert np.isnan(mean_average_precision([], []))
    found = dict(one, scores=np.array([0.5]))
    assert mean_average_precision([found], [one], (0.5, 1.0)) == 1.0


def test_a_class_without_truth_does_not_count():
    box = np.array([[0.0, 0, 4, 4]])
    truth = {"boxes": box, "labels": np.array([0])}
    guess = {"boxes": np.tile(box, (2, 1)), "scores": np.array([0.9, 0.8]), "labels": [1, 0]}
    assert mean_average_precision([guess], [truth]) == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30), st.integers(0, 10))
def test_ap_lies_between_the_bounds(rows, extra):
    scores, hits = [row[0] for row in rows], [int(row[1]) for row in rows]
    count = sum(hits) + extra
    if count == 0:
        return
    value = average_precision(scores, hits, count)
    best = average_precision(sorted(hits, reverse=True), sorted(hits, reverse=True), count)
    assert 0 <= value <= best + 1e-12
    assert best == pytest.approx(sum(hits) / count)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.4], [1], 1), r"got \(2,\) and \(1,\)"),
        (([0.5], [2], 3), "flags must be 0 or 1"),
        (([0.5, 0.4], [1, 1], 1), "at most 1 of them 1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        average_precision(*arguments)


def test_images_and_arrays_must_fit():
    predictions, truths = random_scene(np.random.default_rng(0))
    with pytest.raises(ValueError, match="got 2 predictions for 3 images"):
        mean_average_precision(predictions[:2], truths)
    for name, message in (("scores", "one score a box"), ("labels", "one label a box")):
        wrong = [dict(predictions[0], **{name: np.zeros(99, int)}), *predictions[1:]]
        with pytest.raises(ValueError, match=rf"{message}: got \(99,\)"):
            mean_average_precision(wrong, truths)

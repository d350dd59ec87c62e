"""Kinds of mistakes: one of each by hand, and their sums on random scenes."""

import numpy as np
import pytest
from coco_reference import random_scene

from course_utils.detection.errors import error_kinds, prediction_kinds
from course_utils.detection.evaluation import match_detections

TRUTH = {"boxes": np.array([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]), "labels": [0] * 3}
FOUND = {
    "boxes": np.array(
        [[0.0, 0, 10, 10], [0, 1, 10, 11], [24, 4, 34, 14], [40, 0, 50, 11], [70, 70, 80, 80]]
    ),
    "scores": np.array([0.9, 0.8, 0.7, 0.6, 0.5]),
    "labels": np.array([0, 0, 0, 1, 0]),
}
KINDS = ["correct", "duplicate", "localisation", "classification", "background"]


def test_one_of_each_by_hand():
    kinds, missed = prediction_kinds(FOUND, TRUTH)
    assert kinds.tolist() == KINDS
    assert missed.tolist() == [False, True, True]
    assert error_kinds([FOUND], [TRUTH]) == dict.fromkeys(KINDS, 1) | {"missed": 2}


def test_the_better_of_two_boxes_is_the_duplicate_where_its_score_is_lower():
    swapped = dict(FOUND, scores=np.array([0.8, 0.9, 0.7, 0.6, 0.5]))
    assert prediction_kinds(swapped, TRUTH)[0][:2].tolist() == ["duplicate", "correct"]


def test_the_floor_parts_bad_places_from_background():
    assert prediction_kinds(FOUND, TRUTH, floor=0.3)[0][2] == "background"


def test_sums_hold_on_random_scenes():
    rng = np.random.default_rng(0)
    for case in range(300):
        predictions, truths = random_scene(rng, images=3, grid=case % 2 == 0)
        counts = error_kinds(predictions, truths)
        assert counts["correct"] + counts["missed"] == sum(len(t["labels"]) for t in truths)
        assert sum(counts.values()) - counts["missed"] == sum(len(p["scores"]) for p in predictions)
        hits = [match_detections(predictions, truths, 0.5, label)[1].sum() for label in (0, 1)]
        assert counts["correct"] == sum(hits)


def test_the_ends_are_defined():
    none = {"boxes": np.zeros((0, 4)), "scores": np.zeros(0), "labels": np.zeros(0, int)}
    assert error_kinds([none], [TRUTH])["missed"] == 3
    assert error_kinds([FOUND], [none])["background"] == 5
    with pytest.raises(ValueError, match="got 1 predictions for 2 images"):
        error_kinds([FOUND], [TRUTH, TRUTH])

"""Suppression against its definition in plain loops, with the overlaps of pycocotools."""

import math

import numpy as np
import pytest
from coco_reference import random_boxes
from pycocotools import mask

from course_utils.detection.suppression import nms, soft_nms


def overlaps(found):
    size = np.concatenate([found[:, :2], found[:, 2:] - found[:, :2]], axis=1)
    return mask.iou(size, size, [0] * len(found))


def crowd(rng, case):
    found = random_boxes(rng, rng.integers(1, 25), grid=case % 2 == 0)
    scores = rng.random(len(found))
    return found, scores.round(1) if case % 3 == 0 else scores


def brute_force(found, scores, threshold):
    """A box stays where no box that stays and comes before it overlaps it too much."""
    iou, kept = overlaps(found), []
    for i in sorted(range(len(found)), key=lambda i: (-scores[i], i)):
        if all(iou[i, j] <= threshold for j in kept):
            kept.append(i)
    return kept


def test_nms_is_its_definition():
    rng, dropped = np.random.default_rng(0), 0
    for case in range(2000):
        found, scores = crowd(rng, case)
        threshold = float(rng.choice([0, 0.2, 0.3, 0.5, 0.7, 1]))
        kept = nms(found, scores, threshold)
        assert kept.tolist() == brute_force(found, scores, threshold)
        dropped += len(found) - len(kept)
    assert dropped > 2000


def test_a_chain_keeps_its_ends():
    # Each overlaps the next by 2/3; the second is dropped, so it cannot drop the third.
    chain = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10]])
    assert nms(chain, np.array([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2]


def test_the_threshold_itself_is_kept():
    pair = np.array([[0.0, 0, 4, 4], [0, 0, 4, 2]])  # IoU one half
    assert nms(pair, [0.9, 0.8], 0.5).tolist() == [0, 1]
    assert nms(pair, [0.9, 0.8], 0.49).tolist() == [0]


def test_equal_scores_go_by_index():
    same = np.tile([[0.0, 0, 4, 4]], (3, 1))
    assert nms(same, [0.5, 0.7, 0.7], 0.5).tolist() == [1]
    assert nms(np.zeros((0, 4)), [], 0.5).tolist() == []


def soft_loops(found, scores, sigma, floor):
    iou, scores, kept = overlaps(found), list(scores), []
    waiting = [i for i in range(len(found)) if scores[i] >= floor]
    while waiting:
        best = max(waiting, key=lambda i: (scores[i], -i))
        kept.append(best)
        waiting.remove(best)
        for i in waiting:
            scores[i] *= math.exp(-(iou[best, i] ** 2) / sigma)
        waiting = [i for i in waiting if scores[i] >= floor]
    return kept, [scores[i] for i in kept]


def test_soft_nms_is_its_definition():
    rng, largest = np.random.default_rng(1), 0.0
    for case in range(500):
        found, scores = crowd(rng, case)
        sigma, floor = rng.uniform(0.1, 1), rng.choice([0.001, 0.1])
        kept, lowered = soft_nms(found, scores, sigma, floor)
        expected, values = soft_loops(found, scores, sigma, floor)
        assert kept.tolist() == expected
        largest = max(largest, np.abs(lowered - values).max(initial=0))
    assert largest < 1e-12  # measured: 2.2e-15


def test_soft_nms_between_its_ends():
    rng = np.random.default_rng(2)
    found, scores = random_boxes(rng, 30, grid=True), rng.permutation(30) / 30 + 0.01
    hard = nms(found, scores, 0.0)
    assert soft_nms(found, scores, sigma=1e-9)[0].tolist() == hard.tolist()
    kept, lowered = soft_nms(found, scores, sigma=1e12)
    assert kept.tolist() == np.argsort(-scores).tolist()
    np.testing.assert_allclose(lowered, scores[kept], atol=1e-9)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"scores must be \(2,\), got shape \(3,\)"):
        nms(np.zeros((2, 4)), np.zeros(3), 0.5)
    with pytest.raises(ValueError, match=r"iou_threshold must lie in \[0, 1\], got 1.5"):
        nms(np.zeros((2, 4)), np.zeros(2), 1.5)
    with pytest.raises(ValueError, match="sigma must be above 0, got 0"):
        soft_nms(np.zeros((2, 4)), np.zeros(2), sigma=0)

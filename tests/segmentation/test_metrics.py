"""The scores of a segmentation, against scikit-learn, brute force and what must hold of them."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from course_utils.segmentation import metrics

SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def pairs(top: int, low: int = 0):
    """Two integer maps of one shape."""
    maps = SIDES.flatmap(
        lambda s: st.tuples(*[arrays(np.int64, s, elements=st.integers(low, top))] * 2)
    )
    return maps


@settings(max_examples=150, deadline=None)
@given(pairs(3))
def test_pixel_scores_agree_with_scikit_learn(maps):
    pred, target = maps
    found = metrics.pixel_confusion(pred, target, 4)
    np.testing.assert_array_equal(
        found, confusion_matrix(target.ravel(), pred.ravel(), labels=range(4))
    )
    present = np.union1d(pred, target)
    expected = jaccard_score(target.ravel(), pred.ravel(), labels=present, average=None)
    assert metrics.mean_iou(pred, target, 4) == pytest.approx(np.mean(expected), abs=1e-12)
    np.testing.assert_allclose(metrics.class_iou(found)[present], expected, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(pairs(3))
def test_ignored_pixels_do_not_count(maps):
    pred, target = maps
    kept = target != 3
    found = metrics.pixel_confusion(np.where(kept, pred, 17), target, 4, ignore_index=3)
    expected = (
        metrics.pixel_confusion(pred[kept], target[kept], 4) if kept.any() else np.zeros((4, 4))
    )
    np.testing.assert_array_equal(found, expected)
    value = metrics.mean_iou(pred, target, 4, ignore_index=3)
    assert np.isnan(value) if not kept.any() else 0 <= value <= 1


def test_a_class_that_occurs_only_under_ignored_pixels_is_absent():
    pred, target = np.array([[0, 2, 1]]), np.array([[0, 255, 1]])
    assert metrics.mean_iou(pred, target, 3, ignore_index=255) == 1.0


@settings(max_examples=150, deadline=None)
@given(pairs(1))
def test_dice_is_f1_and_a_function_of_iou(maps):
    pred, target = maps
    dice = metrics.dice_score(pred, target)
    if pred.any() or target.any():
        assert dice == pytest.approx(f1_score(target.ravel(), pred.ravel(), zero_division=0))
        iou = jaccard_score(target.ravel(), pred.ravel(), zero_division=0)
        assert dice == pytest.approx(2 * iou / (1 + iou))
    else:
        assert dice == 1.0
    assert dice == metrics.dice_score(target, pred)


def outline(mask):
    """Boundary pixels, one by one."""
    found = []
    for i, j in np.argwhere(mask):
        near = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
        if any(
            0 <= a < mask.shape[0] and 0 <= b < mask.shape[1] and not mask[a, b] for a, b in near
        ):
            found.append((i, j))
    return found


@settings(max_examples=150, deadline=None)
@given(pairs(1), st.sampled_from([0, 1, 1.5, 2, 3]))
def test_boundary_f1_agrees_with_distances_of_all_pairs(maps, tolerance):
    pred, target = maps
    a, b = outline(pred), outline(target)
    np.testing.assert_array_equal(np.argwhere(metrics.boundary(pred)), np.reshape(a, (-1, 2)))
    found = metrics.boundary_f1(pred, target, tolerance)
    if not a or not b:
        assert found == float(len(a) == len(b))
        return

    def share(points, others):
        return np.mean(
            [min(np.hypot(*np.subtract(p, q)) for q in others) <= tolerance for p in points]
        )

    precision, recall = share(a, b), share(b, a)
    expected = 2 * precision * recall / (precision + recall) if precision + recall else 0
    assert found == pytest.approx(expected)
    assert metrics.boundary_f1(target, pred, tolerance) == pytest.approx(found)


def brute_iou(pred, target):
    names = [[k for k in np.unique(m) if k] for m in (pred, target)]
    table = [
        [
            np.sum((pred == p) & (target == t)) / np.sum((pred == p) | (target == t))
            for t in names[1]
        ]
        for p in names[0]
    ]
    return np.reshape(table, (len(names[0]), len(names[1])))


def best_matching(iou, threshold):
    """(number of pairs, total IoU) of the best one-to-one matching, by trying them all."""
    n, m = iou.shape
    if n > m:
        return best_matching(iou.T, threshold)
    found = [(0, 0.0)]
    for columns in itertools.permutations(range(m), n):
        kept = [iou[i, j] for i, j in enumerate(columns) if iou[i, j] > threshold]
        found.append((len(kept), sum(kept)))
    return max(found)


@settings(max_examples=200, deadline=None)
@given(pairs(4), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.75]))
def test_instances_match_as_the_best_of_all_matchings(maps, threshold):
    pred, target = maps[0] * 7, maps[1] * 3  # gaps in the numbers
    iou = brute_iou(pred, target)
    np.testing.assert_allclose(metrics.instance_iou(pred, target), iou)
    count, total = best_matching(iou, threshold)
    tp, fp, fn, mean = metrics.match_instances(pred, target, threshold)
    assert (tp, fp, fn) == (count, iou.shape[0] - count, iou.shape[1] - count)
    assert mean * tp == pytest.approx(total)
    if tp + fp + fn:
        assert metrics.instance_f1(pred, target, threshold) == 2 * tp / (2 * tp + fp + fn)
    else:
        assert metrics.instance_f1(pred, target, threshold) == 1.0
    swapped = metrics.match_instances(target, pred, threshold)
    assert swapped[:3] == (tp, fn, fp)


@settings(max_examples=100, deadline=None)
@given(pairs(5), st.randoms(use_true_random=False))
def test_above_a_half_no_object_has_two_partners_and_numbers_are_names(maps, random):
    pred, target = maps
    fits = metrics.instance_iou(pred, target) > 0.5
    assert fits.sum(0).max(initial=0) <= 1
    assert fits.sum(1).max(initial=0) <= 1
    names = np.array([0, *random.sample(range(1, 50), 5)])
    assert metrics.match_instances(names[pred], target) == pytest.approx(
        metrics.match_instances(pred, target)
    )


def test_an_iou_of_exactly_the_threshold_does_not_match():
    pred, target = np.array([[1, 1, 0]]), np.array([[1, 0, 0]])
    assert metrics.match_instances(pred, target, 0.5) == (0, 1, 1, 0.0)
    assert metrics.match_instances(pred, target, 0.49) == (1, 0, 0, 0.5)


def test_panoptic_quality_by_hand():
    # two objects: one matched with IoU 3/4, one missed, one invented; sky matched with IoU 4/6
    target = np.array([[1, 1, 1, 1, 0, 0], [2, 2, 2, 0, 0, 0]])
    pred = np.array([[1, 1, 1, 0, 0, 0], [2, 0, 3, 3, 0, 0]])
    assert metrics.match_instances(pred, target) == (1, 2, 1, 0.75)
    assert metrics.panoptic_quality(pred, target) == pytest.approx(0.75 / (1 + 1 + 0.5))
    sky = np.sum((pred == 0) & (target == 0)) / np.sum((pred == 0) | (target == 0))
    both = metrics.panoptic_quality(pred, target, (pred > 0) * 1, (target > 0) * 1)
    assert sky > 0.5
    assert both == pytest.approx((0.75 / 2.5 + sky) / 2)
    assert metrics.panoptic_quality(target, target) == 1.0
    assert np.isnan(metrics.panoptic_quality(0 * target, 0 * target))


@settings(max_examples=100, deadline=None)
@given(pairs(4))
def test_panoptic_quality_is_segmentation_times_recognition(maps):
    pred, target = maps
    tp, fp, fn, mean = metrics.match_instances(pred, target)
    if tp + fp + fn:
        quality = metrics.panoptic_quality(pred, target)
        assert quality == pytest.approx(mean * metrics.instance_f1(pred, target))
        assert quality <= metrics.instance_f1(pred, target) + 1e-12


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: metrics.pixel_confusion([[0, 1]], [[0]], 2), "shapes"),
        (
            lambda: metrics.pixel_confusion(np.zeros((0, 2), int), np.zeros((0, 2), int), 2),
            "shapes",
        ),
        (lambda: metrics.pixel_confusion([0.5], [0], 2), "pred must hold whole"),
        (lambda: metrics.pixel_confusion([2], [0], 2), "pred must lie"),
        (lambda: metrics.pixel_confusion([0], [-1], 2), "target must lie"),
        (lambda: metrics.pixel_confusion([0], [0], 0), "num_classes"),
        (lambda: metrics.dice_score([2], [0]), "pred must be a mask"),
        (lambda: metrics.dice_score([1], [[0]]), "one shape"),
        (lambda: metrics.boundary([1, 0]), "(H, W)"),
        (lambda: metrics.boundary_f1([[1]], [[1]], -1), "tolerance"),
        (lambda: metrics.instance_iou([[1, 0]], [[1]]), "one shape"),
        (lambda: metrics.instance_iou([[-1]], [[1]]), "negative"),
        (lambda: metrics.match_instances([[1]], [[1]], 1.0), "iou_threshold"),
        (lambda: metrics.panoptic_quality([[1]], [[1]], [[1]]), "both"),
        (lambda: metrics.panoptic_quality([[1]], [[1]], [[1]], [1]), "one shape"),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        call()

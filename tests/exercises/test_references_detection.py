"""The references of the detection exercises against pycocotools, counted pixels and brute force."""

import numpy as np
import pytest
from pycocotools import mask

from course_utils.feedback import examine, exercise_for
from tests.detection.coco_reference import COARSE, Judge, random_boxes, random_scene

SEEDS = range(40)
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def exercise(function):
    return exercise_for(f"detection/{function}")


def reference(function):
    return exercise(function).reference


def sets(seed):
    """Return two sets of boxes, on a grid of whole pixels for every other seed."""
    rng = np.random.default_rng(seed)
    return tuple(random_boxes(rng, int(rng.integers(1, 9)), seed % 2 == 0) for _ in range(2))


def as_sizes(boxes):
    return np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])


@pytest.mark.parametrize("seed", SEEDS)
def test_overlaps_are_those_of_pycocotools(seed):
    a, b = sets(seed)
    theirs = mask.iou(as_sizes(a), as_sizes(b), [0] * len(b))
    np.testing.assert_allclose(reference("box_iou")(a, b), theirs, rtol=1e-9, atol=1e-12)


def painted(box):
    field = np.zeros((48, 48), bool)
    x1, y1, x2, y2 = box.astype(int)
    field[y1:y2, x1:x2] = True
    return field


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_generalised_overlaps_are_counted_pixels(seed):
    a, b = sets(seed)
    got = reference("giou")(a, b)
    for i, j in np.ndindex(len(a), len(b)):
        one, other = painted(a[i]), painted(b[j])
        hull = painted(np.array([*np.minimum(a[i], b[j])[:2], *np.maximum(a[i], b[j])[2:]]))
        union = one | other
        expected = (one & other).sum() / union.sum() - (hull & ~union).sum() / hull.sum()
        assert got[i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_suppression_is_what_its_definition_says(seed):
    """Kept are exactly the boxes that no kept box of higher rank overlaps too much."""
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, 30, seed % 2 == 0)
    scores, threshold = rng.integers(0, 12, 30) / 12, float(rng.uniform(0.05, 0.6))
    kept = reference("nms")(boxes, scores, threshold).tolist()
    iou = mask.iou(as_sizes(boxes), as_sizes(boxes), [0] * 30)
    rank = np.lexsort([np.arange(30), -scores]).argsort()
    assert [rank[k] for k in kept] == sorted(rank[k] for k in kept)
    for index in range(30):
        above = [k for k in kept if rank[k] < rank[index] and iou[index, k] > threshold]
        assert (index in kept) == (not above)


@pytest.mark.parametrize("seed", SEEDS)
def test_encoding_and_decoding_are_inverse_and_follow_the_formula(seed):
    rng = np.random.default_rng(seed)
    boxes, anchors = (random_boxes(rng, 9, grid=False) for _ in range(2))
    deltas = reference("encode_boxes")(boxes, anchors)
    np.testing.assert_allclose(reference("decode_boxes")(deltas, anchors), boxes, **CLOSE)
    size, size_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    move = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / (2 * size_a)
    np.testing.assert_allclose(deltas, np.hstack([move, np.log(size / size_a)]), **CLOSE)


def test_encoding_does_not_depend_on_place_and_scale():
    boxes, anchors = random_boxes(np.random.default_rng(0), 10, grid=False).reshape(2, 5, 4)
    encode = reference("encode_boxes")
    np.testing.assert_allclose(
        encode(3 * boxes + 7, 3 * anchors + 7), encode(boxes, anchors), **CLOSE
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_matching_is_what_its_definition_says(seed):
    rng = np.random.default_rng(seed)
    anchors, boxes = random_boxes(rng, 40, grid=False), random_boxes(rng, 5, grid=False)
    neg, pos = sorted(rng.uniform(0.1, 0.7, size=2))
    got = reference("match_anchors")(anchors, boxes, pos, neg)
    iou = mask.iou(as_sizes(anchors), as_sizes(boxes), [0] * 5)
    claims = {int(iou[:, box].argmax()): box for box in range(5)}  # the later one stays
    for anchor, row in enumerate(iou):
        by_threshold = row.argmax() if row.max() >= pos else -1 if row.max() < neg else -2
        assert got[anchor] == claims.get(anchor, by_threshold)


def area_of_the_envelope(scores, hits, count):
    """Integrate the largest precision at this recall or a later one over a fine grid."""
    hits = np.array([hit for _, hit in sorted(zip(-scores, hits, strict=True), key=lambda p: p[0])])
    true = np.cumsum(hits)
    precision, recall = true / np.arange(1, len(hits) + 1), true / count
    middles = (np.arange(60 * count) + 0.5) / (60 * count)
    return np.mean([max(precision[recall >= r], default=0.0) for r in middles])


@pytest.mark.parametrize("seed", SEEDS)
def test_average_precision_is_the_area_under_the_envelope(seed):
    rng = np.random.default_rng(seed)
    scores, hits = rng.integers(0, 9, size=15) / 9, rng.random(15) < 0.5
    count = int(hits.sum() + rng.integers(1, 6))
    got = reference("average_precision")(scores, hits, count)
    assert got == pytest.approx(area_of_the_envelope(scores, hits, count), rel=1e-11, abs=1e-12)


def judged(predictions, truths, thresholds, classes):
    """Return the mean over the classes of the truth and the thresholds, as COCOeval matches."""
    labels = np.concatenate([truth["labels"] for truth in truths]).astype(int)
    counts = np.bincount(labels, minlength=classes)[:, None]
    judge = Judge(predictions, truths, thresholds, classes, (COARSE,))
    return float(np.nanmean(judge.all_points(counts)))


@pytest.mark.parametrize("seed", SEEDS)
def test_mean_average_precision_is_that_of_pycocotools(seed):
    predictions, truths = random_scene(np.random.default_rng(seed), images=4, classes=3)
    thresholds = [0.3, 0.5, 0.8]
    got = reference("mean_average_precision")(predictions, truths, thresholds)
    if sum(len(truth["labels"]) for truth in truths):
        assert got == pytest.approx(judged(predictions, truths, thresholds, 3), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_cases_of_the_exercise_are_judged_alike(seed):
    ours = exercise("mean_average_precision")
    for case in [*ours.worked, *ours.draw(np.random.default_rng(seed))]:
        predictions, truths, thresholds = case.args
        if sum(len(truth["labels"]) for truth in truths):
            got = ours.reference(*case.args)
            assert got == pytest.approx(judged(predictions, truths, thresholds, 10), abs=1e-9)


@pytest.mark.parametrize("function", ["box_iou", "giou", "encode_boxes", "decode_boxes"])
def test_results_keep_float32(function):
    boxes = np.array([[0, 0, 4, 2], [1, 1, 3, 5]], np.float32)
    assert reference(function)(boxes, boxes).dtype == np.float32


def test_thresholds_alone_earn_their_part():
    def match_anchors(anchors, boxes, pos=0.5, neg=0.4):
        if not len(boxes):
            return np.full(len(anchors), -1)
        iou = reference("box_iou")(anchors, boxes)
        largest = iou.max(axis=1)
        return np.where(largest >= pos, iou.argmax(axis=1), np.where(largest < neg, -1, -2))

    report = examine(exercise("match_anchors"), match_anchors, hidden=True)
    assert [part for part, passed in report.parts.items() if passed] == ["thresholds"]
    assert report.earned == 1.5
    assert report.failure is not None
    assert report.failure.kind == "force-forgotten"


def test_a_single_class_earns_its_part():
    def mean_average_precision(predictions, ground_truth, iou_thresholds):
        return reference("mean_average_precision")(predictions, ground_truth, iou_thresholds[:1])

    report = examine(exercise("mean_average_precision"), mean_average_precision)
    assert [part for part, passed in report.parts.items() if passed] == ["one class"]
    assert report.earned == 2.0
    assert report.failure is not None
    assert report.failure.kind == "first-threshold-only"

"""From masks to objects, against scipy, against brute force and on drawings with known answers."""

import numpy as np
import pytest
from scipy import ndimage

from course_utils.segmentation.instances import (
    border_classes,
    border_weights,
    centre_offsets,
    connected_instances,
    distance_map,
    drop_small,
    edge_distance,
    group_by_centres,
    grow_instances,
    peaks,
    watershed_instances,
)


def two_discs(gap=0):
    """Two touching discs, cut by a vertical line: instances (40, 70)."""
    rows, columns = np.indices((40, 70))
    left = (rows - 20) ** 2 + (columns - 22) ** 2 < 15**2
    right = (rows - 20) ** 2 + (columns - 46 - gap) ** 2 < 15**2
    middle = columns < 34 + gap / 2
    return np.where(left & middle, 1, 0) + np.where(right & ~middle, 2, 0)


def same_partition(a, b):
    """Whether two label maps differ by the names only."""
    pairs = set(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    return len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.6, 0.7, 0.95])
def test_components_are_those_of_scipy_in_the_same_order(share):
    rng = np.random.default_rng(int(100 * share))
    for _ in range(100):
        mask = rng.random(rng.integers(1, 25, 2)) < share
        assert np.array_equal(connected_instances(mask), ndimage.label(mask)[0])


def test_components_of_shapes_that_join_late():
    comb = np.array([[1, 0, 1, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    assert connected_instances(comb).max() == 1
    spiral = np.array([[1, 1, 1, 1], [0, 0, 0, 1], [1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]])
    assert connected_instances(spiral).max() == 1
    assert connected_instances(np.eye(4)).max() == 4  # corners do not join
    assert connected_instances(np.zeros((3, 2))).tolist() == [[0, 0]] * 3
    with pytest.raises(ValueError, match="mask"):
        connected_instances(np.zeros(3))


def test_edge_distance_by_brute_force():
    rng = np.random.default_rng(0)
    labels = ndimage.zoom(rng.integers(0, 4, (4, 5)), 4, order=0)
    found = edge_distance(labels)
    for place in zip(*(rng.integers(0, n, 60) for n in labels.shape), strict=True):
        others = np.argwhere(labels != labels[place])
        near = np.sqrt(((others - place) ** 2).sum(1)).min()
        assert found[place] == (pytest.approx(near) if labels[place] else 0)


def test_distance_map_peaks_at_one_in_each_object():
    labels = two_discs()
    depth = distance_map(labels)
    assert depth[labels == 1].max() == depth[labels == 2].max() == 1
    assert depth[labels == 0].max() == 0
    assert depth[20, 33] < 0.2  # the cut is an edge
    assert distance_map(np.ones((3, 3), int)).min() == 1
    assert distance_map(np.zeros((3, 3), int)).max() == 0


def test_border_weights_by_brute_force():
    labels = two_discs(gap=6)
    weights = border_weights(labels, w0=8, sigma=4)
    for place in [(20, 37), (12, 38), (5, 37), (0, 0), (39, 60)]:
        d = [np.sqrt(((np.argwhere(labels == n) - place) ** 2).sum(1)).min() for n in (1, 2)]
        assert weights[place] == pytest.approx(1 + 8 * np.exp(-(sum(d) ** 2) / 32))
    assert np.all(weights[labels > 0] == 1)
    assert border_weights(labels, w0=0, balance=True).mean() == pytest.approx(1)
    assert np.all(border_weights(labels * (labels == 1)) == 1)
    with pytest.raises(ValueError, match="sigma"):
        border_weights(labels, sigma=0)


def test_border_classes_and_growing_back():
    labels = two_discs()
    classes = border_classes(labels, 2)
    assert set(classes[labels == 0]) == {0}
    assert np.array_equal(classes == 1, edge_distance(labels) > 2)
    assert connected_instances(labels > 0).max() == 1
    inside = connected_instances(classes == 1)
    assert inside.max() == 2
    grown = grow_instances(inside, classes > 0)
    assert np.array_equal(grown > 0, labels > 0)
    assert (grown == labels).mean() > 0.99
    lonely = np.zeros((5, 5), bool)
    lonely[1, 1] = True
    assert np.array_equal(grow_instances(np.zeros((5, 5), int), lonely), lonely)


def test_watershed_separates_touching_discs():
    labels = two_discs()
    mask = labels > 0
    by_truth = watershed_instances(mask.astype(float), distance_map(labels))
    assert same_partition(by_truth, labels) or (by_truth == labels).mean() > 0.99
    by_mask = watershed_instances(mask.astype(float), ndimage.distance_transform_edt(mask))
    assert by_mask.max() == 2
    speck = mask.astype(float)
    speck[0, 0] = 1
    assert watershed_instances(speck, distance_map(labels)).max() == 3  # no maximum, still there
    assert watershed_instances(speck, distance_map(labels), min_size=2).max() == 2
    assert watershed_instances(np.zeros((4, 4)), np.zeros((4, 4))).max() == 0
    with pytest.raises(ValueError, match="shapes differ"):
        watershed_instances(np.zeros((4, 4)), np.zeros((4, 5)))


def test_true_offsets_give_the_objects_back():
    labels = two_discs()
    offsets = centre_offsets(labels)
    rows, columns = np.nonzero(labels == 2)
    assert np.allclose(rows + offsets[0, rows, columns], rows.mean(), atol=1e-4)
    assert np.allclose(columns + offsets[1, rows, columns], columns.mean(), atol=1e-4)
    assert not offsets[:, labels == 0].any()
    assert same_partition(group_by_centres(labels > 0, offsets), labels)
    empty = np.zeros((6, 6), bool)
    assert group_by_centres(empty, np.zeros((2, 6, 6))).max() == 0
    assert group_by_centres(~empty, np.zeros((2, 6, 6)), min_votes=1e9).max() == 0


def test_peaks_and_small_objects():
    values = np.zeros((9, 9))
    values[2, 2:4], values[7, 7] = 5, 3
    assert peaks(values, 2, 1).max() == 2  # the plateau counts once
    assert peaks(values, 8, 1).max() == 1
    assert peaks(values, 2, 4).max() == 1
    labels = np.array([[3, 3, 0], [0, 7, 0], [9, 9, 9]])
    assert drop_small(labels, 2).tolist() == [[1, 1, 0], [0, 0, 0], [2, 2, 2]]

"""Anchors, targets, losses, crops, tiles: against painted images, loops and autograd."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.data import BoxedImages
from course_utils.detection import crops, losses
from course_utils.detection.anchors import anchor_grid, match_anchors
from course_utils.detection.boxes import box_iou, giou
from course_utils.detection.targets import centre_targets, near_cells


def painted() -> BoxedImages:
    """Return one image with three boxes, each painted in a colour plane of its own."""
    boxes = np.array([[30, 40, 60, 90], [100, 80, 180, 120], [150, 150, 170, 190]], np.float32)
    image = np.zeros((3, 200, 240), np.float32)
    for plane, (x1, y1, x2, y2) in zip(image, boxes.astype(int), strict=True):
        plane[y1:y2, x1:x2] = 1
    return BoxedImages((image,), (boxes,), (np.arange(3),), ("painted",), ("a", "b", "c"))


@pytest.mark.parametrize("slices", [False, True])
@pytest.mark.parametrize("symmetries", [False, True])
def test_the_boxes_of_a_crop_surround_what_was_painted(symmetries, slices, monkeypatch):
    monkeypatch.setattr(crops, "GAINS", (1.0, 1.0))
    monkeypatch.setattr(crops, "SHIFTS", (0.0, 0.0))
    rng, seen = np.random.default_rng(0), 0
    for _ in range(40):
        images, boxes, labels = crops.random_crops(
            painted(), 2, 160, rng, symmetries=symmetries, slices=slices
        )
        for image, found, kinds in zip(images, boxes, labels, strict=True):
            assert found.dtype == np.float32
            assert len(found) == len(set(kinds))
            for box, kind in zip(found, kinds, strict=True):
                rows, columns = np.nonzero(image[kind].numpy() > 0.5)
                drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                np.testing.assert_allclose(box, drawn, atol=1.5)
                seen += 1
    assert seen > 60


def test_without_symmetries_no_crop_is_turned_and_with_them_some_are():
    def wide(symmetries):
        rng = np.random.default_rng(1)
        drawn = (
            crops.random_crops(painted(), 1, 160, rng, symmetries=symmetries) for _ in range(40)
        )
        boxes = [b[np.flatnonzero(k == 1)[0]] for _, (b,), (k,) in drawn if 1 in k]
        inner = [b for b in boxes if b.min() > 0 and b.max() < 160]
        return np.array([b[2] - b[0] > b[3] - b[1] for b in inner])

    assert wide(False).all()
    assert 0.2 < wide(True).mean() < 0.8


def test_slices_keep_what_the_edge_cuts_and_centres_do_not():
    boxes, labels = np.array([[-8.0, 0, 4, 10], [-1, 0, 1, 10]], np.float32), np.array([0, 1])
    cut, kinds = crops.inside(boxes, labels, (0, 0, 20, 20), slices=True)
    np.testing.assert_array_equal(cut, [[0, 0, 4, 10]])
    assert list(kinds) == [0]
    assert len(crops.inside(boxes[:1], labels[:1], (0, 0, 20, 20))[0]) == 0


def test_tiles_cover_every_pixel_and_box_once():
    part = painted()
    cut = crops.tiles(part, 96)
    assert len(cut.images) == 9
    assert sum(i[0].size for i in cut.images) == 200 * 240
    assert sorted(np.concatenate(cut.labels)) == [0, 1, 2]
    np.testing.assert_array_equal(cut.images[5], part.images[0][:, 96:192, 192:240])


def test_the_sets_have_their_boxes_and_say_how_to_crop_them():
    nuclei, trees = crops.detection_set("nuclei"), crops.detection_set("treecrowns")
    assert (nuclei.c_in, trees.c_in) == (1, 3)
    assert [sum(map(len, p.boxes)) for p in (trees.train, trees.val, trees.test)] == [618, 68, 167]
    assert nuclei.crops["symmetries"]
    assert not trees.crops["symmetries"]
    with pytest.raises(ValueError, match="name must be"):
        crops.detection_set("cats")


@pytest.mark.parametrize(("batch", "side"), [(0, 64), (1, 0), (1, 201)])
def test_impossible_crops_are_refused(batch, side):
    with pytest.raises(ValueError, match="expected batch"):
        crops.random_crops(painted(), batch, side, np.random.default_rng(0))


def test_anchors_stand_in_the_middle_of_their_cells_in_the_order_of_the_head():
    anchors = anchor_grid(2, 3, 8, sizes=(4, 16), ratios=(1.0, 4.0))
    assert anchors.shape == (24, 4)
    np.testing.assert_allclose((anchors[4, :2] + anchors[4, 2:]) / 2, [12, 4])
    np.testing.assert_allclose((anchors[12, :2] + anchors[12, 2:]) / 2, [4, 12])
    np.testing.assert_allclose(anchors[1], [4 - 1, 4 - 4, 4 + 1, 4 + 4])  # size 4, twice as long
    np.testing.assert_allclose(np.prod(anchors[:4, 2:] - anchors[:4, :2], 1), [16, 16, 256, 256])


def test_matches_agree_with_a_loop_and_leave_no_box_out():
    rng = np.random.default_rng(2)
    anchors = anchor_grid(8, 8, 8, (12, 20))
    corner = rng.uniform(0, 50, (6, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(4, 24, (6, 2))], 1)
    matches, iou = match_anchors(anchors, boxes), box_iou(anchors, boxes)
    forced = {int(iou[:, j].argmax()): j for j in range(6)}
    for i, match in enumerate(matches):
        best = iou[i].max()
        expected = int(iou[i].argmax()) if best >= 0.5 else -1 if best < 0.4 else -2
        assert match == forced.get(i, expected)
    assert (match_anchors(anchors, np.zeros((0, 4))) == -1).all()


def test_heat_is_one_at_each_centre_only_and_falls_with_the_size_of_the_box():
    boxes = np.array([[8, 8, 40, 24], [40, 40, 60, 60.0]])
    heat, cells = centre_targets(boxes, [0, 1], 2, 16, 16, 4)
    np.testing.assert_array_equal(cells, [[4, 6], [12, 12]])
    assert (heat == 1).sum() == 2
    assert heat[0, 4, 6] == heat[1, 12, 12] == 1
    assert heat[0, 4, 7] > heat[0, 5, 6] > 0  # wider than high
    with pytest.raises(ValueError, match="labels"):
        centre_targets(boxes, [0, 2], 2, 16, 16, 4)


def test_near_cells_lie_in_their_box_and_always_hold_the_centre():
    boxes = np.array([[8, 8, 40, 24], [61, 61, 63, 63.0]])
    _, cells = centre_targets(boxes, [0, 0], 1, 16, 16, 4)
    rows, columns, owner = near_cells(cells, boxes, 16, 16, 4)
    assert (owner == 0).sum() == 9
    assert (owner == 1).sum() == 1
    assert (rows[-1], columns[-1]) == (15, 15)


def test_focal_loss_agrees_with_its_formula_and_does_not_overflow():
    torch.manual_seed(0)
    logits, targets = torch.randn(50, dtype=torch.double) * 4, (torch.rand(50) > 0.5).double()
    p = torch.where(targets > 0, logits.sigmoid(), 1 - logits.sigmoid())
    weight = torch.where(targets > 0, 0.3, 0.7) * (1 - p) ** 1.5
    torch.testing.assert_close(losses.focal_loss(logits, targets, 1.5, 0.3), -weight * p.log())
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    torch.testing.assert_close(losses.focal_loss(logits, targets, 0.0, None), cross_entropy)
    assert torch.isfinite(losses.focal_loss(torch.tensor([1e4, -1e4]), torch.ones(2))).all()


def test_the_overlap_of_pairs_agrees_with_the_one_of_all_boxes():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 10, (20, 2, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 9, (20, 2, 2))], 2)
    a, b = boxes[:, 0], boxes[:, 1]
    ours = losses.paired_giou(torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_allclose(ours.numpy(), np.diagonal(giou(a, b)), rtol=1e-9)


def test_smooth_l1_agrees_with_torch_and_the_heat_loss_with_its_formula():
    difference = torch.linspace(-3, 3, 31, dtype=torch.double)
    theirs = functional.smooth_l1_loss(
        difference, torch.zeros(31).double(), beta=0.5, reduction="none"
    )
    torch.testing.assert_close(losses.smooth_l1(difference, 0.5), theirs)
    z, heat = torch.tensor([0.3, -1.0]), torch.tensor([1.0, 0.6])
    p = z.sigmoid()
    expected = [-((1 - p[0]) ** 2) * p[0].log(), -(0.4**4) * p[1] ** 2 * (1 - p[1]).log()]
    torch.testing.assert_close(losses.centre_focal_loss(z, heat), torch.stack(expected))

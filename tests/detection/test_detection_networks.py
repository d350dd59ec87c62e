"""The two detectors: what they return, that they learn, and what the shipped weights score."""

import numpy as np
import pytest
import torch

from course_utils.data import BoxedImages
from course_utils.detection import training
from course_utils.detection.crops import detection_set, random_crops, tiles
from course_utils.detection.networks import AnchorDetector, CentreDetector, SmallBackbone
from course_utils.detection.weights import trained_detector, untrained_detector
from course_utils.training import seed_everything

DETECTORS = [AnchorDetector, CentreDetector]


def discs(count: int, seed: int) -> BoxedImages:
    """Return grey images with three bright squares each, of two classes by their brightness."""
    rng, images, boxes, labels = np.random.default_rng(seed), [], [], []
    for _ in range(count):
        image = rng.normal(0.1, 0.02, (1, 96, 96)).astype(np.float32)
        x, y = np.array([8, 40, 70]), rng.permutation([8, 40, 70])
        size, kinds = rng.integers(14, 24, 3), rng.integers(0, 2, 3)
        for i in range(3):
            image[0, y[i] : y[i] + size[i], x[i] : x[i] + size[i]] = 0.5 + 0.5 * kinds[i]
        images.append(image)
        boxes.append(np.stack([x, y, x + size, y + size], 1).astype(np.float32))
        labels.append(kinds)
    return BoxedImages(tuple(images), tuple(boxes), tuple(labels), ("",) * count, ("grey", "white"))


@pytest.mark.parametrize("stride", [4, 8])
def test_the_backbone_has_one_map_at_its_stride_and_no_preferred_side(stride):
    torch.manual_seed(0)
    backbone = SmallBackbone(2, 8, stride).eval()
    assert backbone(torch.zeros(1, 2, 64, 96)).shape == (1, 16, 64 // stride, 96 // stride)
    with pytest.raises(ValueError, match="multiples"):
        backbone(torch.zeros(1, 2, 60, 64))
    for module in backbone.modules():  # mirror-symmetric kernels: the map must mirror with x
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data += module.weight.data.flip(3).clone()
    x = torch.randn(1, 2, 64, 64)
    torch.testing.assert_close(backbone(x.flip(3)), backbone(x).flip(3), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("detector", DETECTORS)
def test_detections_have_their_form_at_any_size_and_for_any_batch(detector):
    seed_everything(0)
    model = detector(3, 2, width=8)
    found = model.detect(torch.rand(2, 3, 50, 70), score=0.0, limit=7)
    assert len(found) == 2
    for one in found:
        assert one["boxes"].shape == (7, 4)
        assert one["scores"].shape == one["labels"].shape == (7,)
        assert (np.diff(one["scores"]) <= 0).all()
        assert one["boxes"].min() >= 0
        assert (one["boxes"].max(0) <= [70, 50, 70, 50]).all()
    assert len(model.detect(torch.rand(1, 3, 64, 64), score=1.0)[0]["boxes"]) == 0


@pytest.mark.parametrize("detector", DETECTORS)
def test_an_untrained_detector_believes_in_nothing_and_an_empty_crop_has_a_loss(detector):
    seed_everything(0)
    model = detector(1, 1, width=8)
    logits, _ = model.maps(torch.rand(2, 1, 64, 64))
    assert abs(logits.sigmoid().mean().item() - 0.01) < 0.003
    empty = [np.zeros((0, 4), np.float32)] * 2, [np.zeros(0, np.int64)] * 2
    value = model.loss(torch.rand(2, 1, 64, 64), *empty)
    value.backward()
    assert torch.isfinite(value)


@pytest.mark.slow
@pytest.mark.parametrize("detector", DETECTORS)
def test_a_detector_learns_squares_of_two_classes_in_seconds(detector):
    seed_everything(0)
    model = detector(1, 2, width=8)
    losses = training.fit_detector(model, discs(12, 0), 80, batch=4, side=64, lr=0.01)
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:10])
    assert training.evaluate(model, discs(6, 1)) > 0.8


def test_the_same_seed_gives_the_same_losses_and_another_one_others():
    def run(seed):
        seed_everything(0)
        model = CentreDetector(1, 2, width=4)
        return training.fit_detector(model, discs(2, 0), 2, batch=1, side=64, seed=seed)

    assert run(3) == run(3) != run(4)
    with pytest.raises(ValueError, match="steps"):
        training.fit_detector(CentreDetector(1, 1, width=4), discs(1, 0), 0)


def test_anchor_targets_are_undone_by_decoding():
    model = AnchorDetector(1, 1, width=4)
    _, boxes, labels = random_crops(detection_set("nuclei").train, 1, 128, np.random.default_rng(0))
    anchors = model.anchors(torch.zeros(1, 1, 128, 128))
    matches, onehot, deltas = model.targets(anchors, boxes[0], labels[0])
    hit = matches >= 0
    assert set(matches[hit]) == set(range(len(boxes[0])))
    centre = (
        anchors[hit, :2]
        + anchors[hit, 2:]
        + 2 * deltas[hit, :2] * (anchors[hit, 2:] - anchors[hit, :2])
    )
    wanted = boxes[0][matches[hit]]
    np.testing.assert_allclose(centre, wanted[:, :2] + wanted[:, 2:], rtol=1e-4)
    assert onehot.sum() == hit.sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "bar"),
    [
        ("nuclei", "anchors", 0.92),
        ("nuclei", "centres", 0.86),
        ("treecrowns", "anchors", 0.5),
        ("treecrowns", "centres", 0.49),
    ],
)
def test_the_shipped_weights_score_on_the_test_part_what_the_book_says(name, kind, bar):
    data = detection_set(name)
    part = data.test if name == "nuclei" else tiles(data.test, 256)
    assert training.evaluate(trained_detector(name, kind), part) >= bar


def test_unknown_names_of_shipped_weights_are_refused():
    for names in (("cats", "anchors"), ("nuclei", "ssd")):
        with pytest.raises(ValueError, match="expected"):
            untrained_detector(*names)

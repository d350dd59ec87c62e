"""Crops, training, the three answers and the shipped weights, on small real pieces."""

import numpy as np
import pytest
import torch

from course_utils.data import load_nuclei
from course_utils.segmentation.crops import nuclei_crops, stretched
from course_utils.segmentation.instances import (
    connected_instances,
    drop_small,
    group_by_centres,
    watershed_instances,
)
from course_utils.segmentation.metrics import instance_f1, mean_iou
from course_utils.segmentation.objects import maps_of, objects_loss
from course_utils.segmentation.training import fit_segmenter, outputs_of
from course_utils.segmentation.unet import UNet
from course_utils.segmentation.weights import FOLDER, trained_unet

ROWS, COLUMNS = np.indices((40, 60))


def test_labels_are_cut_with_the_image():
    image = (ROWS * 100 + COLUMNS).astype(np.float32)
    labels = (ROWS * 100 + COLUMNS).astype(np.int64)
    x, y = nuclei_crops(image, labels, 32, 16, np.random.default_rng(0))
    assert x.shape == (32, 1, 16, 16)
    assert y.shape == (32, 16, 16)
    assert y.dtype == torch.int64
    for picture, label in zip(x[:, 0], y.double(), strict=True):
        a, b = picture.double().flatten(), label.flatten()
        gain, shift = np.polyfit(b, a, 1)
        assert 0.69 < gain < 1.31
        # a bilinear and a nearest reading differ by half a pixel at most
        assert (a - gain * b - shift).abs().max() < gain * 0.6 * 101


def test_crops_come_from_everywhere_in_all_eight_orientations():
    rng = np.random.default_rng(1)
    labels = (ROWS * 100 + COLUMNS).astype(np.int64)
    _, y = nuclei_crops(labels.astype(np.float32), labels, 400, 8, rng)
    right, down = torch.sign(y[:, 0, -1] - y[:, 0, 0]), torch.sign(y[:, -1, 0] - y[:, 0, 0])
    swapped = (y[:, 0, -1] - y[:, 0, 0]).abs() > 99
    assert len({*zip(right.tolist(), down.tolist(), swapped.tolist(), strict=True)}) == 8
    assert len(y.unique()) > 0.9 * labels.size


def test_several_images_and_a_seed():
    labels = np.stack([np.full((20, 20), n) for n in (3, 7)])
    images = labels.astype(np.float32)
    first, second = (
        nuclei_crops(images, labels, 20, 10, np.random.default_rng(5)) for _ in range(2)
    )
    assert torch.equal(first[0], second[0])
    assert set(first[1].unique().tolist()) == {3, 7}
    assert all(len(crop.unique()) == 1 for crop in first[1])
    with pytest.raises(ValueError, match="differ"):
        nuclei_crops(images, labels[:, :10], 2, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="side"):
        nuclei_crops(images, labels, 2, 21, np.random.default_rng(0))


def test_stretching_undoes_a_gain_and_a_shift_of_each_image():
    images = np.random.default_rng(0).random((2, 30, 30)).astype(np.float32)
    changed = images * np.array([0.02, 0.7])[:, None, None] + 0.1
    assert np.allclose(stretched(images), stretched(changed), atol=1e-4)
    assert np.allclose(
        np.percentile(stretched(images), (1, 99.8), axis=(1, 2)), [[0], [1]], atol=1e-6
    )
    assert np.all(stretched(np.ones((1, 4, 4))) == 0)


def test_a_few_steps_learn_a_bright_square():
    image = np.full((48, 48), 0.1, np.float32)
    image[10:30, 15:35] = 0.9
    labels = (image > 0.5).astype(np.int64)
    torch.manual_seed(0)
    model = UNet(1, 2, 4, 1)
    losses = fit_segmenter(model, image, labels, 40, batch=4, side=24, lr=0.02)
    assert len(losses) == 40
    assert np.mean(losses[-5:]) < 0.3 * losses[0]
    mask = outputs_of(model, image).argmax(0).numpy()
    assert mean_iou(mask, labels, 2) > 0.95
    with pytest.raises(ValueError, match="steps"):
        fit_segmenter(model, image, labels, 0)
    with pytest.raises(ValueError, match="became"):
        fit_segmenter(
            model, image, labels, 1, batch=1, side=8, loss=lambda y, _: y.sum() * float("nan")
        )


def test_the_three_answers_of_a_perfect_network_have_loss_near_zero():
    labels = np.zeros((1, 40, 40), np.int64)
    labels[0, 5:20, 5:20], labels[0, 5:20, 20:36] = 1, 2
    instances = torch.from_numpy(labels)
    wrong = objects_loss(torch.zeros(1, 5, 40, 40), instances)
    outputs = torch.zeros(1, 5, 40, 40, requires_grad=True)
    optimizer = torch.optim.Adam([outputs], lr=0.3)
    for _ in range(150):
        optimizer.zero_grad()
        value = objects_loss(outputs, instances)
        value.backward()
        optimizer.step()
    assert value < 0.02 * wrong
    probability, depth, offsets = maps_of(outputs.detach()[0])
    for found in (
        watershed_instances(probability, depth),
        group_by_centres(probability > 0.5, offsets),
    ):
        assert instance_f1(found, labels[0], 0.9) == 1
    with pytest.raises(ValueError, match="channels"):
        objects_loss(outputs[:, :4], instances)


def test_the_shipped_network_finds_the_nuclei_of_the_test_band():
    data = load_nuclei("test")
    probability, depth, offsets = maps_of(outputs_of(trained_unet("nuclei125"), data.images[0]))
    true, mask = data.instances[0], probability > 0.5
    assert mean_iou(mask.astype(int), (true > 0).astype(int), 2) > 0.90
    plain = instance_f1(drop_small(connected_instances(mask), 20), true)
    cut = instance_f1(watershed_instances(probability, depth, min_size=20), true)
    grouped = instance_f1(group_by_centres(mask, offsets, min_size=20), true)
    assert min(cut, grouped) > max(plain, 0.85)


def test_the_weights_are_small_and_known_by_name():
    files = list(FOLDER.glob("*.npz"))
    assert files
    assert sum(file.stat().st_size for file in files) < 600_000
    with pytest.raises(ValueError, match="name must be"):
        trained_unet("cells")

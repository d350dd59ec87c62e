"""The references of the segmentation exercises against scikit-learn, scipy, torch and slopes."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.metrics import confusion_matrix, jaccard_score
from torch.nn import functional

from course_utils.feedback import examine, exercise_for
from course_utils.segmentation.unet import UNet
from tests.bank import entries

SEEDS = range(40)
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def reference(function):
    return exercise_for(f"segmentation/{function}").reference


def label_maps(seed):
    """Return two label maps of a few classes, some of which are absent, and their number."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(2, 7, size=rng.integers(2, 4)))
    classes = int(rng.integers(2, 7))
    pred, target = rng.integers(0, rng.integers(1, classes + 1), size=(2, *shape))
    return rng, pred, target, classes


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_are_those_of_scikit_learn(seed):
    rng, pred, target, classes = label_maps(seed)
    ignore = int(rng.integers(0, classes)) if seed % 2 else None
    kept = target != ignore if ignore is not None else np.ones(target.shape, bool)
    names = np.arange(classes)
    expected = np.zeros((classes, classes), int)
    if kept.any():
        expected = confusion_matrix(target[kept], pred[kept], labels=names)
    got = reference("pixel_confusion")(pred, target, classes, ignore)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_iou_is_that_of_scikit_learn(seed):
    rng, pred, target, classes = label_maps(seed)
    target = np.where(rng.random(target.shape) < 0.3, 255, target)
    kept = target != 255
    got = reference("mean_iou")(pred, target, classes, 255)
    if not kept.any():
        assert np.isnan(got)
        return
    present = np.union1d(pred[kept], target[kept])
    expected = jaccard_score(
        target[kept], pred[kept], labels=present, average="macro", zero_division=0
    )
    assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_upsampling_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rng.integers(1, 6, size=4))
    factor = int(rng.integers(1, 6))
    expected = functional.interpolate(torch.tensor(x), scale_factor=factor, mode="bilinear")
    np.testing.assert_allclose(reference("bilinear_upsample2d")(x, factor), expected, **CLOSE)


def dice_case(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 5, size=rng.integers(2, 6)))
    return rng.random(shape), rng.integers(0, 2, size=shape), float(rng.uniform(0.1, 2))


def dice_in_torch(p, t, eps):
    overlap, total = (p * t).sum((-2, -1)), (p * p + t * t).sum((-2, -1))
    return (1 - (2 * overlap + eps) / (total + eps)).mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_dice_loss_and_its_gradient_are_those_of_autograd(seed):
    p, t, eps = dice_case(seed)
    tensor = torch.tensor(p, requires_grad=True)
    loss = dice_in_torch(tensor, torch.tensor(t), eps)
    loss.backward()
    assert reference("dice_loss")(p, t, eps) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(reference("dice_loss_grad")(p, t, eps), tensor.grad, **CLOSE)


@pytest.mark.parametrize("seed", range(6))
def test_the_gradient_is_a_central_difference(seed):
    p, t, eps = dice_case(seed)
    slope, step = np.zeros(p.shape), 1e-6
    for index in np.ndindex(p.shape):
        moved = [p.copy(), p.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = (reference("dice_loss")(m, t, eps) for m in moved)
        slope[index] = (high - low) / (2 * step)
    got = reference("dice_loss_grad")(p, t, eps)
    np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_objects_are_those_of_scipy_numbered_in_reading_order(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 25, size=2)) < rng.uniform(0.2, 0.8)
    labels, count = ndimage.label(mask)
    flat = labels.ravel()
    first = [np.flatnonzero(flat == n)[0] for n in range(1, count + 1)]
    names = np.zeros(count + 1, int)
    names[1 + np.argsort(first)] = np.arange(1, count + 1)
    np.testing.assert_array_equal(reference("connected_instances")(mask), names[labels])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_the_facts_hold_for_right_networks_of_any_layout(seed):
    """Drawn from any seed, no fact may cost a right network its points."""
    ours = exercise_for("segmentation/UNet")
    networks = [UNet, *(entry.student for entry in entries("variants", ours.key))]
    for case in [*ours.worked, *ours.draw(np.random.default_rng(1000 + seed))]:
        expected = ours.call(ours.reference, *case.args)
        for network in networks:
            got = ours.call(network, *case.args)
            assert list(got) == list(expected), (network.__name__, case)


def test_a_check_leaves_torch_as_it_was():
    state, dtype = torch.random.get_rng_state(), torch.get_default_dtype()
    examine(exercise_for("segmentation/UNet"), UNet)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_default_dtype() == dtype


@pytest.mark.parametrize("function", ["dice_loss_grad", "bilinear_upsample2d"])
def test_results_keep_float32(function):
    x = np.full((1, 2, 3, 4), 0.5, np.float32)
    argument = (2,) if function == "bilinear_upsample2d" else (np.ones(x.shape), 1.0)
    assert reference(function)(x, *argument).dtype == np.float32


@pytest.mark.slow
def test_a_network_without_skips_earns_its_other_parts():
    class NoSkips(UNet):
        def __init__(self, c_in, num_classes, width, depth):
            super().__init__(c_in, num_classes, width, depth, skips=False)

    report = examine(exercise_for("segmentation/UNet"), NoSkips, hidden=True)
    assert [part for part, passed in report.parts.items() if passed] == ["output", "levels"]
    assert report.failure is not None
    assert report.failure.kind == "skips-forgotten"

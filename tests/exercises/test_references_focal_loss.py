"""The references of the focal loss exercises against torch, central differences and by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.feedback import examine, exercise_for

SEEDS = range(40)
CLOSE = {"rtol": 1e-11, "atol": 1e-13}


def exercise(function):
    return exercise_for(f"focal_loss/{function}")


def reference(function):
    return exercise(function).reference


def drawn(seed, scale=3.0):
    """Return logits, targets and settings."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 6, size=rng.integers(1, 4)))
    logits, targets = scale * rng.normal(size=shape), rng.integers(0, 2, size=shape)
    gamma = (0.0, 0.5, 1.0, 2.0, float(rng.uniform(0, 5)))[seed % 5]
    alpha = None if seed % 3 == 0 else float(rng.uniform())
    return logits, targets, {"gamma": gamma, "alpha": alpha}


def focal_in_torch(z, t, gamma, alpha):
    """Take the cross-entropy of torch: p_t is its exponential."""
    loss = functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    loss = (1 - torch.exp(-loss)) ** gamma * loss
    return loss if alpha is None else loss * (alpha * t + (1 - alpha) * (1 - t))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loss_is_that_of_torch(seed):
    logits, targets, settings = drawn(seed)
    z, t = torch.tensor(logits, requires_grad=True), torch.tensor(targets, dtype=torch.float64)
    loss = focal_in_torch(z, t, **settings)
    close = {"rtol": 1e-9, "atol": 1e-12}  # torch's 1 - p_t is rounded
    got = reference("focal_loss")(logits, targets, **settings)
    np.testing.assert_allclose(got, loss.detach().numpy(), **close)
    loss.sum().backward()
    got = reference("focal_loss_grad")(logits, targets, **settings)
    np.testing.assert_allclose(got, z.grad.numpy(), **close)
    got = reference("normalised_focal_loss")(logits, targets, **settings)
    assert got == pytest.approx(float(loss.detach().sum()) / max(int(t.sum()), 1), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_gamma_0_without_alpha_is_cross_entropy(seed):
    logits, targets, _ = drawn(seed, scale=2000.0)
    z, t = torch.tensor(logits, requires_grad=True), torch.tensor(targets, dtype=torch.float64)
    loss = functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    loss.sum().backward()
    settings = {"gamma": 0.0, "alpha": None}
    got = reference("focal_loss")(logits, targets, **settings)
    np.testing.assert_allclose(got, loss.detach().numpy(), **CLOSE)
    got = reference("focal_loss_grad")(logits, targets, **settings)
    np.testing.assert_allclose(got, z.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_is_a_central_difference(seed):
    logits, targets, settings = drawn(seed)
    loss, step = reference("focal_loss"), 1e-5
    rise = loss(logits + step, targets, **settings) - loss(logits - step, targets, **settings)
    got = reference("focal_loss_grad")(logits, targets, **settings)
    np.testing.assert_allclose(got, rise / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0, 5.0])
def test_far_logits_follow_straight_lines(gamma):
    """A confident mistake costs alpha_t times its logit; a right answer costs nothing."""
    logits, targets = np.array([-1e4, 1e4, 1e4, -1e4, -700.0, 40.0]), np.array([1, 0, 1, 0, 1, 0])
    expected = np.array([0.3e4, 0.7e4, 0.0, 0.0, 210.0, 28.0])
    got = reference("focal_loss")(logits, targets, gamma, 0.3)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-300)
    slopes = reference("focal_loss_grad")(logits, targets, gamma, 0.3)
    expected = np.array([-0.3, 0.7, 0.0, 0.0, -0.3, 0.7])
    np.testing.assert_allclose(slopes, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int8, np.float32, np.float64])
def test_targets_may_be_of_any_kind(kind):
    logits, targets, settings = drawn(4)
    for function in ("focal_loss", "focal_loss_grad", "normalised_focal_loss"):
        got = reference(function)(logits, targets.astype(kind), **settings)
        np.testing.assert_array_equal(got, reference(function)(logits, targets, **settings))


@pytest.mark.parametrize("function", ["focal_loss", "focal_loss_grad"])
def test_results_keep_float32(function):
    got = reference(function)(np.ones((2, 3), np.float32), np.ones((2, 3), int))
    assert got.dtype == np.float32


def test_a_loss_that_overflows_earns_the_part_of_moderate_logits():
    def focal_loss(logits, targets, gamma=2.0, alpha=0.25):
        p = 1 / (1 + np.exp(-logits))
        p_t = np.where(targets == 1, p, 1 - p)
        a = 1.0 if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
        return (-a * (1 - p_t) ** gamma * np.log(p_t)).astype(logits.dtype)

    report = examine(exercise("focal_loss"), focal_loss, hidden=True)
    assert report.parts == {"values": True, "extremes": False, "validation": False}
    assert report.earned == 1.5

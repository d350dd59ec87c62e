"""The losses of the detectors against closed forms, at any logit, and their place in a network."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.detection.boxes import giou
from course_utils.detection.losses import focal_loss, paired_giou, smooth_l1
from course_utils.detection.networks import AnchorDetector


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_loss_is_its_formula(gamma: float, alpha: float | None) -> None:
    z = np.linspace(-12, 12, 97)
    for target in (0.0, 1.0):
        p_t = 1 / (1 + np.exp(-z if target else z))
        weight = 1 if alpha is None else (alpha if target else 1 - alpha)
        wanted = -weight * (1 - p_t) ** gamma * np.log(p_t)
        found = focal_loss(torch.from_numpy(z), torch.full((97,), target), gamma, alpha)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6, atol=1e-12)


def test_without_gamma_and_alpha_it_is_cross_entropy() -> None:
    z, t = torch.randn(50, 3), (torch.rand(50, 3) < 0.3).float()
    wanted = functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    torch.testing.assert_close(focal_loss(z, t, 0.0, None), wanted)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_value_and_slope_are_finite_at_any_logit(gamma: float, target: float) -> None:
    z = torch.tensor([-1e4, -200.0, -30.0, 0.0, 30.0, 200.0, 1e4], requires_grad=True)
    loss = focal_loss(z, torch.full((7,), target), gamma)
    (slope,) = torch.autograd.grad(loss.sum(), z)
    assert torch.isfinite(loss).all()
    assert torch.isfinite(slope).all()
    worst = loss[0] if target else loss[-1]
    assert worst.item() == pytest.approx(1e4 * (0.25 if target else 0.75))


@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
def test_smooth_l1_is_that_of_torch(beta: float) -> None:
    d = torch.linspace(-5, 5, 201)
    wanted = functional.smooth_l1_loss(d, torch.zeros(201), reduction="none", beta=beta)
    torch.testing.assert_close(smooth_l1(d, beta), wanted)


def test_paired_giou_is_the_diagonal_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    start, size = rng.uniform(0, 30, (2, 200, 2)), rng.uniform(1, 20, (2, 200, 2))
    a, b = np.concatenate([start, start + size], axis=2)
    found = paired_giou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    np.testing.assert_allclose(found, np.diag(giou(a, b)), atol=1e-9)


def test_a_detector_starts_at_its_prior_and_calls_its_loss() -> None:
    seen = []

    def class_loss(logits: torch.Tensor, onehot: torch.Tensor) -> torch.Tensor:
        seen.append((logits, onehot))
        return 0.0 * logits.sum()

    torch.manual_seed(0)
    net = AnchorDetector(1, 2, class_loss=class_loss, prior=0.2)
    box = np.array([[20, 20, 44, 44]], np.float32)
    loss = net.loss(torch.rand(1, 1, 64, 64), [box], [np.array([1])])
    ((logits, onehot),) = seen
    assert logits.sigmoid().mean().item() == pytest.approx(0.2, abs=0.02)
    assert onehot[:, 0].sum() == 0 < onehot[:, 1].sum()
    assert loss.item() > 0  # the boxes alone

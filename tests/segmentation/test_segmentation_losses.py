"""Losses over pixels against sums written out, gradients and known values."""

import pytest
import torch
from torch.nn import functional

from course_utils.segmentation.losses import dice_loss, tversky_loss, weighted_cross_entropy


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 5, dtype=torch.double, generator=generator)
    target = torch.randint(3, (2, 4, 5), generator=generator)
    return logits, target, functional.one_hot(target, 3).movedim(-1, 1)


def test_dice_is_the_mean_over_samples_and_classes(maps):
    logits, _, onehot = maps
    p = logits.softmax(1)
    each = []
    for b in range(2):
        for c in range(3):
            a, t = p[b, c].flatten().tolist(), onehot[b, c].flatten().tolist()
            overlap = sum(u * v for u, v in zip(a, t, strict=True))
            each.append(
                1 - (2 * overlap + 0.5) / (sum(u * u for u in a) + sum(v * v for v in t) + 0.5)
            )
    assert dice_loss(p, onehot, eps=0.5).item() == pytest.approx(sum(each) / 6)
    assert dice_loss(onehot.double(), onehot).item() == 0
    assert dice_loss(torch.zeros(3, 3), torch.zeros(3, 3)).item() == 0


def test_tversky_with_halves_is_the_linear_dice_and_weighs_misses(maps):
    logits, _, onehot = maps
    p = logits.softmax(1)
    t = onehot.double()
    linear = 1 - (2 * (p * t).sum((2, 3)) + 2) / ((p + t).sum((2, 3)) + 2)
    assert tversky_loss(p, onehot, 0.5, 0.5).item() == pytest.approx(linear.mean().item())
    target = torch.zeros(8, 8)
    target[2:6, 2:6] = 1
    small, large = torch.zeros(8, 8), torch.zeros(8, 8)
    small[2:6, 2:5] = 1  # four pixels missed
    large[2:6, 2:7] = 1  # four pixels too many
    assert tversky_loss(small, target) > tversky_loss(large, target)


def test_gradients(maps):
    logits, target, onehot = maps
    p = logits.softmax(1).requires_grad_()
    assert torch.autograd.gradcheck(lambda q: dice_loss(q, onehot), p)
    assert torch.autograd.gradcheck(lambda q: tversky_loss(q, onehot), p)
    z = logits.clone().requires_grad_()
    weights = torch.rand(2, 4, 5, dtype=torch.double)
    assert torch.autograd.gradcheck(
        lambda q: weighted_cross_entropy(q, target, pixel_weights=weights), z
    )


def test_weighted_cross_entropy_agrees_with_torch(maps):
    logits, target, _ = maps
    weight = torch.tensor([0.2, 1.0, 5.0], dtype=torch.double)
    ours = weighted_cross_entropy(logits, target, weight)
    assert torch.allclose(ours, functional.cross_entropy(logits, target, weight))
    assert torch.allclose(
        weighted_cross_entropy(logits, target), functional.cross_entropy(logits, target)
    )
    only = torch.zeros(2, 4, 5)
    only[1, 2, 3] = 7
    expected = functional.cross_entropy(logits[1:, :, 2, 3], target[1:, 2, 3])
    assert torch.allclose(weighted_cross_entropy(logits, target, pixel_weights=only), expected)


def test_bad_shapes_are_refused(maps):
    logits, target, _ = maps
    with pytest.raises(ValueError, match="one shape"):
        dice_loss(logits, target)
    with pytest.raises(ValueError, match="one shape"):
        tversky_loss(logits, target)
    with pytest.raises(ValueError, match="class_weights"):
        weighted_cross_entropy(logits, target, torch.ones(2))
    with pytest.raises(ValueError, match="pixel_weights"):
        weighted_cross_entropy(logits, target, pixel_weights=torch.ones(4, 5))
    with pytest.raises(ValueError, match="positive"):
        weighted_cross_entropy(logits, target, torch.zeros(3))

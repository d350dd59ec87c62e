"""Flow matching against the exact flow of Gaussians, and its samplers against known paths."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils.diffusion.flows import (
    VelocityNet,
    curvature,
    fit_flow,
    flow_loss,
    flow_path,
    halve_steps,
    straight_pair,
)
from course_utils.diffusion.image_flows import fit_image_flow, generate_flow
from course_utils.diffusion.mixtures import Mixture
from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.plane import (
    RING,
    distilled,
    draw_noise,
    draw_ring,
    rectified,
    ring_velocity,
    sliced_distance,
)

SIGMA = 0.5


def draw(n: int, seed: int = 0) -> Tensor:
    return draw_noise(n, torch.Generator().manual_seed(seed))


def gaussian_velocity(x: Tensor, s: Tensor) -> Tensor:
    """The exact velocity for data N(0, SIGMA^2): Cov(noise - x_0, x_s) / Var(x_s) times x."""
    s = s[:, None]
    return (s - (1 - s) * SIGMA**2) / ((1 - s) ** 2 * SIGMA**2 + s**2) * x


def test_a_pair_by_hand():
    x, v = straight_pair(
        torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([0.25])
    )
    assert x.tolist() == [[1.5, 1.0]]
    assert v.tolist() == [[-2.0, 4.0]]
    with pytest.raises(ValueError, match="one shape"):
        straight_pair(torch.zeros(2, 2), torch.zeros(2, 3), torch.zeros(2))


def test_the_flow_of_a_gaussian_keeps_quantiles():
    noise = draw(50).double()
    for steps, method in ((400, "euler"), (40, "heun")):
        path = flow_path(gaussian_velocity, noise, steps, method)
        assert path.shape == (steps + 1, 50, 2)
        assert torch.allclose(path[-1], SIGMA * noise, atol=0.02)
        middle = noise * math.hypot(0.5 * SIGMA, 0.5)
        assert torch.allclose(path[steps // 2], middle, atol=0.02)
    with pytest.raises(ValueError, match="euler or heun"):
        flow_path(gaussian_velocity, noise, 2, "midpoint")


def test_the_exact_velocity_has_the_least_loss():
    rng = torch.Generator().manual_seed(1)
    x0, noise, s = SIGMA * draw(4000, 2), draw(4000, 3), torch.rand(4000, generator=rng)
    best = flow_loss(gaussian_velocity, x0, noise, s)
    for factor in (0.8, 1.2):
        worse = flow_loss(lambda x, t, a=factor: a * gaussian_velocity(x, t), x0, noise, s)
        assert worse > best


def test_straight_lines_have_no_curvature():
    line = torch.linspace(1, 0, 9)[:, None, None] * draw(20)
    assert curvature(line) < 1e-10
    assert curvature(line**2 * draw(20)) > 0.1


def test_training_comes_close_to_the_exact_velocity():
    torch.manual_seed(0)
    net = VelocityNet(2, 24, 1)

    def pairs(g: torch.Generator) -> tuple[Tensor, Tensor]:
        return SIGMA * draw_noise(256, g), draw_noise(256, g)

    losses = fit_flow(net, pairs, 150, lr=1e-2)
    x, s = draw(200, 5), torch.full((200,), 0.5)
    error = (net(x, s) - gaussian_velocity(x, s)).square().mean()
    assert error < 0.05
    assert np.mean(losses[-50:]) < np.mean(losses[:20])


def test_a_student_learns_the_teacher_s_two_steps():
    torch.manual_seed(0)
    student = VelocityNet(2, 24, 1)
    halve_steps(student, gaussian_velocity, 1, lambda g: draw_noise(256, g), 150, lr=1e-2)
    noise = draw(300, 6)
    one, two = flow_path(student, noise, 1)[-1], flow_path(gaussian_velocity, noise, 2)[-1]
    assert (one - two).square().mean() < 0.01
    with pytest.raises(ValueError, match="at least 1"):
        halve_steps(student, gaussian_velocity, 0, lambda g: draw_noise(8, g), 1)


def test_labels_matter_only_to_a_network_with_classes():
    torch.manual_seed(0)
    net, x, s = VelocityNet(2, 8, 1, num_classes=3), draw(4), torch.full((4,), 0.5)
    none = torch.full((4,), 3)
    assert torch.equal(net(x, s), net(x, s, none))
    assert not torch.equal(net(x, s), net(x, s, torch.zeros(4, dtype=torch.long)))


def test_the_velocity_of_the_ring_is_that_of_its_score():
    x = draw(30).double()
    for s in (0.2, 0.6, 0.9):
        y, r = x.numpy() / (1 - s), s / (1 - s)
        eps = -r * Mixture(RING.means, np.hypot(RING.sigma, r)).score(y)
        expected = eps - (y - r * eps)
        assert np.allclose(ring_velocity(x, torch.full((30,), s, dtype=x.dtype)).numpy(), expected)


def test_the_ring_s_flow_ends_on_the_ring():
    truth = draw_ring(2000, torch.Generator().manual_seed(0))
    ends = flow_path(ring_velocity, draw(2000), 32)[-1]
    assert sliced_distance(ends, truth) < 0.12 < sliced_distance(draw(2000), truth)
    shift = torch.tensor([0.3, 0.4])
    assert sliced_distance(truth + shift, truth) == pytest.approx(0.5 / math.sqrt(2), rel=1e-3)


def test_rectified_and_distilled_networks_are_new_ones():
    torch.manual_seed(0)
    net = VelocityNet(2, 16, 1)
    before = [p.clone() for p in net.parameters()]
    rectified(net, 0, 2, pairs=100)
    assert list(distilled(net, 0, 1, first=4)) == [4, 2, 1]
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_a_unet_learns_a_velocity_and_draws():
    torch.manual_seed(0)
    images, labels = torch.rand(32, 1, 8, 8), torch.arange(32) % 2
    model = TimeUNet(1, 8, 2)
    losses = fit_image_flow(model, images, labels, 30, batch_size=16)
    assert np.mean(losses[-5:]) < losses[0]
    drawn = generate_flow(model, labels[:3], 2, shape=(1, 8, 8))
    assert drawn.shape == (3, 1, 8, 8)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert torch.equal(drawn, generate_flow(model, labels[:3], 2, shape=(1, 8, 8)))

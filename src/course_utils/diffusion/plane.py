"""Flows in the plane: eight Gaussians on a ring, whose flow is known exactly."""

import copy
import math

import numpy as np
import torch
from torch import Tensor

from course_utils.diffusion.flows import Velocity, VelocityNet, fit_flow, flow_path, halve_steps
from course_utils.diffusion.mixtures import Mixture, responsibilities
from course_utils.training import seed_everything

ANGLES = 2 * math.pi * np.arange(8) / 8
RING = Mixture(1.4 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1), 0.12)
BATCH, WIDTH = 256, 64


def draw_ring(n: int, generator: torch.Generator) -> Tensor:
    """Return n points of the ring: ``(n, 2)``."""
    centres = torch.from_numpy(RING.means).float()
    rows = torch.randint(len(centres), (n,), generator=generator)
    return centres[rows] + RING.sigma * draw_noise(n, generator)


def draw_noise(n: int, generator: torch.Generator) -> Tensor:
    """Return n standard normal points: ``(n, 2)``."""
    return torch.randn(n, 2, generator=generator)


def ring_velocity(x: Tensor, s: Tensor) -> Tensor:
    """Return the exact velocity E[noise - x_0 | x_s = x] of the ring: ``(B, 2), (B,) -> (B, 2)``.

    All times must be equal. In each Gaussian k the pair (x_0, x_s) is jointly normal, which gives
    both means; the responsibilities of the Gaussians for x weigh them.
    """
    at, y = float(s[0]), x.double().numpy()
    variance = (1 - at) ** 2 * RING.sigma**2 + at**2
    away = y[:, None] - (1 - at) * RING.means  # (B, K, 2)
    noise = at * away / variance
    data = RING.means + (1 - at) * RING.sigma**2 * away / variance
    share = responsibilities(y, (1 - at) * RING.means, variance**0.5)
    return torch.from_numpy((share[..., None] * (noise - data)).sum(1)).to(x.dtype)


def sliced_distance(a: Tensor, b: Tensor, directions: int = 24) -> float:
    """Return the sliced Wasserstein distance of two sets ``(N, 2)`` of equal size.

    The root of the mean over directions of the squared distance of the sorted projections, which
    is the optimal transport on a line. Source: Rabin et al. (2011). Raises ValueError for unequal
    shapes.
    """
    if a.shape != b.shape:
        raise ValueError(f"expected one shape, got {tuple(a.shape)} and {tuple(b.shape)}")
    angles = math.pi * torch.arange(directions) / directions
    axes = torch.stack([angles.cos(), angles.sin()])
    gaps = (a @ axes).sort(0).values - (b @ axes).sort(0).values
    return gaps.square().mean().sqrt().item()


def first_flow(seed: int, steps: int) -> VelocityNet:
    """Return a network trained by flow matching on independent pairs of ring and noise."""
    seed_everything(seed)
    net = VelocityNet(2, WIDTH)
    fit_flow(net, lambda g: (draw_ring(BATCH, g), draw_noise(BATCH, g)), steps, seed=seed)
    return net


def rectified(net: VelocityNet, seed: int, steps: int, pairs: int = 20_000) -> VelocityNet:
    """Return a copy of ``net`` retrained on noises and the points to which ``net`` carries them."""
    noise = draw_noise(pairs, torch.Generator().manual_seed(1000 + seed))
    ends = flow_path(net, noise, 16, "heun")[-1]
    student = copy.deepcopy(net)

    def joined(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(pairs, (BATCH,), generator=generator)
        return ends[rows], noise[rows]

    fit_flow(student, joined, steps, lr=2e-3, seed=seed)
    return student


def distilled(net: VelocityNet, seed: int, steps: int, first: int = 8) -> dict[int, VelocityNet]:
    """Return students for ``first``, first / 2, ..., 1 steps, each taught by the one before."""
    students: dict[int, VelocityNet] = {}
    teacher: Velocity = net
    calls = first
    while calls >= 1:
        student = copy.deepcopy(students.get(2 * calls, net))
        start = max(BATCH // calls, 32)
        halve_steps(student, teacher, calls, lambda g, n=start: draw_noise(n, g), steps, seed=seed)
        students[calls], teacher, calls = student, student, calls // 2
    return students

"""Flow matching: straight paths between data and noise, and networks that make them short.

Times run as they do for diffusion, from data at 0 to noise at 1: ``x_s = (1 - s) x_0 + s noise``.
A velocity is a function ``velocity(x, s)`` of points ``(B, ...)`` and times ``(B,)``.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from course_utils.training import descend

Velocity = Callable[[Tensor, Tensor], Tensor]
DrawPairs = Callable[[torch.Generator], tuple[Tensor, Tensor]]


def at_time(s: Tensor, x: Tensor) -> Tensor:
    """Return the times ``s`` ``(B,)`` in a shape that multiplies ``x`` ``(B, ...)``."""
    return s.view(-1, *[1] * (x.ndim - 1))


def straight_pair(x0: Tensor, noise: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """Return the point at time ``s`` of the line from data to noise, and its velocity.

    ``x_s = (1 - s) x_0 + s noise`` moves with ``noise - x_0`` at all times. ``x0`` and ``noise``
    are ``(B, ...)``, ``s`` is ``(B,)`` in [0, 1]. Raises ValueError where the shapes differ.
    """
    if x0.shape != noise.shape or s.shape != x0.shape[:1]:
        raise ValueError(
            f"expected x0 and noise of one shape (B, ...) and s (B,), "
            f"got {tuple(x0.shape)}, {tuple(noise.shape)}, {tuple(s.shape)}"
        )
    share = at_time(s, x0)
    return (1 - share) * x0 + share * noise, noise - x0


def flow_loss(velocity: Velocity, x0: Tensor, noise: Tensor, s: Tensor) -> Tensor:
    """Return the mean square of ``velocity(x_s, s) - (noise - x_0)``, the loss of flow matching.

    Source: Lipman et al. (2023), Flow Matching for Generative Modeling.
    """
    x, target = straight_pair(x0, noise, s)
    return nn.functional.mse_loss(velocity(x, s), target)


class VelocityNet(nn.Module):
    """A perceptron for vectors: ``(x (B, d), s (B,), labels (B,) or None) -> (B, d)``.

    Blocks with skips of ``width`` units; the time enters as cosines and sines of
    ``pi s, 2 pi s, 4 pi s, 8 pi s``, a label as a learned vector. Label ``num_classes`` stands for
    "no label" and is what None becomes.
    """

    def __init__(
        self, d: int, width: int = 64, blocks: int = 2, num_classes: int | None = None
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.enter = nn.Linear(d + 8, width)
        self.classes = None if num_classes is None else nn.Embedding(num_classes + 1, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
            for _ in range(blocks)
        )
        self.leave = nn.Linear(width, d)

    def forward(self, x: Tensor, s: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return velocities of the shape of x."""
        angles = s[:, None] * math.pi * 2.0 ** torch.arange(4)
        h = self.enter(torch.cat([x, angles.cos(), angles.sin()], 1))
        if self.classes is not None and self.num_classes is not None:
            if labels is None:
                labels = torch.full((len(x),), self.num_classes)
            h = h + self.classes(labels)
        for block in self.blocks:
            h = h + block(h)
        return self.leave(nn.functional.silu(h))


def fit_flow(
    model: nn.Module,
    draw: DrawPairs,
    steps: int,
    *,
    lr: float = 4e-3,
    seed: int = 0,
) -> list[float]:
    """Train ``model(x, s)`` by flow matching on pairs ``draw(generator) -> (x_0, noise)``.

    Independent pairs give the first flow; pairs that a flow has joined give a rectified one.
    Returns the losses.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw_loss() -> Tensor:
        x0, noise = draw(generator)
        return flow_loss(model, x0, noise, torch.rand(len(x0), generator=generator))

    return descend(model, draw_loss, steps, lr=lr)


@torch.no_grad()
def flow_path(velocity: Velocity, x1: Tensor, steps: int, method: str = "euler") -> Tensor:
    """Carry ``x1`` ``(B, ...)`` from time 1 to 0 in equal steps; ``(steps + 1, B, ...)``.

    ``"euler"`` calls the velocity once a step, ``"heun"`` twice. Raises ValueError for ``steps``
    below 1 or another method.
    """
    if steps < 1 or method not in ("euler", "heun"):
        raise ValueError(f"expected steps >= 1 and euler or heun, got {steps}, {method!r}")
    points = [x1]
    for a, b in pairwise(torch.linspace(1, 0, steps + 1).tolist()):
        x = points[-1]
        v = velocity(x, torch.full((len(x),), a))
        if method == "heun":
            v = (v + velocity(x + (b - a) * v, torch.full((len(x),), b))) / 2
        points.append(x + (b - a) * v)
    return torch.stack(points)


def curvature(path: Tensor) -> float:
    """Return how far a path ``(steps + 1, B, ...)`` is from straight lines at constant speed.

    The mean over steps and samples of ``|velocity - (x_1 - x_0)|^2``, divided by the mean of
    ``|x_1 - x_0|^2``: 0 for straight lines. Source: Liu et al. (2023), Flow Straight and Fast.
    """
    whole = path[0] - path[-1]
    pieces = (path[:-1] - path[1:]) * (len(path) - 1)
    return ((pieces - whole).square().mean() / whole.square().mean()).item()


def halve_steps(
    student: nn.Module,
    teacher: Velocity,
    calls: int,
    draw_noise: Callable[[torch.Generator], Tensor],
    steps: int,
    *,
    lr: float = 2e-3,
    seed: int = 0,
) -> list[float]:
    """Teach ``student`` to go in one step where ``teacher`` goes in two; return the losses.

    The student will take ``calls`` equal steps from noise, the teacher takes twice as many.
    ``draw_noise(generator)`` starts a trajectory of the teacher; every point on it is a lesson.
    Source: Salimans and Ho (2022), Progressive Distillation. Raises ValueError for ``calls`` < 1.
    """
    if calls < 1:
        raise ValueError(f"calls must be at least 1, got {calls}")
    generator = torch.Generator().manual_seed(seed)

    def draw_loss() -> Tensor:
        path = flow_path(teacher, draw_noise(generator), 2 * calls)[::2]
        times = torch.linspace(1, 0, calls + 1)[:-1].repeat_interleave(path.shape[1])
        target = ((path[:-1] - path[1:]) * calls).flatten(0, 1)
        return nn.functional.mse_loss(student(path[:-1].flatten(0, 1), times), target)

    return descend(student, draw_loss, steps, lr=lr)

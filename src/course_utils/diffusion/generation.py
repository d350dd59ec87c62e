"""Pictures out of noise: a trained denoiser and a sampler."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.samplers import ddim_step, ddpm_step, guided_eps, shortened_betas

SAMPLERS = ("ddim", "ddpm")
Watch = Callable[[int, Tensor, Tensor], None]
Scale = float | Callable[[int], float]


def even_times(steps: int, last: int) -> list[int]:
    """Return ``steps`` times from ``last`` down, evenly spaced, the smallest at least 1.

    Raises ValueError unless ``1 <= steps <= last``.
    """
    if not 1 <= steps <= last:
        raise ValueError(f"steps must be in 1..{last}, got {steps}")
    return [int(t) for t in np.linspace(last, last / steps, steps).round()]


@torch.no_grad()
def estimate(
    model: TimeUNet, x: Tensor, t: int, labels: Tensor | None, scale: Scale = 1.0
) -> Tensor:
    """Return the noise in x: guided where ``scale`` is not 1, by one call for both estimates."""
    scale = scale(t) if callable(scale) else scale
    if labels is None or scale == 1.0:
        return model(x, t, labels)
    none = torch.full_like(labels, model.num_classes or 0)
    with_label, without = model(torch.cat([x, x]), t, torch.cat([labels, none])).chunk(2)
    return guided_eps(with_label, without, scale)


@torch.no_grad()
def generate(
    model: TimeUNet,
    labels: Sequence[int] | Tensor,
    steps: int,
    scale: Scale = 1.0,
    seed: int = 0,
    *,
    shape: tuple[int, int, int] = (1, 28, 28),
    sampler: str = "ddim",
    clip: bool = True,
    batch_size: int = 128,
    watch: Watch | None = None,
) -> Tensor:
    """Draw one picture of ``shape`` for each label, in [0, 1]: ``(B, C, H, W)``.

    A model without classes only counts the labels. ``steps`` evenly spaced times are visited, by
    DDIM or by DDPM on the schedule that those times make. ``scale`` is the guidance (0: no label)
    or a function of t; where it is not 1 the network runs on twice the batch. With ``clip`` the
    picture that is guessed at each step is held in its range before it is used.
    ``watch(t, x_t, x0_hat)`` sees each step of each batch. The noise is drawn for one picture
    after the other, so that a picture depends on its place in ``labels``, not on what else is
    drawn. Raises ValueError for an unknown sampler, or ``steps`` out of range.
    """
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler must be one of {SAMPLERS}, got {sampler!r}")
    bars, told = model.alpha_bars, torch.as_tensor(labels)
    times = [*even_times(steps, len(bars) - 1), 0]
    betas = shortened_betas(times, bars)
    noises = _noises(len(told), shape, seed, steps if sampler == "ddpm" else 1)
    drawn = []
    for y, noise in zip(told.split(batch_size), noises.split(batch_size), strict=True):
        x, classes = noise[:, 0], y if model.num_classes else None
        for left, (t, t_prev) in zip(range(steps, 0, -1), pairwise(times), strict=True):
            eps, x0 = _clipped(x, estimate(model, x, t, classes, scale), bars[t], clip)
            if watch is not None:
                watch(t, x, x0)
            if sampler == "ddim":
                x = ddim_step(x, t, t_prev, eps, bars)
            else:  # step `left` of the chain that visits these times only
                x = ddpm_step(x, left, eps, betas, noise[:, left - 1])
        drawn.append(x)
    return ((torch.cat(drawn) + 1) / 2).clamp(0, 1)


def _noises(count: int, shape: tuple[int, int, int], seed: int, each: int) -> Tensor:
    """Return ``(count, each, C, H, W)`` standard normal, one stream a picture."""
    streams = [torch.Generator().manual_seed(seed * 1_000_003 + row) for row in range(count)]
    return torch.stack([torch.randn((each, *shape), generator=stream) for stream in streams])


def _clipped(x: Tensor, eps: Tensor, kept: Tensor, clip: bool) -> tuple[Tensor, Tensor]:
    """Return (eps, x0), consistent, with x0 held in [-1, 1]."""
    x0 = (x - (1 - kept).sqrt() * eps) / kept.sqrt()
    if not clip:
        return eps, x0
    x0 = x0.clamp(-1, 1)
    return (x - kept.sqrt() * x0) / (1 - kept).sqrt(), x0

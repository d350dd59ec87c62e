"""Samplers: from noise to data by a model of the noise, ``eps_of(x, t)``.

``times`` are the times visited, downwards, for example ``[1000, 750, 500, 250]``; the way from the
last one to 0 is added where it is missing, so that n times cost n calls of the model (Heun:
2n - 1). The functions accept numpy arrays and torch tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from course_utils.diffusion.process import alpha_bar, eps_to_x0, share_of_signal

if TYPE_CHECKING:
    from torch import Tensor

    Array = np.ndarray | Tensor
A = TypeVar("A", np.ndarray, "Tensor")


def ddpm_step(x_t: A, t: int, eps_hat: A, betas: Array, noise: A) -> A:
    """Return ``(x_t - beta_t / sqrt(1 - abar_t) eps) / sqrt(1 - beta_t) + sqrt(beta_t) z``.

    This is x_{t-1}; ``noise`` is z, standard normal, not used at t = 1. Raises ValueError where
    shapes differ or t is outside ``1..T``. Source: Ho et al. (2020), algorithm 2.
    """
    if not x_t.shape == eps_hat.shape == noise.shape:
        raise ValueError(
            f"expected one shape, got x_t {tuple(x_t.shape)}, eps_hat {tuple(eps_hat.shape)}, "
            f"noise {tuple(noise.shape)}"
        )
    if not 1 <= t <= len(betas):
        raise ValueError(f"t must be in 1..{len(betas)}, got {t}")
    beta, share = float(betas[t - 1]), float((1 - betas[:t]).prod())
    mean = (x_t - beta / (1 - share) ** 0.5 * eps_hat) / (1 - beta) ** 0.5
    return mean + beta**0.5 * noise if t > 1 else mean


def ddim_step(x_t: A, t: int, t_prev: int, eps_hat: A, alpha_bars: Array) -> A:
    """Return ``sqrt(abar_s) x0_hat + sqrt(1 - abar_s) eps`` at the earlier time s = ``t_prev``.

    ``x0_hat`` is the clean sample that ``eps_hat`` implies. No noise is added. Raises ValueError
    where shapes differ, or unless ``0 <= t_prev < t <= T``.
    Source: Song, Meng and Ermon (2021), Denoising Diffusion Implicit Models, eta = 0.
    """
    if not t_prev < t:
        raise ValueError(f"t_prev must lie before t, got {t_prev} and {t}")
    share = share_of_signal(alpha_bars, t_prev, x_t)
    x0_hat = eps_to_x0(x_t, eps_hat, t, alpha_bars)
    return share**0.5 * x0_hat + (1 - share) ** 0.5 * eps_hat


def guided_eps(eps_cond: A, eps_uncond: A, scale: float) -> A:
    """Return ``eps_uncond + scale (eps_cond - eps_uncond)``: the noise under guidance.

    Raises ValueError where the shapes differ.
    Source: Ho and Salimans (2022), Classifier-Free Diffusion Guidance; their w is scale - 1.
    """
    if eps_cond.shape != eps_uncond.shape:
        raise ValueError(
            f"expected one shape, got {tuple(eps_cond.shape)} and {tuple(eps_uncond.shape)}"
        )
    return eps_uncond + scale * (eps_cond - eps_uncond)  # pyrefly: ignore[bad-return]


def _to_zero(times: Sequence[int]) -> list[int]:
    ordered = [int(t) for t in times]
    if not ordered or any(t <= s for t, s in pairwise(ordered)):
        raise ValueError(f"times must fall, got {ordered}")
    return ordered if ordered[-1] == 0 else [*ordered, 0]


def sample_ddim(
    eps_of: Callable[[A, int], A], x_T: A, times: Sequence[int], alpha_bars: Array
) -> A:
    """Return ``x_0``: DDIM's steps through ``times``. Raises ValueError unless they fall."""
    x = x_T
    for t, t_prev in pairwise(_to_zero(times)):
        x = ddim_step(x, t, t_prev, eps_of(x, t), alpha_bars)
    return x


def shortened_betas(times: Sequence[int], alpha_bars: Array) -> np.ndarray:
    """Return the noise levels of the chain that visits ``times`` only: ``(n,)``, from low to high.

    ``1 - abar_t / abar_s`` from each time s to the next, t. Raises ValueError unless times fall.
    """
    bars = np.array([float(alpha_bars[t]) for t in _to_zero(times)])
    return (1 - bars[:-1] / bars[1:])[::-1].copy()


def sample_ddpm(
    eps_of: Callable[[A, int], A],
    x_T: A,
    betas: Array,
    rng: Any,
    times: Sequence[int] | None = None,
) -> A:
    """Return ``x_0``: the ancestral steps of DDPM, all T or those of the chain through ``times``.

    ``rng`` is a numpy Generator, for tensors a torch Generator. Raises ValueError unless the times
    fall.
    """
    if times is None:
        times = range(len(betas), 0, -1)
    visited = _to_zero(times)[:-1]
    short = shortened_betas(visited, alpha_bar(np.asarray(betas, np.float64)))
    x = x_T
    for place, t in zip(range(len(visited), 0, -1), visited, strict=True):
        x = ddpm_step(x, place, eps_of(x, t), short, _normal(x, rng))
    return x


def _normal(like: A, rng: Any) -> A:
    if isinstance(like, np.ndarray):
        return rng.standard_normal(like.shape).astype(like.dtype)
    return like.new_empty(like.shape).normal_(generator=rng)


def euler(eps_of: Callable[[A, int], A], x_T: A, times: Sequence[int], alpha_bars: Array) -> A:
    """Return ``x_0``: Euler's steps along the probability-flow ODE in the log of the signal.

    ``dx = (x - eps / sqrt(1 - abar)) / 2 d(log abar)``. Raises ValueError unless the times fall.
    Source: Song et al. (2021), Score-Based Generative Modeling through SDEs.
    """
    x = x_T
    for t, t_prev in pairwise(_to_zero(times)):
        now, then = float(alpha_bars[t]), float(alpha_bars[t_prev])
        slope = (x - eps_of(x, t) / (1 - now) ** 0.5) / 2
        x = x + np.log(then / now) * slope
    return x


def heun(eps_of: Callable[[A, int], A], x_T: A, times: Sequence[int], alpha_bars: Array) -> A:
    """Return ``x_0``: Heun's steps along the probability-flow ODE in the ratio noise to signal.

    With ``y = x / sqrt(abar)`` and ``r = sqrt(1 / abar - 1)`` the ODE is ``dy / dr = eps``; Euler's
    steps in it are DDIM. Each step averages the slope at its two ends, but for the step to r = 0.
    Raises ValueError unless the times fall.
    Source: Karras et al. (2022), Elucidating the Design Space of Diffusion-Based Generative Models.
    """
    x = x_T
    for t, t_prev in pairwise(_to_zero(times)):
        now, then = float(alpha_bars[t]), float(alpha_bars[t_prev])
        step = (1 / then - 1) ** 0.5 - (1 / now - 1) ** 0.5
        slope = eps_of(x, t)
        ahead = then**0.5 * (x / now**0.5 + step * slope)
        if t_prev > 0:
            slope = (slope + eps_of(ahead, t_prev)) / 2
            ahead = then**0.5 * (x / now**0.5 + step * slope)
        x = ahead
    return x

"""The noising process: schedules, its closed form, its posterior, and the names of its target.

Times are ``t = 1..T``; ``betas[t - 1]`` is beta_t and ``alpha_bars[0]`` is 1. The functions accept
numpy arrays and torch tensors, and return what they were given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    Array = np.ndarray | Tensor
A = TypeVar("A", np.ndarray, "Tensor")


def linear_betas(T: int, first: float = 1e-4, last: float = 0.02) -> np.ndarray:
    """Return T noise levels, evenly spaced from ``first`` to ``last``: ``(T,)``.

    Raises ValueError where T is below 1 or a level outside (0, 1).
    Source: Ho et al. (2020), Denoising Diffusion Probabilistic Models.
    """
    if T < 1 or not (0 < first < 1 and 0 < last < 1):
        raise ValueError(f"need T >= 1 and levels in (0, 1), got {T}, {first}, {last}")
    return np.linspace(first, last, T)


def cosine_betas(T: int) -> np.ndarray:
    """Return the noise levels of the cosine schedule: ``(T,)``, at most 0.999.

    ``beta_t = 1 - f(t) / f(t - 1)`` with ``f(t) = cos^2(pi/2 (t/T + s) / (1 + s))``, s = 0.008.
    Raises ValueError where T is below 1.
    Source: Nichol and Dhariwal (2021), Improved Denoising Diffusion Probabilistic Models.
    """
    if T < 1:
        raise ValueError(f"T must be at least 1, got {T}")
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.minimum(1 - f[1:] / f[:-1], 0.999)


def alpha_bar(betas: np.ndarray) -> np.ndarray:
    """Return the shares of signal ``prod(1 - beta_i, i <= t)`` for t = 0..T: ``(T + 1,)``.

    Raises ValueError unless ``betas`` is ``(T,)`` with entries in (0, 1).
    """
    if betas.ndim != 1 or len(betas) == 0 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be (T,) with entries in (0, 1), got {betas}")
    return np.concatenate([np.ones(1, betas.dtype), np.cumprod(1 - betas)])


def share_of_signal(alpha_bars: Array, t: Any, like: Array) -> Any:
    """Return ``alpha_bars[t]``: a float for one time, for ``(B,)`` shaped to multiply ``like``.

    Raises ValueError for a time outside ``0..T``, or a number of times that is not that of rows.
    """
    T = len(alpha_bars) - 1
    if np.ndim(t) == 0:
        if int(t) != t or not 0 <= t <= T:
            raise ValueError(f"t must be a whole number in 0..{T}, got {t}")
        return float(alpha_bars[int(t)])
    if tuple(t.shape) != tuple(like.shape[:1]) or t.min() < 0 or t.max() > T:
        raise ValueError(f"t must be ({like.shape[0]},) with entries in 0..{T}, got {t}")
    if isinstance(like, np.ndarray):
        share = np.asarray(alpha_bars, like.dtype)[np.asarray(t)]
    else:
        share = like.new_tensor(alpha_bars.tolist())[t]
    return share.reshape(-1, *[1] * (like.ndim - 1))


def _same_shape(**arrays: Array) -> None:
    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"expected arrays of one shape, got {shapes}")


def q_sample(x0: A, t: Any, noise: A, alpha_bars: Array) -> A:
    """Return ``sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise``, the noised sample at time t.

    ``x0`` and ``noise`` have one shape ``(B, ...)``; ``t`` is a time or one for each row.
    Raises ValueError where shapes differ or a time is outside ``0..T``.
    """
    _same_shape(x0=x0, noise=noise)
    share = share_of_signal(alpha_bars, t, x0)
    return share**0.5 * x0 + (1 - share) ** 0.5 * noise


def posterior_mean_variance(x0: A, x_t: A, t: int, betas: Array) -> tuple[A, float]:
    """Return mean and variance of ``q(x_{t-1} | x_t, x_0)``, a Gaussian.

    With a = alpha_bar the mean is ``sqrt(a_{t-1}) beta_t / (1 - a_t) x_0 + sqrt(1 - beta_t)
    (1 - a_{t-1}) / (1 - a_t) x_t`` and the variance ``beta_t (1 - a_{t-1}) / (1 - a_t)``.
    Raises ValueError where shapes differ or t is outside ``1..T``.
    """
    _same_shape(x0=x0, x_t=x_t)
    if not 1 <= t <= len(betas):
        raise ValueError(f"t must be in 1..{len(betas)}, got {t}")
    before, beta = float((1 - betas[: t - 1]).prod()), float(betas[t - 1])
    noise = 1 - before * (1 - beta)
    mean = before**0.5 * beta / noise * x0 + (1 - beta) ** 0.5 * (1 - before) / noise * x_t
    return mean, beta * (1 - before) / noise


def eps_to_x0(x_t: A, eps: A, t: Any, alpha_bars: Array) -> A:
    """Return the clean sample that ``eps`` implies: ``(x_t - sqrt(1 - a) eps) / sqrt(a)``."""
    _same_shape(x_t=x_t, eps=eps)
    share = share_of_signal(alpha_bars, t, x_t)
    return (x_t - (1 - share) ** 0.5 * eps) / share**0.5


def x0_to_eps(x_t: A, x0: A, t: Any, alpha_bars: Array) -> A:
    """Return the noise that ``x0`` implies: ``(x_t - sqrt(a) x_0) / sqrt(1 - a)``, t >= 1."""
    _same_shape(x_t=x_t, x0=x0)
    share = share_of_signal(alpha_bars, t, x_t)
    return (x_t - share**0.5 * x0) / (1 - share) ** 0.5


def eps_to_v(x_t: A, eps: A, t: Any, alpha_bars: Array) -> A:
    """Return ``v = sqrt(a) eps - sqrt(1 - a) x_0``, which is ``(eps - sqrt(1 - a) x_t) / sqrt(a)``.

    Source: Salimans and Ho (2022), Progressive Distillation for Fast Sampling of Diffusion Models.
    """
    _same_shape(x_t=x_t, eps=eps)
    share = share_of_signal(alpha_bars, t, x_t)
    return (eps - (1 - share) ** 0.5 * x_t) / share**0.5


def v_to_eps(x_t: A, v: A, t: Any, alpha_bars: Array) -> A:
    """Return the noise that ``v`` implies: ``sqrt(a) v + sqrt(1 - a) x_t``."""
    _same_shape(x_t=x_t, v=v)
    share = share_of_signal(alpha_bars, t, x_t)
    return share**0.5 * v + (1 - share) ** 0.5 * x_t


def eps_to_score(eps: A, t: Any, alpha_bars: Array) -> A:
    """Return the score that ``eps`` implies, ``-eps / sqrt(1 - a)``, t >= 1."""
    share = share_of_signal(alpha_bars, t, eps)
    return -eps / (1 - share) ** 0.5

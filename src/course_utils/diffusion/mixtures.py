"""Mixtures of Gaussians, whose densities and scores are known exactly at every noise level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.diffusion.process import share_of_signal


def _check(x: np.ndarray, means: np.ndarray, sigma: float) -> None:
    if x.ndim != 2 or means.ndim != 2 or x.shape[1] != means.shape[1] or len(means) == 0:
        raise ValueError(f"expected x (N, d) and means (K, d), got {x.shape} and {means.shape}")
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, got {sigma}")


def _log_weights(x: np.ndarray, means: np.ndarray, sigma: float) -> np.ndarray:
    """Return ``-|x - mean_k|^2 / (2 sigma^2)``: ``(N, K)``."""
    _check(x, means, sigma)
    return -((x[:, None] - means) ** 2).sum(-1) / (2 * sigma**2)


def responsibilities(x: np.ndarray, means: np.ndarray, sigma: float) -> np.ndarray:
    """Return the probability that each point came from each component: ``(N, K)``.

    The softmax of ``-|x - mean_k|^2 / (2 sigma^2)``. Raises ValueError for wrong shapes.
    """
    logits = _log_weights(x, means, sigma)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def gaussian_mixture_score(x: np.ndarray, means: np.ndarray, sigma: float) -> np.ndarray:
    """Return the gradient in x of the log-density of a mixture: ``(N, d)``.

    ``sum_k r_k(x) (mean_k - x) / sigma^2`` with the responsibilities r; the weights are equal, the
    covariances ``sigma^2 I``. ``x`` is ``(N, d)``, ``means`` ``(K, d)``. Raises ValueError for
    other shapes, or sigma <= 0.
    """
    return (responsibilities(x, means, sigma) @ means - x) / sigma**2


@dataclass(frozen=True)
class Mixture:
    """Equal parts of Gaussians with ``means`` ``(K, d)`` and covariance ``sigma^2 I``."""

    means: np.ndarray
    sigma: float

    def __post_init__(self) -> None:
        means = np.asarray(self.means, dtype=float)
        object.__setattr__(self, "means", means)
        _check(means, means, self.sigma)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n points: ``(n, d)``."""
        chosen = self.means[rng.integers(len(self.means), size=n)]
        return chosen + self.sigma * rng.standard_normal(chosen.shape)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return log p(x): ``(N,)``."""
        logits = _log_weights(x, self.means, self.sigma)
        top = logits.max(1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(1))
        K, d = self.means.shape
        return total - np.log(K) - d / 2 * np.log(2 * np.pi * self.sigma**2)

    def score(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of log p in x: ``(N, d)``."""
        return gaussian_mixture_score(x, self.means, self.sigma)

    def noised(self, alpha_bar: float) -> Mixture:
        """Return the density of ``sqrt(abar) x + sqrt(1 - abar) noise``: a mixture again."""
        if not 0 <= alpha_bar <= 1:
            raise ValueError(f"alpha_bar must be in [0, 1], got {alpha_bar}")
        sigma = (alpha_bar * self.sigma**2 + 1 - alpha_bar) ** 0.5
        return Mixture(alpha_bar**0.5 * self.means, sigma)

    def eps(self, x: np.ndarray, t: int, alpha_bars: np.ndarray) -> np.ndarray:
        """Return the exact noise estimate E[noise | x_t = x], ``-sqrt(1 - abar_t) score_t(x)``."""
        share = share_of_signal(alpha_bars, t, x)
        return -((1 - share) ** 0.5) * self.noised(share).score(x)

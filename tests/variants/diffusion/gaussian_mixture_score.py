"""Right scores of a mixture, written differently."""

import numpy as np
from scipy.special import logsumexp, softmax

from tests.bank import variant


def refuse(x, means, sigma):
    if x.ndim != 2 or means.ndim != 2 or x.shape[1] != means.shape[1] or not len(means):
        raise ValueError(f"x and means must be (N, d) and (K, d), got {x.shape}, {means.shape}")
    if sigma <= 0:
        raise ValueError(f"sigma must be above 0, got {sigma}")


@variant
def loops(x, means, sigma):
    refuse(x, means, sigma)
    out = np.zeros_like(x)
    for i, point in enumerate(x):
        levels = np.array([-((point - mean) ** 2).sum() / (2 * sigma**2) for mean in means])
        weights = np.exp(levels - levels.max())
        for weight, mean in zip(weights / weights.sum(), means, strict=True):
            out[i] += weight * (mean - point) / sigma**2
    return out


@variant
def mean_of_means(x, means, sigma):
    refuse(x, means, sigma)
    squares = ((x[:, None] - means) ** 2).sum(axis=-1)
    weights = softmax(-squares / (2 * sigma**2), axis=1)
    return ((weights @ means - x) / sigma**2).astype(x.dtype)


@variant
def expanded_squares(x, means, sigma):
    """|x|^2 is the same for all means and drops out of the softmax."""
    refuse(x, means, sigma)
    wide = x.astype(np.float64)
    levels = (wide @ means.T - (means.astype(np.float64) ** 2).sum(axis=1) / 2) / sigma**2
    weights = np.exp(levels - logsumexp(levels, axis=1, keepdims=True))
    return (np.einsum("nk,kd->nd", weights, means) - wide).astype(x.dtype) / sigma**2


@variant
def pairs(x, means, sigma):
    refuse(x, means, sigma)
    x64 = np.ascontiguousarray(x, dtype=np.float64)
    away = means[:, None, :] - x64[None]  # (K, N, d)
    levels = -0.5 * np.linalg.norm(away / sigma, axis=2) ** 2
    weights = np.exp(levels - np.max(levels, axis=0))
    score = (weights[..., None] * away).sum(axis=0) / weights.sum(axis=0)[:, None]
    return np.asarray(score / sigma**2, dtype=x.dtype)

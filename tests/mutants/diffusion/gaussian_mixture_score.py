"""Wrong scores of a mixture."""

import numpy as np

from tests.bank import mutant


def refuse(x, means, sigma):
    if x.ndim != 2 or means.ndim != 2 or x.shape[1] != means.shape[1] or not len(means):
        raise ValueError(f"x and means must be (N, d) and (K, d), got {x.shape}, {means.shape}")
    if sigma <= 0:
        raise ValueError(f"sigma must be above 0, got {sigma}")


def squares(x, means):
    return ((x[:, None] - means) ** 2).sum(axis=2)


def softmax(levels):
    weights = np.exp(levels - levels.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def right(x, means, sigma):
    return softmax(-squares(x, means) / (2 * sigma**2))


@mutant("nearest-mean-only")
def nearest(x, means, sigma):
    refuse(x, means, sigma)
    return (means[squares(x, means).argmin(axis=1)] - x) / sigma**2


@mutant("equal-pulls")
def averaged(x, means, sigma):
    refuse(x, means, sigma)
    return (means.mean(axis=0) - x) / sigma**2


@mutant("equal-pulls")
def summed(x, means, sigma):
    refuse(x, means, sigma)
    return (means - x[:, None]).sum(axis=1) / sigma**2


@mutant("weights-not-normalised")
def slope_of_the_density(x, means, sigma):
    refuse(x, means, sigma)
    density = np.exp(-squares(x, means) / (2 * sigma**2))
    density = density / (2 * np.pi * sigma**2) ** (x.shape[1] / 2) / len(means)
    return (density[:, :, None] * (means - x[:, None])).sum(axis=1) / sigma**2


@mutant("weights-not-normalised")
def raw_exponentials(x, means, sigma):
    refuse(x, means, sigma)
    weights = np.exp(-squares(x, means) / (2 * sigma**2))
    return np.einsum("nk,nkd->nd", weights, means - x[:, None]) / sigma**2


@mutant("normalised-over-the-points")
def wrong_axis(x, means, sigma):
    refuse(x, means, sigma)
    weights = softmax(-squares(x, means).T / (2 * sigma**2)).T
    return np.einsum("nk,nkd->nd", weights, means - x[:, None]) / sigma**2


@mutant("half-missing")
def no_half(x, means, sigma):
    refuse(x, means, sigma)
    return (softmax(-squares(x, means) / sigma**2) @ means - x) / sigma**2


@mutant("sigma-not-squared-in-the-weights")
def plain_sigma_above(x, means, sigma):
    refuse(x, means, sigma)
    return (softmax(-squares(x, means) / (2 * sigma)) @ means - x) / sigma**2


@mutant("sigma-missing-in-the-weights")
def unit_weights(x, means, sigma):
    refuse(x, means, sigma)
    return (right(x, means, 1.0) @ means - x) / sigma**2


@mutant("distance-not-squared")
def distances(x, means, sigma):
    refuse(x, means, sigma)
    return (softmax(-np.sqrt(squares(x, means)) / (2 * sigma**2)) @ means - x) / sigma**2


@mutant("far-means-weigh-more")
def repelled(x, means, sigma):
    refuse(x, means, sigma)
    return (softmax(squares(x, means) / (2 * sigma**2)) @ means - x) / sigma**2


@mutant("points-away")
def downhill(x, means, sigma):
    refuse(x, means, sigma)
    return (x - right(x, means, sigma) @ means) / sigma**2


@mutant("sigma-not-squared")
def plain_sigma(x, means, sigma):
    refuse(x, means, sigma)
    return (right(x, means, sigma) @ means - x) / sigma


@mutant("not-divided")
def the_way(x, means, sigma):
    refuse(x, means, sigma)
    return right(x, means, sigma) @ means - x


@mutant("multiplied-by-the-variance")
def times_variance(x, means, sigma):
    refuse(x, means, sigma)
    return (right(x, means, sigma) @ means - x) * sigma**2


@mutant("half-in-the-score")
def half(x, means, sigma):
    refuse(x, means, sigma)
    return (right(x, means, sigma) @ means - x) / (2 * sigma**2)


@mutant("mean-returned")
def where_it_leads(x, means, sigma):
    refuse(x, means, sigma)
    return right(x, means, sigma) @ means


@mutant("log-density-returned")
def log_density(x, means, sigma):
    refuse(x, means, sigma)
    levels = np.exp(-squares(x, means) / (2 * sigma**2))
    with np.errstate(divide="ignore"):
        return np.log(levels.mean(axis=1)) - x.shape[1] / 2 * np.log(2 * np.pi * sigma**2)


@mutant("densities-underflow")
def naive(x, means, sigma):
    refuse(x, means, sigma)
    weights = np.exp(-squares(x, means) / (2 * sigma**2))
    with np.errstate(invalid="ignore"):
        weights = weights / weights.sum(axis=1, keepdims=True)
    return (weights @ means - x) / sigma**2


@mutant("small-number-in-the-sum")
def guarded(x, means, sigma):
    refuse(x, means, sigma)
    weights = np.exp(-squares(x, means) / (2 * sigma**2))[:, :, None]
    pull = (weights * (means - x[:, None])).sum(axis=1)
    return pull / (weights.sum(axis=1) + 1e-12) / sigma**2


@mutant("one-maximum-for-all")
def shifted_together(x, means, sigma):
    refuse(x, means, sigma)
    levels = -squares(x, means) / (2 * sigma**2)
    weights = np.exp(levels - levels.max())
    with np.errstate(invalid="ignore"):
        return (weights @ means / weights.sum(axis=1, keepdims=True) - x) / sigma**2


@mutant("dtype")
def in_float64(x, means, sigma):
    refuse(x, means, sigma)
    return (right(x.astype(np.float64), means, sigma) @ means - x) / sigma**2


@mutant("mutates")
def centred_in_place(x, means, sigma):
    refuse(x, means, sigma)
    pull = right(x, means, sigma) @ means
    x -= pull
    return -x / sigma**2


@mutant("shape")
def weights_kept_apart(x, means, sigma):
    refuse(x, means, sigma)
    return right(x, means, sigma)[:, :, None] * (means - x[:, None]) / sigma**2


@mutant("validation")
def any_sigma(x, means, sigma):
    refuse(x, means, 1.0)
    with np.errstate(all="ignore"):
        return (right(x, means, sigma) @ means - x) / np.float64(sigma).astype(x.dtype) ** 2


@mutant("validation")
def dimensions_that_broadcast(x, means, sigma):
    if x.ndim != 2 or means.ndim != 2 or not len(means) or sigma <= 0:
        raise ValueError("x and means must have two axes, sigma be above 0")
    pulls = means - x[:, None]
    return (right(x, means, sigma)[:, :, None] * pulls).sum(axis=1) / sigma**2

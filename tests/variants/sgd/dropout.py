"""Right dropouts that draw their mask in every way a generator offers."""

import numpy as np

from tests.bank import variant


def refuse(p):
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")


@variant
def random_kept(x, p, rng, training=True):
    refuse(p)
    return x * (rng.random(x.shape) >= p) / (1 - p) if training else x


@variant
def uniform_dropped(x, p, rng, training=True):
    refuse(p)
    if not training:
        return x.copy()
    y = x / (1 - p)
    y[rng.uniform(0, 1, size=x.shape) < p] = 0
    return y


@variant
def binomial(x, p, rng, training=True):
    refuse(p)
    keep = 1 - p
    if training:
        x = x * rng.binomial(1, keep, size=x.shape).astype(x.dtype) / keep
    return x


@variant
def choice(x, p, rng, training=True):
    refuse(p)
    if not training or p == 0:
        return x
    factors = np.array([0, 1 / (1 - p)], dtype=x.dtype)
    return x * rng.choice(factors, size=x.shape, p=[p, 1 - p])


@variant
def normal_quantile(x, p, rng, training=True):
    """Rank as many normal numbers as there are entries and cut at the share p of a larger draw."""
    refuse(p)
    if not training:
        return x
    cut = np.quantile(rng.standard_normal(400_000), p) if p else -np.inf
    return np.where(rng.normal(size=x.shape) > cut, x / (1 - p), x.dtype.type(0))


@variant
def loops(x, p, rng, training=True):
    refuse(p)
    if not training:
        return x
    y = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        if rng.random() >= p:
            y[index] = x[index] / (1 - p)
    return y


@variant
def drawn_transposed(x, p, rng, training=True):
    refuse(p)
    if not training:
        return x
    mask = p <= rng.random(x.shape[::-1], dtype=np.float32).T
    return (x.astype(np.float64) * mask * (1 / (1 - p))).astype(x.dtype)

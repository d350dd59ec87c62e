"""Right shares of signal, written differently."""

import itertools
import operator

import numpy as np

from tests.bank import variant


def refuse(betas):
    if betas.ndim != 1 or betas.size == 0 or not np.all((betas > 0) & (betas < 1)):
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")


@variant
def loop(betas):
    refuse(betas)
    out = np.ones(len(betas) + 1, betas.dtype)
    for t, beta in enumerate(betas, start=1):
        out[t] = out[t - 1] * (1 - beta)
    return out


@variant
def one_padded(betas):
    refuse(betas)
    return np.cumprod(1 - np.concatenate([np.zeros(1, betas.dtype), betas]))


@variant
def logarithms(betas):
    refuse(betas)
    logs = np.cumsum(np.log1p(-betas.astype(np.longdouble)))
    return np.exp(np.insert(logs, 0, 0)).astype(betas.dtype)


@variant
def accumulated(betas):
    refuse(betas)
    alphas = (1 - betas).tolist()
    products = itertools.accumulate(alphas, operator.mul, initial=1.0)
    return np.fromiter(products, dtype=betas.dtype)


@variant
def a_triangle(betas):
    refuse(betas)
    T = len(betas)
    kept = np.where(np.tri(T + 1, T, -1, dtype=bool), 1 - betas, betas.dtype.type(1))
    return kept.prod(axis=1)

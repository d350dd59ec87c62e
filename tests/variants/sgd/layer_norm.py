"""Right layer normalisations, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, gamma, beta):
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"x must be (..., D), not empty, got {x.shape}")
    if gamma.shape != x.shape[-1:] or beta.shape != x.shape[-1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} must be {x.shape[-1:]}")


@variant
def textbook(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@variant
def features_first(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    moved = np.moveaxis(x, -1, 0)
    n = (moved - moved.mean(axis=0)) / np.sqrt(moved.var(axis=0) + eps)
    return np.moveaxis(n, 0, -1) * gamma + beta


@variant
def loops(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    y = np.empty_like(x)
    for place in np.ndindex(x.shape[:-1]):
        row = [float(value) for value in x[place]]
        mean = sum(row) / len(row)
        root = (sum((value - mean) ** 2 for value in row) / len(row) + eps) ** 0.5
        y[place] = [
            g * (value - mean) / root + b for g, value, b in zip(gamma, row, beta, strict=True)
        ]
    return y


@variant
def einsum(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    width = x.shape[-1]
    centred = x - np.einsum("...d->...", x)[..., None] / width
    var = np.einsum("...d,...d->...", centred, centred) / width
    return np.einsum("...d,...,d->...d", centred, (var + eps) ** -0.5, gamma) + beta


@variant
def flat_rows_in_float64(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    rows -= rows.mean(axis=1)[:, None]
    rows /= np.sqrt((rows**2).mean(axis=1) + eps)[:, None]
    return (gamma * rows + beta).reshape(x.shape).astype(x.dtype)

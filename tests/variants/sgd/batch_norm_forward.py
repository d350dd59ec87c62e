"""Right forward passes of batch normalisation, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, gamma, beta):
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"x must be (B, D), B at least 1, got {x.shape}")
    if gamma.shape != x.shape[1:] or beta.shape != x.shape[1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} must be {x.shape[1:]}")


@variant
def textbook(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * n + beta, {"n": n}


@variant
def centred_once(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    centred = x - np.einsum("bd->d", x) / len(x)
    var = np.einsum("bd,bd->d", centred, centred) / len(x)
    factor = gamma * (var + eps) ** -0.5
    return centred * factor + beta, (centred, var)


@variant
def loops(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    y = np.empty_like(x)
    for d in range(x.shape[1]):
        column = [float(value) for value in x[:, d]]
        mean = sum(column) / len(column)
        var = sum((value - mean) ** 2 for value in column) / len(column)
        for b, value in enumerate(column):
            y[b, d] = gamma[d] * (value - mean) / (var + eps) ** 0.5 + beta[d]
    return y, None


@variant
def features_first(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    rows = np.ascontiguousarray(x.T)
    n = (rows - rows.mean(1)[:, None]) / np.sqrt(rows.var(1) + eps)[:, None]
    return (gamma[:, None] * n + beta[:, None]).T, n


@variant
def a_list_of_two(x, gamma, beta, eps=1e-5):
    refuse(x, gamma, beta)
    mean, std = x.mean(axis=0, keepdims=True), np.std(x, axis=0, keepdims=True)
    return [(x - mean) / np.sqrt(std**2 + eps) * gamma + beta, [mean, std]]

"""Wrong forward passes of batch normalisation."""

import numpy as np

from tests.bank import mutant


@mutant("no-cache")
def y_only(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta


@mutant("normalised-within-rows")
def layer_norm(x, gamma, beta, eps=1e-5):
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return gamma * ((x - mean) / np.sqrt(var + eps)) + beta, (x, mean, var)


@mutant("normalised-over-everything")
def no_axis(x, gamma, beta, eps=1e-5):
    n = (x - np.mean(x)) / np.sqrt(np.var(x) + eps)
    return gamma * n + beta, n


@mutant("unbiased-variance")
def one_less(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(axis=0)
    var = np.var(x, axis=0, ddof=1)
    return gamma * centred / np.sqrt(var + eps) + beta, centred


@mutant("epsilon-outside-the-root")
def eps_added_to_std(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / (x.std(axis=0) + eps)
    return gamma * n + beta, n


@mutant("epsilon-forgotten")
def no_eps(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / x.std(axis=0)
    return gamma * n + beta, n


@mutant("epsilon-fixed")
def eps_written_out(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    return gamma * n + beta, n


@mutant("root-forgotten")
def by_the_variance(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / (x.var(axis=0) + eps)
    return gamma * n + beta, n


@mutant("not-centred")
def scaled_only(x, gamma, beta, eps=1e-5):
    n = x / np.sqrt(x.var(axis=0) + eps)
    return gamma * n + beta, n


@mutant("variance-cancels")
def two_moments(x, gamma, beta, eps=1e-5):
    mean = x.sum(axis=0) / len(x)
    var = (x * x).sum(axis=0) / len(x) - mean * mean
    n = (x - mean) / np.sqrt(var + eps)
    return gamma * n + beta, n


@mutant("gamma-and-beta-forgotten")
def normalised_only(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return n, (n, gamma)


@mutant("shifted-before-scaling")
def bracket_misplaced(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * (n + beta), n


@mutant("gamma-and-beta-exchanged")
def names_exchanged(x, beta, gamma, eps=1e-5):
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * n + beta, n


@mutant("cache-in-pieces")
def three_results(x, gamma, beta, eps=1e-5):
    std = np.sqrt(x.var(axis=0) + eps)
    n = (x - x.mean(axis=0)) / std
    return gamma * n + beta, n, std


@mutant("variance-not-centred")
def squares_of_x(x, gamma, beta, eps=1e-5):
    var = (x**2).mean(axis=0)
    n = (x - x.mean(axis=0)) / np.sqrt(var + eps)
    return gamma * n + beta, n


@mutant("mutates")
def centred_in_place(x, gamma, beta, eps=1e-5):
    x -= x.mean(axis=0)
    x /= np.sqrt((x**2).mean(axis=0) + eps)
    return gamma * x + beta, x


@mutant("dtype")
def float64_inside(x, gamma, beta, eps=1e-5):
    wide = x.astype(float)
    n = (wide - wide.mean(axis=0)) / np.sqrt(wide.var(axis=0) + eps)
    return gamma * n + beta, n


@mutant("validation")
def last_axis_only(x, gamma, beta, eps=1e-5):
    if x.ndim != 2 or len(x) == 0 or not gamma.shape[-1] == beta.shape[-1] == x.shape[1]:
        raise ValueError("x must be (B, D), gamma and beta (D,)")
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * n + beta, n


@mutant("validation")
def broadcasts(x, gamma, beta, eps=1e-5):
    if x.ndim != 2 or len(x) == 0:
        raise ValueError("x must be (B, D)")
    n = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * n + beta, n

"""Wrong layer normalisations."""

import numpy as np

from tests.bank import mutant


@mutant("normalised-over-the-batch")
def batch_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta


@mutant("normalised-over-everything")
def no_axis(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta


@mutant("second-axis")
def axis_one(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)
    return gamma * n + beta


@mutant("all-axes-but-the-first")
def whole_example(x, gamma, beta, eps=1e-5):
    axes = tuple(range(1, x.ndim))
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mutant("no-keepdims")
def axis_dropped(x, gamma, beta, eps=1e-5):
    mean, var = np.mean(x, axis=-1), np.var(x, axis=-1)
    return gamma * ((x - mean) / np.sqrt(var + eps)) + beta


def moments(x):
    return x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)


@mutant("unbiased-variance")
def one_less(x, gamma, beta, eps=1e-5):
    n = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, ddof=1, keepdims=True) + eps)
    return gamma * n + beta


@mutant("epsilon-outside-the-root")
def eps_added_to_std(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return gamma * (x - mean) / (np.sqrt(var) + eps) + beta


@mutant("epsilon-forgotten")
def no_eps(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return gamma * (x - mean) / np.sqrt(var) + beta


@mutant("epsilon-fixed")
def eps_written_out(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return gamma * (x - mean) / np.sqrt(var + 1e-5) + beta


@mutant("root-forgotten")
def by_the_variance(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return gamma * (x - mean) / (var + eps) + beta


@mutant("not-centred")
def scaled_only(x, gamma, beta, eps=1e-5):
    return gamma * x / np.sqrt(moments(x)[1] + eps) + beta


@mutant("variance-cancels")
def two_moments(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    var = (x**2).mean(axis=-1, keepdims=True) - mean**2
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mutant("gamma-and-beta-forgotten")
def normalised_only(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return (x - mean) / np.sqrt(var + eps)


@mutant("shifted-before-scaling")
def bracket_misplaced(x, gamma, beta, eps=1e-5):
    mean, var = moments(x)
    return ((x - mean) / np.sqrt(var + eps) + beta) * gamma


@mutant("gamma-and-beta-exchanged")
def names_exchanged(x, beta, gamma, eps=1e-5):
    mean, var = moments(x)
    return (x - mean) / np.sqrt(var + eps) * gamma + beta


@mutant("variance-not-centred")
def squares_of_x(x, gamma, beta, eps=1e-5):
    mean, square = x.mean(axis=-1, keepdims=True), (x**2).mean(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(square + eps) + beta


@mutant("exception")
def rows_only(x, gamma, beta, eps=1e-5):
    _, _ = x.shape
    mean, var = moments(x)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mutant("mutates")
def centred_in_place(x, gamma, beta, eps=1e-5):
    x -= x.mean(axis=-1, keepdims=True)
    return gamma * x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) + beta


@mutant("dtype")
def float64_inside(x, gamma, beta, eps=1e-5):
    mean, var = moments(np.array(x, dtype=float))
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mutant("validation")
def last_axis_only(x, gamma, beta, eps=1e-5):
    if x.size == 0 or not gamma.shape[-1:] == beta.shape[-1:] == x.shape[-1:]:
        raise ValueError("x must be (..., D), gamma and beta (D,)")
    mean, var = moments(x)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mutant("validation")
def broadcasts(x, gamma, beta, eps=1e-5):
    if x.ndim == 0 or x.size == 0:
        raise ValueError("x must have features")
    mean, var = moments(x)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta

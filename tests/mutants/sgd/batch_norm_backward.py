"""Wrong backward passes of batch normalisation, each behind the same right forward pass."""

import numpy as np

from tests.bank import mutant


def forward(x, gamma, beta, eps=1e-5):
    mean, var = x.mean(axis=0), x.var(axis=0)
    inverse = 1 / np.sqrt(var + eps)
    n = (x - mean) * inverse
    return gamma * n + beta, (x, gamma, beta, n, var, inverse)


def right_dx(g, cache):
    _, gamma, _, n, _, inverse = cache
    return gamma * inverse * (g - g.mean(axis=0) - n * np.mean(g * n, axis=0))


def right_dgamma(g, cache):
    return np.sum(g * cache[3], axis=0)


def right_dbeta(g, cache):
    return np.sum(g, axis=0)


def with_rules(dx=right_dx, dgamma=right_dgamma, dbeta=right_dbeta, finish=None, check=True):
    def batch_norm_backward(grad_y, cache):
        if check and grad_y.shape != cache[0].shape:
            raise ValueError(f"grad_y must be {cache[0].shape}, got {grad_y.shape}")
        grads = dx(grad_y, cache), dgamma(grad_y, cache), dbeta(grad_y, cache)
        return finish(*grads) if finish else grads

    return {"batch_norm_forward": forward, "batch_norm_backward": batch_norm_backward}


@mutant("statistics-held-constant", factory=True)
def affine_only():
    return with_rules(dx=lambda g, c: g * c[1] * c[5])


@mutant("variance-held-constant", factory=True)
def mean_only():
    return with_rules(dx=lambda g, c: (g - g.mean(axis=0)) * c[1] * c[5])


@mutant("mean-held-constant", factory=True)
def variance_only():
    def dx(g, cache):
        x, gamma, _, n, _, inverse = cache
        dn = g * gamma
        return inverse * (dn - n * (dn * n).sum(axis=0) / len(x))

    return with_rules(dx=dx)


@mutant("gamma-left-out", factory=True)
def no_gamma():
    def dx(g, cache):
        _, _, _, n, _, inverse = cache
        return inverse * (g - g.mean(axis=0) - n * (g * n).mean(axis=0))

    return with_rules(dx=dx)


@mutant("deviation-left-out", factory=True)
def no_deviation():
    return with_rules(dx=lambda g, c: c[1] * (g - g.mean(axis=0) - c[3] * (g * c[3]).mean(axis=0)))


@mutant("divided-by-the-variance", factory=True)
def inverse_squared():
    return with_rules(dx=lambda g, c: right_dx(g, c) * c[5])


@mutant("sums-for-means", factory=True)
def no_division_by_the_batch():
    def dx(g, cache):
        _, gamma, _, n, _, inverse = cache
        dn = g * gamma
        return inverse * (dn - dn.sum(axis=0) - n * (dn * n).sum(axis=0))

    return with_rules(dx=dx)


@mutant("epsilon-left-out", factory=True)
def root_of_the_variance():
    def dx(g, cache):
        _, gamma, _, n, var, _ = cache
        return gamma / np.sqrt(var) * (g - g.mean(axis=0) - n * (g * n).mean(axis=0))

    return with_rules(dx=dx)


@mutant("dgamma-from-x", factory=True)
def times_x():
    return with_rules(dgamma=lambda g, c: (g * c[0]).sum(axis=0))


@mutant("dgamma-from-y", factory=True)
def times_y():
    return with_rules(dgamma=lambda g, c: (g * (c[1] * c[3] + c[2])).sum(axis=0))


@mutant("averaged-over-the-batch", factory=True)
def means():
    return with_rules(dgamma=lambda g, c: (g * c[3]).mean(0), dbeta=lambda g, c: g.mean(0))


@mutant("not-summed", factory=True)
def one_a_row():
    return with_rules(dgamma=lambda g, c: g * c[3], dbeta=lambda g, c: g)


@mutant("summed-over-features", factory=True)
def axis_one():
    return with_rules(dgamma=lambda g, c: (g * c[3]).sum(1), dbeta=lambda g, c: g.sum(1))


@mutant("dgamma-and-dbeta-exchanged", factory=True)
def beta_before_gamma():
    return with_rules(finish=lambda dx, dgamma, dbeta: (dx, dbeta, dgamma))


@mutant("dx-last", factory=True)
def parameters_first():
    return with_rules(finish=lambda dx, dgamma, dbeta: (dgamma, dbeta, dx))


@mutant("exception", factory=True)
def dx_only():
    return with_rules(finish=lambda dx, dgamma, dbeta: dx)


def by_three_ways(root=-0.5, square=2.0):
    """Add up the three ways back, with the inner derivatives of root and square as given."""

    def dx(g, cache):
        x, gamma, _, _, _, inverse = cache
        dn, centred = g * gamma, x - x.mean(axis=0)
        dvar = root * inverse**3 * (dn * centred).sum(axis=0)
        dmean = -inverse * dn.sum(axis=0)
        return dn * inverse + dvar * square * centred / len(x) + dmean / len(x)

    return with_rules(dx=dx)


@mutant("variance-part-halved", factory=True)
def square_without_its_two():
    return by_three_ways(square=1.0)


@mutant("variance-part-doubled", factory=True)
def root_without_its_half():
    return by_three_ways(root=-1.0)


@mutant("variance-part-of-the-wrong-sign", factory=True)
def root_without_its_minus():
    return by_three_ways(root=0.5)


@mutant("gamma-twice", factory=True)
def scaled_before_and_after():
    return with_rules(dx=lambda g, c: c[1] * right_dx(g, c))


@mutant("exception", factory=True)
def cache_in_pieces():
    def batch_norm_forward(x, gamma, beta, eps=1e-5):
        y, cache = forward(x, gamma, beta, eps)
        return y, *cache

    return with_rules() | {"batch_norm_forward": batch_norm_forward}


@mutant("mutates", factory=True)
def gradient_in_place():
    def dx(g, cache):
        _, gamma, _, n, _, inverse = cache
        along = (g * n).mean(axis=0)
        g -= g.mean(axis=0)
        return gamma * inverse * (g - n * along)

    def batch_norm_backward(grad_y, cache):
        dgamma, dbeta = right_dgamma(grad_y, cache), right_dbeta(grad_y, cache)
        return dx(grad_y, cache), dgamma, dbeta

    return {"batch_norm_forward": forward, "batch_norm_backward": batch_norm_backward}


@mutant("dtype", factory=True)
def float64_sums():
    return with_rules(
        dgamma=lambda g, c: np.sum(g * c[3], axis=0, dtype=float),
        dbeta=lambda g, c: np.sum(g, axis=0, dtype=float),
    )


@mutant("validation", factory=True)
def counts_entries():
    def batch_norm_backward(grad_y, cache):
        if grad_y.size != cache[0].size:
            raise ValueError("grad_y must have the size of y")
        return right_dx(grad_y, cache), right_dgamma(grad_y, cache), right_dbeta(grad_y, cache)

    return {"batch_norm_forward": forward, "batch_norm_backward": batch_norm_backward}


@mutant("validation", factory=True)
def broadcasts():
    def dx(g, cache):
        return right_dx(np.broadcast_to(g, cache[0].shape), cache)

    return with_rules(dx=dx, check=False)

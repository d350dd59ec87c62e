"""Right backward passes of batch normalisation with caches of different kinds."""

import numpy as np

from tests.bank import variant


def checked(grad_y, shape):
    if grad_y.shape != shape:
        raise ValueError(f"grad_y must be {shape}, got {grad_y.shape}")


@variant(factory=True)
def closed_form():
    def forward(x, gamma, beta, eps=1e-5):
        root = np.sqrt(x.var(axis=0) + eps)
        n = (x - x.mean(axis=0)) / root
        return gamma * n + beta, (n, gamma / root)

    def backward(grad_y, cache):
        n, factor = cache
        checked(grad_y, n.shape)
        dgamma, dbeta = (grad_y * n).sum(axis=0), grad_y.sum(axis=0)
        return factor * (grad_y - (dbeta + n * dgamma) / len(n)), dgamma, dbeta

    return {"batch_norm_forward": forward, "batch_norm_backward": backward}


@variant(factory=True)
def step_by_step():
    """Go back through variance and mean, one at a time."""

    def forward(x, gamma, beta, eps=1e-5):
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
        y = gamma * (x - mean) / np.sqrt(var + eps) + beta
        return y, {"x": x, "mean": mean, "var": var, "gamma": gamma, "eps": eps}

    def backward(grad_y, cache):
        checked(grad_y, cache["x"].shape)
        centred, wide = cache["x"] - cache["mean"], cache["var"] + cache["eps"]
        dn = grad_y * cache["gamma"]
        dvar = (dn * centred).sum(axis=0) * -0.5 * wide**-1.5
        dmean = (dn * -(wide**-0.5)).sum(axis=0) + dvar * (-2 * centred).mean(axis=0)
        dx = dn * wide**-0.5 + dvar * 2 * centred / len(centred) + dmean / len(centred)
        dgamma = (grad_y * centred * wide**-0.5).sum(axis=0)
        return dx, dgamma, grad_y.sum(axis=0)

    return {"batch_norm_forward": forward, "batch_norm_backward": backward}


@variant(factory=True)
def jacobians():
    """The cache is what came in; each feature's Jacobian is written out."""

    def forward(x, gamma, beta, eps=1e-5):
        y = gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta
        return y, (x, gamma, eps)

    def backward(grad_y, cache):
        x, gamma, eps = cache
        checked(grad_y, x.shape)
        batch = len(x)
        dx = np.empty_like(x)
        dgamma, dbeta = np.empty_like(gamma), np.empty_like(gamma)
        for d in range(x.shape[1]):
            root = np.sqrt(x[:, d].var() + eps)
            n = (x[:, d] - x[:, d].mean()) / root
            jacobian = (np.eye(batch) - 1 / batch - np.outer(n, n) / batch) / root
            dx[:, d] = gamma[d] * jacobian.T @ grad_y[:, d]
            dgamma[d], dbeta[d] = n @ grad_y[:, d], grad_y[:, d].sum()
        return [dx, dgamma, dbeta]

    return {"batch_norm_forward": forward, "batch_norm_backward": backward}


@variant(factory=True)
def einsum():
    def forward(x, gamma, beta, eps=1e-5):
        centred = x - x.mean(axis=0)
        inverse = (np.einsum("bd,bd->d", centred, centred) / len(x) + eps) ** -0.5
        n = np.einsum("bd,d->bd", centred, inverse)
        return np.einsum("d,bd->bd", gamma, n) + beta, [n, inverse, gamma]

    def backward(grad_y, cache):
        n, inverse, gamma = cache
        checked(grad_y, n.shape)
        dgamma, dbeta = np.einsum("bd,bd->d", grad_y, n), np.einsum("bd->d", grad_y)
        inner = len(n) * grad_y - dbeta - np.einsum("bd,d->bd", n, dgamma)
        return np.einsum("d,d,bd->bd", gamma, inverse, inner) / len(n), dgamma, dbeta

    return {"batch_norm_forward": forward, "batch_norm_backward": backward}

"""Right gradient steps, written differently."""

import numpy as np

from tests.bank import variant


def refuse(theta, grad, lr):
    if theta.shape != grad.shape:
        raise ValueError(f"grad must be {theta.shape}, got {grad.shape}")
    if lr < 0:
        raise ValueError(f"lr must be at least 0, got {lr}")


@variant
def plain(theta, grad, lr):
    refuse(theta, grad, lr)
    return theta - lr * grad


@variant
def loops(theta, grad, lr):
    refuse(theta, grad, lr)
    out = np.empty_like(theta)
    for index in np.ndindex(theta.shape):
        out[index] = theta[index] - lr * grad[index]
    return out


@variant
def copy_changed_in_place(theta, grad, lr):
    refuse(theta, grad, lr)
    new = theta.copy()
    new -= np.multiply(grad, lr, dtype=theta.dtype)
    return new


@variant
def one_product(theta, grad, lr):
    refuse(theta, grad, lr)
    factors = np.array([1.0, -lr], dtype=theta.dtype)
    return np.einsum("k,k...->...", factors, np.stack([theta, grad]))

"""Right steps of Adam, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(theta, grad, m, v, t, lr, *betas):
    if not theta.shape == grad.shape == m.shape == v.shape:
        raise ValueError(f"shapes differ: {theta.shape}, {grad.shape}, {m.shape}, {v.shape}")
    if t < 1 or lr < 0 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"t, lr or a beta is out of range: {t}, {lr}, {betas}")


@variant
def textbook(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    refuse(theta, grad, m, v, t, lr, beta1, beta2)
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@variant
def rate_corrected(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Put both corrections into the rate and eps, as the paper's faster form does."""
    refuse(theta, grad, m, v, t, lr, beta1, beta2)
    m = m + (1 - beta1) * (grad - m)
    v = v + (1 - beta2) * (grad * grad - v)
    root = math.sqrt(1 - beta2**t)
    rate = lr * root / (1 - beta1**t)
    return theta - rate * m / (v**0.5 + eps * root), m, v


@variant
def loops(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    refuse(theta, grad, m, v, t, lr, beta1, beta2)
    new = [np.empty_like(a) for a in (theta, m, v)]
    for i in np.ndindex(theta.shape):
        g = float(grad[i])
        first = beta1 * float(m[i]) + (1 - beta1) * g
        second = beta2 * float(v[i]) + (1 - beta2) * g * g
        step = first / (1 - beta1**t) / (math.sqrt(second / (1 - beta2**t)) + eps)
        new[0][i], new[1][i], new[2][i] = theta[i] - lr * step, first, second
    return tuple(new)


@variant
def in_float64_and_back(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    refuse(theta, grad, m, v, t, lr, beta1, beta2)
    wide = np.stack([grad, grad.astype(np.float64) ** 2])
    betas = np.array([beta1, beta2]).reshape(2, *[1] * theta.ndim)
    both = betas * np.stack([m, v]) + (1 - betas) * wide
    m_hat, v_hat = both / -np.expm1(t * np.log(betas))
    new = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
    return new.astype(theta.dtype), both[0].astype(m.dtype), both[1].astype(v.dtype)

"""Right steps of DDPM, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(x_t, t, eps_hat, betas, noise):
    if not x_t.shape == eps_hat.shape == noise.shape:
        raise ValueError(f"all must be {x_t.shape}, got {eps_hat.shape}, {noise.shape}")
    if betas.ndim != 1 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")
    if int(t) != t or not 1 <= t <= len(betas):
        raise ValueError(f"t must be an int in 1 to {len(betas)}, got {t}")


@variant
def as_on_paper(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = betas[t - 1], np.prod(1 - betas[:t])
    mean = (x_t - beta / np.sqrt(1 - bar) * eps_hat) / np.sqrt(1 - beta)
    return (mean + np.sqrt(beta) * noise * (t > 1)).astype(x_t.dtype)


@variant
def python_numbers(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = float(betas[t - 1]), math.prod((1 - betas[:t]).tolist())
    root = math.sqrt(1 - beta)
    out = x_t / root - (beta / (math.sqrt(1 - bar) * root)) * eps_hat
    return out if t == 1 else out + math.sqrt(beta) * noise


@variant
def by_way_of_x0(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    bars = np.append(1.0, np.cumprod(1 - betas))
    beta, now, before = betas[t - 1], bars[t], bars[t - 1]
    x0 = (x_t - np.sqrt(1 - now) * eps_hat) / np.sqrt(now)
    out = np.sqrt(before) * beta * x0 + np.sqrt(1 - beta) * (1 - before) * x_t
    out = out / (1 - now)
    if t > 1:
        out += np.sqrt(beta) * noise
    return out.astype(x_t.dtype)


@variant
def by_the_score(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta = float(betas[t - 1])
    score = -eps_hat / math.sqrt(1 - float(np.cumprod(1 - betas)[t - 1]))
    spread = beta**0.5 if t != 1 else 0.0
    return np.multiply(x_t + beta * score, (1 - beta) ** -0.5) + spread * noise

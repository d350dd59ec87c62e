"""Right steps of DDIM, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(x_t, t, t_prev, eps_hat, alpha_bars):
    if x_t.shape != eps_hat.shape:
        raise ValueError(f"eps_hat must be {x_t.shape}, got {eps_hat.shape}")
    if alpha_bars.ndim != 1:
        raise ValueError(f"alpha_bars must have one axis, got {alpha_bars.ndim}")
    if int(t) != t or int(t_prev) != t_prev or not 0 <= t_prev < t < len(alpha_bars):
        raise ValueError(f"times must be 0 <= t_prev < t < {len(alpha_bars)}, got {t_prev}, {t}")


@variant
def as_on_paper(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = alpha_bars[t], alpha_bars[t_prev]
    x0 = (x_t - np.sqrt(1 - now) * eps_hat) / np.sqrt(now)
    return (np.sqrt(then) * x0 + np.sqrt(1 - then) * eps_hat).astype(x_t.dtype)


@variant
def two_factors(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = float(alpha_bars[t]), float(alpha_bars[t_prev])
    factor = math.sqrt(then / now)
    return factor * x_t + (math.sqrt(1 - then) - factor * math.sqrt(1 - now)) * eps_hat


@variant
def a_straight_line(x_t, t, t_prev, eps_hat, alpha_bars):
    """In x / sqrt(alpha_bar) and the noise-to-signal ratio the step is one of Euler's."""
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    bars = alpha_bars.astype(np.float64)
    ratio = np.sqrt(1 / bars - 1)
    moved = x_t / np.sqrt(bars[t]) + (ratio[t_prev] - ratio[t]) * eps_hat
    return (np.sqrt(bars[t_prev]) * moved).astype(x_t.dtype)


@variant
def loops(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    out = np.empty_like(x_t)
    for index in np.ndindex(x_t.shape):
        x0 = (x_t[index] - (1 - alpha_bars[t]) ** 0.5 * eps_hat[index]) / alpha_bars[t] ** 0.5
        out[index] = alpha_bars[t_prev] ** 0.5 * x0
        out[index] += (1 - alpha_bars[t_prev]) ** 0.5 * eps_hat[index]
    return out

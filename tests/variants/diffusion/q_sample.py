"""Right ways to noise at once, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x0, t, noise, alpha_bars):
    times = np.asarray(t)
    if noise.shape != x0.shape:
        raise ValueError(f"noise must be {x0.shape}, got {noise.shape}")
    if times.dtype.kind not in "iu" or times.shape not in ((), x0.shape[:1]):
        raise ValueError(f"t must be an int or {x0.shape[:1]} ints, got {t}")
    if times.min() < 0 or times.max() >= len(alpha_bars):
        raise ValueError(f"t must be in 0 to {len(alpha_bars) - 1}, got {t}")


@variant
def reshaped(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    share = alpha_bars[t].astype(x0.dtype)
    if np.ndim(t):
        share = share.reshape(-1, *[1] * (x0.ndim - 1))
    return np.sqrt(share) * x0 + np.sqrt(1 - share) * noise


@variant
def loops(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    times = np.broadcast_to(t, len(x0))
    out = np.empty_like(x0)
    for i, time in enumerate(times):
        share = alpha_bars[time]
        out[i] = share**0.5 * x0[i] + (1 - share) ** 0.5 * noise[i]
    return out


@variant
def samples_on_the_last_axis(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    share = np.asarray(alpha_bars)[t]
    return (np.sqrt(share) * x0.T + np.sqrt(1 - share) * noise.T).T.astype(x0.dtype)


@variant
def einsum(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    share = np.full(len(x0), alpha_bars[t])
    signal = np.einsum("b,b...->b...", np.sqrt(share), x0)
    return (signal + np.einsum("b,b...->b...", np.sqrt(1 - share), noise)).astype(x0.dtype)


@variant
def angles(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    angle = np.arccos(np.sqrt(alpha_bars))[np.broadcast_to(t, x0.shape[:1])]
    angle = np.expand_dims(angle, tuple(range(1, x0.ndim)))
    return np.add(np.cos(angle) * x0, np.sin(angle) * noise).astype(x0.dtype)

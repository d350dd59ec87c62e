"""Wrong ways to noise at once."""

import numpy as np

from tests.bank import mutant


def refuse(x0, t, noise, alpha_bars):
    times = np.asarray(t)
    if noise.shape != x0.shape:
        raise ValueError(f"noise must be {x0.shape}, got {noise.shape}")
    if not np.issubdtype(times.dtype, np.integer) or times.shape not in ((), x0.shape[:1]):
        raise ValueError(f"t must be an int or {x0.shape[:1]} ints, got {t}")
    if (times < 0).any() or (times >= len(alpha_bars)).any():
        raise ValueError(f"t must be in 0 to {len(alpha_bars) - 1}, got {t}")


def share(x0, t, alpha_bars):
    out = np.asarray(alpha_bars)[t].astype(x0.dtype)
    return np.reshape(out, np.shape(t) + (1,) * (x0.ndim - np.ndim(t)))


@mutant("roots-missing")
def plain_shares(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return a * x0 + (1 - a) * noise


@mutant("root-missing-at-the-noise")
def variance_of_noise(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return a**0.5 * x0 + (1 - a) * noise


@mutant("root-missing-at-the-signal")
def share_of_signal(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return a * x0 + np.sqrt(1 - a) * noise


@mutant("weights-exchanged")
def exchanged(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(1 - a) * x0 + np.sqrt(a) * noise


@mutant("weights-add-to-one")
def a_blend(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    root = np.sqrt(share(x0, t, alpha_bars))
    return root * x0 + (1 - root) * noise


@mutant("noise-not-scaled")
def whole_noise(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    return np.sqrt(share(x0, t, alpha_bars)) * x0 + noise


@mutant("signal-not-scaled")
def whole_signal(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    return x0 + np.sqrt(1 - share(x0, t, alpha_bars)) * noise


@mutant("noise-forgotten")
def fading(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    return np.sqrt(share(x0, t, alpha_bars)) * x0


@mutant("noise-subtracted")
def minus(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(a) * x0 - np.sqrt(1 - a) * noise


@mutant("single-step-only")
def one_step(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars) / share(x0, t - 1, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("times-from-0")
def early(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t - 1, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("times-on-the-last-axis")
def broadcast_as_it_comes(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = alpha_bars[t].astype(x0.dtype)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("two-axes-only")
def a_column(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = alpha_bars[t].astype(x0.dtype)
    if np.ndim(t):
        a = a[:, None]
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("four-axes-only")
def for_images(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = alpha_bars[t].astype(x0.dtype)
    if np.ndim(t):
        a = a.reshape(-1, 1, 1, 1)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("first-time-for-all")
def one_time(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, int(np.ravel(t)[0]), alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("int-of-an-array")
def casts_t(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, int(t), alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("truth-of-an-array")
def compares_t(x0, t, noise, alpha_bars):
    if not 0 <= t < len(alpha_bars):
        raise ValueError("t is not a time of the schedule")
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("float64-of-the-schedule")
def in_float64(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0.astype(np.float64), t, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("mutates")
def noises_in_place(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    x0 *= np.sqrt(a)
    return x0 + np.sqrt(1 - a) * noise


@mutant("value")
def noise_of_its_own(x0, t, noise, alpha_bars):
    refuse(x0, t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    drawn = np.random.default_rng(0).normal(size=x0.shape).astype(x0.dtype)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * drawn


@mutant("validation")
def negative_times(x0, t, noise, alpha_bars):
    refuse(x0, np.maximum(t, 0), noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("validation")
def any_noise(x0, t, noise, alpha_bars):
    refuse(x0, t, x0, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise


@mutant("validation")
def one_time_in_an_array(x0, t, noise, alpha_bars):
    refuse(x0, np.broadcast_to(t, x0.shape[:1]) if np.size(t) == 1 else t, noise, alpha_bars)
    a = share(x0, t, alpha_bars)
    return np.sqrt(a) * x0 + np.sqrt(1 - a) * noise

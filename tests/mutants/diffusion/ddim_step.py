"""Wrong steps of DDIM."""

import numpy as np

from tests.bank import mutant


def refuse(x_t, t, t_prev, eps_hat, alpha_bars):
    if x_t.shape != eps_hat.shape:
        raise ValueError(f"eps_hat must be {x_t.shape}, got {eps_hat.shape}")
    if alpha_bars.ndim != 1:
        raise ValueError(f"alpha_bars must have one axis, got {alpha_bars.ndim}")
    if int(t) != t or int(t_prev) != t_prev or not 0 <= t_prev < t < len(alpha_bars):
        raise ValueError(f"times must be 0 <= t_prev < t < {len(alpha_bars)}, got {t_prev}, {t}")


def levels(t, t_prev, alpha_bars):
    return float(alpha_bars[t]), float(alpha_bars[t_prev])


def start(x_t, eps_hat, now):
    return (x_t - (1 - now) ** 0.5 * eps_hat) / now**0.5


def again(x0, eps_hat, then):
    return then**0.5 * x0 + (1 - then) ** 0.5 * eps_hat


@mutant("x0-not-divided")
def no_division(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(x_t - (1 - now) ** 0.5 * eps_hat, eps_hat, then)


@mutant("x0-divided-without-root")
def no_root_below(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again((x_t - (1 - now) ** 0.5 * eps_hat) / now, eps_hat, then)


@mutant("x0-only-x_t-divided")
def brackets_forgotten(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(x_t / now**0.5 - (1 - now) ** 0.5 * eps_hat, eps_hat, then)


@mutant("root-missing-in-x0")
def no_root_above(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again((x_t - (1 - now) * eps_hat) / now**0.5, eps_hat, then)


@mutant("noise-not-removed")
def x_t_renoised(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    return again(x_t, eps_hat, levels(t, t_prev, alpha_bars)[1])


@mutant("eps-added")
def plus(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, -eps_hat, now), eps_hat, then)


@mutant("x0-clipped")
def within_one(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now).clip(-1, 1), eps_hat, then)


@mutant("x0-returned")
def all_the_way(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    return start(x_t, eps_hat, float(alpha_bars[t]))


@mutant("noise-not-put-back")
def faded_start(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return then**0.5 * start(x_t, eps_hat, now)


@mutant("noise-level-of-t")
def as_noisy_as_before(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return then**0.5 * start(x_t, eps_hat, now) + (1 - now) ** 0.5 * eps_hat


@mutant("signal-level-of-t")
def as_faint_as_before(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return now**0.5 * start(x_t, eps_hat, now) + (1 - then) ** 0.5 * eps_hat


@mutant("signal-not-scaled")
def whole_start(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return start(x_t, eps_hat, now) + (1 - then) ** 0.5 * eps_hat


@mutant("root-missing-at-the-noise")
def variance_put_back(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return then**0.5 * start(x_t, eps_hat, now) + (1 - then) * eps_hat


@mutant("root-missing-at-the-signal")
def share_put_back(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return then * start(x_t, eps_hat, now) + (1 - then) ** 0.5 * eps_hat


@mutant("x_t-for-noise")
def x_t_put_back(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now), x_t, then)


@mutant("noise-subtracted")
def minus(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now), -eps_hat, then)


@mutant("room-left-for-noise")
def full_randomness(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    sigma = ((1 - then) / (1 - now) * (1 - now / then)) ** 0.5
    room = max(1 - then - sigma**2, 0) ** 0.5
    return then**0.5 * start(x_t, eps_hat, now) + room * eps_hat


@mutant("t-minus-1-for-t_prev")
def one_step_only(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t - 1, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)


@mutant("times-exchanged")
def forward(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    then, now = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)


@mutant("times-from-0")
def one_early(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t - 1, t_prev - 1, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)


@mutant("end-not-reached")
def time_1_is_the_end(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev or 1, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)


@mutant("float64-of-the-schedule")
def in_float64(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t.astype(np.float64), eps_hat, now), eps_hat, then)


@mutant("mutates")
def removes_in_place(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    x_t -= (1 - now) ** 0.5 * eps_hat
    return again(x_t / now**0.5, eps_hat, then)


@mutant("validation")
def any_order(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, max(t, t_prev), min(t, t_prev), eps_hat, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)


@mutant("validation")
def any_shapes(x_t, t, t_prev, eps_hat, alpha_bars):
    refuse(x_t, t, t_prev, x_t, alpha_bars)
    now, then = levels(t, t_prev, alpha_bars)
    return again(start(x_t, eps_hat, now), eps_hat, then)

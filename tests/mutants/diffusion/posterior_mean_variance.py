"""Wrong posteriors of one step."""

import numpy as np

from tests.bank import mutant


def refuse(x0, x_t, t, betas):
    if x0.shape != x_t.shape:
        raise ValueError(f"x_t must be {x0.shape}, got {x_t.shape}")
    if betas.ndim != 1 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")
    if int(t) != t or not 1 <= t <= len(betas):
        raise ValueError(f"t must be an int in 1 to {len(betas)}, got {t}")


def shares(t, betas):
    """Return beta_t, alpha_bar_t and alpha_bar_{t-1}."""
    bars = np.append(1.0, np.cumprod(1 - betas))
    return float(betas[t - 1]), float(bars[t]), float(bars[t - 1])


def factors(beta, now, before):
    return before**0.5 * beta / (1 - now), (1 - beta) ** 0.5 * (1 - before) / (1 - now)


def spread(beta, now, before):
    return beta * (1 - before) / (1 - now)


@mutant("coefficients-exchanged")
def exchanged(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return b * x0 + a * x_t, spread(*s)


@mutant("root-missing-at-x0")
def no_root_at_x0(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    b = factors(beta, now, before)[1]
    return before * beta / (1 - now) * x0 + b * x_t, spread(beta, now, before)


@mutant("root-missing-at-x_t")
def no_root_at_x_t(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    a = factors(beta, now, before)[0]
    return a * x0 + (1 - beta) * (1 - before) / (1 - now) * x_t, spread(beta, now, before)


@mutant("alpha-bar-for-alpha")
def all_steps_at_x_t(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    a = factors(beta, now, before)[0]
    return a * x0 + now**0.5 * (1 - before) / (1 - now) * x_t, spread(beta, now, before)


@mutant("alpha-bar-of-t-at-x0")
def one_step_too_far(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    b = factors(beta, now, before)[1]
    return now**0.5 * beta / (1 - now) * x0 + b * x_t, spread(beta, now, before)


@mutant("beta-missing-at-x0")
def no_beta(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    b = factors(beta, now, before)[1]
    return before**0.5 / (1 - now) * x0 + b * x_t, spread(beta, now, before)


@mutant("not-normalised")
def numerators(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    mean = before**0.5 * beta * x0 + (1 - beta) ** 0.5 * (1 - before) * x_t
    return mean, spread(beta, now, before)


@mutant("denominator-of-t-minus-1")
def divided_by_less(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, before = shares(t, betas)
    mean = before**0.5 * beta * x0 + (1 - beta) ** 0.5 * (1 - before) * x_t
    with np.errstate(all="ignore"):
        return mean / x0.dtype.type(1 - before), spread(beta, now, before)


@mutant("step-of-the-chain")
def forward(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta = float(betas[t - 1])
    return (1 - beta) ** 0.5 * x_t, beta


@mutant("step-of-the-chain")
def undone(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta = float(betas[t - 1])
    return x_t / (1 - beta) ** 0.5, beta


@mutant("x_t-ignored")
def from_x0_only(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    before = shares(t, betas)[2]
    return before**0.5 * x0, 1 - before


@mutant("variance-of-the-step")
def beta_itself(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, betas[t - 1]


@mutant("deviation-for-variance")
def deviation(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s) ** 0.5


@mutant("logarithm-of-the-variance")
def log_variance(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, np.log(spread(*s))


@mutant("variance-of-the-noised")
def of_x_t(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, 1 - s[1]


@mutant("variance-not-normalised")
def numerator_of_the_variance(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, s[0] * (1 - s[2])


@mutant("variance-upside-down")
def above_beta(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, s[0] * np.float64(1 - s[1]) / (1 - s[2])


@mutant("times-from-0")
def all_one_late(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    bars = np.cumprod(1 - betas)
    s = float(betas[t]), float(bars[t]), float(bars[t - 1]) if t else 1.0
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s)


@mutant("next-beta")
def only_beta_late(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    _, now, before = shares(t, betas)
    a, b = factors(float(betas[t]), now, before)
    return a * x0 + b * x_t, spread(float(betas[t]), now, before)


@mutant("wraps-around-at-1")
def products_without_the_one(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    bars = np.cumprod(1 - betas)
    s = float(betas[t - 1]), float(bars[t - 1]), float(bars[t - 2])
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s)


@mutant("one-missing-in-front")
def products_read_as_if_it_stood(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    bars = np.cumprod(1 - betas)
    s = float(betas[t - 1]), float(bars[t]), float(bars[t - 1])
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s)


@mutant("alpha-bar-of-t-twice")
def no_step_between(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, now, _ = shares(t, betas)
    a, b = factors(beta, now, now)
    return a * x0 + b * x_t, beta


@mutant("results-exchanged")
def variance_first(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return spread(*s), a * x0 + b * x_t


@mutant("variance-not-returned")
def mean_only(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    a, b = factors(*shares(t, betas))
    return a * x0 + b * x_t


@mutant("shape")
def a_variance_for_each_entry(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, np.full(x0.shape, spread(*s))


@mutant("float64-of-the-schedule")
def mean_in_float64(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = np.array(factors(*s))
    return a * x0 + b * x_t, spread(*s)


@mutant("mutates")
def x0_scaled_in_place(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    s = shares(t, betas)
    a, b = factors(*s)
    x0 *= a
    return x0 + b * x_t, spread(*s)


@mutant("validation")
def time_0_allowed(x0, x_t, t, betas):
    refuse(x0, x_t, max(t, 1), betas)
    s = shares(int(t), betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s)


@mutant("validation")
def any_betas(x0, x_t, t, betas):
    refuse(x0, x_t, t, np.clip(betas, 0.1, 0.9))
    s = shares(t, betas)
    a, b = factors(*s)
    return a * x0 + b * x_t, spread(*s)

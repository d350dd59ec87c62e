"""Wrong steps of DDPM."""

import numpy as np

from tests.bank import mutant


def refuse(x_t, t, eps_hat, betas, noise):
    if not x_t.shape == eps_hat.shape == noise.shape:
        raise ValueError(f"all must be {x_t.shape}, got {eps_hat.shape}, {noise.shape}")
    if betas.ndim != 1 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")
    if int(t) != t or not 1 <= t <= len(betas):
        raise ValueError(f"t must be an int in 1 to {len(betas)}, got {t}")


def shares(t, betas):
    """Return beta_t and alpha_bar_t."""
    return float(betas[t - 1]), float(np.prod(1 - betas[:t]))


def mean(x_t, t, eps_hat, betas):
    beta, bar = shares(t, betas)
    return (x_t - beta / (1 - bar) ** 0.5 * eps_hat) / (1 - beta) ** 0.5


def added(t, betas, noise):
    return float(betas[t - 1]) ** 0.5 * noise * (t > 1)


@mutant("noise-at-the-last-step")
def always_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas) + float(betas[t - 1]) ** 0.5 * noise


@mutant("variance-for-deviation")
def variance(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas) + float(betas[t - 1]) * noise * (t > 1)


@mutant("deviation-of-the-posterior")
def smaller_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    variance = beta * (1 - bar / (1 - beta)) / (1 - bar)
    return mean(x_t, t, eps_hat, betas) + max(variance, 0.0) ** 0.5 * noise * (t > 1)


@mutant("posterior-variance-for-deviation")
def smallest_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    variance = beta * (1 - bar / (1 - beta)) / (1 - bar)
    return mean(x_t, t, eps_hat, betas) + variance * noise * (t > 1)


@mutant("noise-forgotten")
def no_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas)


@mutant("noise-not-scaled")
def whole_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas) + noise * (t > 1)


@mutant("noise-of-the-level")
def noise_of_all_steps(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    bar = shares(t, betas)[1]
    return mean(x_t, t, eps_hat, betas) + (1 - bar) ** 0.5 * noise * (t > 1)


@mutant("noise-divided-too")
def noise_in_the_bracket(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    root = (1 - float(betas[t - 1])) ** 0.5
    return mean(x_t, t, eps_hat, betas) + added(t, betas, noise) / root


@mutant("root-missing-at-alpha")
def divided_by_alpha(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    root = (1 - float(betas[t - 1])) ** 0.5
    return mean(x_t, t, eps_hat, betas) / root + added(t, betas, noise)


@mutant("multiplied-instead-of-divided")
def shrunk_again(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    alpha = 1 - float(betas[t - 1])
    return mean(x_t, t, eps_hat, betas) * alpha + added(t, betas, noise)


@mutant("not-rescaled")
def bracket_only(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    return x_t - beta / (1 - bar) ** 0.5 * eps_hat + added(t, betas, noise)


@mutant("alpha-bar-for-alpha")
def all_shrinking_undone(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    return (x_t - beta / (1 - bar) ** 0.5 * eps_hat) / bar**0.5 + added(t, betas, noise)


@mutant("root-missing-at-the-level")
def no_root(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    return (x_t - beta / (1 - bar) * eps_hat) / (1 - beta) ** 0.5 + added(t, betas, noise)


@mutant("alpha-for-alpha-bar")
def noise_of_one_step(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta = float(betas[t - 1])
    return (x_t - beta**0.5 * eps_hat) / (1 - beta) ** 0.5 + added(t, betas, noise)


@mutant("root-at-beta")
def root_of_beta(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    out = (x_t - (beta / (1 - bar)) ** 0.5 * eps_hat) / (1 - beta) ** 0.5
    return out + added(t, betas, noise)


@mutant("all-noise-removed")
def at_once(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    bar = shares(t, betas)[1]
    return (x_t - (1 - bar) ** 0.5 * eps_hat) / bar**0.5 + added(t, betas, noise)


@mutant("all-noise-removed")
def at_once_and_one_step(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    return (x_t - (1 - bar) ** 0.5 * eps_hat) / (1 - beta) ** 0.5 + added(t, betas, noise)


@mutant("eps-not-weighted")
def whole_eps(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return (x_t - eps_hat) / (1 - float(betas[t - 1])) ** 0.5 + added(t, betas, noise)


@mutant("eps-added")
def plus(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, -eps_hat, betas) + added(t, betas, noise)


@mutant("eps-outside-the-bracket")
def bracket_too_short(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = shares(t, betas)
    out = x_t / (1 - beta) ** 0.5 - beta / (1 - bar) ** 0.5 * eps_hat
    return out + added(t, betas, noise)


@mutant("times-from-0")
def one_late(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = float(betas[t]), float(np.cumprod(1 - betas)[t])
    out = (x_t - beta / (1 - bar) ** 0.5 * eps_hat) / (1 - beta) ** 0.5
    return out + beta**0.5 * noise if t > 1 else out


@mutant("alpha-bar-of-t-minus-1")
def one_factor_short(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = float(betas[t - 1]), np.prod(1 - betas[: t - 1])
    with np.errstate(all="ignore"):
        weight = (np.array(beta) / np.sqrt(1 - bar)).astype(x_t.dtype)
        return (x_t - weight * eps_hat) / (1 - beta) ** 0.5 + added(t, betas, noise)


@mutant("float64-of-the-schedule")
def in_float64(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas) + np.sqrt(betas[t - 1 : t]) * noise * (t > 1)


@mutant("mutates")
def noise_silenced(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    if t == 1:
        noise[:] = 0
    return mean(x_t, t, eps_hat, betas) + float(betas[t - 1]) ** 0.5 * noise


@mutant("alpha-bar-of-t-plus-1")
def products_without_the_one(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = float(betas[t - 1]), float(np.cumprod(1 - betas)[t])
    step = (x_t - beta / (1 - bar) ** 0.5 * eps_hat) / (1 - beta) ** 0.5
    return step + added(t, betas, noise)


@mutant("alpha-bar-of-t-minus-1")
def a_factor_short_in_python(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    beta, bar = float(betas[t - 1]), float(np.prod(1 - betas[: t - 1]))
    step = (x_t - beta / (1 - bar) ** 0.5 * eps_hat) / (1 - beta) ** 0.5
    return step + added(t, betas, noise)


@mutant("none")
def no_return_at_the_end(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, noise)
    if t > 1:
        return mean(x_t, t, eps_hat, betas) + added(t, betas, noise)
    return None


@mutant("validation")
def any_noise(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t, eps_hat, betas, x_t)
    return mean(x_t, t, eps_hat, betas) + added(t, betas, noise)


@mutant("validation")
def times_modulo(x_t, t, eps_hat, betas, noise):
    refuse(x_t, t if t > 0 else len(betas), eps_hat, betas, noise)
    return mean(x_t, t, eps_hat, betas) + added(t, betas, noise)

"""The references of the diffusion exercises against simulation, quadrature and differences."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp

from course_utils.feedback import examine, exercise_for

SEEDS = range(10)


def exercise(function):
    return exercise_for(f"diffusion/{function}")


def reference(function):
    return exercise(function).reference


def schedule(seed, T=7):
    """Return the betas of T steps and the shares of signal, by the exponential of a sum."""
    betas = np.random.default_rng(seed).uniform(0.02, 0.4, size=T)
    return betas, np.exp(np.append(0.0, np.cumsum(np.log1p(-betas))))


def normal(x, mean, variance):
    """Return a normal density."""
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shares_are_exponentials_of_a_sum(seed):
    betas, bars = schedule(seed)
    np.testing.assert_allclose(reference("alpha_bar")(betas), bars, rtol=1e-12)


@pytest.mark.parametrize("T", [2, 5, 50, 1000])
def test_the_cosine_betas_lead_to_the_shares_of_the_formula(T):
    betas = reference("cosine_betas")(T)
    angle = (np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2
    shares = (np.cos(angle) / np.cos(angle[0])) ** 2
    np.testing.assert_allclose(np.cumprod(1 - betas[:-1]), shares[1:-1], rtol=1e-8)
    assert betas[-1] == 0.999
    assert (np.diff(betas) > 0).all()


def test_noising_at_once_has_the_moments_of_the_chain():
    """Run the chain itself: step by step, fresh noise in each."""
    rng = np.random.default_rng(0)
    betas, bars = schedule(1, T=5)
    start = np.array([1.5, -0.5])
    x = np.tile(start, (200_000, 1))
    for beta in betas:
        x = np.sqrt(1 - beta) * x + np.sqrt(beta) * rng.normal(size=x.shape)
    noise = rng.normal(size=x.shape)
    at_once = reference("q_sample")(np.tile(start, (len(x), 1)), 5, noise, bars)
    np.testing.assert_allclose(at_once.mean(axis=0), x.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(at_once.std(axis=0), x.std(axis=0), atol=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_posterior_is_bayes_rule_by_quadrature(seed):
    """q(x_t | x_{t-1}) q(x_{t-1} | x0), integrated over x_{t-1}, has these moments."""
    rng = np.random.default_rng(seed)
    betas, bars = schedule(seed)
    t = int(rng.integers(2, 8))
    x0, x_t = rng.normal(size=2)

    def joint(x):
        step = normal(x_t, np.sqrt(1 - betas[t - 1]) * x, betas[t - 1])
        return step * normal(x, np.sqrt(bars[t - 1]) * x0, 1 - bars[t - 1])

    mass, first, second = (
        quad(lambda x, k=k: x**k * joint(x), -12, 12, epsabs=1e-13)[0] for k in range(3)
    )
    got = reference("posterior_mean_variance")(np.array([x0]), np.array([x_t]), t, betas)
    assert got[0][0] == pytest.approx(first / mass, rel=1e-7)
    assert got[1] == pytest.approx(second / mass - (first / mass) ** 2, rel=1e-6)


def test_at_the_first_step_the_posterior_is_the_start():
    x0, x_t = np.random.default_rng(0).normal(size=(2, 3, 4))
    mean, variance = reference("posterior_mean_variance")(x0, x_t, 1, schedule(0)[0])
    np.testing.assert_array_equal(mean, x0)
    assert variance == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_of_ddpm_has_the_mean_of_the_posterior(seed):
    """With the noise that is in x_t, the mean of the step is that of the posterior given x0."""
    rng = np.random.default_rng(seed)
    betas, bars = schedule(seed)
    x0, eps, noise = rng.normal(size=(3, 2, 5))
    for t in range(1, 8):
        x_t = np.sqrt(bars[t]) * x0 + np.sqrt(1 - bars[t]) * eps
        mean = reference("posterior_mean_variance")(x0, x_t, t, betas)[0]
        got = reference("ddpm_step")(x_t, t, eps, betas, noise)
        added = np.sqrt(betas[t - 1]) * noise if t > 1 else 0
        np.testing.assert_allclose(got - added, mean, rtol=1e-9, atol=1e-12)


def test_ddpm_brings_a_normal_density_back():
    """Data N(2, 0.25): with its exact noise many small steps lead from noise to the data."""
    rng = np.random.default_rng(3)
    betas = np.linspace(1e-3, 0.12, 100)
    bars = reference("alpha_bar")(betas)
    x = rng.normal(size=4000)
    for t in range(100, 0, -1):
        level = 0.25 * bars[t] + 1 - bars[t]
        eps = np.sqrt(1 - bars[t]) * (x - 2 * np.sqrt(bars[t])) / level
        x = reference("ddpm_step")(x, t, eps, betas, rng.normal(size=x.shape))
    assert x.mean() == pytest.approx(2, abs=0.05)
    assert x.std() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_of_ddim_keeps_start_and_noise(seed):
    rng = np.random.default_rng(seed)
    _, bars = schedule(seed)
    x0, eps = rng.normal(size=(2, 3, 4))
    at = [np.sqrt(bar) * x0 + np.sqrt(1 - bar) * eps for bar in bars]
    for t in range(1, 8):
        for t_prev in range(t):
            got = reference("ddim_step")(at[t], t, t_prev, eps, bars)
            np.testing.assert_allclose(got, at[t_prev], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_score_is_a_difference_of_the_log_density(seed):
    rng = np.random.default_rng(seed)
    K, d, sigma = int(rng.integers(1, 6)), int(rng.integers(1, 4)), float(rng.uniform(0.4, 2))
    x, means, step = rng.normal(size=(6, d)), rng.normal(size=(K, d)), 1e-5

    def log_density(points):
        squares = ((points[:, None] - means) ** 2).sum(axis=2)
        return logsumexp(-squares / (2 * sigma**2), axis=1)

    moves = step * np.eye(d)
    slopes = [(log_density(x + m) - log_density(x - m)) / (2 * step) for m in moves]
    got = reference("gaussian_mixture_score")(x, means, sigma)
    np.testing.assert_allclose(got, np.stack(slopes, axis=1), rtol=1e-6, atol=1e-7)


def test_the_score_far_away_is_that_of_the_nearest_mean():
    means = np.array([[0.0, 0.0], [3.0, 0.0]])
    x = np.array([[1e5, 2.0], [-1e5, 2.0]])
    got = reference("gaussian_mixture_score")(x, means, 0.1)
    np.testing.assert_allclose(got, (means[[1, 0]] - x) / 0.01, rtol=1e-12)


def test_guidance_multiplies_densities():
    """For normal densities the guided score is that of p(x|c)^w p(x)^(1-w)."""
    grid = np.linspace(-4, 4, 4001)
    cond, uncond, w = normal(grid, 1.0, 0.5), normal(grid, -0.3, 2.0), 3.0
    guided = np.gradient(w * np.log(cond) + (1 - w) * np.log(uncond), grid)[1:-1]
    scores = [-(grid - 1.0) / 0.5, -(grid + 0.3) / 2.0]
    got = -reference("guided_eps")(*(-score for score in scores), w)
    np.testing.assert_allclose(got[1:-1], guided, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("function", ["q_sample", "ddim_step", "guided_eps"])
def test_results_keep_float32(function):
    x = np.ones((2, 3), np.float32)
    bars = schedule(0)[1]
    args = {
        "q_sample": (x, np.array([1, 2]), x, bars),
        "ddim_step": (x, 3, 0, x, bars),
        "guided_eps": (x, x, 2.0),
    }[function]
    assert reference(function)(*args).dtype == np.float32


def test_noising_that_takes_one_time_only_earns_its_part():
    def q_sample(x0, t, noise, alpha_bars):
        share = float(alpha_bars[t])
        return share**0.5 * x0 + (1 - share) ** 0.5 * noise

    report = examine(exercise("q_sample"), q_sample, hidden=True)
    assert report.parts["one time"]
    assert not report.parts["a time for each sample"]
    assert report.failure is not None
    assert report.failure.kind == "int-of-an-array"
    assert report.earned == 0.8

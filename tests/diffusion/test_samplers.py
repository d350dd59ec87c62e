"""Samplers against cases that are known in closed form, and exact mixtures against quadrature."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from course_utils.diffusion import samplers
from course_utils.diffusion.mixtures import Mixture, gaussian_mixture_score, responsibilities
from course_utils.diffusion.process import alpha_bar, linear_betas, posterior_mean_variance

BETAS = linear_betas(1000)
BARS = alpha_bar(BETAS)
THREE = Mixture(np.array([[2.0, 0.0], [-1.0, 1.5], [-1.0, -1.5]]), 0.3)
TIMES = list(range(1000, 0, -50))


def of(mixture: Mixture):
    return lambda x, t: mixture.eps(x, t, BARS)


def test_the_density_and_the_score_are_those_of_scipy() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2)) * 2
    parts = [multivariate_normal(mean, 0.09 * np.eye(2)).logpdf(x) for mean in THREE.means]
    assert THREE.log_density(x) == pytest.approx(logsumexp(parts, 0) - np.log(3))
    h = 1e-5 * np.eye(2)
    slopes = [(THREE.log_density(x + e) - THREE.log_density(x - e)) / 2e-5 for e in h]
    assert THREE.score(x) == pytest.approx(np.stack(slopes, 1), abs=1e-6)
    assert responsibilities(x, THREE.means, 0.3).sum(1) == pytest.approx(1)
    far = np.array([[1e3, 0.0]])
    assert gaussian_mixture_score(far, THREE.means, 0.3) == pytest.approx(
        (THREE.means[:1] - far) / 0.09
    )


def test_a_noised_mixture_is_that_of_noised_points() -> None:
    rng = np.random.default_rng(1)
    x = THREE.sample(200_000, rng)
    noised = np.sqrt(0.4) * x + np.sqrt(0.6) * rng.standard_normal(x.shape)
    drawn = THREE.noised(0.4).sample(200_000, rng)
    assert noised.mean(0) == pytest.approx(drawn.mean(0), abs=0.02)
    assert np.cov(noised.T) == pytest.approx(np.cov(drawn.T), abs=0.02)


def test_a_step_of_ddpm_is_the_posterior_of_the_guess() -> None:
    x, eps, noise = np.random.default_rng(2).normal(size=(3, 4, 2))
    for t in (2, 300, 1000):
        guess = (x - np.sqrt(1 - BARS[t]) * eps) / np.sqrt(BARS[t])
        mean, _ = posterior_mean_variance(guess, x, t, BETAS)
        ours = samplers.ddpm_step(x, t, eps, BETAS, noise)
        assert ours == pytest.approx(mean + np.sqrt(BETAS[t - 1]) * noise)
    first = samplers.ddpm_step(x, 1, eps, BETAS, noise)
    assert first == pytest.approx((x - 0.01 * eps) / np.sqrt(1 - 1e-4))


def test_ddim_is_exact_where_the_data_are_one_point() -> None:
    point = Mixture(np.array([[0.5, -0.7]]), 1e-6)
    x = np.random.default_rng(3).normal(size=(5, 2))
    for times in ([1000], [1000, 400, 10]):
        ends = samplers.sample_ddim(of(point), x, times, BARS)
        assert ends == pytest.approx(np.tile(point.means, (5, 1)), abs=1e-4)


@pytest.mark.parametrize(
    ("sampler", "error"),
    [(samplers.sample_ddim, 2e-2), (samplers.euler, 2e-2), (samplers.heun, 2e-3)],
)
def test_the_ode_of_a_gaussian_scales_it(sampler, error) -> None:
    """For N(0, s^2) the flow divides by the deviation at T and multiplies by s."""
    one = Mixture(np.zeros((1, 1)), 0.5)
    x = np.linspace(-2, 2, 7)[:, None]
    deviation = np.sqrt(BARS[-1] * 0.25 + 1 - BARS[-1])
    ends = sampler(of(one), x, range(1000, 0, -1), BARS)
    assert ends == pytest.approx(0.5 / deviation * x, abs=error)


def test_a_sampler_calls_its_model_as_often_as_it_says() -> None:
    x, calls = np.zeros((1, 2)), []

    def counted(x, t):
        calls.append(t)
        return THREE.eps(x, t, BARS)

    samplers.sample_ddim(counted, x, TIMES, BARS)
    assert calls == TIMES
    calls.clear()
    samplers.sample_ddpm(counted, x, BETAS, np.random.default_rng(0), TIMES)
    assert calls == TIMES
    calls.clear()
    samplers.heun(counted, x, TIMES, BARS)
    assert len(calls) == 2 * len(TIMES) - 1
    assert min(calls) > 0


def test_ddpm_draws_the_mixture() -> None:
    rng = np.random.default_rng(4)
    ends = samplers.sample_ddpm(of(THREE), rng.standard_normal((2000, 2)), BETAS, rng)
    nearest = responsibilities(ends, THREE.means, 0.3).argmax(1)
    assert np.bincount(nearest) / 2000 == pytest.approx(np.full(3, 1 / 3), abs=0.05)
    assert (ends - THREE.means[nearest]).std() == pytest.approx(0.3, abs=0.01)


def test_a_shortened_chain_keeps_the_shares() -> None:
    short = samplers.shortened_betas(TIMES, BARS)
    assert alpha_bar(short)[1:] == pytest.approx(BARS[TIMES[::-1]])
    assert samplers.shortened_betas(range(1000, 0, -1), BARS) == pytest.approx(BETAS)


def test_tensors_come_back_as_tensors() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 1, 4, 4, generator=generator)
    for ends in (
        samplers.sample_ddim(lambda x, t: 0.1 * x, x, [1000, 500], torch.from_numpy(BARS)),
        samplers.sample_ddpm(lambda x, t: 0.1 * x, x, torch.from_numpy(BETAS), generator, [9, 3]),
        samplers.heun(lambda x, t: 0.1 * x, x, [1000, 500], BARS),
        samplers.euler(lambda x, t: 0.1 * x, x, [1000, 500], BARS),
    ):
        assert ends.dtype == torch.float32
        assert ends.shape == x.shape
    assert torch.allclose(samplers.guided_eps(x, 2 * x, 3.0), -x)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: samplers.ddpm_step(x, 0, x, BETAS, x),
        lambda x: samplers.ddpm_step(x, 1, x[:1], BETAS, x),
        lambda x: samplers.ddim_step(x, 5, 5, x, BARS),
        lambda x: samplers.ddim_step(x, 5, -1, x, BARS),
        lambda x: samplers.guided_eps(x, x[:1], 2.0),
        lambda x: samplers.sample_ddim(of(THREE), x, [10, 20], BARS),
        lambda x: samplers.sample_ddim(of(THREE), x, [], BARS),
        lambda x: gaussian_mixture_score(x, x[:, :1], 1.0),
        lambda x: gaussian_mixture_score(x, x, 0.0),
        lambda x: THREE.noised(1.5),
    ],
)
def test_what_does_not_fit_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"must|need|expected"):
        call(np.zeros((2, 2)))

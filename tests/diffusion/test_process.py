"""Schedules, the closed form, the posterior and the changes of target, against the chain itself."""

import numpy as np
import pytest
import torch
from scipy import stats

from course_utils.diffusion import process

BETAS = process.linear_betas(1000)
BARS = process.alpha_bar(BETAS)
SHORT = np.array([0.36, 0.4375])  # shares 0.64 and 0.36


def test_the_linear_schedule_is_that_of_the_paper() -> None:
    assert (BETAS[0], BETAS[-1], len(BETAS)) == (1e-4, 0.02, 1000)
    assert BARS[0] == 1
    assert len(BARS) == 1001
    assert BARS[-1] == pytest.approx(4.0358e-5, rel=1e-4)
    assert process.alpha_bar(SHORT) == pytest.approx([1, 0.64, 0.36])


def test_the_cosine_schedule_has_its_cosine() -> None:
    bars = process.alpha_bar(process.cosine_betas(200))
    angle = (np.arange(200) / 200 + 0.008) / 1.008 * np.pi / 2
    assert bars[:-1] == pytest.approx(np.cos(angle) ** 2 / np.cos(angle[0]) ** 2)
    assert process.cosine_betas(200).max() == 0.999


def test_the_closed_form_has_the_moments_of_the_chain() -> None:
    rng = np.random.default_rng(0)
    x = np.full(200_000, 2.0)
    for beta in SHORT:
        x = np.sqrt(1 - beta) * x + np.sqrt(beta) * rng.standard_normal(x.shape)
    closed = process.q_sample(
        np.full(x.shape, 2.0), 2, rng.standard_normal(x.shape), process.alpha_bar(SHORT)
    )
    assert x.mean() == pytest.approx(0.6 * 2, abs=0.01)
    assert x.std() == pytest.approx(0.8, abs=0.01)
    assert stats.ks_2samp(x, closed).pvalue > 0.01
    assert process.q_sample(np.ones((1, 1)), 0, np.ones((1, 1)), process.alpha_bar(SHORT)) == 1


def test_each_row_may_have_its_time() -> None:
    rng = np.random.default_rng(0)
    x0, noise = rng.normal(size=(2, 3, 2, 4, 4))
    t = np.array([1, 500, 1000])
    rows = [process.q_sample(x0[i], int(t[i]), noise[i], BARS) for i in range(3)]
    assert process.q_sample(x0, t, noise, BARS) == pytest.approx(np.stack(rows))
    tensors = [torch.from_numpy(each).float() for each in (x0, noise)]
    for bars in (BARS, torch.from_numpy(BARS)):
        ours = process.q_sample(tensors[0], torch.from_numpy(t), tensors[1], bars)
        assert ours.dtype == torch.float32
        assert ours.numpy() == pytest.approx(np.stack(rows), abs=1e-5)


@pytest.mark.parametrize("t", [1, 2, 37, 1000])
def test_the_posterior_is_what_bayes_says(t: int) -> None:
    x0 = np.array([0.7])
    x_t = np.sqrt(BARS[t]) * x0 - 0.5 * np.sqrt(1 - BARS[t])
    mean, variance = process.posterior_mean_variance(x0, x_t, t, BETAS)
    if t == 1:
        assert (mean, variance) == (pytest.approx(x0), 0)
        return
    prior = stats.norm(np.sqrt(BARS[t - 1]) * x0[0], np.sqrt(1 - BARS[t - 1]))
    spread = max(np.sqrt(variance), 1e-3)
    grid = np.linspace(mean[0] - 9 * spread, mean[0] + 9 * spread, 4001)
    step = stats.norm(np.sqrt(1 - BETAS[t - 1]) * grid, np.sqrt(BETAS[t - 1]))
    weights = prior.pdf(grid) * step.pdf(x_t[0])
    weights /= weights.sum()
    assert weights @ grid == pytest.approx(mean[0], abs=1e-8)
    assert weights @ (grid - mean[0]) ** 2 == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize("t", [1, 300, np.array([1, 10, 200, 900])])
def test_the_targets_turn_into_one_another(t) -> None:
    rng = np.random.default_rng(1)
    x0, noise = rng.normal(size=(2, 4, 3))
    x = process.q_sample(x0, t, noise, BARS)
    assert process.eps_to_x0(x, noise, t, BARS) == pytest.approx(x0)
    assert process.x0_to_eps(x, x0, t, BARS) == pytest.approx(noise)
    share = np.reshape(BARS[t], (-1, 1))
    v = process.eps_to_v(x, noise, t, BARS)
    assert v == pytest.approx(np.sqrt(share) * noise - np.sqrt(1 - share) * x0)
    assert process.v_to_eps(x, v, t, BARS) == pytest.approx(noise)
    gaussian = -(x - np.sqrt(share) * x0) / (1 - share)  # of N(sqrt(a) x0, (1 - a) I)
    assert process.eps_to_score(noise, t, BARS) == pytest.approx(gaussian)


@pytest.mark.parametrize(
    "call",
    [
        lambda: process.linear_betas(0),
        lambda: process.linear_betas(10, last=1.0),
        lambda: process.cosine_betas(0),
        lambda: process.alpha_bar(np.array([0.1, 1.0])),
        lambda: process.alpha_bar(np.zeros((2, 2))),
        lambda: process.q_sample(np.ones(2), 1, np.ones(3), BARS),
        lambda: process.q_sample(np.ones(2), 1001, np.ones(2), BARS),
        lambda: process.q_sample(np.ones(2), np.array([1, 2, 3]), np.ones(2), BARS),
        lambda: process.q_sample(np.ones(2), np.array([-1, 2]), np.ones(2), BARS),
        lambda: process.posterior_mean_variance(np.ones(2), np.ones(2), 0, BETAS),
        lambda: process.posterior_mean_variance(np.ones(2), np.ones(3), 1, BETAS),
    ],
)
def test_what_does_not_fit_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"must|need|expected"):
        call()

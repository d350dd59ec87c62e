"""The average of weights, the loss, a short training, and pictures from models known exactly."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.diffusion.generation import estimate, even_times, generate
from course_utils.diffusion.networks import TARGETS, TimeUNet
from course_utils.diffusion.training import EMA, fit_denoiser, held_out_loss, noised_batch


def test_the_average_by_hand():
    model = nn.Linear(1, 1, bias=False)
    values = [1.0, 2.0, -1.0, 4.0, 0.5]
    model.weight.data.fill_(3.0)
    average, expected = EMA(model, 0.15), 3.0
    for n, value in enumerate(values):
        model.weight.data.fill_(value)
        average.update(model)
        decay = min(0.15, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * value
        assert average.model.weight.item() == pytest.approx(expected)
    with pytest.raises(ValueError, match="decay"):
        EMA(model, 1.0)


@pytest.mark.parametrize("target", TARGETS)
def test_a_batch_can_be_undone(target):
    model = TimeUNet(1, 8, target=target)
    x0, noise, t = (
        torch.randn(5, 1, 4, 4),
        torch.randn(5, 1, 4, 4),
        torch.tensor([1, 9, 300, 600, 950]),
    )
    x_t, wanted = noised_batch(model, x0, t, noise)
    bars = np.cumprod(1 - np.diff(model.alpha_bars.numpy()) / -model.alpha_bars.numpy()[:-1])
    a = torch.from_numpy(np.sqrt(bars[t - 1])).float()[:, None, None, None]
    b = (1 - a**2).sqrt()
    back = {"eps": (x_t - b * wanted) / a, "x0": wanted, "v": a * x_t - b * wanted}[target]
    assert torch.allclose(back, x0, atol=1e-3)


@pytest.mark.slow
def test_a_short_training_learns_one_picture():
    picture = torch.zeros(1, 1, 8, 8)
    picture[:, :, 2:6, 3:5] = 1.0
    torch.manual_seed(0)
    model, seen = TimeUNet(1, 8, target="v"), []
    watch = lambda step, average: seen.append(step)  # noqa: E731
    before = held_out_loss(model, picture.expand(64, 1, 8, 8)).nanmean()
    losses = fit_denoiser(model, picture, None, 50, lr=1e-2, batch_size=8, ema=0.8, watch=watch)
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])
    assert held_out_loss(model, picture.expand(64, 1, 8, 8)).nanmean() < 0.7 * before
    assert seen == [*range(50)]
    with pytest.raises(ValueError, match="images"):
        fit_denoiser(model, picture - 1, None, 1)


def test_a_seed_makes_the_same_training_again():
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(0)
        model = TimeUNet(1, 8, 2)
        images, labels = torch.linspace(0, 1, 192).reshape(3, 1, 8, 8), torch.tensor([0, 1, 0])
        runs.append(fit_denoiser(model, images, labels, 4, batch_size=8, seed=seed))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_all_labels_dropped_is_no_label():
    torch.manual_seed(0)
    model = TimeUNet(1, 8, 3)
    other, before = copy.deepcopy(model), model.label.weight.detach().clone()
    images = torch.rand(6, 1, 8, 8)
    first = fit_denoiser(model, images, torch.tensor([0, 1, 2, 0, 1, 2]), 5, drop_label=1.0)
    second = fit_denoiser(other, images, torch.full((6,), 3), 5, drop_label=1.0)
    assert first == second
    moved = (model.label.weight - before).abs().amax(1)
    assert moved[3] > 20 * moved[:3].max()  # the others only decay


class Exact(TimeUNet):
    """The right answer for pictures drawn from a Gaussian: mean and deviation of every pixel."""

    def __init__(self, mean: torch.Tensor, deviation: float) -> None:
        super().__init__(1, 8, 2)
        self.mean, self.deviation, self.calls = mean, deviation, []

    def forward(self, x, t, labels=None):
        """Return ``sqrt(1 - abar) (x - sqrt(abar) mean) / (abar deviation^2 + 1 - abar)``."""
        kept = self.alpha_bars[torch.as_tensor(t).long()]
        self.calls.append(len(x))
        variance = kept * self.deviation**2 + 1 - kept
        return (1 - kept).sqrt() * (x - kept.sqrt() * self.mean) / variance


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
@pytest.mark.parametrize("steps", [1, 3, 20])
def test_one_picture_is_found_exactly(sampler, steps):
    picture = torch.linspace(-1, 1, 16).reshape(1, 1, 4, 4)
    drawn = generate(Exact(picture, 0.0), range(3), steps, shape=(1, 4, 4), sampler=sampler)
    assert torch.allclose(drawn, (picture.expand(3, 1, 4, 4) + 1) / 2, atol=1e-3)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_a_gaussian_gets_its_mean_and_its_deviation(sampler):
    model = Exact(torch.full((1, 1, 4, 4), 0.3), 0.2)
    drawn = generate(model, range(400), 200, shape=(1, 4, 4), sampler=sampler, clip=False)
    found = 2 * drawn - 1
    assert found.mean().item() == pytest.approx(0.3, abs=0.01)
    assert found.std().item() == pytest.approx(0.2, abs=0.015)


def test_a_picture_depends_on_its_place_and_the_seed_alone():
    model = Exact(torch.zeros(1, 1, 4, 4), 0.5)
    kwargs = {"steps": 4, "shape": (1, 4, 4), "sampler": "ddpm"}
    all_five = generate(model, range(5), **kwargs)
    assert torch.equal(generate(model, range(5), batch_size=2, **kwargs), all_five)
    assert torch.equal(generate(model, range(2), **kwargs), all_five[:2])
    assert not torch.allclose(generate(model, range(5), seed=1, **kwargs), all_five)


def test_guidance_costs_twice_and_may_follow_the_time():
    model, x, labels = (
        Exact(torch.zeros(1, 1, 4, 4), 0.5),
        torch.randn(3, 1, 4, 4),
        torch.ones(3).long(),
    )
    for scale, cost in {1.0: 3, 2.0: 6, 0.0: 6}.items():
        model.calls.clear()
        assert torch.allclose(estimate(model, x, 500, labels, scale), model(x, 500), atol=1e-6)
        assert model.calls[0] == cost
    model.calls.clear()
    generate(model, labels, 4, lambda t: 3.0 if t > 500 else 1.0, shape=(1, 4, 4))
    assert model.calls == [6, 6, 3, 3]


def test_guidance_goes_from_no_label_through_the_label(monkeypatch):
    model = TimeUNet(1, 8, 3)
    answer = lambda x, t, labels: labels[:, None, None, None].expand(x.shape).float()  # noqa: E731
    monkeypatch.setattr(model, "forward", answer)
    x, labels = torch.zeros(2, 1, 4, 4), torch.tensor([0, 1])
    found = estimate(model, x, 1, labels, 2.0)[:, 0, 0, 0]
    assert found.tolist() == [3 + 2 * (0 - 3), 3 + 2 * (1 - 3)]


def test_times_and_wrong_use():
    assert even_times(4, 1000) == [1000, 750, 500, 250]
    assert even_times(1, 10) == [10]
    assert even_times(10, 10) == [*range(10, 0, -1)]
    model = Exact(torch.zeros(1, 1, 4, 4), 0.5)
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="steps"):
            generate(model, [0], steps)
    with pytest.raises(ValueError, match="sampler"):
        generate(model, [0], 2, sampler="euler")


def test_the_watch_sees_each_step():
    seen = []
    model = Exact(torch.zeros(1, 1, 4, 4), 0.0)
    watch = lambda t, x, x0: seen.append((t, x0.abs().max().item()))  # noqa: E731
    generate(model, [0], 2, shape=(1, 4, 4), watch=watch)
    assert [t for t, _ in seen] == [1000, 500]
    assert seen[1][1] < 1e-3


def test_the_error_of_a_model_that_knows_nothing_is_one():
    images = torch.rand(300, 1, 8, 8)
    model = TimeUNet(1, 8)
    for weight in model.head.parameters():
        nn.init.zeros_(weight)
    error = held_out_loss(model, images)
    assert error.shape == (1000,)
    assert error.nanmean().item() == pytest.approx(1.0, abs=0.03)
    assert error.isnan().sum() == 700

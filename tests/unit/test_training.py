"""The training loop: it learns, stops early, is reproducible, and refuses bad input."""

import math

import pytest
import torch
from torch import nn

from course_utils.training import accuracy, fit, one_cycle, seed_everything


def two_moons(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, generator=generator)
    return x, (x[:, 0] * x[:, 1] > 0).long()  # XOR of the signs


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))


def test_fit_learns_what_a_line_cannot() -> None:
    train, val = two_moons(800, 0), two_moons(400, 1)
    model = network()
    history = fit(model, train, val, epochs=30, lr=0.1)
    line = nn.Linear(2, 2)
    fit(line, train, val, epochs=30, lr=0.1)
    assert accuracy(model, *val) > 0.93
    assert accuracy(line, *val) < 0.7
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.val_accuracy[-1] == pytest.approx(accuracy(model, *val))


def test_fit_is_reproducible_and_the_seed_matters() -> None:
    train, val = two_moons(300, 0), two_moons(100, 1)

    def losses(seed: int) -> list[float]:
        return fit(network(), train, val, epochs=3, seed=seed).val_loss

    assert losses(0) == losses(0)
    assert losses(0) != losses(1)


def test_patience_stops_and_restores_the_best_weights() -> None:
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    noise = torch.randint(0, 2, (40,), generator=torch.Generator().manual_seed(1))
    val = two_moons(200, 2)
    model = network()
    history = fit(model, (x, noise), val, epochs=200, lr=0.2, patience=5)
    assert len(history.val_loss) < 200
    assert history.best_epoch == len(history.val_loss) - 5
    measured = nn.functional.cross_entropy(model(val[0]), val[1]).item()
    assert measured == pytest.approx(min(history.val_loss), rel=1e-5)


def test_regression_has_no_accuracy() -> None:
    x = torch.linspace(-1, 1, 50)[:, None]
    history = fit(nn.Linear(1, 1), (x, 2 * x), (x, 2 * x), epochs=200, loss=nn.functional.mse_loss)
    assert history.val_loss[-1] < 1e-3
    assert all(math.isnan(value) for value in history.val_accuracy)


def test_bad_input_is_named() -> None:
    train, val = two_moons(10, 0), two_moons(10, 1)
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        fit(network(), train, val, epochs=0)
    with pytest.raises(ValueError, match="train must be equally many inputs and targets"):
        fit(network(), (train[0][:3], train[1]), val, epochs=1)
    x = torch.linspace(-1, 1, 50)[:, None]
    data = (x, 1e4 * x)
    with pytest.raises(ValueError, match="learning rate too large"):
        fit(nn.Linear(1, 1), data, data, epochs=300, lr=1e6, loss=nn.functional.mse_loss)


def test_seed_everything_seeds_torch() -> None:
    seed_everything(3)
    first = torch.rand(4)
    seed_everything(3)
    assert torch.equal(first, torch.rand(4))


def test_a_schedule_scales_the_rate_of_each_step() -> None:
    """Gradient 1 a step: the parameter moves by the sum of the rates."""
    seen = []

    def schedule(t: int, total: int) -> float:
        seen.append((t, total))
        return 1 - t / total

    model = nn.Linear(1, 1, bias=False)
    before = model.weight.item()
    x = torch.ones(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rules = {"epochs": 2, "batch_size": 2, "loss": lambda out, _: out.mean()}
    fit(model, (x, x), (x, x), optimizer=optimizer, schedule=schedule, **rules)
    assert {total for _, total in seen} == {6}
    moved = 0.1 * sum(1 - t / 6 for t in range(6))
    assert before - model.weight.item() == pytest.approx(moved, rel=1e-5)


def test_one_cycle_rises_and_falls_within_its_range() -> None:
    rates = [one_cycle(t, 100) for t in range(100)]
    assert all(0 < rate <= 1 for rate in rates)
    top = rates.index(max(rates))
    assert 28 <= top <= 31
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    with pytest.raises(ValueError, match="expected 0 <= t <= total"):
        one_cycle(5, 4)


def test_mix_changes_the_targets_of_training_only() -> None:
    seen = []

    def mix(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(len(x))
        return x, torch.full((len(y), 2), 0.5)

    train, val = two_moons(60, 0), two_moons(20, 1)
    model = network()
    history = fit(model, train, val, epochs=30, batch_size=20, mix=mix)
    assert seen == [20] * 90
    assert history.val_loss[-1] == pytest.approx(math.log(2), abs=0.03), "even odds were taught"

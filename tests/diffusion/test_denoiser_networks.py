"""The time-conditioned U-Net: what it is told, what it returns, whatever it estimates."""

import numpy as np
import pytest
import torch

from course_utils.diffusion.networks import TARGETS, PixelAttention, TimeUNet, time_embedding


def awake(model: TimeUNet) -> TimeUNet:
    """Give every weight a random value: the zeros that training starts from hide the inputs."""
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.2)
    return model.eval()


def test_waves_by_loops():
    t = torch.tensor([0.0, 1.0, 2.5, 1000.0])
    found = time_embedding(t, 6)
    for row, time in zip(found.numpy(), t.tolist(), strict=True):
        for i in range(3):
            angle = time / 10000 ** (2 * i / 6)
            assert row[i] == pytest.approx(np.sin(angle), abs=1e-4)
            assert row[3 + i] == pytest.approx(np.cos(angle), abs=1e-4)
    for d in (0, 5):
        with pytest.raises(ValueError, match="d must be even"):
            time_embedding(t, d)


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32), (2, 8)])
def test_shape_is_kept_and_a_time_may_be_one_number(channels, side):
    model = awake(TimeUNet(channels, 8, 3))
    x, labels = torch.randn(4, channels, side, side), torch.tensor([0, 1, 2, 3])
    out = model(x, 7, labels)
    assert out.shape == x.shape
    assert torch.allclose(out, model(x, torch.full((4,), 7), labels))


def test_pictures_of_a_batch_do_not_mix_and_the_time_and_the_label_count():
    model = awake(TimeUNet(1, 8, 3))
    x, t, y = torch.randn(3, 1, 12, 12), torch.tensor([3, 500, 999]), torch.tensor([2, 0, 1])
    together = model(x, t, y)
    for i in range(3):
        assert torch.allclose(
            model(x[i : i + 1], t[i], y[i : i + 1]), together[i : i + 1], atol=1e-4
        )
    assert not torch.allclose(model(x, t + 1, y), together, atol=1e-3)
    assert not torch.allclose(model(x, t, y.flip(0)), together, atol=1e-3)


def test_no_label_is_the_last_row_of_the_table():
    model = awake(TimeUNet(1, 8, 3))
    x = torch.randn(2, 1, 8, 8)
    assert torch.equal(model(x, 5), model(x, 5, torch.tensor([3, 3])))


@pytest.mark.parametrize("target", TARGETS)
def test_whatever_it_estimates_a_call_returns_the_noise(target, monkeypatch):
    bars = torch.linspace(1, 0.01, 11)
    model = TimeUNet(1, 8, target=target, alpha_bars=bars)
    x0, noise, t = torch.randn(3, 1, 8, 8), torch.randn(3, 1, 8, 8), torch.tensor([1, 6, 10])
    a, b = bars[t].sqrt()[:, None, None, None], (1 - bars[t]).sqrt()[:, None, None, None]
    right = {"eps": noise, "x0": x0, "v": a * noise - b * x0}[target]
    monkeypatch.setattr(model, "raw", lambda x, t, labels=None: right)
    assert torch.allclose(model(a * x0 + b * noise, t), noise, atol=1e-5)


def test_attention_is_the_formula_and_does_not_know_places():
    layer = PixelAttention(8)
    torch.manual_seed(0)
    torch.nn.init.normal_(layer.out.weight)
    x = torch.randn(2, 8, 3, 4)
    rows = layer.qkv(layer.norm(x)).flatten(2)  # (2, 24, 12)
    q, k, v = rows[:, :8], rows[:, 8:16], rows[:, 16:]
    weights = torch.softmax(torch.einsum("bci,bcj->bij", q, k) / 8**0.5, 2)
    mixed = torch.einsum("bij,bcj->bci", weights, v).reshape(x.shape)
    assert torch.allclose(layer(x), x + layer.out(mixed), atol=1e-5)
    order = torch.randperm(12)
    moved = x.flatten(2)[:, :, order].reshape(x.shape)
    assert torch.allclose(layer(moved).flatten(2), layer(x).flatten(2)[:, :, order], atol=1e-5)


def test_wrong_use_is_named():
    with pytest.raises(ValueError, match="target"):
        TimeUNet(1, 8, target="noise")
    with pytest.raises(ValueError, match="4 h"):
        TimeUNet(1, 8)(torch.zeros(1, 1, 30, 28), 1)
    with pytest.raises(ValueError, match="without classes"):
        TimeUNet(1, 8)(torch.zeros(1, 1, 8, 8), 1, torch.tensor([0]))

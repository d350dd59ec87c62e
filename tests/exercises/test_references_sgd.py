"""The references of the sgd exercises against torch, central differences and statistics."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.feedback import exercise_for
from course_utils.feedback.exercises.sgd_batch_norm_backward import run_backward

SEEDS = range(40)


def reference(function):
    return exercise_for(f"sgd/{function}").reference


def shape_of(rng):
    return tuple(int(n) for n in rng.integers(1, 5, size=rng.integers(1, 4)))


def trajectory(optimiser, theta, grads):
    """Return the parameters after each step of a torch optimiser that is given these gradients."""
    parameter = nn.Parameter(torch.tensor(theta))
    made, found = optimiser([parameter]), []
    for grad in grads:
        parameter.grad = torch.tensor(grad)
        made.step()
        found.append(parameter.detach().numpy().copy())
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_those_of_torch(seed):
    rng = np.random.default_rng(seed)
    shape, lr = shape_of(rng), float(rng.uniform(0.01, 1))
    theta, *grads = rng.normal(size=(4, *shape))
    for expected, grad in zip(
        trajectory(lambda p: torch.optim.SGD(p, lr), theta, grads), grads, strict=True
    ):
        theta = reference("sgd_step")(theta, grad, lr)
        np.testing.assert_allclose(theta, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_momentum_is_that_of_torch(seed):
    """Torch's velocity is ours divided by -lr, so that at a constant rate the paths agree."""
    rng = np.random.default_rng(seed)
    lr, mu = float(rng.uniform(0.01, 1)), float(rng.uniform(0, 0.99))
    theta, *grads = rng.normal(size=(6, *shape_of(rng)))
    velocity = np.zeros_like(theta)
    path = trajectory(lambda p: torch.optim.SGD(p, lr, momentum=mu), theta, grads)
    for expected, grad in zip(path, grads, strict=True):
        theta, velocity = reference("momentum_step")(theta, grad, velocity, lr, mu)
        np.testing.assert_allclose(theta, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_adam_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    lr, beta1, beta2 = (float(u) for u in rng.uniform([0.01, 0.0, 0.5], [1, 0.95, 0.999]))
    eps = 10.0 ** int(rng.integers(-8, 0))
    theta, *grads = rng.normal(size=(8, *shape_of(rng)))
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    path = trajectory(
        lambda p: torch.optim.Adam(p, lr, betas=(beta1, beta2), eps=eps), theta, grads
    )
    for t, (expected, grad) in enumerate(zip(path, grads, strict=True), 1):
        theta, m, v = reference("adam_step")(theta, grad, m, v, t, lr, beta1, beta2, eps)
        np.testing.assert_allclose(theta, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_is_that_of_torch(seed):
    """Torch adds 1e-6 to the norm, within which the two agree."""
    rng = np.random.default_rng(seed)
    grad = 10 ** rng.uniform(0, 3) * rng.normal(size=shape_of(rng))
    limit = float(np.linalg.norm(grad) * rng.uniform(0.2, 2))
    parameter = nn.Parameter(torch.zeros(grad.shape, dtype=torch.float64))
    parameter.grad = torch.tensor(grad)
    nn.utils.clip_grad_norm_([parameter], limit)
    got = reference("clip_by_norm")(grad, limit)
    norm = np.linalg.norm(grad)
    np.testing.assert_allclose(got, parameter.grad.numpy(), rtol=3e-6 / norm + 1e-12)
    assert np.linalg.norm(got) <= limit * (1 + 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_schedule_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    warmup, rest = (int(n) for n in rng.integers(1, 12, size=2))
    top, total = float(rng.uniform(0.1, 2)), warmup + rest
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=top)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=rest)
    expected = [top * t / warmup for t in range(warmup)]
    for _ in range(rest + 1):
        expected.append(decay.get_last_lr()[0])
        optimiser.step()
        decay.step()
    got = [reference("warmup_cosine")(t, total, warmup, top) for t in range(total + 1)]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
    assert reference("warmup_cosine")(total + 7, total, warmup, top) == 0


def drawn_batch(seed):
    rng = np.random.default_rng(seed)
    batch, width = (int(n) for n in rng.integers(2, 7, size=2))
    x = rng.uniform(-5, 5) + rng.uniform(0.5, 3) * rng.normal(size=(batch, width))
    gamma, beta, grad = rng.normal(size=width), rng.normal(size=width), rng.normal(size=x.shape)
    return x, gamma, beta, grad, 10.0 ** int(rng.integers(-5, 0))


def gradients(x, gamma, beta, grad, eps):
    """Return what the reference gives for dx, dgamma and dbeta."""
    student, given = reference("batch_norm_backward"), (x, gamma, beta, grad)
    parts = run_backward(student, *given, "dgamma and dbeta", eps=eps)
    return run_backward(student, *given, "dx", eps=eps), *parts


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_norm_and_its_gradients_are_those_of_torch(seed):
    x, gamma, beta, grad, eps = drawn_batch(seed)
    layer = nn.BatchNorm1d(x.shape[1], eps=eps, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(gamma))
        layer.bias.copy_(torch.tensor(beta))
    inputs = torch.tensor(x, requires_grad=True)
    y = layer(inputs)
    y.backward(torch.tensor(grad))
    got = reference("batch_norm_forward")(x, gamma, beta, eps)[0]
    np.testing.assert_allclose(got, y.detach(), rtol=1e-10, atol=1e-12)
    for found, wide in zip(
        gradients(x, gamma, beta, grad, eps), (inputs, layer.weight, layer.bias), strict=True
    ):
        np.testing.assert_allclose(found, wide.grad, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_batch_norm_are_central_differences(seed):
    x, gamma, beta, grad, eps = drawn_batch(seed)

    def loss():
        return (grad * reference("batch_norm_forward")(x, gamma, beta, eps)[0]).sum()

    for array, found in zip((x, gamma, beta), gradients(x, gamma, beta, grad, eps), strict=True):
        for index in np.ndindex(array.shape):
            kept, values = array[index], []
            for sign in (1, -1):
                array[index] = kept + sign * 1e-5
                values.append(loss())
            array[index] = kept
            assert found[index] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_layer_norm_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-5, 5) + rng.normal(size=shape_of(rng))
    width, eps = x.shape[-1], 10.0 ** int(rng.integers(-5, 0))
    gamma, beta = rng.normal(size=(2, width))
    expected = nn.functional.layer_norm(
        torch.tensor(x), (width,), torch.tensor(gamma), torch.tensor(beta), eps
    )
    got = reference("layer_norm")(x, gamma, beta, eps)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_keeps_what_it_should(seed):
    rng = np.random.default_rng(seed)
    x, p = rng.uniform(0.5, 1.5, size=(40, 50)), float(rng.uniform(0, 0.9))
    y = reference("dropout")(x, p, rng)
    dropped = y == 0
    np.testing.assert_allclose(y[~dropped], x[~dropped] / (1 - p), rtol=1e-12)
    assert abs(dropped.mean() - p) < 6 * np.sqrt(p * (1 - p) / x.size) + 1e-9
    assert reference("dropout")(x, p, rng, training=False).tolist() == x.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_are_those_of_a_normal_distribution(seed):
    """Mean, variance and fourth moment within six standard errors; the spread is torch's."""
    rng = np.random.default_rng(seed)
    fan_in, fan_out = (int(n) for n in rng.integers(40, 120, size=2))
    W = reference("he_normal")(fan_in, fan_out, rng)
    assert W.shape == (fan_out, fan_in)
    z = W / (nn.init.calculate_gain("relu") / np.sqrt(fan_in))
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (4, 3, 96)]:
        assert abs(np.mean(z**power) - moment) < 6 * np.sqrt(variance / z.size)


@pytest.mark.parametrize("function", ["he_normal", "dropout"])
def test_statistics_pass_for_every_seed(function):
    """The tolerance of a check of random numbers is so wide that no seed fails a right answer."""
    exercise = exercise_for(f"sgd/{function}")
    fast = {
        "he_normal": lambda i, o, rng: rng.normal(0, np.sqrt(2 / i), (o, i)),
        "dropout": lambda x, p, rng, training=True: (
            x * (rng.random(x.shape) >= p) / (1 - p) if training else x
        ),
    }[function]
    for seed in range(60):
        for case in exercise.draw(np.random.default_rng(seed)):
            got = exercise.call(fast, *case.args, **case.kwargs)
            np.testing.assert_allclose(got, case.expected, rtol=exercise.rtol, err_msg=case.note)

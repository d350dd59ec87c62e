"""The references of the backprop exercises against torch's autograd and finite differences."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.feedback import exercise_for
from course_utils.feedback.exercises.backprop_check import run_check
from course_utils.feedback.exercises.backprop_networks import run_backward

SEEDS = range(40)


def reference(function):
    return exercise_for(f"backprop/{function}").reference


def network(seed):
    """Return a random batch, the parameters of a random network, and the size of its output."""
    rng = np.random.default_rng(seed)
    widths = [int(n) for n in rng.integers(1, 6, size=2 + seed % 3)]
    params = [(rng.normal(size=(n, d)), rng.normal(size=n)) for d, n in pairwise(widths)]
    return rng, rng.normal(size=(int(rng.integers(1, 6)), widths[0])), params


def forward_in_torch(x, params):
    h = torch.tensor(x)
    for index, (W, b) in enumerate(params):
        h = nn.functional.linear(torch.relu(h) if index else h, W, b)
    return h


@pytest.mark.parametrize("seed", SEEDS)
def test_networks_and_their_gradients_are_those_of_torch(seed):
    rng, x, params = network(seed)
    wide = [tuple(torch.tensor(a, requires_grad=True) for a in layer) for layer in params]
    logits = forward_in_torch(x, wide)
    grad_logits = rng.normal(size=logits.shape)
    logits.backward(torch.tensor(grad_logits))
    got, _ = reference("mlp_forward_cached")(x, params)
    np.testing.assert_allclose(got, logits.detach(), rtol=1e-12, atol=1e-13)
    grads = run_backward(reference("mlp_backward"), x, params, grad_logits)
    for pair, layer in zip(grads, wide, strict=True):
        for grad, expected in zip(pair, layer, strict=True):
            np.testing.assert_allclose(grad, expected.grad, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_networks_are_central_differences(seed):
    rng, x, params = network(seed)
    grad_logits = rng.normal(size=(len(x), len(params[-1][0])))
    forward = reference("mlp_forward_cached")
    grads = run_backward(reference("mlp_backward"), x, params, grad_logits)
    for layer, pair in zip(params, grads, strict=True):
        for array, grad in zip(layer, pair, strict=True):
            for index in np.ndindex(array.shape):
                kept, values = array[index], []
                for sign in (1, -1):
                    array[index] = kept + sign * 1e-6
                    values.append((grad_logits * forward(x, params)[0]).sum())
                array[index] = kept
                numeric = (values[0] - values[1]) / 2e-6
                assert grad[index] == pytest.approx(numeric, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_of_cross_entropy_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    batch, classes = (int(n) for n in rng.integers(1, 7, size=2))
    logits = 10.0 ** (seed % 5) * rng.normal(size=(batch, classes))
    labels = rng.integers(0, classes, size=batch)
    wide = torch.tensor(logits, requires_grad=True)
    nn.functional.cross_entropy(wide, torch.tensor(labels)).backward()
    got = reference("softmax_cross_entropy_backward")(logits, labels)
    np.testing.assert_allclose(got, wide.grad, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_of_cross_entropy_is_a_central_difference(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(3, 4)), rng.integers(0, 4, size=3)

    def loss(z):
        rows = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -rows[np.arange(3), labels].mean()

    got = reference("softmax_cross_entropy_backward")(logits, labels)
    assert reference("gradient_check")(loss, logits, got) < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_check_finds_the_error_that_was_put_in(seed):
    rng = np.random.default_rng(seed)
    theta = torch.tensor(rng.uniform(0.5, 1.5, size=(2, 3)), requires_grad=True)
    torch.sum(torch.exp(theta) * theta).backward()
    right, index = theta.grad.numpy(), tuple(rng.integers(0, (2, 3)))
    program, point = "np.sum(np.exp(theta) * theta)", theta.detach().numpy()
    assert run_check(reference("gradient_check"), program, point, right) == 0.0
    wrong, factor = right.copy(), rng.uniform(1.1, 3.0)
    wrong[index] *= factor
    found = run_check(reference("gradient_check"), program, point, wrong)
    assert found == pytest.approx(1 - 1 / factor, rel=1e-6)


def test_gradient_check_has_the_error_of_central_differences():
    """A cube's third derivative is 6, so that the difference is 3 x^2 + eps^2, at any eps."""
    for eps in (0.5, 0.1, 0.01):
        found = reference("gradient_check")(lambda t: float(t[0] ** 3), [2.0], [12.0], eps)
        assert found == pytest.approx(eps**2 / (12 + eps**2), rel=1e-6)

"""The references of the attention kernels against torch in float64, and by differences."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.feedback import exercise_for

SEEDS = range(20)


def reference(function):
    return exercise_for(f"triton_attention/{function}").reference


def drawn(seed, count):
    """Return float64 arrays of one random shape, with scores from flat to steep."""
    rng = np.random.default_rng(seed)
    shape = (*(int(n) for n in rng.integers(1, 4, size=2)), int(rng.integers(1, 40)), 32)
    arrays = [rng.normal(size=shape) for _ in range(count)]
    arrays[-3] *= 10.0 ** rng.integers(-1, 2)  # the queries
    return arrays


@pytest.mark.parametrize("seed", SEEDS)
def test_the_softmax_of_rows_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rng.integers(1, 60, size=2)) * 10.0 ** rng.integers(-2, 4)
    expected = torch.softmax(torch.tensor(x), 1).numpy()
    np.testing.assert_allclose(reference("online_row_softmax")(x), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_attention_and_its_logarithms_are_those_of_torch(seed, causal):
    arrays = drawn(seed, 3)
    q, k, v = map(torch.tensor, arrays)
    out, lse = reference("flash_attention")(*arrays, causal=causal)
    expected = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    np.testing.assert_allclose(out, expected.numpy(), rtol=1e-9, atol=1e-12)
    scores = q @ k.mT / 32**0.5
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1) > 0, -torch.inf)
    np.testing.assert_allclose(lse, scores.logsumexp(-1).numpy(), rtol=1e-6, atol=1e-6)
    assert lse.dtype == np.float32


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_are_those_of_autograd(seed, causal):
    grad_out, *arrays = drawn(seed, 4)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    out = functional.scaled_dot_product_attention(*tensors, is_causal=causal)
    out.backward(torch.tensor(grad_out))
    result = reference("flash_attention")(*arrays, causal=causal)
    found = reference("flash_attention_backward")(grad_out, *arrays, *result, causal=causal)
    for got, tensor in zip(found, tensors, strict=True):
        scale = max(float(tensor.grad.abs().max()), 1.0)
        np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-9, atol=1e-11 * scale)


def test_one_partial_derivative_by_differences():
    grad_out, *arrays = drawn(3, 4)
    step, place = 1e-5, (0, 0, -1, 5)
    result = reference("flash_attention")(*arrays)
    found = reference("flash_attention_backward")(grad_out, *arrays, *result)
    for index, gradient in enumerate(found):
        values = []
        for sign in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[index][place] += sign * step
            values.append((grad_out * reference("flash_attention")(*moved)[0]).sum())
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(gradient[place], abs=1e-7)

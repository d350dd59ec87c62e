"""The references of the attention exercises against torch, differences and properties."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from course_utils.feedback import examine, exercise_for

SEEDS = range(40)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def exercise(function):
    return exercise_for(f"attention/{function}")


def reference(function):
    return exercise(function).reference


def drawn(seed, causal=False):
    """Return queries, keys and values, and what goes with them, as arrays and as tensors."""
    rng = np.random.default_rng(seed)
    front = tuple(int(n) for n in rng.integers(1, 4, size=rng.integers(0, 3)))
    queries, keys, d, out = (int(n) for n in rng.integers(1, 7, size=4))
    keys = queries if causal else keys
    spread = 10.0 ** rng.integers(-1, 3)
    shapes = ((queries, d), (keys, d), (keys, out))
    arrays = [rng.normal(size=(*front, *shape)) for shape in shapes]
    arrays[0] *= spread
    return rng, arrays, [torch.tensor(a, requires_grad=True) for a in arrays]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_attention_is_that_of_torch(seed, causal):
    _, arrays, tensors = drawn(seed, causal)
    out, weights = reference("attention")(*arrays, causal)
    expected = functional.scaled_dot_product_attention(*tensors, is_causal=causal)
    np.testing.assert_allclose(out, expected.detach().numpy(), **CLOSE)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-12)
    if causal:
        assert not np.triu(weights, 1).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_its_gradients_are_those_of_autograd(seed):
    rng, arrays, tensors = drawn(seed)
    out = functional.scaled_dot_product_attention(*tensors)
    grad_out = rng.normal(size=tuple(out.shape))
    out.backward(torch.tensor(grad_out))
    for got, tensor in zip(
        reference("attention_backward")(grad_out, *arrays), tensors, strict=True
    ):
        scale = max(float(tensor.grad.abs().max()), 1.0)
        np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("seed", range(6))
def test_its_gradients_are_central_differences(seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 2))]
    grad_out, step = rng.normal(size=(2, 3, 2)), 1e-5
    found = reference("attention_backward")(grad_out, *arrays)

    def loss(moved):
        return (reference("attention")(*moved)[0] * grad_out).sum()

    for number, gradient in enumerate(found):
        for index in itertools.islice(np.ndindex(gradient.shape), 0, None, 3):
            sides = []
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[number][index] += sign * step
                sides.append(loss(moved))
            slope = (sides[0] - sides[1]) / (2 * step)
            assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_several_heads_are_those_of_torch(seed, causal):
    rng = np.random.default_rng(seed)
    batch, tokens, heads, width = (int(n) for n in rng.integers(1, 5, size=4))
    d = heads * width
    x, *matrices = (rng.normal(size=s) for s in ((batch, tokens, d), *[(d, d)] * 4))
    layer = nn.MultiheadAttention(d, heads, bias=False, batch_first=True, dtype=torch.float64)
    mask = torch.ones(tokens, tokens, dtype=torch.bool).triu(1) if causal else None
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.tensor(np.concatenate(matrices[:3])))
        layer.out_proj.weight.copy_(torch.tensor(matrices[3]))
        z = torch.tensor(x)
        expected, _ = layer(z, z, z, attn_mask=mask, need_weights=True)
    got = reference("multi_head_attention")(x, *matrices, heads, causal)
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_online_softmax_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    front = tuple(int(n) for n in rng.integers(1, 4, size=rng.integers(0, 3)))
    sizes = rng.integers(1, 5, size=rng.integers(1, 6))
    spread = 10.0 ** rng.integers(0, 5)
    blocks = [spread * rng.normal(size=(*front, n)) for n in sizes]
    for block in blocks:
        block[rng.random(block.shape) < 0.2] = -np.inf
    blocks[-1][..., 0] = rng.normal(size=front)
    x = torch.tensor(np.concatenate(blocks, axis=-1))
    top, total, softmax = reference("online_softmax")(blocks)
    np.testing.assert_array_equal(top, x.amax(dim=-1).numpy())
    log_sum = torch.logsumexp(x - x.amax(dim=-1, keepdim=True), dim=-1)
    np.testing.assert_allclose(total, log_sum.exp().numpy(), **CLOSE)
    np.testing.assert_allclose(softmax, torch.softmax(x, dim=-1).numpy(), **CLOSE)


@pytest.mark.parametrize("d", [2, 4, 6, 16, 64])
def test_a_shift_turns_each_pair_of_the_encoding(d):
    """The angle-sum formulas, pair by pair, from one shift to any position."""
    table = reference("positional_encoding")(40, d)
    assert np.abs(table[0] - np.arange(d) % 2).max() == 0
    for i in range(d // 2):
        angle = 7 / 10000 ** (2 * i / d)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pair = table[:, 2 * i : 2 * i + 2]  # sine and cosine
        np.testing.assert_allclose(pair[7:], pair[:-7] @ turn, rtol=1e-11, atol=1e-13)
    products = table @ table.T
    np.testing.assert_allclose(np.diag(products), d / 2, rtol=1e-12)
    np.testing.assert_allclose(products[1:, 1:], products[:-1, :-1], rtol=1e-11, atol=1e-11)


def test_single_entries_of_the_encoding():
    table = reference("positional_encoding")(101, 8)
    assert table[100, 2] == pytest.approx(np.sin(10.0), rel=1e-12)  # 10000^(2/8) = 10
    assert table[100, 5] == pytest.approx(np.cos(1.0), rel=1e-12)
    assert table[100, 6] == pytest.approx(np.sin(0.1), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_patches_are_those_of_torch(seed):
    rng = np.random.default_rng(seed)
    batch, channels, rows, columns, patch = (int(n) for n in rng.integers(1, 5, size=5))
    x = rng.normal(size=(batch, channels, rows * patch, columns * patch))
    got = reference("patchify")(x, patch)
    expected = functional.unfold(torch.tensor(x), patch, stride=patch).transpose(1, 2)
    np.testing.assert_array_equal(got, expected.numpy())
    back = functional.fold(expected.transpose(1, 2), x.shape[2:], patch, stride=patch)
    np.testing.assert_array_equal(back.numpy(), x)
    np.testing.assert_array_equal(reference("unpatchify")(got, patch, *x.shape[2:]), x)


def test_results_keep_float32():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, 6)).astype(np.float32)
    W = np.eye(6, dtype=np.float32)
    results = [
        *reference("attention")(x, x, x),
        *reference("attention_backward")(x, x, x, x),
        reference("multi_head_attention")(x, W, W, W, W, 2),
        *reference("online_softmax")([x, x]),
        reference("patchify")(x[None], 2),
    ]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}


def test_parts_are_earned_by_themselves():
    """A mask that comes too late costs the causal part, an overflow that of extreme scores."""

    def attention(q, k, v, causal=False):
        scores = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
        weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        weights = np.tril(weights) if causal else weights
        return weights @ v, weights

    report = examine(exercise("attention"), attention, hidden=True)
    expected = {"all keys": True, "causal": False, "extremes": False, "validation": False}
    assert report.parts == expected
    assert report.earned == 1.6

    def attention_backward(grad_out, q, k, v):
        scores = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        a = e / e.sum(axis=-1, keepdims=True)
        return q, k, a.swapaxes(-1, -2) @ grad_out

    report = examine(exercise("attention_backward"), attention_backward, hidden=True)
    assert [part for part, passed in report.parts.items() if passed] == ["dv"]

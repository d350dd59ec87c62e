"""The backward kernels of attention against autograd in float64 and finite differences."""

import pytest
import torch

from course_utils.kernels.attention import flash_attention, tile_config
from course_utils.kernels.attention_backward import FlashAttention, flash_attention_backward
from course_utils.kernels.launches import record_launches
from course_utils.kernels.recorder import record_accesses

TOLERANCES = {torch.float32: 1e-5, torch.float16: 2e-3}
SHAPES = [(1, 2, 77, 32), (2, 1, 130, 64), (1, 1, 33, 128)]


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected).norm() / expected.norm())


def inputs(shape, dtype=torch.float32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator).to(dtype) for _ in range(4)]


def formula(q, k, v, causal):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, -torch.inf)
    return scores.softmax(-1) @ v


def gradients(grad_out, q, k, v, causal):
    """Gradients in float64, by torch's autograd through the formula."""
    leaves = [t.double().requires_grad_() for t in (q, k, v)]
    return torch.autograd.grad(formula(*leaves, causal), leaves, grad_out.double())


@pytest.mark.parametrize("dtype", list(TOLERANCES))
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_equal_float64(shape, causal, dtype):
    grad_out, q, k, v = inputs(shape, dtype)
    out, lse = flash_attention(q, k, v, causal)
    found = flash_attention_backward(grad_out, q, k, v, out, lse, causal)
    for gradient, expected in zip(found, gradients(grad_out, q, k, v, causal), strict=True):
        assert (gradient.shape, gradient.dtype) == (q.shape, dtype)
        assert relative(gradient, expected) < TOLERANCES[dtype]


@pytest.mark.parametrize(("queries", "keys"), [(16, 64), (64, 16), (32, 32)])
@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_the_same_for_every_tile(queries, keys, causal):
    grad_out, q, k, v = inputs((1, 1, 100, 32))
    config = tile_config(queries, keys, 4, 1)
    out, lse = flash_attention(q, k, v, causal)
    found = flash_attention_backward(grad_out, q, k, v, out, lse, causal, config, config)
    for gradient, expected in zip(found, gradients(grad_out, q, k, v, causal), strict=True):
        assert relative(gradient, expected) < 1e-5


def test_gradients_agree_with_finite_differences():
    grad_out, q, k, v = inputs((1, 1, 20, 32))
    out, lse = flash_attention(q, k, v, True)
    found = flash_attention_backward(grad_out, q, k, v, out, lse, True)
    exact = [t.double() for t in (q, k, v)]
    generator = torch.Generator().manual_seed(2)
    for place, gradient in enumerate(found):
        along = torch.randn(q.shape, generator=generator, dtype=torch.float64)
        values = []
        for step in (1e-5, -1e-5):
            moved = [t + step * along * (place == i) for i, t in enumerate(exact)]
            values.append((formula(*moved, True) * grad_out.double()).sum())
        slope = (values[0] - values[1]) / 2e-5
        assert float((gradient.double() * along).sum()) == pytest.approx(float(slope), rel=1e-4)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")  # of keys past the last
def test_very_negative_scores_leave_no_nan():
    grad_out, q, k, v = inputs((1, 1, 70, 32))
    q, k = 30 * torch.ones_like(q), -30 * torch.ones_like(k)  # every score is about -5,000
    out, lse = flash_attention(q, k, v)
    for gradient in flash_attention_backward(grad_out, q, k, v, out, lse):
        assert torch.isfinite(gradient).all()


def test_backward_takes_views_and_stays_in_bounds():
    grad_out, q, k, v = (t.transpose(1, 2) for t in inputs((1, 50, 2, 32)))
    out, lse = flash_attention(q, k, v)
    with record_accesses() as log, record_launches() as launches:
        found = flash_attention_backward(grad_out, q, k, v, out, lse)
    assert not log.out_of_bounds()
    assert [launch.name for launch in launches] == ["attention_dq_kernel", "attention_dkdv_kernel"]
    for gradient, expected in zip(found, gradients(grad_out, q, k, v, False), strict=True):
        assert relative(gradient, expected) < 1e-5


def test_autograd_goes_through_the_kernels():
    grad_out, *leaves = inputs((1, 2, 30, 32))
    leaves = [leaf.requires_grad_() for leaf in leaves]
    with record_launches() as launches:
        FlashAttention.apply(*leaves, True).backward(grad_out)
    assert len(launches) == 3
    for leaf, expected in zip(leaves, gradients(grad_out, *leaves, True), strict=True):
        assert relative(leaf.grad, expected) < 1e-5


def test_wrong_inputs_are_named():
    grad_out, q, k, v = inputs((1, 1, 20, 32))
    out, lse = flash_attention(q, k, v)
    with pytest.raises(ValueError, match="grad_out: got"):
        flash_attention_backward(grad_out[:, :, :5], q, k, v, out, lse)
    with pytest.raises(ValueError, match="lse: got"):
        flash_attention_backward(grad_out, q, k, v, out, lse[..., :5])
    with pytest.raises(ValueError, match="lse: got"):
        flash_attention_backward(grad_out, q, k, v, out, lse.half())

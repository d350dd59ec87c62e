"""Online softmax and the forward kernel of attention against float64 and against torch."""

import pytest
import torch

from course_utils.kernels import attention, online
from course_utils.kernels.attention import (
    GPU_CONFIGS,
    attention_kernel,
    flash_attention,
    tile_config,
)
from course_utils.kernels.launches import record_launches
from course_utils.kernels.online import online_row_softmax
from course_utils.kernels.recorder import record_accesses

TOLERANCES = {torch.float32: 1e-5, torch.float16: 2e-3}
SHAPES = [(1, 2, 77, 32), (2, 1, 130, 64), (1, 1, 33, 128), (1, 3, 1, 32)]


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected).norm() / expected.norm())


def reference(q, k, v, causal):
    """Outputs and log-sum-exp in float64, from the definition."""
    scores = q.double() @ k.double().mT / q.shape[-1] ** 0.5
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, -torch.inf)
    return scores.softmax(-1) @ v.double(), scores.logsumexp(-1)


def inputs(shape, dtype=torch.float32, seed=0, count=3):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator).to(dtype) for _ in range(count)]


@pytest.mark.parametrize("dtype", list(TOLERANCES))
@pytest.mark.parametrize("shape", [(37, 501), (1, 1), (5, 256), (64, 700)])
def test_online_softmax_equals_float64_for_any_strides(shape, dtype):
    (x,) = inputs(shape, dtype, count=1)
    x = 5 * x
    for view in (x, x.T.contiguous().T, x.repeat_interleave(2, dim=1)[:, ::2]):
        y = online_row_softmax(view)
        assert (y.dtype, y.is_contiguous()) == (dtype, True)
        assert relative(y, x.double().softmax(1)) < TOLERANCES[dtype]


def test_online_softmax_does_not_overflow_and_takes_hidden_blocks():
    (x,) = inputs((4, 600), count=1)
    x[:, :300] = -torch.inf  # the whole first block is hidden
    x[:, 300:] += 1e4
    assert relative(online_row_softmax(x), x.double().softmax(1)) < 1e-5


@pytest.mark.parametrize("dtype", list(TOLERANCES))
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_attention_equals_float64(shape, causal, dtype):
    q, k, v = inputs(shape, dtype)
    out, lse = flash_attention(q, k, v, causal)
    expected, expected_lse = reference(q, k, v, causal)
    assert (out.shape, out.dtype) == (q.shape, dtype)
    assert (lse.shape, lse.dtype) == (q.shape[:3], torch.float32)
    assert relative(out, expected) < TOLERANCES[dtype]
    assert relative(lse, expected_lse) < 1e-5


@pytest.mark.parametrize(("queries", "keys"), [(16, 64), (64, 16), (32, 32)])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_the_same_for_every_tile(queries, keys, causal):
    q, k, v = inputs((1, 1, 100, 32))
    out, _ = flash_attention(q, k, v, causal, config=tile_config(queries, keys, 4, 1))
    assert relative(out, reference(q, k, v, causal)[0]) < 1e-5


def test_attention_takes_views_and_large_scores():
    q, k, v = (t.transpose(1, 2) for t in inputs((1, 50, 2, 32)))  # (B, T, H, d) in memory
    q = 50 * q
    out, lse = flash_attention(q, k, v)
    expected, expected_lse = reference(q, k, v, False)
    assert max(relative(out, expected), relative(lse, expected_lse)) < 1e-5
    sdpa = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    assert torch.allclose(out, sdpa, atol=1e-4)


def test_causal_attention_reads_fewer_keys_and_nothing_out_of_bounds():
    q, k, v = inputs((1, 1, 128, 32))
    read = {}
    for causal in (False, True):
        with record_accesses() as log:
            flash_attention(q, k, v, causal, config=tile_config(16, 16, 4, 1))
        assert not log.out_of_bounds()
        read[causal] = log.bytes("load", "k_ptr")
    tile = 16 * 32 * 4
    assert read == {False: 8 * 8 * tile, True: 8 * 9 // 2 * tile}  # n^2 tiles, n (n + 1) / 2


def test_attention_is_one_launch_of_one_kernel():
    with record_launches() as launches:
        flash_attention(*inputs((2, 3, 40, 32)))
    assert [launch.name for launch in launches] == [attention_kernel.__name__]
    assert launches[0].grid == (1, 6)
    assert set(GPU_CONFIGS) == {32, 64, 128}


@pytest.mark.parametrize(("capability", "tried"), [((8, 0), 2), ((9, 0), 4)])
def test_on_a_gpu_every_candidate_is_tried_once(monkeypatch, capability, tried):
    monkeypatch.setattr(attention, "INTERPRETED", False)
    monkeypatch.setattr(attention, "_tuned", {})
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    q, k, v = inputs((1, 1, 40, 128), torch.float16)
    for launched in (tried, 1):  # the second time the choice is known
        with record_launches() as launches:
            out, _ = flash_attention(q, k, v, True)
        assert len(launches) == launched
        assert relative(out, reference(q, k, v, True)[0]) < 2e-3
    out, _ = flash_attention(q.float(), k.float(), v.float(), True)
    assert relative(out, reference(q, k, v, True)[0]) < 1e-5


def test_online_softmax_is_tuned_on_a_gpu(monkeypatch):
    monkeypatch.setattr(online, "INTERPRETED", False)
    (x,) = inputs((3, 40), count=1)
    with record_launches() as launches:
        y = online_row_softmax(x)
    assert len(launches) == len(online.GPU_CONFIGS)
    assert relative(y, x.double().softmax(1)) < 1e-5


def test_wrong_inputs_are_named():
    q, k, v = inputs((1, 1, 20, 32))
    with pytest.raises(ValueError, match="q: got shape"):
        flash_attention(q[0], k[0], v[0])
    with pytest.raises(ValueError, match="d one of 32, 64, 128"):
        flash_attention(*inputs((1, 1, 20, 48)))
    with pytest.raises(ValueError, match="v: got"):
        flash_attention(q, k, v[:, :, :10])
    with pytest.raises(ValueError, match="k: got"):
        flash_attention(q, k.half(), v)
    with pytest.raises(ValueError, match=r"float64, expected float16"):
        flash_attention(q.double(), k.double(), v.double())
    with pytest.raises(ValueError, match="x: got shape"):
        online_row_softmax(q)
    with pytest.raises(ValueError, match=r"x: got torch\.int64"):
        online_row_softmax(torch.ones(3, 4, dtype=torch.int64))

"""Flash attention, the way back: tiles of the weights are computed again, not read."""

import math
from typing import Any

import torch
from torch import Tensor

from course_utils.kernels.attention import (
    check_attention,
    flash_attention,
    launch_tiles,
    tile_config,
)
from course_utils.kernels.device import tl, triton


@triton.jit
def dq_tiles(
    dq, q, do, lse, delta, k_ptr, v_ptr, first, last, rows, T, scale,
    D: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """Add dS K over the keys first..last."""
    d = tl.arange(0, D)[None, :]
    for start in range(first, last, BLOCK_K):
        keys = start + tl.arange(0, BLOCK_K)
        k = tl.load(k_ptr + keys[:, None] * D + d, mask=keys[:, None] < T, other=0.0)
        v = tl.load(v_ptr + keys[:, None] * D + d, mask=keys[:, None] < T, other=0.0)
        x = tl.dot(q, tl.trans(k), input_precision="ieee")
        p = tl.exp2(x * scale - lse[:, None])  # (BLOCK_Q, BLOCK_K), the weights again
        if MASKED:
            visible = keys[None, :] < T
            if CAUSAL:
                visible = visible & (keys[None, :] <= rows[:, None])
            p = tl.where(visible, p, 0.0)
        ds = p * (tl.dot(do, tl.trans(v), input_precision="ieee") - delta[:, None])
        dq = tl.dot(ds.to(k.dtype), k, dq, input_precision="ieee")
    return dq


@triton.jit
def attention_dq_kernel(
    q_ptr, k_ptr, v_ptr, out_ptr, do_ptr, lse_ptr, delta_ptr, dq_ptr, T, scale,
    D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """One program: dQ of BLOCK_Q queries; leaves delta = sum(dO * O) for the other kernel."""
    block, head = tl.program_id(0), tl.program_id(1)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block
    skipped = head.to(tl.int64) * T * D
    rows = block * BLOCK_Q + tl.arange(0, BLOCK_Q)
    at = skipped + rows[:, None] * D + tl.arange(0, D)[None, :]
    q = tl.load(q_ptr + at, mask=rows[:, None] < T, other=0.0)
    do = tl.load(do_ptr + at, mask=rows[:, None] < T, other=0.0)
    out = tl.load(out_ptr + at, mask=rows[:, None] < T, other=0.0)
    delta = tl.sum(do.to(tl.float32) * out.to(tl.float32), 1)
    tl.store(delta_ptr + head * T + rows, delta, mask=rows < T)
    lse = tl.load(lse_ptr + head * T + rows, mask=rows < T, other=0.0) * 1.4426950408889634
    dq = tl.zeros((BLOCK_Q, D), tl.float32)
    k_ptr += skipped
    v_ptr += skipped
    last = tl.minimum(T, (block + 1) * BLOCK_Q) if CAUSAL else T
    whole = (block * BLOCK_Q if CAUSAL else T) // BLOCK_K * BLOCK_K
    dq = dq_tiles(
        dq, q, do, lse, delta, k_ptr, v_ptr, 0, whole, rows, T, scale, D, BLOCK_K, CAUSAL, False
    )
    dq = dq_tiles(
        dq, q, do, lse, delta, k_ptr, v_ptr, whole, last, rows, T, scale, D, BLOCK_K, CAUSAL, True
    )
    dq = dq * (scale * 0.6931471805599453)  # scale holds log2(e), the derivative does not
    tl.store(dq_ptr + at, dq.to(dq_ptr.dtype.element_ty), mask=rows[:, None] < T)


@triton.jit
def dkdv_tiles(
    dk, dv, k, v, q_ptr, do_ptr, lse_ptr, delta_ptr, first, last, keys, T, scale,
    D: tl.constexpr, BLOCK_Q: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """Add P^T dO and dS^T Q over the queries first..last; keys are rows, queries columns."""
    d = tl.arange(0, D)[None, :]
    for start in range(first, last, BLOCK_Q):
        rows = start + tl.arange(0, BLOCK_Q)
        q = tl.load(q_ptr + rows[:, None] * D + d, mask=rows[:, None] < T, other=0.0)
        lse = tl.load(lse_ptr + rows, mask=rows < T, other=0.0) * 1.4426950408889634
        x = tl.dot(k, tl.trans(q), input_precision="ieee")
        p = tl.exp2(x * scale - lse[None, :])  # (BLOCK_K, BLOCK_Q), the weights transposed
        if MASKED:
            p = tl.where(keys[:, None] <= rows[None, :], p, 0.0)
        # Rows after the last query add nothing: their dO, Q and delta are loaded as 0.
        do = tl.load(do_ptr + rows[:, None] * D + d, mask=rows[:, None] < T, other=0.0)
        dv = tl.dot(p.to(do.dtype), do, dv, input_precision="ieee")
        delta = tl.load(delta_ptr + rows, mask=rows < T, other=0.0)
        ds = p * (tl.dot(v, tl.trans(do), input_precision="ieee") - delta[None, :])
        dk = tl.dot(ds.to(q.dtype), q, dk, input_precision="ieee")
    return dk, dv


@triton.jit
def attention_dkdv_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr, T, scale,
    D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """One program: dK and dV of BLOCK_K keys, from all queries that see them."""
    block, head = tl.program_id(0), tl.program_id(1)
    skipped = head.to(tl.int64) * T * D
    keys = block * BLOCK_K + tl.arange(0, BLOCK_K)
    at = skipped + keys[:, None] * D + tl.arange(0, D)[None, :]
    k = tl.load(k_ptr + at, mask=keys[:, None] < T, other=0.0)
    v = tl.load(v_ptr + at, mask=keys[:, None] < T, other=0.0)
    dk = tl.zeros((BLOCK_K, D), tl.float32)
    dv = tl.zeros((BLOCK_K, D), tl.float32)
    q_ptr += skipped
    do_ptr += skipped
    lse_ptr += head * T
    delta_ptr += head * T
    whole = 0
    if CAUSAL:  # queries before the block see none of it, those on the diagonal some
        first = block * BLOCK_K // BLOCK_Q * BLOCK_Q
        whole = tl.cdiv((block + 1) * BLOCK_K, BLOCK_Q) * BLOCK_Q
        dk, dv = dkdv_tiles(
            dk, dv, k, v, q_ptr, do_ptr, lse_ptr, delta_ptr,
            first, tl.minimum(whole, T), keys, T, scale, D, BLOCK_Q, True,
        )  # fmt: skip
    dk, dv = dkdv_tiles(
        dk, dv, k, v, q_ptr, do_ptr, lse_ptr, delta_ptr,
        whole, T, keys, T, scale, D, BLOCK_Q, False,
    )  # fmt: skip
    dk = dk * (scale * 0.6931471805599453)
    tl.store(dk_ptr + at, dk.to(dk_ptr.dtype.element_ty), mask=keys[:, None] < T)
    tl.store(dv_ptr + at, dv.to(dv_ptr.dtype.element_ty), mask=keys[:, None] < T)


# Candidates for each width of a head; none spills, those for sm_90 and newer not there.
DQ_CONFIGS = {
    32: [tile_config(128, 64, 8, 3), tile_config(128, 32, 4, 3)],
    64: [tile_config(128, 64, 8, 2)],
    128: [tile_config(128, 32, 8, 2), tile_config(64, 64, 8, 2)],
}
DQ_HOPPER = {32: [], 64: [tile_config(64, 64, 4, 2)], 128: [tile_config(128, 64, 8, 2)]}
DKDV_CONFIGS = {
    32: [tile_config(64, 128, 8, 2)],
    64: [tile_config(32, 128, 8, 2), tile_config(32, 128, 8, 3)],
    128: [tile_config(16, 128, 8, 2), tile_config(32, 64, 8, 3)],
}
DKDV_HOPPER = {32: [], 64: [tile_config(64, 128, 8, 2)], 128: [tile_config(32, 128, 8, 2)]}
GPU_CONFIGS = {"dq": DQ_CONFIGS, "dkdv": DKDV_CONFIGS}
HOPPER_CONFIGS = {"dq": DQ_HOPPER, "dkdv": DKDV_HOPPER}


def flash_attention_backward(
    grad_out: Tensor, q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor,
    causal: bool = False,
    dq_config: triton.Config | None = None, dkdv_config: triton.Config | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Carry ``grad_out = d loss / d out`` back to the inputs of `flash_attention`.

    With ``P = exp(Q K^T / sqrt(d) - lse)`` and ``delta = rowsum(dO * O)``: ``dV = P^T dO``,
    ``dS = P * (dO V^T - delta)``, ``dQ = dS K / sqrt(d)``, ``dK = dS^T Q / sqrt(d)``. Shapes
    ``(B, H, T, d)``, ``lse`` ``(B, H, T)`` in float32; returns ``(dq, dk, dv)`` in the shape and
    dtype of the inputs. The two ``config`` set the tiles of the two kernels.

    Raises ``ValueError`` for other shapes, dtypes or devices. Source: Dao et al. (2022),
    FlashAttention, algorithm 4.
    """
    check_attention(q=q, k=k, v=v, out=out, grad_out=grad_out)
    if lse.shape != q.shape[:3] or lse.dtype != torch.float32 or lse.device != q.device:
        raise ValueError(
            f"lse: got {tuple(lse.shape)}, {lse.dtype} on {lse.device}, "
            f"expected {tuple(q.shape[:3])}, float32 on {q.device}"
        )
    q, k, v, out, do, lse = (t.contiguous() for t in (q, k, v, out, grad_out, lse))
    T, d = q.shape[-2:]
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    delta = torch.empty_like(lse)
    scale = math.log2(math.e) / math.sqrt(d)
    arguments = (q, k, v, out, do, lse, delta, dq, T, scale)
    choices = (DQ_CONFIGS, DQ_HOPPER, dq_config)
    launch_tiles(attention_dq_kernel, arguments, "BLOCK_Q", q, causal, *choices)
    arguments = (q, k, v, do, lse, delta, dk, dv, T, scale)
    choices = (DKDV_CONFIGS, DKDV_HOPPER, dkdv_config)
    launch_tiles(attention_dkdv_kernel, arguments, "BLOCK_K", q, causal, *choices)
    return dq, dk, dv


class FlashAttention(torch.autograd.Function):
    """`flash_attention` for torch's automatic differentiation: ``apply(q, k, v, causal)`` -> out.

    Between forward and backward it keeps q, k, v, the output and one number a query.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
        """Return the output alone, and keep what the way back needs."""
        out, lse = flash_attention(q, k, v, causal)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.causal = causal
        return out

    @staticmethod
    # pyrefly: ignore[bad-override]
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients of q, k and v; ``causal`` has none."""
        q, k, v, out, lse = ctx.saved_tensors
        return *flash_attention_backward(grad_out, q, k, v, out, lse, ctx.causal), None

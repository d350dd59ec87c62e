"""Flash attention, the way forward: softmax(Q K^T / sqrt(d)) V without the matrix in between."""

import math
from typing import Any

import torch
from torch import Tensor

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune


@triton.jit
def attend_tiles(
    q, o, m, s, k_ptr, v_ptr, first, last, rows, T, scale,
    D: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """Pass over the keys first..last in tiles; return the running output, maximum and sum."""
    d = tl.arange(0, D)[None, :]
    for start in range(first, last, BLOCK_K):
        keys = start + tl.arange(0, BLOCK_K)
        k = tl.load(k_ptr + keys[:, None] * D + d, mask=keys[:, None] < T, other=0.0)
        x = tl.dot(q, tl.trans(k), input_precision="ieee")  # (BLOCK_Q, BLOCK_K), unscaled
        if MASKED:
            visible = keys[None, :] < T
            if CAUSAL:
                visible = visible & (keys[None, :] <= rows[:, None])
            x = tl.where(visible, x, float("-inf"))
        larger = tl.maximum(m, tl.max(x, 1) * scale)
        old = tl.exp2(m - larger)
        p = tl.exp2(x * scale - larger[:, None])
        s = s * old + tl.sum(p, 1)
        v = tl.load(v_ptr + keys[:, None] * D + d, mask=keys[:, None] < T, other=0.0)
        o = tl.dot(p.to(v.dtype), v, o * old[:, None], input_precision="ieee")
        m = larger
    return o, m, s


@triton.jit
def attention_kernel(
    q_ptr, k_ptr, v_ptr, out_ptr, lse_ptr, T, scale,
    D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """One program: BLOCK_Q queries of one head against all keys that they may see."""
    block, head = tl.program_id(0), tl.program_id(1)
    if CAUSAL:  # the last queries see most: their programs start first
        block = tl.num_programs(0) - 1 - block
    skipped = head.to(tl.int64) * T * D
    rows = block * BLOCK_Q + tl.arange(0, BLOCK_Q)
    at = skipped + rows[:, None] * D + tl.arange(0, D)[None, :]
    q = tl.load(q_ptr + at, mask=rows[:, None] < T, other=0.0)
    o = tl.zeros((BLOCK_Q, D), tl.float32)
    m = tl.full((BLOCK_Q,), float("-inf"), tl.float32)
    s = tl.zeros((BLOCK_Q,), tl.float32)
    k_ptr += skipped
    v_ptr += skipped
    last = tl.minimum(T, (block + 1) * BLOCK_Q) if CAUSAL else T
    whole = (block * BLOCK_Q if CAUSAL else T) // BLOCK_K * BLOCK_K  # tiles without a hidden key
    o, m, s = attend_tiles(
        q, o, m, s, k_ptr, v_ptr, 0, whole, rows, T, scale, D, BLOCK_K, CAUSAL, False
    )
    o, m, s = attend_tiles(
        q, o, m, s, k_ptr, v_ptr, whole, last, rows, T, scale, D, BLOCK_K, CAUSAL, True
    )
    out = (o / s[:, None]).to(out_ptr.dtype.element_ty)
    tl.store(out_ptr + at, out, mask=rows[:, None] < T)
    lse = (m + tl.log2(s)) * 0.6931471805599453  # from powers of two to powers of e
    tl.store(lse_ptr + head * T + rows, lse, mask=rows < T)


def tile_config(queries: int, keys: int, warps: int, stages: int) -> triton.Config:
    """Name a tile of scores and how it is computed."""
    return triton.Config({"BLOCK_Q": queries, "BLOCK_K": keys}, num_warps=warps, num_stages=stages)


# Candidates for each width of a head; none spills, those for sm_90 and newer not there.
GPU_CONFIGS = {
    32: [tile_config(128, 64, 4, 3)],
    64: [tile_config(128, 64, 8, 3), tile_config(128, 128, 8, 3), tile_config(128, 32, 4, 3)],
    128: [tile_config(128, 32, 8, 3), tile_config(64, 64, 4, 3)],
}
HOPPER_CONFIGS = {
    32: [],
    64: [tile_config(128, 64, 4, 3)],
    128: [tile_config(128, 64, 8, 3), tile_config(128, 128, 8, 2)],
}
FLOAT32_CONFIGS = [tile_config(16, 32, 8, 1)]  # without tensor cores: for checks, not for speed
_tuned: dict[tuple[str, int, bool], Any] = {}


def launch_tiles(
    kernel: Any,
    arguments: tuple[Any, ...],
    per: str,
    q: Tensor,
    causal: bool,
    configs: dict[int, list[triton.Config]],
    hopper: dict[int, list[triton.Config]],
    config: triton.Config | None,
) -> None:
    """Launch one program a block of queries or keys (`per`) and a head, tuned unless told."""
    B, H, T, d = q.shape
    constants = {"D": d, "CAUSAL": causal}

    def grid(tile: dict[str, int]) -> tuple[int, int]:
        return triton.cdiv(T, tile[per]), B * H

    if config is None and INTERPRETED:  # few programs and large tiles
        side = min(128, max(16, triton.next_power_of_2(T)))
        config = tile_config(side, side, 4, 1)
    if config is not None:
        kernel[grid](*arguments, **constants, **config.all_kwargs())
        return
    exact = q.dtype == torch.float32
    key = (kernel.__name__, d, exact)
    if key not in _tuned:
        new = torch.cuda.get_device_capability(q.device) >= (9, 0)
        choices = FLOAT32_CONFIGS if exact else configs[d] + (hopper[d] if new else [])
        _tuned[key] = autotune(choices, key=["T", "CAUSAL"])(kernel)
    _tuned[key][grid](*arguments, **constants)


def check_attention(**tensors: Tensor) -> None:
    """Raise ``ValueError`` unless all are ``(B, H, T, d)`` of one shape, dtype and device."""
    shape, dtype, device = next((t.shape, t.dtype, t.device) for t in tensors.values())
    for name, tensor in tensors.items():
        if tensor.ndim != 4 or 0 in tensor.shape or tensor.shape[-1] not in (32, 64, 128):
            raise ValueError(
                f"{name}: got shape {tuple(tensor.shape)}, "
                "expected (B, H, T, d), none 0, d one of 32, 64, 128"
            )
        if tensor.dtype not in (torch.float16, torch.float32, torch.bfloat16):
            raise ValueError(f"{name}: got {tensor.dtype}, expected float16, float32 or bfloat16")
        if (tensor.shape, tensor.dtype, tensor.device) != (shape, dtype, device):
            raise ValueError(
                f"{name}: got {tuple(tensor.shape)}, {tensor.dtype} on {tensor.device}, expected "
                f"{tuple(shape)}, {dtype} on {device} as the first argument"
            )


def flash_attention(
    q: Tensor, k: Tensor, v: Tensor, causal: bool = False, config: triton.Config | None = None
) -> tuple[Tensor, Tensor]:
    """Average values by ``A = softmax(Q K^T / sqrt(d))``, tile by tile; ``A`` is never stored.

    ``q``, ``k``, ``v`` are ``(B, H, T, d)``, d 32, 64 or 128, any T, contiguous or not, float16
    or float32 (bfloat16 on a GPU). Returns ``out = A V`` in their shape and dtype, and
    ``lse[b, h, t] = log sum_j exp(q_t k_j / sqrt(d))`` ``(B, H, T)`` in float32. ``causal`` lets
    token t see the tokens 0..t only; tiles with hidden keys alone are left out. Sums are float32.
    ``config`` sets the tile; by default large for the interpreter, and tuned on a GPU.

    Raises ``ValueError`` for other shapes, dtypes or devices. Source: Dao et al. (2022),
    FlashAttention, with the order of loops of Dao (2023), FlashAttention-2.
    """
    check_attention(q=q, k=k, v=v)
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    B, H, T, d = q.shape
    out = torch.empty_like(q)
    lse = torch.empty((B, H, T), dtype=torch.float32, device=q.device)
    scale = math.log2(math.e) / math.sqrt(d)  # exp(x / sqrt(d)) as a power of two
    arguments = (q, k, v, out, lse, T, scale)
    choices = (GPU_CONFIGS, HOPPER_CONFIGS, config)
    launch_tiles(attention_kernel, arguments, "BLOCK_Q", q, causal, *choices)
    return out, lse

"""Wrong gradients of flash attention."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def delta_kernel(g, out, delta, T, D: tl.constexpr, ROWS: tl.constexpr):
    """Sum grad_out times out over each row."""
    head = tl.program_id(1) * T
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    here = (head + row)[:, None] * D + tl.arange(0, D)[None, :]
    inside = row[:, None] < T
    product = tl.load(g + here, mask=inside, other=0.0).to(tl.float32)
    product = product * tl.load(out + here, mask=inside, other=0.0).to(tl.float32)
    tl.store(delta + head + row, tl.sum(product, 1), mask=row < T)


@triton.jit
def tile(queries, keys, values, g, lse, delta, row, key, T, scale, CAUSAL, WRONG: tl.constexpr):
    """Return the weights and the gradients of the scores of a tile."""
    score = tl.dot(queries, tl.trans(keys), input_precision="ieee") * scale
    a = tl.exp2(score - lse[:, None]) if WRONG == "bases" else tl.exp(score - lse[:, None])
    a = tl.where((row[:, None] < T) & (key[None, :] < T), a, 0.0)
    if CAUSAL and WRONG != "no mask":
        a = tl.where(key[None, :] <= row[:, None], a, 0.0)
    da = tl.dot(g, tl.trans(values), input_precision="ieee")
    if WRONG == "no delta":
        ds = a * da
    elif WRONG == "tile delta":
        ds = a * (da - tl.sum(a * da, 1)[:, None])
    else:
        ds = a * (da - delta[:, None])
    return a, ds


@triton.jit
def keys_kernel(
    g,
    q,
    k,
    v,
    lse,
    delta,
    dq,
    dk,
    dv,
    T,
    scale,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    CAUSAL: tl.constexpr,
    WRONG: tl.constexpr,
):
    """Gather dk and dv of a block of keys over all queries."""
    head = tl.program_id(1) * T
    column = tl.arange(0, D)[None, :]
    key = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    there = (head + key)[:, None] * D + column
    keys = tl.load(k + there, mask=key[:, None] < T, other=0.0)
    values = tl.load(v + there, mask=key[:, None] < T, other=0.0)
    dk_sum = tl.zeros((BLOCK, D), tl.float32)
    dv_sum = tl.zeros((BLOCK, D), tl.float32)
    begin = 0
    if CAUSAL and WRONG != "no mask":
        begin = (tl.program_id(0) + (1 if WRONG == "diagonal" else 0)) * BLOCK
    for start in range(begin, T, BLOCK):
        row = start + tl.arange(0, BLOCK)
        here = (head + row)[:, None] * D + column
        inside = row[:, None] < T
        queries = tl.load(q + here, mask=inside, other=0.0)
        grad = tl.load(g + here, mask=inside, other=0.0)
        row_lse = tl.load(lse + head + row, mask=row < T, other=0.0)
        row_delta = tl.load(delta + head + row, mask=row < T, other=0.0)
        a, ds = tile(
            queries, keys, values, grad, row_lse, row_delta, row, key, T, scale, CAUSAL, WRONG
        )
        a_turned = tl.trans(a)
        if WRONG == "not transposed":
            a_turned = a
        if WRONG == "last block":
            dv_sum = tl.zeros((BLOCK, D), tl.float32)
        dv_sum = tl.dot(a_turned.to(grad.dtype), grad, dv_sum, input_precision="ieee")
        dk_sum = tl.dot(tl.trans(ds).to(queries.dtype), queries, dk_sum, input_precision="ieee")
        if WRONG == "half":
            dk_sum = dk_sum.to(dk.dtype.element_ty).to(tl.float32)
        if WRONG == "race":
            part = tl.dot(ds.to(keys.dtype), keys, input_precision="ieee") * scale
            before = tl.load(dq + here, mask=inside, other=0.0)
            tl.store(dq + here, before + part, mask=inside)
    if WRONG != "scale":
        dk_sum = dk_sum * scale
    tl.store(dk + there, dk_sum.to(dk.dtype.element_ty), mask=key[:, None] < T)
    tl.store(dv + there, dv_sum.to(dv.dtype.element_ty), mask=key[:, None] < T)


@triton.jit
def queries_kernel(
    g,
    q,
    k,
    v,
    lse,
    delta,
    dq,
    T,
    scale,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    CAUSAL: tl.constexpr,
    WRONG: tl.constexpr,
):
    """Gather dq of a block of queries over all keys."""
    head = tl.program_id(1) * T
    column = tl.arange(0, D)[None, :]
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = (head + row)[:, None] * D + column
    inside = row[:, None] < T
    queries = tl.load(q + here, mask=inside, other=0.0)
    grad = tl.load(g + here, mask=inside, other=0.0)
    row_lse = tl.load(lse + head + row, mask=row < T, other=0.0)
    row_delta = tl.load(delta + head + row, mask=row < T, other=0.0)
    dq_sum = tl.zeros((BLOCK, D), tl.float32)
    end = T
    if CAUSAL:
        end = tl.minimum(T, (tl.program_id(0) + 1) * BLOCK)
    if WRONG == "no mask":
        end = T
    for start in range(0, end, BLOCK):
        key = start + tl.arange(0, BLOCK)
        there = (head + key)[:, None] * D + column
        keys = tl.load(k + there, mask=key[:, None] < T, other=0.0)
        values = tl.load(v + there, mask=key[:, None] < T, other=0.0)
        _, ds = tile(
            queries, keys, values, grad, row_lse, row_delta, row, key, T, scale, CAUSAL, WRONG
        )
        dq_sum = tl.dot(ds.to(keys.dtype), keys, dq_sum, input_precision="ieee")
    if WRONG != "scale":
        dq_sum = dq_sum * scale
    tl.store(dq + here, dq_sum.to(dq.dtype.element_ty), mask=inside)


@triton.jit
def listing_kernel(g, out, delta, T, D: tl.constexpr, ROWS: tl.constexpr):
    """Sum grad_out times out with a loop over a list, which the interpreter allows."""
    head = tl.program_id(1) * T
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    here = (head + row)[:, None] * D + tl.arange(0, D)[None, :]
    inside = row[:, None] < T
    product = tl.full((ROWS, D), 1.0, tl.float32)
    for factor in [g, out]:
        product = product * tl.load(factor + here, mask=inside, other=0.0).to(tl.float32)
    tl.store(delta + head + row, tl.sum(product, 1), mask=row < T)


def refuse(g, q, k, v, out, lse):
    if q.ndim != 4 or q.numel() == 0 or q.shape[-1] not in (32, 64, 128):
        raise ValueError(f"(B, H, T, d) expected, got {q.shape}")
    if any(x.shape != q.shape or x.dtype != q.dtype for x in (g, k, v, out)):
        raise ValueError("shapes or dtypes differ")
    if q.dtype not in (torch.float16, torch.float32) or lse.shape != q.shape[:3]:
        raise ValueError(f"float16 or float32 and an lse of {q.shape[:3]} expected")


def right(
    g, q, k, v, out, lse, causal=False, wrong="", straight=False, block=64, first=delta_kernel
):
    refuse(g, q, k, v, out, lse)
    if not straight:
        g, q, k, v, out = (x.contiguous() for x in (g, q, k, v, out))
    samples, heads, tokens, d = q.shape
    new = {"device": q.device, "dtype": q.dtype}
    dq, dk, dv = (torch.empty(q.shape, **new) for _ in range(3))
    if wrong == "race":
        dq = torch.zeros(q.shape, **new)
    delta = torch.empty_like(lse)
    grid = (triton.cdiv(tokens, block), samples * heads)
    scale = d**-0.5
    first[grid](g, out, delta, tokens, D=d, ROWS=block)
    sizes = {"D": d, "BLOCK": block, "CAUSAL": causal, "WRONG": wrong}
    keys_kernel[grid](g, q, k, v, lse, delta, dq, dk, dv, tokens, scale, **sizes)
    if wrong != "race":
        queries_kernel[grid](g, q, k, v, lse, delta, dq, tokens, scale, **sizes)
    return dq, dk, dv


def made(kind, wrong="", **settings):
    """Mark the right function with one step of its kernels, or of their launch, changed."""

    def flash_attention_backward(g, q, k, v, out, lse, causal=False):
        return right(g, q, k, v, out, lse, causal, wrong, **settings)

    return mutant(kind)(flash_attention_backward)


def answer(g, q, k, v, out, lse, causal=False):
    """Return what torch computes."""
    scores = q.float() @ k.float().mT * q.shape[-1] ** -0.5
    a = torch.exp(scores - lse[..., None])
    a = a.tril() if causal else a
    ds = a * (g.float() @ v.float().mT - (g.float() * out.float()).sum(-1, keepdim=True))
    ds = ds * q.shape[-1] ** -0.5
    found = ds @ k.float(), ds.mT @ q.float(), a.mT @ g.float()
    return tuple(x.to(q.dtype) for x in found)


unscaled = made("scale-missing-on-the-way-back", "scale")
delta_forgotten = made("delta-missing", "no delta")
delta_of_tiles = made("delta-of-a-tile", "tile delta")
powers_of_two = made("bases-mixed", "bases")
weights_as_they_stand = made("tile-not-transposed", "not transposed")
last_block_only = made("last-block-wins", "last block")
mask_forgotten = made("causal-ignored", "no mask")
diagonal_forgotten = made("diagonal-tile-skipped", "diagonal")
views_read_straight = made("strides-ignored", straight=True)
half_sums = made("fp16-accumulation", "half")
gathers_without_atomics = made("programs-race", "race")
loops_over_a_list = made("does-not-compile", first=listing_kernel)
_CHEATS = cheats(right, answer)
returns_torch = _CHEATS["returns_torch"]
works_inside_a_kernel = _CHEATS["works_inside_a_kernel"]

"""Right flash attention, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


def refuse(q, k, v):
    if q.ndim != 4 or 0 in q.shape or q.shape[3] not in (32, 64, 128):
        raise ValueError(f"(B, H, T, d) expected, got {q.shape}")
    if any(x.shape != q.shape or x.dtype != q.dtype for x in (k, v)):
        raise ValueError("shapes or dtypes differ")
    if q.dtype not in (torch.float16, torch.float32):
        raise ValueError(f"float16 or float32 expected, got {q.dtype}")


@triton.jit
def one_block(q, k, v, m, s, o, row, key, T, MASKED: tl.constexpr):
    """Take one block of keys into the maxima, sums and outputs of the rows; powers of two."""
    z = tl.dot(q, k, input_precision="ieee")
    if MASKED:
        z = tl.where((key[None, :] < T) & (row[:, None] >= key[None, :]), z, float("-inf"))
    else:
        z = tl.where(key[None, :] < T, z, float("-inf"))
    new = tl.maximum(m, tl.max(z, 1))
    p = tl.exp2(z - new[:, None])
    shrink = tl.exp2(m - new)
    o = tl.dot(p.to(v.dtype), v, o * shrink[:, None], input_precision="ieee")
    return new, s * shrink + tl.sum(p, 1), o


@triton.jit
def strided_kernel(
    Q,
    K,
    V,
    OUT,
    L,
    H,
    T,
    scale,
    qb,
    qh,
    qt,
    qd,
    kb,
    kh,
    kt,
    kd,
    vb,
    vh,
    vt,
    vd,
    D: tl.constexpr,
    ROWS: tl.constexpr,
    KEYS: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    """Strides instead of copies, a loop before the diagonal and one on it, the sum from 1."""
    b, h = tl.program_id(1) // H, tl.program_id(1) % H
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    d = tl.arange(0, D)
    inside = row[:, None] < T
    q = tl.load(Q + b * qb + h * qh + row[:, None] * qt + d[None, :] * qd, mask=inside, other=0.0)
    q = (q.to(tl.float32) * (scale * 1.4426950408889634)).to(q.dtype)
    K += b * kb + h * kh
    V += b * vb + h * vh
    m = tl.full((ROWS,), float("-inf"), tl.float32)
    s = tl.full((ROWS,), 1.0, tl.float32)
    o = tl.zeros((ROWS, D), tl.float32)
    before = tl.program_id(0) * ROWS if CAUSAL else T
    for start in range(0, before, KEYS):
        key = start + tl.arange(0, KEYS)
        there = key[None, :] < T
        k = tl.load(K + key[None, :] * kt + d[:, None] * kd, mask=there, other=0.0)
        v = tl.load(V + key[:, None] * vt + d[None, :] * vd, mask=key[:, None] < T, other=0.0)
        m, s, o = one_block(q, k, v, m, s, o, row, key, T, False)
    if CAUSAL:
        for start in range(before, before + ROWS, KEYS):
            key = start + tl.arange(0, KEYS)
            there = key[None, :] < T
            k = tl.load(K + key[None, :] * kt + d[:, None] * kd, mask=there, other=0.0)
            v = tl.load(V + key[:, None] * vt + d[None, :] * vd, mask=key[:, None] < T, other=0.0)
            m, s, o = one_block(q, k, v, m, s, o, row, key, T, True)
    at = tl.program_id(1) * T + row
    tl.store(OUT + at[:, None] * D + d[None, :], o / s[:, None], mask=inside)
    tl.store(L + at, (m + tl.log2(s)) * 0.6931471805599453, mask=row < T)


@variant
def strides_and_two_loops(q, k, v, causal=False):
    refuse(q, k, v)
    batch, heads, tokens, d = q.shape
    out = q.new_empty((batch, heads, tokens, d))
    lse = q.new_empty((batch, heads, tokens), dtype=torch.float32)
    strides = (*q.stride(), *k.stride(), *v.stride())
    strided_kernel[(triton.cdiv(tokens, 64), batch * heads)](
        q,
        k,
        v,
        out,
        lse,
        heads,
        tokens,
        d**-0.5,
        *strides,
        D=d,
        ROWS=64,
        KEYS=32,
        CAUSAL=bool(causal),
    )
    return out, lse


@triton.jit
def share_kernel(
    q, k, v, parts, tops, sums, T, scale, D: tl.constexpr, BLOCK: tl.constexpr, CAUSAL: tl.constexpr
):
    """One block of queries against one block of keys: each program writes its share."""
    head, share = tl.program_id(1) * T, tl.program_id(2)
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    key = share * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)[None, :]
    rows, keys = row[:, None] < T, key[:, None] < T
    x = tl.load(q + (head + row)[:, None] * D + d, mask=rows, other=0.0)
    y = tl.load(k + (head + key)[:, None] * D + d, mask=keys, other=0.0)
    z = tl.dot(x, tl.trans(y), input_precision="ieee") * scale
    seen = (key[None, :] < T) & (row[:, None] >= 0)
    if CAUSAL:
        seen = seen & (key[None, :] <= row[:, None])
    z = tl.where(seen, z, -1e30)
    m = tl.max(z, 1)
    p = tl.where(seen, tl.exp(z - m[:, None]), 0.0)
    y = tl.load(v + (head + key)[:, None] * D + d, mask=keys, other=0.0)
    o = tl.dot(p.to(y.dtype), y, input_precision="ieee")
    at = (share * tl.num_programs(1) * T) + head + row
    tl.store(parts + at[:, None] * D + d, o, mask=rows)
    tl.store(tops + at, m, mask=row < T)
    tl.store(sums + at, tl.sum(p, 1), mask=row < T)


@triton.jit
def together_kernel(parts, tops, sums, out, lse, T, shares, D: tl.constexpr, BLOCK: tl.constexpr):
    """Put the shares of all blocks of keys together."""
    head = tl.program_id(1) * T
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)[None, :]
    m = tl.full((BLOCK,), -1e30, tl.float32)
    s = tl.zeros((BLOCK,), tl.float32)
    o = tl.zeros((BLOCK, D), tl.float32)
    for share in range(shares):
        at = (share * tl.num_programs(1) * T) + head + row
        top = tl.load(tops + at, mask=row < T, other=-1e30)
        new = tl.maximum(m, top)
        s = s * tl.exp(m - new) + tl.load(sums + at, mask=row < T, other=1.0) * tl.exp(top - new)
        part = tl.load(parts + at[:, None] * D + d, mask=row[:, None] < T, other=0.0)
        o = o * tl.exp(m - new)[:, None] + part * tl.exp(top - new)[:, None]
        m = new
    tl.store(out + (head + row)[:, None] * D + d, o / s[:, None], mask=row[:, None] < T)
    tl.store(lse + head + row, m + tl.log(s), mask=row < T)


@variant
def shares_put_together(q, k, v, causal=False):
    """All blocks at the same time, as for few queries: their results meet in a second kernel."""
    refuse(q, k, v)
    q, k, v = (x.contiguous() for x in (q, k, v))
    batch, heads, tokens, d = q.shape
    shares = triton.cdiv(tokens, 64)
    parts = torch.empty((shares, batch, heads, tokens, d), device=q.device)
    tops, sums = (torch.empty((shares, batch, heads, tokens), device=q.device) for _ in range(2))
    out = torch.zeros_like(q)
    lse = torch.zeros((batch, heads, tokens), device=q.device)
    grid = (triton.cdiv(tokens, 64), batch * heads)
    share_kernel[(*grid, shares)](
        q, k, v, parts, tops, sums, tokens, d**-0.5, D=d, BLOCK=64, CAUSAL=causal
    )
    together_kernel[grid](parts, tops, sums, out, lse, tokens, shares, D=d, BLOCK=64)
    return [out, lse]


@triton.jit
def few_rows_kernel(
    q, k, v, out, lse, N, T, scale, D: tl.constexpr, KEYS: tl.constexpr, CAUSAL: tl.constexpr
):
    """Sixteen rows against many keys on a grid with one axis, values divided as they come."""
    block = tl.program_id(0)
    blocks = tl.cdiv(T, 16)
    head = block // blocks * T
    row = block % blocks * 16 + tl.arange(0, 16)
    d = tl.arange(0, D)
    x = tl.load(q + (head + row)[:, None] * D + d, mask=(row < T)[:, None], other=0.0)
    top = tl.full((16,), float("-inf"), tl.float32)
    total = tl.zeros((16,), tl.float32)
    mean = tl.zeros((16, D), tl.float32)
    end = tl.minimum(T, block % blocks * 16 + 16) if CAUSAL else T
    for start in range(0, end, KEYS):
        key = start + tl.arange(0, KEYS)
        at = (head + key)[:, None] * D + d
        y = tl.load(k + at, mask=(key < T)[:, None], other=0.0)
        z = tl.dot(x, y.T, input_precision="ieee") * scale
        bias = tl.where(key < T, 0.0, float("-inf"))[None, :]
        if CAUSAL:
            bias += tl.where(key[None, :] <= row[:, None], 0.0, float("-inf"))
        z += bias
        new = tl.maximum(top, tl.max(z, 1))
        p = tl.exp(z - new[:, None])
        old = total * tl.exp(top - new)
        total = old + tl.sum(p, 1)
        w = tl.load(v + at, mask=(key < T)[:, None], other=0.0)
        share = tl.dot(p, w.to(tl.float32), input_precision="ieee")
        mean = (mean * old[:, None] + share) / total[:, None]
        top = new
    tl.store(
        out + (head + row)[:, None] * D + d, mean.to(q.dtype.element_ty), mask=(row < T)[:, None]
    )
    tl.store(lse + head + row, tl.log(total) + top, mask=row < T)


@variant
def a_running_mean(q, k, v, causal=False):
    refuse(q, k, v)
    q, k, v = (x.contiguous() for x in (q, k, v))
    batch, heads, tokens, d = q.shape
    out = torch.full_like(q, 7.0)
    lse = torch.empty_like(q[..., 0], dtype=torch.float32, memory_format=torch.contiguous_format)
    few_rows_kernel[(triton.cdiv(tokens, 16) * batch * heads,)](
        q, k, v, out, lse, batch * heads, tokens, d**-0.5, D=d, KEYS=128, CAUSAL=causal
    )
    return out, lse

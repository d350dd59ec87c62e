"""Right gradients of flash attention, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


def refuse(g, q, k, v, out, lse):
    if q.ndim != 4 or 0 in q.shape or q.shape[3] not in (32, 64, 128):
        raise ValueError(f"(B, H, T, d) expected, got {q.shape}")
    if any(x.shape != q.shape or x.dtype != q.dtype for x in (g, k, v, out)):
        raise ValueError("shapes or dtypes differ")
    if q.dtype not in (torch.float16, torch.float32) or lse.shape != q.shape[:3]:
        raise ValueError(f"float16 or float32 and an lse of {q.shape[:3]} expected")


@triton.jit
def atomic_kernel(
    G,
    Q,
    K,
    V,
    OUT,
    L,
    dQ,
    dK,
    dV,
    T,
    scale,
    D: tl.constexpr,
    ROWS: tl.constexpr,
    KEYS: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    """A program for each block of keys; what it adds to dq goes there by atomics."""
    head = tl.program_id(1) * T
    d = tl.arange(0, D)[None, :]
    key = tl.program_id(0) * KEYS + tl.arange(0, KEYS)
    there = (head + key)[:, None] * D + d
    k = tl.load(K + there, mask=key[:, None] < T, other=0.0)
    v = tl.load(V + there, mask=key[:, None] < T, other=0.0)
    dk = tl.zeros((KEYS, D), tl.float32)
    dv = tl.zeros((KEYS, D), tl.float32)
    for start in range(0, T, ROWS):
        row = start + tl.arange(0, ROWS)
        here = (head + row)[:, None] * D + d
        inside = row[:, None] < T
        q = tl.load(Q + here, mask=inside, other=0.0)
        g = tl.load(G + here, mask=inside, other=0.0)
        o = tl.load(OUT + here, mask=inside, other=0.0)
        delta = tl.sum(g.to(tl.float32) * o.to(tl.float32), 1)
        lse = tl.load(L + head + row, mask=row < T, other=float("inf"))
        # Keys are rows here, so that nothing is transposed afterwards.
        z = tl.dot(k, tl.trans(q), input_precision="ieee") * scale
        a = tl.exp(z - lse[None, :])
        if CAUSAL:
            a = tl.where(row[None, :] >= key[:, None], a, 0.0)
        dv += tl.dot(a.to(g.dtype), g, input_precision="ieee")
        da = tl.dot(v, tl.trans(g), input_precision="ieee")
        ds = (a * (da - delta[None, :]) * scale).to(q.dtype)
        dk += tl.dot(ds, q, input_precision="ieee")
        part = tl.dot(tl.trans(ds), k, input_precision="ieee")
        tl.atomic_add(dQ + here, part, mask=inside)
    tl.store(dK + there, dk, mask=key[:, None] < T)
    tl.store(dV + there, dv, mask=key[:, None] < T)


@variant
def atomics_for_dq(g, q, k, v, out, lse, causal=False):
    refuse(g, q, k, v, out, lse)
    g, q, k, v, out = (x.contiguous() for x in (g, q, k, v, out))
    batch, heads, tokens, d = q.shape
    dq = torch.zeros(q.shape, dtype=torch.float32, device=q.device)
    dk, dv = torch.empty_like(k), torch.empty_like(v)
    atomic_kernel[(triton.cdiv(tokens, 64), batch * heads)](
        g, q, k, v, out, lse, dq, dk, dv, tokens, d**-0.5, D=d, ROWS=32, KEYS=64, CAUSAL=causal
    )
    return dq.to(q.dtype), dk, dv


@triton.jit
def through(z, g, v, lse, delta, seen):
    """Weights and gradients of the scores, by powers of two."""
    a = tl.where(seen, tl.exp2((z - lse[:, None]) * 1.4426950408889634), 0.0)
    return a, a * (tl.dot(g, tl.trans(v), input_precision="ieee") - delta[:, None])


@triton.jit
def both_kernel(
    G,
    Q,
    K,
    V,
    OUT,
    L,
    dQ,
    dK,
    dV,
    T,
    scale,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    """Program n owns block n of all three: first as queries, then as keys."""
    head = tl.program_id(1) * T
    d = tl.arange(0, D)[None, :]
    mine = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    own = (mine < T)[:, None]
    i = mine[:, None]
    own_at = (head + mine)[:, None] * D + d
    g = tl.load(G + own_at, mask=own, other=0.0)
    q = tl.load(Q + own_at, mask=own, other=0.0)
    k = tl.load(K + own_at, mask=own, other=0.0)
    v = tl.load(V + own_at, mask=own, other=0.0)
    o = tl.load(OUT + own_at, mask=own, other=0.0)
    lse = tl.load(L + head + mine, mask=mine < T, other=0.0)
    delta = tl.sum(g.to(tl.float32) * o, 1)
    dq = tl.zeros((BLOCK, D), tl.float32)
    dk = tl.zeros((BLOCK, D), tl.float32)
    dv = tl.zeros((BLOCK, D), tl.float32)
    for start in range(0, T, BLOCK):
        theirs = start + tl.arange(0, BLOCK)
        j = theirs[:, None]
        there = j < T
        their_at = (head + theirs)[:, None] * D + d
        pairs = own & (theirs < T)[None, :]
        y = tl.load(K + their_at, mask=there, other=0.0)
        w = tl.load(V + their_at, mask=there, other=0.0)
        seen = pairs
        if CAUSAL:
            seen = seen & (theirs[None, :] <= i)
        z = tl.dot(q, tl.trans(y), input_precision="ieee") * scale
        a, ds = through(z, g, w, lse, delta, seen)
        dq += tl.dot(ds.to(y.dtype), y, input_precision="ieee")
        x = tl.load(Q + their_at, mask=there, other=0.0)
        e = tl.load(G + their_at, mask=there, other=0.0)
        o = tl.load(OUT + their_at, mask=there, other=0.0)
        other_lse = tl.load(L + head + theirs, mask=theirs < T, other=0.0)
        seen = tl.trans(pairs)
        if CAUSAL:
            seen = seen & (mine[None, :] <= j)
        z = tl.dot(x, tl.trans(k), input_precision="ieee") * scale
        a, ds = through(z, e, v, other_lse, tl.sum(e.to(tl.float32) * o, 1), seen)
        dv += tl.dot(tl.trans(a).to(e.dtype), e, input_precision="ieee")
        dk += tl.dot(tl.trans(ds).to(x.dtype), x, input_precision="ieee")
    tl.store(dQ + own_at, dq * scale, mask=own)
    tl.store(dK + own_at, dk * scale, mask=own)
    tl.store(dV + own_at, dv, mask=own)


@variant
def one_kernel_for_all(g, q, k, v, out, lse, causal=False):
    refuse(g, q, k, v, out, lse)
    batch, heads, tokens, d = q.shape
    dq, dk, dv = (q.new_empty((batch, heads, tokens, d)) for _ in range(3))
    tensors = [x.contiguous() for x in (g, q, k, v, out, lse)]
    both_kernel[(triton.cdiv(tokens, 64), batch * heads)](
        *tensors, dq, dk, dv, tokens, d**-0.5, D=d, BLOCK=64, CAUSAL=causal
    )
    return dq, dk, dv


@variant
def one_head_at_a_time(g, q, k, v, out, lse, causal=False):
    """Loop over samples and heads in Python, into slices of one tensor of float32 sums."""
    refuse(g, q, k, v, out, lse)
    batch, heads, tokens, d = q.shape
    sums = torch.zeros((3, batch, heads, tokens, d), dtype=torch.float32, device=q.device)
    for b in range(batch):
        for h in range(heads):
            mine = [x[b, h].contiguous() for x in (g, q, k, v, out, lse)]
            atomic_kernel[(triton.cdiv(tokens, 32), 1)](
                *mine,
                *(s[b, h] for s in sums),
                tokens,
                d**-0.5,
                D=d,
                ROWS=128,
                KEYS=32,
                CAUSAL=causal,
            )
    return tuple(s.to(q.dtype) for s in sums)

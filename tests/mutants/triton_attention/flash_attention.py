"""Wrong flash attention."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(
    q,
    k,
    v,
    out,
    lse,
    T,
    scale,
    D: tl.constexpr,
    ROWS: tl.constexpr,
    KEYS: tl.constexpr,
    CAUSAL: tl.constexpr,
    WRONG: tl.constexpr,
):
    """Attend, in blocks of keys; WRONG changes one step."""
    head = tl.program_id(1) * T
    other = 0 if WRONG == "first head" else head
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, D)[None, :]
    inside = row[:, None] < T
    here = (head + row)[:, None] * D + column
    queries = tl.load(q + here, mask=inside, other=0.0)
    largest = tl.full((ROWS,), 0.0 if WRONG == "starts at 0" else float("-inf"), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    mixed = tl.zeros((ROWS, D), tl.float32)
    end = T
    if CAUSAL and WRONG != "all tiles":
        end = tl.minimum(T, (tl.program_id(0) + (0 if WRONG == "diagonal" else 1)) * ROWS)
    for start in range(0, end, KEYS):
        key = start + tl.arange(0, KEYS)
        there = (other + key)[:, None] * D + column
        if WRONG == "no mask":
            keys = tl.load(k + there)
        else:
            keys = tl.load(k + there, mask=key[:, None] < T, other=0.0)
        values = tl.load(v + there, mask=key[:, None] < T, other=0.0)
        score = tl.dot(queries, tl.trans(keys), input_precision="ieee") * scale
        if WRONG != "padding":
            score = tl.where(key[None, :] < T, score, float("-inf"))
        if CAUSAL:
            hidden = 0.0 if WRONG == "hidden 0" else float("-inf")
            score = tl.where(key[None, :] <= row[:, None], score, hidden)
        new = tl.maximum(largest, tl.max(score, 1))
        weight = tl.exp(score - new[:, None])
        shrink = tl.exp(largest - new)
        total = total * shrink + tl.sum(weight, 1)
        if WRONG != "not rescaled":
            mixed = mixed * shrink[:, None]
        mixed = tl.dot(weight.to(values.dtype), values, mixed, input_precision="ieee")
        if WRONG == "half":
            mixed = mixed.to(out.dtype.element_ty).to(tl.float32)
        largest = new
    tl.store(out + here, (mixed / total[:, None]).to(out.dtype.element_ty), mask=inside)
    if WRONG == "base 2":
        tl.store(lse + head + row, (largest + tl.log(total)) * 1.4426950408889634, mask=row < T)
    else:
        tl.store(lse + head + row, largest + tl.log(total), mask=row < T)


@triton.jit
def scores_kernel(q, k, scores, T, scale, D: tl.constexpr, BLOCK: tl.constexpr):
    """Write the whole row of scores of a block of queries."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    column = tl.arange(0, D)[None, :]
    queries = tl.load(q + row[:, None] * D + column, mask=row[:, None] < T, other=0.0)
    for start in range(0, T, BLOCK):
        key = start + tl.arange(0, BLOCK)
        keys = tl.load(k + key[:, None] * D + column, mask=key[:, None] < T, other=0.0)
        score = tl.dot(queries, tl.trans(keys), input_precision="ieee") * scale
        inside = (row[:, None] < T) & (key[None, :] < T)
        tl.store(scores + row[:, None] * T + key[None, :], score, mask=inside)


def refuse(q, k, v):
    if q.ndim != 4 or q.numel() == 0 or not q.shape == k.shape == v.shape:
        raise ValueError(f"(B, H, T, d) expected, got {q.shape}, {k.shape}, {v.shape}")
    if q.shape[-1] not in (32, 64, 128) or not q.dtype == k.dtype == v.dtype:
        raise ValueError("d must be 32, 64 or 128, and the dtypes equal")
    if q.dtype not in (torch.float16, torch.float32):
        raise ValueError(f"float16 or float32 expected, got {q.dtype}")


def right(q, k, v, causal=False, wrong="", factor=None, straight=False, block=64):
    refuse(q, k, v)
    shape, dtype = q.shape, q.dtype
    if not straight:
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    out = torch.empty(shape, dtype=dtype, device=q.device)
    lse = torch.empty(shape[:3], dtype=torch.float32, device=q.device)
    samples, heads, tokens, d = shape
    grid = (triton.cdiv(tokens, block), samples * heads)
    sizes = {"D": d, "ROWS": block, "KEYS": block, "CAUSAL": causal, "WRONG": wrong}
    kernel[grid](q, k, v, out, lse, tokens, factor or d**-0.5, **sizes)
    return out, lse


def made(kind, wrong="", **settings):
    """Mark the right function with one step of its kernel, or of its launch, changed."""

    def flash_attention(q, k, v, causal=False):
        return right(q, k, v, causal, wrong, **settings)

    return mutant(kind)(flash_attention)


def answer(q, k, v, causal=False):
    """Return what torch computes."""
    scores = q.float() @ k.float().mT * q.shape[-1] ** -0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf)
    out = torch.softmax(scores, -1) @ v.float()
    return out.to(q.dtype), torch.logsumexp(scores, -1)


unscaled = made("scale-missing", factor=1.0)
head_forgotten = made("heads-not-offset", "first head")
output_as_it_was = made("output-not-rescaled", "not rescaled")
maximum_from_0 = made("maximum-starts-at-0", "starts at 0")
padding_seen = made("keys-beyond-the-end", "padding")
hidden_scores_0 = made("hidden-keys-score-0", "hidden 0")
diagonal_forgotten = made("diagonal-tile-skipped", "diagonal")
logarithm_to_base_2 = made("lse-in-base-2", "base 2")
views_read_straight = made("strides-ignored", straight=True)
half_sums = made("fp16-accumulation", "half")
loads_without_a_mask = made("out-of-bounds", "no mask")
all_tiles = made("hidden-tiles-read", "all tiles")
works_inside_a_kernel = cheats(right, answer)["works_inside_a_kernel"]


@mutant("matrix-written")
def writes_the_matrix(q, k, v, causal=False):
    """Return the right result, beside a matrix of all scores that nobody needs."""
    refuse(q, k, v)
    tokens, d = q.shape[2:]
    scores = torch.empty((tokens, tokens), dtype=torch.float32, device=q.device)
    grid = (triton.cdiv(tokens, 64),)
    scores_kernel[grid](q.contiguous(), k.contiguous(), scores, tokens, d**-0.5, D=d, BLOCK=64)
    return right(q, k, v, causal)

"""Right online softmax of rows, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


def refuse(x):
    if x.ndim != 2 or 0 in x.shape or x.dtype not in (torch.float16, torch.float32):
        raise ValueError(f"rows of float16 or float32 expected, got {x.shape} of {x.dtype}")


@triton.jit
def several_rows_kernel(x, y, M, N, step, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    """Several rows a program, powers of two, the sum from 1: e^(-inf) takes it away again."""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS))[:, None]
    m = tl.full((ROWS, 1), float("-inf"), tl.float32)
    s = tl.full((ROWS, 1), 1.0, tl.float32)
    for block in range(tl.cdiv(N, BLOCK)):
        column = (block * BLOCK + tl.arange(0, BLOCK))[None, :]
        inside = (row < M) & (column < N)
        z = tl.load(x + row * step + column, mask=inside, other=float("-inf")).to(tl.float32)
        z *= 1.4426950408889634
        new = tl.maximum(m, tl.max(z, 1, keep_dims=True))
        s = s * tl.exp2(m - new) + tl.sum(tl.exp2(z - new), 1, keep_dims=True)
        m = new
    for block in range(tl.cdiv(N, BLOCK)):
        column = (block * BLOCK + tl.arange(0, BLOCK))[None, :]
        inside = (row < M) & (column < N)
        z = tl.load(x + row * step + column, mask=inside, other=0.0).to(tl.float32)
        tl.store(y + row * N + column, tl.exp2(z * 1.4426950408889634 - m) / s, mask=inside)


@variant
def several_rows_a_program(x):
    refuse(x)
    x = x.contiguous()
    y = torch.empty_like(x)
    block = 64 if x.shape[1] < 1000 else 512
    several_rows_kernel[(triton.cdiv(x.shape[0], 4),)](
        x, y, *x.shape, x.stride(0), ROWS=4, BLOCK=block
    )
    return y


@triton.jit
def join(m, s, other_m, other_s):
    """Put two pairs of a maximum and a sum together."""
    new = tl.maximum(m, other_m)
    return new, s * tl.exp(m - new) + other_s * tl.exp(other_m - new)


@triton.jit
def lanes_kernel(x, tops, totals, N, row_step, column_step, BLOCK: tl.constexpr):
    """Maximum and sum of a row; each lane keeps a maximum and a sum of its own."""
    lane = tl.arange(0, BLOCK)
    m = tl.full((BLOCK,), -1e30, tl.float32)
    s = tl.zeros((BLOCK,), tl.float32)
    start = 0
    while start < N:
        at = x + tl.program_id(0) * row_step + (start + lane) * column_step
        z = tl.load(at, mask=start + lane < N, other=float("-inf")).to(tl.float32)
        new = tl.maximum(m, z)
        s = s * tl.exp(m - new) + tl.exp(z - new)
        m = new
        start += BLOCK
    top, total = tl.reduce((m, s), 0, join)
    tl.store(tops + tl.program_id(0), top)
    tl.store(totals + tl.program_id(0), total)


@triton.jit
def parts_kernel(x, tops, totals, y, N, row_step, column_step, BLOCK: tl.constexpr):
    """The shares of a block of a row."""
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    at = x + tl.program_id(0) * row_step + column * column_step
    z = tl.load(at, mask=column < N).to(tl.float32)
    share = tl.exp(z - tl.load(tops + tl.program_id(0))) / tl.load(totals + tl.program_id(0))
    tl.store(y + tl.program_id(0) * N + column, share.to(y.dtype.element_ty), mask=column < N)


@variant
def a_maximum_in_each_lane(x):
    refuse(x)
    rows, columns = x.shape
    y = x.new_empty(x.shape)
    top = x.new_empty(rows, dtype=torch.float32)
    total = torch.zeros(rows, dtype=torch.float32, device=x.device)
    block = 64 if columns < 1000 else 1024
    lanes_kernel[(rows,)](x, top, total, columns, *x.stride(), BLOCK=block)
    parts_kernel[(rows, triton.cdiv(columns, block))](
        x, top, total, y, columns, *x.stride(), BLOCK=block
    )
    return y


@triton.jit
def backwards_kernel(x, y, rows, N, row_step, column_step, BLOCK: tl.constexpr):
    """Few programs that take row after row, from the last block to the first."""
    row = tl.program_id(0)
    while row < rows:
        count = tl.cdiv(N, BLOCK)
        m = float("-inf")
        s = 0.0
        for n in range(count):
            column = (count - 1 - n) * BLOCK + tl.arange(0, BLOCK)
            z = tl.load(
                x + row * row_step + column * column_step, mask=column < N, other=float("-inf")
            ).to(tl.float32)
            new = tl.maximum(m, tl.max(z, 0))
            s = s * tl.exp(m - new) + tl.sum(tl.exp(z - new), 0)
            m = new
        for n in range(count):
            column = n * BLOCK + tl.arange(0, BLOCK)
            z = tl.load(x + row * row_step + column * column_step, mask=column < N)
            share = tl.fdiv(tl.exp(z.to(tl.float32) - m), s)
            tl.store(y + row * N + column, share.to(y.dtype.element_ty), mask=column < N)
        row += tl.num_programs(0)


@variant
def few_programs_backwards(x):
    refuse(x)
    rows, columns = x.shape
    y = torch.empty(rows * columns, dtype=x.dtype, device=x.device)
    backwards_kernel[(2,)](x, y, rows, columns, *x.stride(), BLOCK=256)
    return y.view(rows, columns)

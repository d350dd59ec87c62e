"""Right softmaxes of the rows of a matrix, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


@triton.jit
def blocked_kernel(x, y, rows, columns, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    """Several rows a program."""
    i = (tl.program_id(0) * ROWS + tl.arange(0, ROWS))[:, None]
    j = tl.arange(0, BLOCK)[None, :]
    inside = (i < rows) & (j < columns)
    numbers = tl.load(x + i * columns + j, mask=inside, other=float("-inf")).to(tl.float32)
    top = tl.max(tl.where(i < rows, numbers, 0.0), axis=1)
    raised = tl.exp2((numbers - top[:, None]) * 1.4426950408889634)
    tl.store(y + i * columns + j, raised / tl.sum(raised, axis=1)[:, None], mask=inside)


@triton.jit
def online_kernel(x, y, columns, row_stride, column_stride, BLOCK: tl.constexpr):
    """A running maximum and sum, then a second pass."""
    at = x + tl.program_id(0) * row_stride
    top, total = -float("inf"), 0.0
    for start in range(0, columns, BLOCK):
        j = start + tl.arange(0, BLOCK)
        part = tl.load(at + j * column_stride, mask=j < columns, other=float("-inf"))
        part = part.to(tl.float32)
        higher = tl.maximum(top, tl.max(part, axis=0))
        total = total * tl.exp(top - higher) + tl.sum(tl.exp(part - higher), axis=0)
        top = higher
    for start in range(0, columns, BLOCK):
        j = start + tl.arange(0, BLOCK)
        part = tl.load(at + j * column_stride, mask=j < columns, other=0.0).to(tl.float32)
        to = y + tl.program_id(0) * columns + j
        tl.store(to, tl.exp(part - top) / total, mask=j < columns)


@triton.jit
def zeros_kernel(x, y, columns, BLOCK: tl.constexpr):
    """Zeros beside the row, kept out by tl.where."""
    row, j = tl.program_id(0), tl.arange(0, BLOCK)
    numbers = tl.load(x + row * columns + j, mask=j < columns, other=0.0).to(tl.float32)
    numbers = tl.where(j < columns, numbers, -1e30)
    raised = tl.where(j < columns, tl.exp(numbers - tl.max(numbers, 0)), 0.0)
    found = (raised / tl.sum(raised, 0)).to(y.dtype.element_ty)
    tl.store(y + row * columns + j, found, mask=j < columns)


def fresh(x):
    if x.ndim != 2 or x.dtype not in (torch.float16, torch.float32, torch.bfloat16):
        raise ValueError(f"a matrix of floats expected, got {x.shape} of {x.dtype}")
    return torch.empty(x.shape, dtype=x.dtype, device=x.device)


@variant
def rows_in_blocks(x):
    y, (rows, columns) = fresh(x), x.shape
    sizes = {"ROWS": 4, "BLOCK": triton.next_power_of_2(columns)}
    blocked_kernel[(triton.cdiv(rows, 4),)](x.contiguous(), y, rows, columns, **sizes)
    return y


@variant
def online(x):
    y = fresh(x)
    online_kernel[(x.shape[0],)](x, y, x.shape[1], x.stride(0), x.stride(1), BLOCK=64)
    return y


@variant
def zeros_and_where(x):
    y = fresh(x)
    block = max(triton.next_power_of_2(x.shape[1]), 16)
    zeros_kernel[(x.shape[0],)](x.contiguous(), y, x.shape[1], BLOCK=block)
    return y

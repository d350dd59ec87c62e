"""Right sums of two tensors, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


@triton.jit
def add_kernel(x, y, total, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + i, mask=i < n, other=0.0).to(tl.float32)
    b = tl.load(y + i, mask=i < n, other=0.0).to(tl.float32)
    tl.store(total + i, (a + b).to(total.dtype.element_ty), mask=i < n)


@triton.jit
def striding_kernel(x, y, total, n, PROGRAMS: tl.constexpr, BLOCK: tl.constexpr):
    """A few programs that each take every PROGRAMS-th block."""
    for start in range(tl.program_id(0) * BLOCK, n, PROGRAMS * BLOCK):
        i = start + tl.arange(0, BLOCK)
        found = tl.load(x + i, mask=i < n) + tl.load(y + i, mask=i < n)
        tl.store(total + i, found, mask=i < n)


@triton.jit
def adding_kernel(x, total, n, BLOCK: tl.constexpr):
    """Add x to what is there."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    there = tl.load(total + i, mask=i < n)
    tl.store(total + i, there + tl.load(x + i, mask=i < n), mask=i < n)


@triton.jit
def rows_kernel(x, y, total, columns, x0, x1, y0, y1, BLOCK: tl.constexpr):
    """One row of a matrix a program, by strides."""
    row, j = tl.program_id(0), tl.arange(0, BLOCK)
    a = tl.load(x + row * x0 + j * x1, mask=j < columns)
    b = tl.load(y + row * y0 + j * y1, mask=j < columns)
    tl.store(total + row * columns + j, a + b, mask=j < columns)


def refuse(x, y):
    if x.shape != y.shape or x.dtype != y.dtype or not x.is_floating_point():
        raise ValueError(f"{x.shape} and {y.shape} cannot be added")


@variant
def large_blocks(x, y):
    refuse(x, y)
    total = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    n = x.numel()

    def grid(meta):
        return (triton.cdiv(n, meta["BLOCK"]),)

    x, y = x.reshape(-1).contiguous(), y.reshape(-1).contiguous()
    add_kernel[grid](x, y, total, n, BLOCK=4096, num_warps=8)
    return total


@variant
def few_programs(x, y):
    refuse(x, y)
    total = torch.empty_like(x, memory_format=torch.contiguous_format)
    x, y = x.contiguous(), y.contiguous()
    striding_kernel[(3,)](x, y, total, x.numel(), PROGRAMS=3, BLOCK=128)
    return total


@variant
def onto_a_copy(x, y):
    refuse(x, y)
    total = x.clone(memory_format=torch.contiguous_format)
    adding_kernel[(triton.cdiv(x.numel(), 512),)](y.contiguous(), total, x.numel(), BLOCK=512)
    return total


@variant
def by_strides(x, y):
    refuse(x, y)
    shape, columns = x.shape, x.shape[-1]
    if x.ndim != 2:
        x, y = x.reshape(-1, columns), y.reshape(-1, columns)
    total = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    block = triton.next_power_of_2(columns)
    rows_kernel[(x.shape[0],)](x, y, total, columns, *x.stride(), *y.stride(), BLOCK=block)
    return total.view(shape)

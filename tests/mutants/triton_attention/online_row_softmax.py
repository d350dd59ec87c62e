"""Wrong online softmax of rows."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(x, y, columns, row_stride, column_stride, BLOCK: tl.constexpr, WRONG: tl.constexpr):
    """Return the softmax of a row, in blocks; WRONG changes one step."""
    x += tl.program_id(0) * row_stride
    y += tl.program_id(0) * columns
    place = tl.arange(0, BLOCK)
    largest = 0.0 if WRONG == "starts at 0" else float("-inf")
    total = 0.0
    end = columns
    if WRONG == "whole blocks":
        end = columns // BLOCK * BLOCK
    for start in range(0, end, BLOCK):
        column = start + place
        seen = column < columns
        beyond = 0.0 if WRONG == "zeros" else float("-inf")
        score = tl.load(x + column * column_stride, mask=seen, other=beyond).to(tl.float32)
        top = tl.max(score, 0)
        new = tl.maximum(largest, top)
        shrink = tl.exp(largest - new)
        raised = tl.exp(score - new)
        if WRONG == "not rescaled":
            shrink = 1.0
        elif WRONG == "block maximum":
            raised = tl.exp(score - top)
        elif WRONG == "base 2":
            shrink = tl.exp2(largest - new)
            raised = tl.exp2(score - new)
        total = total * shrink + tl.sum(raised, 0)
        if WRONG == "half":
            total = total.to(y.dtype.element_ty).to(tl.float32)
        elif WRONG == "writes at once":
            tl.store(y + column, raised.to(y.dtype.element_ty), mask=seen)
        largest = new
    for start in range(0, columns, BLOCK):
        column = start + place
        seen = column < columns
        if WRONG == "writes at once":
            share = tl.load(y + column, mask=seen, other=0.0).to(tl.float32) / total
        else:
            score = tl.load(x + column * column_stride, mask=seen, other=0.0).to(tl.float32)
            share = tl.exp(score - largest) / total
            if WRONG == "base 2":
                share = tl.exp2(score - largest) / total
        tl.store(y + column, share.to(y.dtype.element_ty), mask=seen)


@triton.jit
def three_passes_kernel(
    x, y, columns, row_stride, column_stride, BLOCK: tl.constexpr, WRONG: tl.constexpr
):
    """Take a pass for the maximum, one for the sum, and one for the result."""
    x += tl.program_id(0) * row_stride
    y += tl.program_id(0) * columns
    place = tl.arange(0, BLOCK)
    largest = float("-inf")
    for start in range(0, columns, BLOCK):
        at = start + place
        score = tl.load(x + at * column_stride, mask=at < columns, other=float("-inf"))
        largest = tl.maximum(largest, tl.max(score.to(tl.float32), 0))
    total = 0.0
    for start in range(0, columns, BLOCK):
        at = start + place
        score = tl.load(x + at * column_stride, mask=at < columns, other=float("-inf"))
        total += tl.sum(tl.exp(score.to(tl.float32) - largest), 0)
    for start in range(0, columns, BLOCK):
        at = start + place
        score = tl.load(x + at * column_stride, mask=at < columns, other=0.0).to(tl.float32)
        share = tl.exp(score - largest) / total
        tl.store(y + at, share.to(y.dtype.element_ty), mask=at < columns)


def right(x, wrong="", block=None, programs=None, straight=False, kernel=kernel):
    if x.ndim != 2 or x.numel() == 0 or x.dtype not in (torch.float16, torch.float32):
        raise ValueError(f"rows of float16 or float32 expected, got {x.shape} of {x.dtype}")
    rows, columns = x.shape
    y = torch.empty((rows, columns), dtype=x.dtype, device=x.device)
    strides = (columns, 1) if straight else x.stride()
    block = block or (64 if columns < 1000 else 1024)  # few steps for a long row
    kernel[(programs or rows,)](x, y, columns, *strides, BLOCK=block, WRONG=wrong)
    return y


def made(kind, wrong="", **settings):
    """Mark the right function with one step of its kernel, or of its launch, changed."""
    return mutant(kind)(lambda x: right(x, wrong, **settings))


views_read_straight = made("strides-ignored", straight=True)
maximum_from_0 = made("maximum-starts-at-0", "starts at 0")
whole_blocks = made("last-block-skipped", "whole blocks")
zeros_beyond = made("columns-beyond-the-end", "zeros")
sum_as_it_was = made("sum-not-rescaled", "not rescaled")
own_maximum = made("maximum-of-the-block", "block maximum")
powers_of_two = made("base-2-without-log2e", "base 2")
written_at_once = made("earlier-blocks-not-corrected", "writes at once")
half_sum = made("fp16-accumulation", "half")
forgets_programs = made("not-stored", programs=1)
row_in_one_block = made("row-in-one-block", block=8192)
three_passes = made("row-read-three-times", kernel=three_passes_kernel)
_CHEATS = cheats(right, lambda x: torch.softmax(x, -1))
remembers_and_copies = _CHEATS["remembers_and_copies"]
overwrites_the_result = _CHEATS["overwrites_the_result"]

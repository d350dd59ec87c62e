"""Wrong softmaxes of the rows of a matrix."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(x, y, columns, row_stride, column_stride, WRONG: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    j = tl.arange(0, BLOCK)
    inside = j < columns
    at = x + row * row_stride + j * column_stride
    if WRONG == "no mask":
        numbers = tl.load(at).to(tl.float32)
    elif WRONG == "zeros":
        numbers = tl.load(at, mask=inside, other=0.0).to(tl.float32)
    else:
        numbers = tl.load(at, mask=inside, other=float("-inf")).to(tl.float32)
    top = 0.0 if WRONG == "no maximum" else tl.max(numbers, axis=0)
    raised = tl.exp(numbers - top)
    total = 1.0 if WRONG == "no sum" else tl.sum(raised, axis=0)
    if WRONG == "list":
        for part in [raised]:
            total = tl.sum(part, axis=0)
    tl.store(y + row * columns + j, raised / total, mask=inside)


@triton.jit
def whole_kernel(x, y, rows, columns, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    """All rows in one program, and one maximum of them all."""
    i, j = tl.arange(0, ROWS)[:, None], tl.arange(0, BLOCK)[None, :]
    inside = (i < rows) & (j < columns)
    numbers = tl.load(x + i * columns + j, mask=inside, other=float("-inf")).to(tl.float32)
    raised = tl.exp(numbers - tl.max(numbers))
    total = tl.sum(raised, axis=1)[:, None]
    tl.store(y + i * columns + j, raised / total, mask=inside)


def refuse(x):
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(f"a matrix of floats expected, got {x.shape} of {x.dtype}")


def softmax(x, wrong="", dtype=None, strides=None, rows=None):
    refuse(x)
    y = torch.empty(x.shape, dtype=dtype or x.dtype, device=x.device)
    columns = x.shape[1]
    steps = strides(x) if strides else x.stride()
    block = triton.next_power_of_2(columns)
    kernel[(rows or x.shape[0],)](x, y, columns, *steps, WRONG=wrong, BLOCK=block)
    return y


def made(kind, **steps):
    return mutant(kind)(lambda x: softmax(x, **steps))


padding = made("padding-counted", wrong="zeros")
overflow = made("no-max-subtraction", wrong="no maximum")
no_sum = made("not-normalised", wrong="no sum")
row_stride_is_columns = made("strides-ignored", strides=lambda x: (x.shape[1], 1))
wide = made("dtype", dtype=torch.float32)
no_mask = made("out-of-bounds", wrong="no mask")
list_in_a_kernel = made("does-not-compile", wrong="list")
first_row = made("not-stored", rows=1)
CHEATS = cheats(softmax, lambda x: torch.softmax(x, 1))
overwrites_the_result = CHEATS["overwrites_the_result"]
remembers_and_copies = CHEATS["remembers_and_copies"]
works_inside_a_kernel = CHEATS["works_inside_a_kernel"]


@mutant("softmax-over-columns")
def columns_for_rows(x):
    refuse(x)
    return softmax(x.T).T


@mutant("one-maximum-for-all")
def one_maximum(x):
    refuse(x)
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    sizes = {"ROWS": triton.next_power_of_2(x.shape[0])}
    sizes["BLOCK"] = triton.next_power_of_2(x.shape[1])
    whole_kernel[(1,)](x.contiguous(), y, *x.shape, **sizes)
    return y


@mutant("validation")
def takes_vectors(x):
    return softmax(x if x.ndim == 2 else x.reshape(1, -1)).reshape(x.shape)

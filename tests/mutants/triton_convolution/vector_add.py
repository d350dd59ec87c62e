"""Wrong sums of two tensors."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(x, y, total, n, WRONG: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = i < n
    a = tl.load(x + i, mask=inside | (WRONG == "load mask"))
    b = tl.load((x if WRONG == "x twice" else y) + i, mask=inside)
    if WRONG == "break":
        while True:
            break
    found = a - b if WRONG == "minus" else a + b
    tl.store(total + i, found, mask=inside)


def straight(x):
    return x.contiguous()


def as_it_is(x):
    return x


def add(x, y, wrong="", out=None, prepare=straight, blocks=triton.cdiv):
    if x.shape != y.shape or x.dtype != y.dtype or not x.is_floating_point():
        raise ValueError(f"{x.shape} and {y.shape} cannot be added")
    total = torch.empty(x.shape, dtype=x.dtype, device=x.device) if out is None else out(x)
    n = x.numel()
    kernel[(blocks(n, 256),)](prepare(x), prepare(y), total, n, WRONG=wrong, BLOCK=256)
    return total


def made(kind, **steps):
    return mutant(kind)(lambda x, y: add(x, y, **steps))


strides = made("strides-ignored", prepare=as_it_is)
x_twice = made("operand-read-twice", wrong="x twice")
minus = made("wrong-operation", wrong="minus")
flat = made("flat-result", out=lambda x: torch.empty(x.numel(), dtype=x.dtype))
wide = made("dtype", out=lambda x: torch.empty(x.shape, dtype=torch.float32))
too_few_programs = made("not-stored", blocks=lambda n, block: max(n // block, 1))
no_load_mask = made("out-of-bounds", wrong="load mask")
breaks = made("does-not-compile", wrong="break")
CHEATS = cheats(add, lambda x, y: x + y)
returns_torch = CHEATS["returns_torch"]
answers_after_a_kernel = CHEATS["answers_after_a_kernel"]
overwrites_the_result = CHEATS["overwrites_the_result"]
remembers_by_shape = CHEATS["remembers_by_shape"]
works_inside_a_kernel = CHEATS["works_inside_a_kernel"]


@mutant("no-kernel")
def no_launch(x, y):
    return x.clone()

"""Wrong products of two matrices."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(
    a, b, c, M, N, K, a_row, a_column, b_row, b_column,
    WRONG: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), c.dtype.element_ty if WRONG == "half" else tl.float32)
    last = K // BK * BK if WRONG == "rest" else K
    for start in range(0, last, BK):
        k = start + tl.arange(0, BK)
        place = tl.arange(0, BK) if WRONG == "still" else k
        at_a = a + m[:, None] * a_row + place[None, :] * a_column
        at_b = b + place[:, None] * b_row + n[None, :] * b_column
        in_a = (m < M)[:, None] & (k < K)[None, :]
        in_b = (k < K)[:, None] & (n < N)[None, :]
        tile_a = tl.load(at_a, mask=(m < M)[:, None] if WRONG == "inner mask" else in_a, other=0.0)
        tile_b = tl.load(at_b, mask=in_b, other=0.0)
        if WRONG == "half":
            total += tl.dot(tile_a, tile_b).to(total.dtype)
        elif WRONG == "overwritten":
            total = tl.dot(tile_a, tile_b)
        else:
            total = tl.dot(tile_a, tile_b, total)
    inside = (m < M)[:, None] & (n < N)[None, :]
    tl.store(c + m[:, None] * N + n[None, :], total.to(c.dtype.element_ty), mask=inside)


def refuse(a, b):
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"{a.shape} and {b.shape} cannot be multiplied")
    if a.dtype != b.dtype or not a.is_floating_point():
        raise ValueError(f"{a.dtype} and {b.dtype} cannot be multiplied")


def product(a, b, wrong="", dtype=None, strides=None, blocks=triton.cdiv, inner=32):
    refuse(a, b)
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty((M, N), dtype=dtype or a.dtype, device=a.device)
    steps = strides(a, b) if strides else (*a.stride(), *b.stride())
    grid = (blocks(M, 32), blocks(N, 32))
    kernel[grid](a, b, c, M, N, K, *steps, WRONG=wrong, BM=32, BN=32, BK=inner)
    return c


def made(kind, **steps):
    return mutant(kind)(lambda a, b: product(a, b, **steps))


def contiguous_steps(a, b):
    return a.shape[1], 1, b.shape[1], 1


def transposed_steps(a, b):
    return *a.stride(), 1, b.shape[0]


strides = made("strides-ignored", strides=contiguous_steps)
overwritten = made("one-block-only", wrong="overwritten")
rest = made("last-block-dropped", wrong="rest")
still = made("pointers-stand-still", wrong="still")
wide = made("dtype", dtype=torch.float32)
half_sums = made("fp16-accumulation", wrong="half")
no_inner_mask = made("out-of-bounds", wrong="inner mask")
too_few_programs = made("not-stored", blocks=lambda n, block: max(n // block, 1))
dot_of_8 = made("does-not-compile", inner=8)
CHEATS = cheats(product, lambda a, b: a @ b)
returns_torch = CHEATS["returns_torch"]
answers_after_a_kernel = CHEATS["answers_after_a_kernel"]
fills_with_numpy_inside = CHEATS["fills_with_numpy_inside"]


@mutant("factor-transposed")
def transposed(a, b):
    return product(a.contiguous(), b.contiguous(), strides=transposed_steps)


@mutant("validation")
def first_of_a_batch(a, b):
    return product(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]))

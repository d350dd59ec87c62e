"""Right products of two matrices, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from course_utils.kernels.tuning import autotune
from tests.bank import variant


@triton.jit
def moving_kernel(
    a, b, c, M, N, K, a_row, a_column, b_row, b_column,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Pointers that move along the inner dimension; tiles counted by one program index."""
    across = tl.cdiv(N, BN)
    m = (tl.program_id(0) // across * BM + tl.arange(0, BM))[:, None]
    n = (tl.program_id(0) % across * BN + tl.arange(0, BN))[None, :]
    k = tl.arange(0, BK)
    at_a, at_b = a + m * a_row + k[None, :] * a_column, b + k[:, None] * b_row + n * b_column
    total = tl.zeros((BM, BN), tl.float32)
    for step in range(tl.cdiv(K, BK)):
        left = K - step * BK
        tile_a = tl.load(at_a, mask=(m < M) & (k[None, :] < left), other=0.0)
        tile_b = tl.load(at_b, mask=(k[:, None] < left) & (n < N), other=0.0)
        total += tl.dot(tile_a, tile_b, input_precision="ieee")
        at_a += BK * a_column
        at_b += BK * b_row
    tl.store(c + m * N + n, total, mask=(m < M) & (n < N))


tuned = autotune(
    [triton.Config({"BM": 64, "BN": 32, "BK": 32}), triton.Config({"BM": 32, "BN": 32, "BK": 64})],
    key=["M", "N", "K"],
)(moving_kernel)


@triton.jit
def outer_kernel(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr):
    """Outer products, without a dot."""
    m = (tl.program_id(0) * BM + tl.arange(0, BM))[:, None]
    n = (tl.program_id(1) * BN + tl.arange(0, BN))[None, :]
    total = tl.zeros((BM, BN), tl.float32)
    for k in range(K):
        column = tl.load(a + m * K + k, mask=m < M, other=0.0).to(tl.float32)
        row = tl.load(b + k * N + n, mask=n < N, other=0.0).to(tl.float32)
        total += column * row
    tl.store(c + m * N + n, total.to(c.dtype.element_ty), mask=(m < M) & (n < N))


@triton.jit
def split_kernel(a, b, c, M, N, K, SHARE, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """Shares of the inner dimension, added by atomics."""
    m = (tl.program_id(0) * BM + tl.arange(0, BM))[:, None]
    n = (tl.program_id(1) * BN + tl.arange(0, BN))[None, :]
    total = tl.zeros((BM, BN), tl.float32)
    first = tl.program_id(2) * SHARE
    for start in range(first, tl.minimum(first + SHARE, K), BK):
        k = start + tl.arange(0, BK)
        tile_a = tl.load(a + m * K + k[None, :], mask=(m < M) & (k[None, :] < K), other=0.0)
        tile_b = tl.load(b + k[:, None] * N + n, mask=(k[:, None] < K) & (n < N), other=0.0)
        total = tl.dot(tile_a, tile_b, total, input_precision="ieee")
    tl.atomic_add(c + m * N + n, total, mask=(m < M) & (n < N))


def sizes(a, b):
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"{a.shape} and {b.shape} cannot be multiplied")
    if a.dtype != b.dtype or not a.is_floating_point():
        raise ValueError(f"{a.dtype} and {b.dtype} cannot be multiplied")
    return a.shape[0], b.shape[1], a.shape[1]


@variant
def tuned_with_moving_pointers(a, b):
    M, N, K = sizes(a, b)
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)

    def grid(meta):
        return (triton.cdiv(M, meta["BM"]) * triton.cdiv(N, meta["BN"]),)

    tuned[grid](a, b, c, M, N, K, *a.stride(), *b.stride())
    return c


@variant
def outer_products(a, b):
    M, N, K = sizes(a, b)
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 64), triton.cdiv(N, 64))
    outer_kernel[grid](a.contiguous(), b.contiguous(), c, M, N, K, BM=64, BN=64)
    return c


@variant
def split_inner_dimension(a, b):
    M, N, K = sizes(a, b)
    c = torch.zeros((M, N), dtype=torch.float32, device=a.device)
    grid = (triton.cdiv(M, 64), triton.cdiv(N, 64), triton.cdiv(K, 256))
    split_kernel[grid](a.contiguous(), b.contiguous(), c, M, N, K, 256, BM=64, BN=64, BK=64)
    return c.to(a.dtype)

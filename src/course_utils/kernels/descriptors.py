"""The product of two matrices by tensor descriptors, and with specialised warps. For Hopper on.

A descriptor says once where a matrix lies, how large it is and what tile will be asked for. On a
chip from sm_90 on, a unit of its own then copies whole tiles into shared memory and cuts them at
the matrix' edge: no address and no mask is computed by the threads. Section `gpu-measuring`.
"""

from __future__ import annotations

import torch

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.matmul import check_factors, program_tile
from course_utils.kernels.tuning import autotune

ROW_BYTES = 16  # a described matrix starts, and each of its rows, at a multiple of this


def _config(rows: int, columns: int, warps: int, stages: int, specialise: bool) -> triton.Config:
    tile = {"BM": rows, "BN": columns, "BK": 64, "GROUP": 8, "SPECIALISE": specialise}
    return triton.Config(tile, num_warps=warps, num_stages=stages)


GPU_CONFIGS = [
    _config(128, 256, 8, 3, False),
    _config(128, 128, 8, 3, False),
    _config(128, 128, 4, 3, True),
]


@triton.jit
def matmul_descriptors_kernel(
    a, b, c, M, N, K, a_row, b_row, c_row,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
    SPECIALISE: tl.constexpr,
):  # fmt: skip
    """One (BM, BN) tile of c = a b; rows of a, b and c lie a_row, b_row and c_row apart."""
    tiles_a = tl.make_tensor_descriptor(a, [M, K], [a_row, 1], [BM, BK])
    tiles_b = tl.make_tensor_descriptor(b, [K, N], [b_row, 1], [BK, BN])
    tiles_c = tl.make_tensor_descriptor(c, [M, N], [c_row, 1], [BM, BN])
    tile_row, tile_column = program_tile(tl.cdiv(M, BM), tl.cdiv(N, BN), GROUP)
    row, column = tile_row * BM, tile_column * BN
    total = tl.zeros((BM, BN), tl.float32)
    for start in tl.range(0, K, BK, warp_specialize=SPECIALISE):
        tile_a = tiles_a.load([row, start])
        tile_b = tiles_b.load([start, column])
        total = tl.dot(tile_a, tile_b, total, input_precision="ieee")
    tiles_c.store([row, column], total.to(c.dtype.element_ty))


tuned = autotune(GPU_CONFIGS, key=["M", "N", "K"])(matmul_descriptors_kernel)


def matmul_descriptors(
    a: torch.Tensor, b: torch.Tensor, config: triton.Config | None = None
) -> torch.Tensor:
    """The product c = a b by tensor descriptors, added up in single precision.

    Args:
        a: (M, K), float16, on a GPU also bfloat16, by the interpreter also float32; copied unless
            its rows are dense and start at multiples of 16 bytes.
        b: (K, N), of the same dtype and on the same device; copied likewise.
        config: tile sizes `BM`, `BN`, `BK`, the height `GROUP` of a band of tiles, `SPECIALISE`
            (whether some warps only load), and the options of the compiler.

    Returns:
        (M, N), in the dtype of the factors; its rows start at multiples of 16 bytes.

    Raises:
        ValueError: not two matrices, inner sizes, dtypes or devices that differ, or another dtype.
    """
    check_factors(a, b)
    (M, K), N = a.shape, b.shape[1]
    a, b, c = aligned(a), aligned(b), padded(M, N, a)
    if c.numel() == 0:
        return c
    if K == 0:
        return c.zero_()

    def grid(tile: dict[str, int]) -> tuple[int]:
        return (triton.cdiv(M, tile["BM"]) * triton.cdiv(N, tile["BN"]),)

    arguments = (a, b, c, M, N, K, a.stride(0), b.stride(0), c.stride(0))
    if config is None and not INTERPRETED:
        _give_memory(a.device)
        tuned[grid](*arguments)
    else:
        config = config or _config(64, 64, 4, 3, False)
        matmul_descriptors_kernel[grid](*arguments, **config.all_kwargs())
    return c


def padded(rows: int, columns: int, like: torch.Tensor) -> torch.Tensor:
    """An unset (rows, columns) matrix whose rows start at multiples of 16 bytes."""
    step = ROW_BYTES // like.element_size()
    width = triton.cdiv(columns, step) * step
    return torch.empty((rows, width), dtype=like.dtype, device=like.device)[:, :columns]


def aligned(x: torch.Tensor) -> torch.Tensor:
    """Return `x`, or a copy of it where its rows are not dense or start at other addresses."""
    step = ROW_BYTES // x.element_size()
    if x.stride(1) == 1 and x.stride(0) % step == 0 and x.data_ptr() % ROW_BYTES == 0:
        return x
    return padded(*x.shape, like=x).copy_(x)


def _give_memory(device: torch.device) -> None:
    """Give Triton memory for the descriptors that a kernel makes."""
    triton.set_allocator(
        lambda size, alignment, stream: torch.empty(size, dtype=torch.int8, device=device)
    )

"""The product of two matrices by tiles, in Triton.

Each program computes one tile of the result: it walks along the inner dimension, loads one tile of
each factor and adds their product to an accumulator in single precision. Section `gpu-matmul`.
"""

from __future__ import annotations

from typing import Any

import torch

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def _config(rows: int, columns: int, inner: int, warps: int, stages: int) -> triton.Config:
    tile = {"BM": rows, "BN": columns, "BK": inner, "GROUP": 8}
    return triton.Config(tile, num_warps=warps, num_stages=stages)


GPU_CONFIGS = [
    _config(128, 256, 64, 8, 4),
    _config(128, 256, 64, 8, 3),
    _config(128, 128, 64, 8, 3),
    _config(128, 128, 32, 4, 4),
    _config(64, 128, 32, 4, 4),
    _config(64, 64, 32, 4, 3),
]
FLOAT32_CONFIGS = [_config(64, 64, 16, 8, 3), _config(64, 32, 16, 4, 3)]
INTERPRETER_CONFIG = _config(64, 64, 64, 4, 3)


@triton.jit
def program_tile(rows, columns, GROUP: tl.constexpr):
    """Row and column of this program's tile: down `GROUP` tiles, then one tile to the right."""
    program = tl.program_id(0)
    band = program // (GROUP * columns)  # GROUP rows of tiles, or what is left of them
    height = tl.minimum(rows - band * GROUP, GROUP)
    place = program % (GROUP * columns)
    return band * GROUP + place % height, place // height


@triton.jit
def matmul_kernel(
    a, b, c, M, N, K, a_row, a_column, b_row, b_column,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
):  # fmt: skip
    """One (BM, BN) tile of c = a b; the strides of a and b count elements, c is contiguous."""
    across, down = tl.cdiv(N, BN), tl.cdiv(M, BM)
    tile_row, tile_column = program_tile(down, across, GROUP)
    row = (tile_row * BM + tl.arange(0, BM))[:, None]
    column = (tile_column * BN + tl.arange(0, BN))[None, :]
    inner = tl.arange(0, BK)
    at_a = a + row.to(tl.int64) * a_row + inner[None, :] * a_column
    at_b = b + inner[:, None] * b_row + column.to(tl.int64) * b_column
    total = tl.zeros((BM, BN), tl.float32)
    for start in range(0, K, BK):
        left = K - start  # how much of the inner dimension is still there
        tile_a = tl.load(at_a, mask=(row < M) & (inner[None, :] < left), other=0.0)
        tile_b = tl.load(at_b, mask=(inner[:, None] < left) & (column < N), other=0.0)
        total = tl.dot(tile_a, tile_b, total, input_precision="ieee")
        at_a += BK * a_column
        at_b += BK * b_row
    at_c = c + row.to(tl.int64) * N + column
    tl.store(at_c, total.to(c.dtype.element_ty), mask=(row < M) & (column < N))


tuned = autotune(GPU_CONFIGS, key=["M", "N", "K"])(matmul_kernel)
tuned_float32 = autotune(FLOAT32_CONFIGS, key=["M", "N", "K"])(matmul_kernel)


def matmul(a: torch.Tensor, b: torch.Tensor, config: triton.Config | None = None) -> torch.Tensor:
    """The product c = a b, added up in single precision.

    Args:
        a: (M, K), float32, float16 or (on a GPU only) bfloat16, of any strides.
        b: (K, N), of the same dtype and on the same device.
        config: tile sizes `BM`, `BN`, `BK`, the height `GROUP` of a band of tiles, and the options
            of the compiler; by default large tiles for the interpreter, and tuned on a GPU.

    Returns:
        (M, N), contiguous, in the dtype of the factors.

    Raises:
        ValueError: not two matrices, inner sizes, dtypes or devices that differ, or another dtype.
    """
    check_factors(a, b)
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    if c.numel() == 0:
        return c

    def grid(tile: dict[str, Any]) -> tuple[Any, ...]:
        return (triton.cdiv(M, tile["BM"]) * triton.cdiv(N, tile["BN"]),)

    arguments = (a, b, c, M, N, K, a.stride(0), a.stride(1), b.stride(0), b.stride(1))
    if config is None and not INTERPRETED:
        kernel = tuned_float32 if a.dtype == torch.float32 else tuned
        kernel[grid](*arguments)
    else:
        options: dict[str, Any] = (config or INTERPRETER_CONFIG).all_kwargs()
        matmul_kernel[grid](*arguments, **options)
    return c


def check_factors(a: torch.Tensor, b: torch.Tensor) -> None:
    """Raise ValueError unless two matrices can be multiplied by a kernel."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"a, b: got {tuple(a.shape)} and {tuple(b.shape)}, expected (M, K) (K, N)")
    if a.dtype != b.dtype or a.dtype not in DTYPES:
        raise ValueError(f"a, b: got {a.dtype} and {b.dtype}, expected one dtype of {DTYPES}")
    if a.device != b.device:
        raise ValueError(f"a, b: got devices {a.device} and {b.device}, expected the same")

"""Row softmax in blocks of columns: a running maximum and a running sum, rows of any length."""

import torch
from torch import Tensor

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune


@triton.jit
def online_softmax_kernel(
    x_ptr, y_ptr, rows, columns, x_row, x_column,
    BLOCK_ROWS: tl.constexpr, BLOCK_COLUMNS: tl.constexpr,
):  # fmt: skip
    """Two passes over each row: the first finds its maximum and sum, the second divides."""
    r = tl.program_id(0) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    row = r[:, None].to(tl.int64)
    m = tl.full((BLOCK_ROWS,), float("-inf"), tl.float32)  # maximum so far
    s = tl.zeros((BLOCK_ROWS,), tl.float32)  # sum of exp(x - m) so far
    for start in range(0, columns, BLOCK_COLUMNS):
        c = (start + tl.arange(0, BLOCK_COLUMNS))[None, :]
        inside = (row < rows) & (c < columns)
        x = tl.load(x_ptr + row * x_row + c * x_column, mask=inside, other=float("-inf"))
        x = x.to(tl.float32)
        larger = tl.maximum(m, tl.max(x, 1))
        shift = tl.where(larger == float("-inf"), 0.0, larger)  # nothing but -inf so far
        s = s * tl.exp(m - shift) + tl.sum(tl.exp(x - shift[:, None]), 1)
        m = larger
    shift = tl.where(m == float("-inf"), 0.0, m)
    s = tl.where(r < rows, s, 1.0)  # below the last row there is nothing to divide by
    for start in range(0, columns, BLOCK_COLUMNS):
        c = (start + tl.arange(0, BLOCK_COLUMNS))[None, :]
        inside = (row < rows) & (c < columns)
        x = tl.load(x_ptr + row * x_row + c * x_column, mask=inside, other=0.0).to(tl.float32)
        y = tl.exp(x - shift[:, None]) / s[:, None]
        tl.store(y_ptr + row * columns + c, y.to(y_ptr.dtype.element_ty), mask=inside)


def _config(rows: int, columns: int, warps: int) -> triton.Config:
    return triton.Config({"BLOCK_ROWS": rows, "BLOCK_COLUMNS": columns}, num_warps=warps)


GPU_CONFIGS = [_config(1, 4096, 8), _config(1, 2048, 4), _config(4, 1024, 4)]
tuned = autotune(GPU_CONFIGS, key=["rows", "columns"])(online_softmax_kernel)


def online_row_softmax(x: Tensor, config: triton.Config | None = None) -> Tensor:
    """Turn each row into weights: ``y[r, c] = exp(x[r, c]) / sum_j exp(x[r, j])``.

    ``x`` is ``(rows, columns)``, contiguous or not, float16 or float32 (bfloat16 on a GPU); the
    result has its shape and dtype. A row is read in blocks of columns, so it may be longer than
    any block: with ``m' = max(m, max(block))``, ``s' = exp(m - m') s + sum(exp(block - m'))``. An
    entry of minus infinity gets weight 0, a row of nothing else nan, as in torch.
    ``config`` sets the block; by default large for the interpreter, and tuned on a GPU.

    Raises ``ValueError`` for another number of axes, an empty axis or another dtype. Source:
    Milakov and Gimelshein (2018), Online normalizer calculation for softmax.
    """
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"x: got shape {tuple(x.shape)}, expected (rows, columns), none empty")
    if x.dtype not in (torch.float16, torch.float32, torch.bfloat16):
        raise ValueError(f"x: got {x.dtype}, expected float16, float32 or bfloat16")
    rows, columns = x.shape
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    arguments = (x, y, rows, columns, *x.stride())

    def grid(block: dict[str, int]) -> tuple[int]:
        return (triton.cdiv(rows, block["BLOCK_ROWS"]),)

    if config is None and not INTERPRETED:
        tuned[grid](*arguments)
    else:
        config = config or _config(32, 256, 4)
        online_softmax_kernel[grid](*arguments, **config.all_kwargs())
    return y

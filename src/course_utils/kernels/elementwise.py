"""The first kernels of the course: a vector sum, and the softmax of rows in one pass."""

import torch

from course_utils.kernels.device import DEVICE, INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune

ADD_CONFIGS = [triton.Config({"BLOCK": size}, num_warps=w) for size, w in ((1024, 4), (4096, 8))]
SOFTMAX_CONFIGS = [
    triton.Config({"ROWS": rows}, num_warps=warps) for rows, warps in ((1, 4), (1, 8), (4, 4))
]
GPU_CONFIGS = {"vector_add": ADD_CONFIGS, "row_softmax": SOFTMAX_CONFIGS}
INTERPRETED_ADD = triton.Config({"BLOCK": 4096})  # few programs with big blocks are fast there
INTERPRETED_SOFTMAX = triton.Config({"ROWS": 32})
LONGEST_ROW = 16384  # elements of a row that one program holds in its registers
DTYPES = (
    (torch.float32, torch.float16)
    if INTERPRETED
    else (torch.float32, torch.float16, torch.bfloat16)
)


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Store ``x + y`` of BLOCK elements; program p has elements p BLOCK to (p + 1) BLOCK - 1."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    x = tl.load(x_ptr + index, mask=mask)
    y = tl.load(y_ptr + index, mask=mask)
    tl.store(out_ptr + index, x + y, mask=mask)


@triton.jit
def softmax_kernel(
    x_ptr,
    out_ptr,
    n_rows,
    n_columns,
    row_stride,
    column_stride,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
):
    """Store the softmax of ROWS rows; a block of COLUMNS >= n_columns holds each row whole."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, COLUMNS)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    start = rows[:, None].to(tl.int64) * row_stride
    x = tl.load(x_ptr + start + columns[None, :] * column_stride, mask=mask, other=-float("inf"))
    x = tl.where(rows[:, None] < n_rows, x.to(tl.float32), 0.0)  # no row of -inf alone
    powers = tl.exp(x - tl.max(x, axis=1)[:, None])
    result = powers / tl.sum(powers, axis=1)[:, None]
    target = out_ptr + rows[:, None].to(tl.int64) * n_columns + columns[None, :]
    tl.store(target, result.to(out_ptr.dtype.element_ty), mask=mask)


tuned_add = autotune(ADD_CONFIGS, key=["n"])(add_kernel)
tuned_softmax = autotune(SOFTMAX_CONFIGS, key=["n_rows", "n_columns"])(softmax_kernel)


def check_tensors(**tensors: torch.Tensor) -> None:
    """Raise ValueError unless all have one floating type of a kernel and lie on its device."""
    first = next(iter(tensors.values()))
    for name, tensor in tensors.items():
        if tensor.dtype not in DTYPES or tensor.dtype != first.dtype:
            raise ValueError(f"{name} is {tensor.dtype}; expected one type of {DTYPES} for all")
        if tensor.device.type != DEVICE:
            raise ValueError(f"{name} is on {tensor.device}; kernels run on {DEVICE} here")


def vector_add(
    x: torch.Tensor, y: torch.Tensor, config: triton.Config | None = None
) -> torch.Tensor:
    """Return ``x + y``, elementwise, for two tensors of one shape.

    Args:
        x, y: any shape, contiguous or not, one floating type.
        config: BLOCK and launch options; by default the tuned ones.

    Raises:
        ValueError: for different shapes, or types or devices that no kernel takes.
    """
    check_tensors(x=x, y=y)
    if x.shape != y.shape:
        raise ValueError(f"x has shape {tuple(x.shape)} and y has {tuple(y.shape)}")
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    if INTERPRETED and config is None:
        config = INTERPRETED_ADD
    kernel, options = (add_kernel, config.all_kwargs()) if config else (tuned_add, {})
    if n:
        kernel[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](x, y, out, n, **options)
    return out


def row_softmax(x: torch.Tensor, config: triton.Config | None = None) -> torch.Tensor:
    """Return ``exp(x_ij) / sum_k exp(x_ik)``: each row is read once and written once.

    Args:
        x: (rows, columns), at most 16,384 columns, contiguous or not.
        config: ROWS and launch options; by default the tuned ones.

    Raises:
        ValueError: for another number of axes, no or too many columns, a wrong type or device.
    """
    check_tensors(x=x)
    if x.ndim != 2 or not 1 <= x.shape[1] <= LONGEST_ROW:
        raise ValueError(f"x has shape {tuple(x.shape)}; expected (rows, 1 to {LONGEST_ROW})")
    n_rows, n_columns = x.shape
    out = torch.empty((n_rows, n_columns), dtype=x.dtype, device=x.device)
    if INTERPRETED and config is None:
        config = INTERPRETED_SOFTMAX
    kernel, options = (softmax_kernel, config.all_kwargs()) if config else (tuned_softmax, {})
    if n_rows:
        kernel[lambda meta: (triton.cdiv(n_rows, meta["ROWS"]),)](
            x,
            out,
            n_rows,
            n_columns,
            *x.stride(),
            COLUMNS=triton.next_power_of_2(n_columns),
            **options,
        )
    return out

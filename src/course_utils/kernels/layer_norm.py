"""Layer normalisation of rows in one pass: a fused kernel with two statistics."""

import torch

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.elementwise import LONGEST_ROW, check_tensors
from course_utils.kernels.tuning import autotune

GPU_CONFIGS = [triton.Config({"ROWS": rows}, num_warps=w) for rows, w in ((1, 4), (1, 8), (4, 4))]
INTERPRETED_CONFIG = triton.Config({"ROWS": 32})  # few programs with big blocks are fast there


@triton.jit
def layer_norm_kernel(
    x_ptr,
    gamma_ptr,
    beta_ptr,
    out_ptr,
    n_rows,
    n_columns,
    row_stride,
    column_stride,
    epsilon,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
):
    """Store ROWS normalised rows; a block of COLUMNS >= n_columns holds each row whole."""
    rows = (tl.program_id(0) * ROWS + tl.arange(0, ROWS))[:, None]
    columns = tl.arange(0, COLUMNS)[None, :]
    inside = columns < n_columns
    mask = (rows < n_rows) & inside
    start = x_ptr + rows.to(tl.int64) * row_stride
    x = tl.load(start + columns * column_stride, mask=mask, other=0.0).to(tl.float32)
    mean = tl.sum(x, axis=1)[:, None] / n_columns
    centred = tl.where(inside, x - mean, 0.0)  # a masked lane would add the square of the mean
    variance = tl.sum(centred * centred, axis=1)[:, None] / n_columns
    gamma = tl.load(gamma_ptr + columns, mask=inside, other=0.0).to(tl.float32)
    beta = tl.load(beta_ptr + columns, mask=inside, other=0.0).to(tl.float32)
    result = centred * tl.rsqrt(variance + epsilon) * gamma + beta
    target = out_ptr + rows.to(tl.int64) * n_columns + columns
    tl.store(target, result.to(out_ptr.dtype.element_ty), mask=mask)


tuned_layer_norm = autotune(GPU_CONFIGS, key=["n_rows", "n_columns"])(layer_norm_kernel)


def layer_norm(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    epsilon: float = 1e-5,
    config: triton.Config | None = None,
) -> torch.Tensor:
    """Return ``gamma (x - mean) / sqrt(variance + epsilon) + beta``, statistics of each row.

    Args:
        x: (rows, columns), at most 16,384 columns, contiguous or not.
        gamma, beta: (columns,), of the type of x.
        epsilon: added to the variance (the biased one), positive.
        config: ROWS and launch options; by default the tuned ones.

    Raises:
        ValueError: for shapes that do not fit, or types or devices that no kernel takes.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016), section 3.
    """
    check_tensors(x=x, gamma=gamma, beta=beta)
    if x.ndim != 2 or not 1 <= x.shape[1] <= LONGEST_ROW:
        raise ValueError(f"x has shape {tuple(x.shape)}; expected (rows, 1 to {LONGEST_ROW})")
    for name, tensor in (("gamma", gamma), ("beta", beta)):
        if tensor.shape != x.shape[1:]:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; expected ({x.shape[1]},)")
    n_rows, n_columns = x.shape
    out = torch.empty((n_rows, n_columns), dtype=x.dtype, device=x.device)
    if INTERPRETED and config is None:
        config = INTERPRETED_CONFIG
    kernel, options = (layer_norm_kernel, config.all_kwargs()) if config else (tuned_layer_norm, {})
    if n_rows:
        kernel[lambda meta: (triton.cdiv(n_rows, meta["ROWS"]),)](
            x,
            gamma.contiguous(),
            beta.contiguous(),
            out,
            n_rows,
            n_columns,
            *x.stride(),
            epsilon,
            COLUMNS=triton.next_power_of_2(n_columns),
            **options,
        )
    return out

"""The gradient of a convolution in its weights, in Triton. Section `gpu-convolution`.

The inner dimension of this matrix product is long (all pixels of the batch) and its result small,
so the pixels are split among programs, and each adds its share atomically.
"""

from __future__ import annotations

from typing import Any

import torch

from course_utils.kernels.convolution import DTYPES, output_size
from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune


def _config(filters: int, channels: int, pixels: int, warps: int, stages: int) -> triton.Config:
    tile = {"BN": filters, "BC": channels, "BM": pixels}
    return triton.Config(tile, num_warps=warps, num_stages=stages)


GPU_CONFIGS = [
    _config(128, 128, 64, 8, 3),
    _config(128, 64, 64, 4, 3),
    _config(64, 64, 64, 4, 3),
    _config(64, 64, 32, 4, 4),
]
FLOAT32_CONFIGS = [_config(64, 64, 16, 8, 3), _config(64, 32, 16, 4, 3)]
INTERPRETER_CONFIG = _config(64, 64, 512, 4, 3)
PROGRAMS = 1024  # on a GPU, about as many as keep all its units busy


@triton.jit
def weight_gradient_kernel(
    x, grad_y, dw, B, C, H, W, F, P, Q, SHARE,
    R: tl.constexpr, S: tl.constexpr, STRIDE: tl.constexpr, PADDING: tl.constexpr,
    BN: tl.constexpr, BC: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    """Add to dw (F, R, S, C) what SHARE pixels of grad_y (B, P, Q, F) and x (B, H, W, C) say.

    A program owns BN filters, BC channels of one tap, and one share of the pixels.
    """
    tap, across = tl.program_id(0) % (R * S), tl.program_id(0) // (R * S)
    filters = tl.program_id(1) * BN + tl.arange(0, BN)
    c = across * BC + tl.arange(0, BC)
    first = tl.program_id(2) * SHARE
    total = tl.zeros((BN, BC), tl.float32)
    for start in range(first, tl.minimum(first + SHARE, B * P * Q), BM):
        pixel = start + tl.arange(0, BM)
        mine = (pixel < first + SHARE) & (pixel < B * P * Q)
        q, p, image = pixel % Q, pixel // Q % P, (pixel // (P * Q)).to(tl.int64)
        h, v = p * STRIDE - PADDING + tap // S, q * STRIDE - PADDING + tap % S
        there = mine & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        at_x = x + (((image * H + h) * W + v) * C)[:, None] + c[None, :]
        tile_x = tl.load(at_x, mask=there[:, None] & (c < C)[None, :], other=0.0)
        at_y = grad_y + (pixel.to(tl.int64) * F)[None, :] + filters[:, None]
        tile_y = tl.load(at_y, mask=mine[None, :] & (filters < F)[:, None], other=0.0)
        total = tl.dot(tile_y, tile_x, total, input_precision="ieee")
    at_w = dw + ((filters * R * S + tap) * C)[:, None] + c[None, :]
    tl.atomic_add(at_w, total, mask=(filters < F)[:, None] & (c < C)[None, :])


KEY = ["C", "F", "P", "Q", "R", "S"]
tuned = autotune(GPU_CONFIGS, key=KEY, reset_to_zero=["dw"])(weight_gradient_kernel)
tuned_float32 = autotune(FLOAT32_CONFIGS, key=KEY, reset_to_zero=["dw"])(weight_gradient_kernel)


def conv2d_weight_grad(
    grad_y: torch.Tensor,
    x: torch.Tensor,
    w: torch.Tensor,
    stride: int = 1,
    padding: int = 0,
    shares: int | None = None,
    config: triton.Config | None = None,
) -> torch.Tensor:
    """dw[f, c, r, s], the sum of grad_y[n, f, p, q] x[n, c, p stride - padding + r, ...].

    Args:
        grad_y: (B, F, P, Q), the gradient in the output.
        x: (B, C, H, W), the input, of the same dtype and on the same device.
        w: (F, C, R, S), the weights; only their shape matters.
        stride: of the convolution.
        padding: of the convolution.
        shares: into how many parts the B P Q pixels are split; by default 1 under the interpreter,
            and on a GPU as many as keep it busy.
        config: tile sizes `BN` (filters), `BC` (channels), `BM` (pixels) and the options of the
            compiler; by default large tiles for the interpreter, and tuned on a GPU.

    Returns:
        (F, C, R, S), channels-last in memory, in the dtype of `x`. It is added up in float32, but
        with several shares in no fixed order: the last bits may differ from run to run.

    Raises:
        ValueError: shapes that do not fit, dtypes or devices that differ, or shares < 1.
    """
    _check(grad_y, x, w, stride, padding)
    (B, C, H, W), (_, F, P, Q) = x.shape, grad_y.shape
    R, S = w.shape[2:]
    dw = torch.zeros((F, R, S, C), dtype=torch.float32, device=x.device)
    shares = _shares(shares, B * P * Q, tiles=R * S * -(-C // 64) * -(-F // 64))
    share = -(-B * P * Q // (16 * shares)) * 16  # a multiple of 16
    pixels = (x.permute(0, 2, 3, 1).contiguous(), grad_y.permute(0, 2, 3, 1).contiguous())

    def grid(tile: dict[str, Any]) -> tuple[Any, ...]:
        across = triton.cdiv(C, tile["BC"])
        return R * S * across, triton.cdiv(F, tile["BN"]), triton.cdiv(B * P * Q, share)

    arguments = (*pixels, dw, B, C, H, W, F, P, Q, share)
    constants = {"R": R, "S": S, "STRIDE": stride, "PADDING": padding}
    if dw.numel() == 0 or B == 0:
        pass
    elif config is None and not INTERPRETED:
        kernel = tuned_float32 if x.dtype == torch.float32 else tuned
        kernel[grid](*arguments, **constants)
    else:
        options: dict[str, Any] = (config or INTERPRETER_CONFIG).all_kwargs()
        weight_gradient_kernel[grid](*arguments, **constants, **options)
    return dw.to(x.dtype).permute(0, 3, 1, 2)


def _shares(wanted: int | None, pixels: int, tiles: int) -> int:
    """`wanted`, or as many shares as give about `PROGRAMS` programs, each of 512 pixels or more."""
    if wanted is not None and wanted < 1:
        raise ValueError(f"shares: got {wanted}, expected at least 1")
    if wanted is not None or INTERPRETED:
        return wanted or 1
    return max(1, min(-(-PROGRAMS // max(tiles, 1)), pixels // 512))


def _check(
    grad_y: torch.Tensor, x: torch.Tensor, w: torch.Tensor, stride: int, padding: int
) -> None:
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ValueError(f"x, w: got {tuple(x.shape)}, {tuple(w.shape)}, expected equal channels")
    places = output_size((x.shape[2], x.shape[3]), (w.shape[2], w.shape[3]), stride, padding)
    expected = (x.shape[0], w.shape[0], *places)
    if tuple(grad_y.shape) != expected:
        raise ValueError(f"grad_y: got {tuple(grad_y.shape)}, expected {expected}")
    if x.dtype != grad_y.dtype or x.dtype not in DTYPES or x.device != grad_y.device:
        kinds = f"{grad_y.dtype} on {grad_y.device}, {x.dtype} on {x.device}"
        raise ValueError(f"got {kinds}, expected one dtype of {DTYPES} on one device")

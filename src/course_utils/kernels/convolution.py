"""Convolutions in Triton: directly, as an implicit matrix product, and back to the input.

Images come and go as (B, C, H, W). The matrix product works on their channels-last form, where
the channels of a pixel stand side by side in memory. Section `gpu-convolution`.
"""

from __future__ import annotations

from typing import Any

import torch

from course_utils.kernels.device import INTERPRETED, tl, triton
from course_utils.kernels.tuning import autotune

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def _config(pixels: int, filters: int, channels: int, warps: int, stages: int) -> triton.Config:
    tile = {"BM": pixels, "BN": filters, "BC": channels}
    return triton.Config(tile, num_warps=warps, num_stages=stages)


GPU_CONFIGS = [
    _config(128, 256, 32, 8, 4),
    _config(128, 128, 64, 8, 3),
    _config(128, 128, 32, 4, 4),
    _config(128, 64, 64, 4, 3),
    _config(64, 64, 32, 4, 4),
]
HOPPER_CONFIGS = [_config(128, 256, 64, 8, 3), _config(256, 128, 64, 8, 3)]  # spill on sm_80
FLOAT32_CONFIGS = [_config(64, 64, 16, 4, 3), _config(64, 32, 16, 4, 3)]
DIRECT_GPU, DIRECT_INTERPRETER = {"BM": 128, "BN": 16}, {"BM": 1024, "BN": 32}


@triton.jit
def direct_kernel(
    x, w, bias, y, C, H, W, F, P, Q,
    R: tl.constexpr, S: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """BM output pixels of one image, BN filters; x (B, C, H, W), w (F, C, R, S), stride 1."""
    image = tl.program_id(2).to(tl.int64)
    pixel = tl.program_id(0) * BM + tl.arange(0, BM)
    filters = tl.program_id(1) * BN + tl.arange(0, BN)
    p, q = pixel // Q, pixel % Q
    total = tl.zeros((BM, BN), tl.float32)
    for c in range(C):
        for tap in range(R * S):
            r, s = tap // S, tap % S
            at_x = x + ((image * C + c) * H + p + r) * W + q + s
            value = tl.load(at_x, mask=p < P, other=0.0).to(tl.float32)
            at_w = w + (filters * C + c) * (R * S) + tap
            weight = tl.load(at_w, mask=filters < F, other=0.0).to(tl.float32)
            total += value[:, None] * weight[None, :]
    total += tl.load(bias + filters, mask=filters < F, other=0.0).to(tl.float32)[None, :]
    at_y = y + ((image * F + filters) * P * Q)[None, :] + pixel[:, None]
    tl.store(at_y, total.to(y.dtype.element_ty), mask=(p < P)[:, None] & (filters < F)[None, :])


@triton.jit
def implicit_gemm_kernel(
    x, w, bias, y, B, C, H, W, F, P, Q, TOP, LEFT,
    R: tl.constexpr, S: tl.constexpr, STRIDE: tl.constexpr, DIVIDE: tl.constexpr,
    FLIP: tl.constexpr, RELU: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    """BM output pixels, BN filters; x (B, H, W, C), w (F, R, S, C), y (B, P, Q, F).

    Tap (r, s) of pixel (p, q) reads row (p STRIDE - TOP + r) / DIVIDE, and the column likewise,
    where these are whole numbers inside the image.
    """
    across = tl.cdiv(F, BN)
    filters = tl.program_id(0) % across * BN + tl.arange(0, BN)
    pixel = tl.program_id(0) // across * BM + tl.arange(0, BM)
    q, p, image = pixel % Q, pixel // Q % P, (pixel // (P * Q)).to(tl.int64)
    total = tl.zeros((BM, BN), tl.float32)
    blocks = tl.cdiv(C, BC)
    for step in range(R * S * blocks):  # the inner dimension: taps, and blocks of channels
        tap, c = step // blocks, step % blocks * BC + tl.arange(0, BC)
        up, over = p * STRIDE - TOP + tap // S, q * STRIDE - LEFT + tap % S
        h, v = up // DIVIDE, over // DIVIDE
        there = (image < B) & (up >= 0) & (h < H) & (over >= 0) & (v < W)
        if DIVIDE > 1:
            there = there & (up % DIVIDE == 0) & (over % DIVIDE == 0)
        at_x = x + (((image * H + h) * W + v) * C)[:, None] + c[None, :]
        tile_x = tl.load(at_x, mask=there[:, None] & (c < C)[None, :], other=0.0)
        weight_tap = R * S - 1 - tap if FLIP else tap
        at_w = w + ((filters * R * S + weight_tap) * C)[None, :] + c[:, None]
        tile_w = tl.load(at_w, mask=(c < C)[:, None] & (filters < F)[None, :], other=0.0)
        total = tl.dot(tile_x, tile_w, total, input_precision="ieee")
    if bias is not None:
        total += tl.load(bias + filters, mask=filters < F, other=0.0).to(tl.float32)[None, :]
    if RELU:
        total = tl.maximum(total, 0.0)
    at_y = y + (pixel.to(tl.int64) * F)[:, None] + filters[None, :]
    mask = (image < B)[:, None] & (filters < F)[None, :]
    tl.store(at_y, total.to(y.dtype.element_ty), mask=mask)


KEY = ["C", "F", "P", "Q", "R", "S", "STRIDE", "DIVIDE"]
tuned = autotune(GPU_CONFIGS + HOPPER_CONFIGS, key=KEY)(implicit_gemm_kernel)
tuned_float32 = autotune(FLOAT32_CONFIGS, key=KEY)(implicit_gemm_kernel)


def conv2d_direct(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """y[n, f, p, q] = b[f] + sum of w[f, c, r, s] x[n, c, p + r, q + s]: stride 1, no padding.

    Args:
        x: (B, C, H, W), float32, float16 or (on a GPU only) bfloat16.
        w: (F, C, R, S), of the same dtype and on the same device.
        b: (F,), likewise.

    Returns:
        (B, F, H - R + 1, W - S + 1), contiguous, in the dtype of `x`.

    Raises:
        ValueError: shapes that do not fit, and dtypes or devices that differ.
    """
    (B, C, H, W), (F, _, R, S) = _check(x, w, b, channels="C")
    P, Q = output_size((H, W), (R, S))
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    constants: dict[str, Any] = {
        "R": R,
        "S": S,
        **(DIRECT_INTERPRETER if INTERPRETED else DIRECT_GPU),
    }
    grid = (triton.cdiv(P * Q, constants["BM"]), triton.cdiv(F, constants["BN"]), B)
    if y.numel() > 0:
        images = x.contiguous(), w.contiguous(), b.contiguous(), y
        direct_kernel[grid](*images, C, H, W, F, P, Q, **constants)
    return y


def conv2d_implicit_gemm(
    x: torch.Tensor,
    w: torch.Tensor,
    b: torch.Tensor | None,
    stride: int = 1,
    padding: int = 0,
    relu: bool = False,
    config: triton.Config | None = None,
) -> torch.Tensor:
    """A convolution with bias, and max(., 0) if wanted, in one kernel: a matrix product of

    windows (B P Q, R S C), which are nowhere stored, and filters (R S C, F).

    Args:
        x: (B, C, H, W), float32, float16 or (on a GPU only) bfloat16; copied unless channels-last.
        w: (F, C, R, S), of the same dtype and on the same device; copied unless channels-last.
        b: (F,), likewise, or None.
        stride: step of the window, at least 1.
        padding: zeros on each side, at least 0.
        relu: whether negative outputs become 0.
        config: tile sizes `BM` (pixels), `BN` (filters), `BC` (channels) and the options of the
            compiler; by default large tiles for the interpreter, and tuned on a GPU.

    Returns:
        (B, F, P, Q), channels-last in memory, in the dtype of `x`.

    Raises:
        ValueError: shapes that do not fit, dtypes or devices that differ, or a window larger than
            the padded image.
    """
    (B, _, H, W), (F, _, R, S) = _check(x, w, b, channels="C")
    P, Q = output_size((H, W), (R, S), stride, padding)
    y = torch.empty((B, P, Q, F), dtype=x.dtype, device=x.device)
    filters = w.permute(0, 2, 3, 1).contiguous()
    bias = None if b is None else b.contiguous()
    _launch(
        x.permute(0, 2, 3, 1).contiguous(), filters, bias, y, (padding, padding), config,
        STRIDE=stride, DIVIDE=1, FLIP=False, RELU=relu,
    )  # fmt: skip
    return y.permute(0, 3, 1, 2)


def conv2d_input_grad(
    grad_y: torch.Tensor,
    w: torch.Tensor,
    x_shape: tuple[int, int, int, int],
    stride: int = 1,
    padding: int = 0,
    config: triton.Config | None = None,
) -> torch.Tensor:
    """The gradient of a convolution in its input: a convolution of `grad_y` with flipped filters.

    dx[n, c, h, v] is the sum of w[f, c, r, s] grad_y[n, f, p, q] over all p stride - padding + r
    = h and q stride - padding + s = v.

    Args:
        grad_y: (B, F, P, Q), the gradient in the output.
        w: (F, C, R, S), of the same dtype and on the same device.
        x_shape: (B, C, H, W), the shape of the input.
        stride: of the convolution.
        padding: of the convolution.
        config: as in `conv2d_implicit_gemm`.

    Returns:
        (B, C, H, W), channels-last in memory, in the dtype of `grad_y`.

    Raises:
        ValueError: shapes that do not fit, and dtypes or devices that differ.
    """
    _, (_, C, R, S) = _check(grad_y, w, None, channels="F")
    B, _, H, W = x_shape
    expected = (B, w.shape[0], *output_size((H, W), (R, S), stride, padding))
    if tuple(grad_y.shape) != expected or x_shape[1] != C:
        raise ValueError(
            f"grad_y: got {tuple(grad_y.shape)}, expected {expected} with {C} channels"
        )
    dx = torch.empty((B, H, W, C), dtype=grad_y.dtype, device=grad_y.device)
    filters = w.permute(1, 2, 3, 0).contiguous()
    _launch(
        grad_y.permute(0, 2, 3, 1).contiguous(), filters, None, dx,
        (R - 1 - padding, S - 1 - padding), config,
        STRIDE=1, DIVIDE=stride, FLIP=True, RELU=False,
    )  # fmt: skip
    return dx.permute(0, 3, 1, 2)


def _launch(
    x: torch.Tensor,
    w: torch.Tensor,
    bias: torch.Tensor | None,
    y: torch.Tensor,
    padding: tuple[int, int],
    config: triton.Config | None,
    **constants: Any,
) -> None:
    """Run the implicit product on channels-last x (B, H, W, C), w (F, R, S, C), y (B, P, Q, F)."""
    (B, H, W, C), (F, R, S, _), (_, P, Q, _) = x.shape, w.shape, y.shape
    if y.numel() == 0:
        return

    def grid(tile: dict[str, Any]) -> tuple[Any, ...]:
        return (triton.cdiv(B * P * Q, tile["BM"]) * triton.cdiv(F, tile["BN"]),)

    arguments = (x, w, bias, y, B, C, H, W, F, P, Q, *padding)
    constants = {"R": R, "S": S, **constants}
    if config is None and not INTERPRETED:
        kernel = tuned_float32 if x.dtype == torch.float32 else tuned
        kernel[grid](*arguments, **constants)
    else:
        options: dict[str, Any] = (config or _interpreter_config(F, C)).all_kwargs()
        implicit_gemm_kernel[grid](*arguments, **constants, **options)


def _interpreter_config(filters: int, channels: int) -> triton.Config:
    """Large tiles, for the interpreter's time goes with the number of programs and of steps."""
    sizes = [16 if n <= 16 else 32 if n <= 32 else 64 for n in (filters, channels)]
    return _config(512, sizes[0], sizes[1], 4, 3)


def output_size(
    size: tuple[int, int], kernel: tuple[int, int], stride: int = 1, padding: int = 0
) -> tuple[int, int]:
    """(P, Q) of a convolution over (H, W); ValueError if the window does not fit, or stride < 1."""
    if stride < 1 or padding < 0:
        raise ValueError(f"got stride {stride} and padding {padding}, expected at least 1 and 0")
    P, Q = ((n + 2 * padding - k) // stride + 1 for n, k in zip(size, kernel, strict=True))
    if min(P, Q) < 1:
        raise ValueError(f"w: got a window {kernel}, expected one that fits into {size} + padding")
    return P, Q


def _check(
    images: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None, channels: str
) -> tuple[torch.Size, torch.Size]:
    """The shapes of images and filters; `channels` says which axis of w the images' must equal."""
    side = "FC".index(channels)
    if images.ndim != 4 or w.ndim != 4 or images.shape[1] != w.shape[side]:
        shapes = f"{tuple(images.shape)} and {tuple(w.shape)}"
        raise ValueError(f"got {shapes}, expected 4 axes and as many channels ({channels})")
    if b is not None and tuple(b.shape) != (w.shape[0],):
        raise ValueError(f"b: got shape {tuple(b.shape)}, expected ({w.shape[0]},)")
    tensors = [t for t in (images, w, b) if t is not None]
    if len({(t.dtype, t.device) for t in tensors}) > 1 or images.dtype not in DTYPES:
        kinds = [f"{t.dtype} on {t.device}" for t in tensors]
        raise ValueError(f"got {', '.join(kinds)}, expected one dtype of {DTYPES} on one device")
    return images.shape, w.shape

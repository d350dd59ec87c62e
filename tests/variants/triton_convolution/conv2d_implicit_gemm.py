"""Right convolutions as implicit matrix products, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


@triton.jit
def flat_kernel(
    x, w, b, y, B, C, H, W, F, P, Q, STRIDE, PADDING, x0, x1, x2, x3, RELU,
    R: tl.constexpr, S: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """One inner index over channels and taps, weights as they lie, x by its strides."""
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    f = tl.program_id(1) * BN + tl.arange(0, BN)
    q, p, n = m % Q, m // Q % P, m // (P * Q)
    total = tl.zeros((BM, BN), tl.float32)
    for start in range(0, C * R * S, BK):
        k = start + tl.arange(0, BK)
        c, r, s = k // (R * S), k // S % R, k % S
        h = p[:, None] * STRIDE - PADDING + r[None, :]
        v = q[:, None] * STRIDE - PADDING + s[None, :]
        there = (n < B)[:, None] & (c < C)[None, :] & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        at = x + n[:, None] * x0 + c[None, :] * x1 + h * x2 + v * x3
        at_w = w + f[None, :] * (C * R * S) + k[:, None]
        tile_x = tl.load(at, mask=there, other=0.0)
        tile_w = tl.load(at_w, mask=(k < C * R * S)[:, None] & (f < F)[None, :], other=0.0)
        total = tl.dot(tile_x, tile_w, total, input_precision="ieee")
    total = total + tl.load(b + f, mask=f < F, other=0.0).to(tl.float32)
    total = tl.where(RELU > 0, tl.maximum(total, 0.0), total)
    at_y = y + (n[:, None] * F + f[None, :]) * (P * Q) + p[:, None] * Q + q[:, None]
    tl.store(at_y, total, mask=(n < B)[:, None] & (f < F)[None, :])


@triton.jit
def row_kernel(
    x, w, b, y, C, H, W, F, P, Q, STRIDE, PADDING, x0, x1, x2, x3, w0, w1, w2, w3, b0,
    RELU: tl.constexpr, R: tl.constexpr, S: tl.constexpr,
    BN: tl.constexpr, BC: tl.constexpr, BQ: tl.constexpr,
):  # fmt: skip
    """One row of the output: filters (BN, BC) times pixels (BC, BQ), tap by tap."""
    n, p = tl.program_id(0), tl.program_id(1)
    f = (tl.program_id(2) * BN + tl.arange(0, BN))[:, None]
    q = tl.arange(0, BQ)[None, :]
    total = tl.zeros((BN, BQ), tl.float32) + tl.load(b + f * b0, mask=f < F, other=0.0)
    for r in tl.static_range(R):
        h = p * STRIDE - PADDING + r
        for s in tl.static_range(S):
            v = q * STRIDE - PADDING + s
            for start in range(0, C, BC):
                c = start + tl.arange(0, BC)
                there = (c < C)[:, None] & (h >= 0) & (h < H) & (v >= 0) & (v < W) & (q < Q)
                at_x = x + n * x0 + c[:, None] * x1 + h * x2 + v * x3
                at_w = w + f * w0 + c[None, :] * w1 + r * w2 + s * w3
                pixels = tl.load(at_x, mask=there, other=0.0)
                weights = tl.load(at_w, mask=(f < F) & (c < C)[None, :], other=0.0)
                total = tl.dot(weights, pixels, total, input_precision="ieee")
    if RELU:
        total = tl.where(total > 0, total, 0.0)
    at_y = y + ((n * F + f) * P + p) * Q + q
    tl.store(at_y, total.to(y.dtype.element_ty), mask=(f < F) & (q < Q))


@triton.jit
def relu_kernel(y, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + i, tl.maximum(tl.load(y + i, mask=i < n), 0.0), mask=i < n)


def sizes(x, w, b, stride, padding):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"{x.shape}, {w.shape}, {b.shape} do not fit")
    if len({x.dtype, w.dtype, b.dtype}) > 1 or stride < 1 or padding < 0:
        raise ValueError("dtypes, stride or padding")
    P, Q = (
        (n + 2 * padding - k) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)
    )
    if P < 1 or Q < 1:
        raise ValueError("the kernel does not fit")
    return P, Q


@variant
def channels_first(x, w, b, stride=1, padding=0, relu=False):
    P, Q = sizes(x, w, b, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    grid = (triton.cdiv(B * P * Q, 128), triton.cdiv(F, 32))
    flat_kernel[grid](
        x, w.contiguous(), b.contiguous(), y, B, C, H, W, F, P, Q, stride, padding,
        *x.stride(), int(relu), R=R, S=S, BM=128, BN=32, BK=32,
    )  # fmt: skip
    return y


@variant
def relu_in_a_kernel_of_its_own(x, w, b, stride=1, padding=0, relu=False):
    y = channels_first(x, w, b, stride, padding)
    if relu:
        n = y.numel()
        relu_kernel[(triton.cdiv(n, 1024),)](y, n, BLOCK=1024)
    return y


@variant
def row_by_row(x, w, b, stride=1, padding=0, relu=False):
    P, Q = sizes(x, w, b, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    columns, channels = (max(triton.next_power_of_2(n), 16) for n in (Q, min(C, 32)))
    row_kernel[(B, P, triton.cdiv(F, 32))](
        x, w, b, y, C, H, W, F, P, Q, stride, padding, *x.stride(), *w.stride(), *b.stride(),
        RELU=relu, R=R, S=S, BN=32, BC=channels, BQ=columns,
    )  # fmt: skip
    return y

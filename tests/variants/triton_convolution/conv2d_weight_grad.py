"""Right gradients of a convolution in its weights, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


@triton.jit
def whole_kernel(
    grad_y, x, dw, B, C, H, W, F, P, Q, STRIDE, PADDING, g0, g1, g2, g3, x0, x1, x2, x3,
    R: tl.constexpr, S: tl.constexpr, BF: tl.constexpr, BK: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    """All pixels in one program, for BF filters and BK pairs of channel and tap; no atomics."""
    f = tl.program_id(0) * BF + tl.arange(0, BF)
    k = tl.program_id(1) * BK + tl.arange(0, BK)
    c, r, s = k // (R * S), k // S % R, k % S
    total = tl.zeros((BF, BK), tl.float32)
    for start in range(0, B * P * Q, BM):
        m = start + tl.arange(0, BM)
        n, p, q = m // (P * Q), m // Q % P, m % Q
        h = p[:, None] * STRIDE - PADDING + r[None, :]
        v = q[:, None] * STRIDE - PADDING + s[None, :]
        there = (n < B)[:, None] & (c < C)[None, :] & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        at_x = x + n[:, None] * x0 + c[None, :] * x1 + h * x2 + v * x3
        at_g = grad_y + f[:, None] * g1 + (n * g0 + p * g2 + q * g3)[None, :]
        tile_g = tl.load(at_g, mask=(f < F)[:, None] & (n < B)[None, :], other=0.0)
        tile_x = tl.load(at_x, mask=there, other=0.0)
        total += tl.dot(tile_g, tile_x, input_precision="ieee")
    at = dw + f[:, None] * (C * R * S) + k[None, :]
    tl.store(at, total, mask=(f < F)[:, None] & (k < C * R * S)[None, :])


@triton.jit
def tap_kernel(
    x, grad_y, dw, B, C, H, W, F, P, Q, STRIDE, DOWN, RIGHT,
    BC: tl.constexpr, BF: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    """One tap, channels last: dw (C, F) of x moved by (DOWN, RIGHT) and grad_y."""
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    f = tl.program_id(1) * BF + tl.arange(0, BF)
    total = tl.zeros((BC, BF), tl.float32)
    for start in range(0, B * P * Q, BM):
        m = start + tl.arange(0, BM)
        n, p, q = m // (P * Q), m // Q % P, m % Q
        h, v = p * STRIDE + DOWN, q * STRIDE + RIGHT
        there = (n < B) & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        pixels = x + ((n * H + h) * W + v)[:, None] * C + c[None, :]
        tile_x = tl.load(pixels, mask=there[:, None] & (c < C)[None, :], other=0.0)
        gradients = grad_y + m[:, None] * F + f[None, :]
        tile_g = tl.load(gradients, mask=(n < B)[:, None] & (f < F)[None, :], other=0.0)
        total = tl.dot(tl.trans(tile_x), tile_g, total, input_precision="ieee")
    tl.store(dw + c[:, None] * F + f[None, :], total, mask=(c < C)[:, None] & (f < F)[None, :])


@triton.jit
def row_kernel(
    grad_y, x, dw, C, H, W, F, P, Q, R, S, STRIDE, PADDING,
    BF: tl.constexpr, BK: tl.constexpr, BQ: tl.constexpr,
):  # fmt: skip
    """What one row of one image adds, for BF filters and BK pairs of channel and tap."""
    n, p = tl.program_id(0) // P, tl.program_id(0) % P
    f = (tl.program_id(1) * BF + tl.arange(0, BF))[:, None]
    k = (tl.program_id(2) * BK + tl.arange(0, BK))[None, :]
    q = tl.arange(0, BQ)
    h, v = p * STRIDE - PADDING + k // S % R, q[:, None] * STRIDE - PADDING + k % S
    there = (h >= 0) & (h < H) & (v >= 0) & (v < W) & (k < C * R * S) & (q < Q)[:, None]
    pixels = tl.load(x + ((n * C + k // (R * S)) * H + h) * W + v, mask=there, other=0.0)
    at = grad_y + ((n * F + f) * P + p) * Q + q[None, :]
    gradients = tl.load(at, mask=(f < F) & (q < Q)[None, :], other=0.0)
    share = tl.dot(gradients, pixels, input_precision="ieee")
    tl.atomic_add(dw + f * (C * R * S) + k, share, mask=(f < F) & (k < C * R * S))


def sizes(grad_y, x, w, stride, padding):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or stride < 1 or padding < 0:
        raise ValueError(f"{x.shape}, {w.shape} do not fit")
    P = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
    Q = (x.shape[3] + 2 * padding - w.shape[3]) // stride + 1
    if grad_y.shape != (x.shape[0], w.shape[0], P, Q) or grad_y.dtype != x.dtype or P * Q < 1:
        raise ValueError(f"grad_y {grad_y.shape} does not fit")
    return P, Q


@variant
def one_program_a_tile(grad_y, x, w, stride=1, padding=0):
    P, Q = sizes(grad_y, x, w, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    dw = torch.empty(w.shape, dtype=x.dtype, device=x.device)
    whole_kernel[(triton.cdiv(F, 32), triton.cdiv(C * R * S, 64))](
        grad_y, x, dw, B, C, H, W, F, P, Q, stride, padding, *grad_y.stride(), *x.stride(),
        R=R, S=S, BF=32, BK=64, BM=64,
    )  # fmt: skip
    return dw


@variant
def a_launch_for_each_tap(grad_y, x, w, stride=1, padding=0):
    P, Q = sizes(grad_y, x, w, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    dw = torch.empty((R, S, C, F), dtype=x.dtype, device=x.device)
    images, gradients = (t.permute(0, 2, 3, 1).contiguous() for t in (x, grad_y))
    for r in range(R):
        for s in range(S):
            tap_kernel[(triton.cdiv(C, 16), triton.cdiv(F, 32))](
                images, gradients, dw[r, s], B, C, H, W, F, P, Q, stride, r - padding,
                s - padding, BC=16, BF=32, BM=128,
            )  # fmt: skip
    return dw.permute(3, 2, 0, 1)


@variant
def rows_added_by_atomics(grad_y, x, w, stride=1, padding=0):
    P, Q = sizes(grad_y, x, w, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    dw = torch.zeros(w.shape, dtype=torch.float32, device=x.device)
    columns = max(triton.next_power_of_2(Q), 16)
    row_kernel[(B * P, triton.cdiv(F, 32), triton.cdiv(C * R * S, 64))](
        grad_y.contiguous(), x.contiguous(), dw, C, H, W, F, P, Q, R, S, stride, padding,
        BF=32, BK=64, BQ=columns,
    )  # fmt: skip
    return dw.to(x.dtype)

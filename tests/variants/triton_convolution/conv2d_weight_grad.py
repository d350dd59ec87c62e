"""Right gradients of a convolution in its weights, written differently."""

import torch

from course_utils.kernels import weight_gradient
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
def of_the_package_in_shares(grad_y, x, w, stride=1, padding=0):
    config = triton.Config({"BN": 32, "BC": 32, "BM": 64}, num_warps=4, num_stages=2)
    return weight_gradient.conv2d_weight_grad(grad_y, x, w, stride, padding, 2, config)


@variant
def of_the_package_alone(grad_y, x, w, stride=1, padding=0):
    config = triton.Config({"BN": 16, "BC": 16, "BM": 128}, num_warps=2, num_stages=2)
    dw = weight_gradient.conv2d_weight_grad(grad_y, x, w, stride, padding, 1, config)
    return dw.contiguous()

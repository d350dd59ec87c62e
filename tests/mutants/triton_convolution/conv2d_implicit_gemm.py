"""Wrong convolutions as implicit matrix products."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(
    x, w, b, y, B, C, H, W, F, P, Q,
    R: tl.constexpr, S: tl.constexpr, STRIDE: tl.constexpr, PADDING: tl.constexpr,
    RELU: tl.constexpr, WRONG: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    f = tl.program_id(1) * BN + tl.arange(0, BN)
    image, p, q = m // (P * Q), m // Q % P, m % Q
    total = tl.zeros((BM, BN), tl.float32)
    if WRONG == "half":
        total = tl.zeros((BM, BN), y.dtype.element_ty)
    step = 1 if WRONG == "stride" else STRIDE
    shift = 0 if WRONG == "padding" else PADDING
    for tap in range(R * S):
        r, s = tap // S, tap % S
        if WRONG == "taps":
            r, s = tap % R, tap // R
        h, v = p * step - shift + r, q * step - shift + s
        there = (image < B) & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        if WRONG == "wrap":
            place = (image * H + h) * W + v
            there = (image < B) & (place >= 0) & (place < B * H * W)
        elif WRONG == "image mask":
            there = (h >= 0) & (h < H) & (v >= 0) & (v < W)
        for start in range(0, C, BC):
            c = start + tl.arange(0, BC)
            at_x = x + ((image * H + h) * W + v)[:, None] * C + c[None, :]
            at = R * S - 1 - tap if WRONG == "flip" else tap
            at_w = w + (f[None, :] * (R * S) + at) * C + c[:, None]
            tile_x = tl.load(at_x, mask=there[:, None] & (c < C)[None, :], other=0.0)
            tile_w = tl.load(at_w, mask=(c < C)[:, None] & (f < F)[None, :], other=0.0)
            total += tl.dot(tile_x, tile_w, input_precision="ieee").to(total.dtype)
    if RELU and WRONG == "relu first":
        total = tl.maximum(total, 0.0)
    if WRONG != "bias":
        total += tl.load(b + f, mask=f < F, other=0.0)[None, :]
    if RELU and WRONG != "relu first":
        total = tl.maximum(total, 0.0)
    inside = (image < B)[:, None] & (f < F)[None, :]
    tl.store(y + m[:, None] * F + f[None, :], total.to(y.dtype.element_ty), mask=inside)


def last(x):
    return x.permute(0, 2, 3, 1).contiguous()


def refuse(x, w, b, stride, padding):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"{x.shape}, {w.shape}, {b.shape} do not fit")
    if len({x.dtype, w.dtype, b.dtype}) > 1 or not x.is_floating_point():
        raise ValueError(f"{x.dtype}, {w.dtype}, {b.dtype} do not fit")
    if stride < 1 or padding < 0:
        raise ValueError(f"stride {stride}, padding {padding}")


def convolve(
    x, w, b, stride=1, padding=0, relu=False, wrong="",
    image=last, weights=last, end=lambda y: y.permute(0, 3, 1, 2),
):  # fmt: skip
    refuse(x, w, b, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    P, Q = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - S) // stride + 1
    if min(P, Q) < 1:
        raise ValueError("the kernel does not fit")
    y = torch.empty((B, P, Q, F), dtype=x.dtype, device=x.device)
    grid = (triton.cdiv(B * P * Q, 128), triton.cdiv(F, 32))
    kernel[grid](
        image(x), weights(w), b.contiguous(), y, B, C, H, W, F, P, Q, R=R, S=S,
        STRIDE=stride, PADDING=padding, RELU=relu, WRONG=wrong, BM=128, BN=32, BC=32,
    )  # fmt: skip
    return end(y)


def made(kind, **steps):
    def conv2d_implicit_gemm(x, w, b, stride=1, padding=0, relu=False):
        return convolve(x, w, b, stride, padding, relu, **steps)

    return mutant(kind)(conv2d_implicit_gemm)


def straight(x):
    return x.contiguous()


def view_of_channels_last(y):
    B, P, Q, F = y.shape
    return y.view(B, F, P, Q)


wrapped = made("edges-wrap-around", wrong="wrap")
no_padding = made("padding-not-subtracted", wrong="padding")
no_stride = made("stride-not-applied", wrong="stride")
flipped = made("kernel-flipped", wrong="flip")
taps = made("taps-exchanged", wrong="taps")
image_first = made("image-not-permuted", image=straight)
weights_first = made("weights-not-permuted", weights=straight)
viewed = made("result-not-permuted", end=view_of_channels_last)
no_bias = made("bias-forgotten", wrong="bias")
relu_first = made("relu-before-bias", wrong="relu first")
half_sums = made("fp16-accumulation", wrong="half")
no_image_mask = made("out-of-bounds", wrong="image mask")


def by_torch(x, w, b, stride=1, padding=0, relu=False):
    y = torch.nn.functional.conv2d(x, w, b, stride, padding)
    return y.relu() if relu else y


CHEATS = cheats(convolve, by_torch)
answers_after_a_kernel = CHEATS["answers_after_a_kernel"]
returns_numpy_memory = CHEATS["returns_numpy_memory"]

"""Wrong gradients of a convolution in its weights."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(
    grad_y, x, dw, B, C, H, W, F, P, Q, SHARE, DIVISOR, WRONG: tl.constexpr,
    R: tl.constexpr, S: tl.constexpr, STRIDE: tl.constexpr, PADDING: tl.constexpr,
    BF: tl.constexpr, BC: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    tap = tl.program_id(0) % (R * S)
    c = tl.program_id(0) // (R * S) * BC + tl.arange(0, BC)
    f = tl.program_id(1) * BF + tl.arange(0, BF)
    total = tl.zeros((BF, BC), tl.float32)
    first = tl.program_id(2) * SHARE
    last = P * Q if WRONG == "first image" else B * P * Q
    step = 1 if WRONG == "stride" else STRIDE
    shift = 0 if WRONG == "padding" else PADDING
    for start in range(first, tl.minimum(first + SHARE, last), BM):
        m = start + tl.arange(0, BM)
        image, p, q = m // (P * Q), m // Q % P, m % Q
        h, v = p * step - shift + tap // S, q * step - shift + tap % S
        there = (m < last) & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        if WRONG == "wrap":
            place = (image * H + h) * W + v
            there = (m < last) & (place >= 0) & (place < B * H * W)
        at_g = grad_y + m[None, :] * F + f[:, None]
        at_x = x + ((image * H + h) * W + v)[:, None] * C + c[None, :]
        in_g = (f < F)[:, None] & ((m >= 0) if WRONG == "pixel mask" else (m < last))[None, :]
        tile_g = tl.load(at_g, mask=in_g, other=0.0)
        tile_x = tl.load(at_x, mask=there[:, None] & (c < C)[None, :], other=0.0)
        total = tl.dot(tile_g, tile_x, total, input_precision="ieee")
    at = R * S - 1 - tap if WRONG == "flip" else tap
    at_dw = dw + (f[:, None] * (R * S) + at) * C + c[None, :]
    inside = (f < F)[:, None] & (c < C)[None, :]
    total = total / DIVISOR
    if WRONG == "race":
        tl.store(at_dw, tl.load(at_dw, mask=inside, other=0.0) + total, mask=inside)
    else:
        tl.atomic_add(at_dw, total.to(dw.dtype.element_ty), mask=inside)


def sizes(grad_y, x, w, stride, padding):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or stride < 1 or padding < 0:
        raise ValueError(f"{x.shape}, {w.shape} do not fit")
    P = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
    Q = (x.shape[3] + 2 * padding - w.shape[3]) // stride + 1
    if grad_y.shape != (x.shape[0], w.shape[0], P, Q) or grad_y.dtype != x.dtype or P * Q < 1:
        raise ValueError(f"grad_y {grad_y.shape} does not fit")
    return P, Q


def last(x):
    return x.permute(0, 2, 3, 1).contiguous()


def gradient(
    grad_y, x, w, stride=1, padding=0, wrong="", divisor=lambda g: 1.0, images=last,
    fresh=torch.zeros, share=512, end=lambda dw: dw.permute(0, 3, 1, 2),
):  # fmt: skip
    P, Q = sizes(grad_y, x, w, stride, padding)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    kind = x.dtype if wrong == "half" else torch.float32
    dw = fresh((F, R, S, C), dtype=kind, device=x.device)
    grid = (R * S * triton.cdiv(C, 32), triton.cdiv(F, 32), triton.cdiv(B * P * Q, share))
    kernel[grid](
        last(grad_y), images(x), dw, B, C, H, W, F, P, Q, share, float(divisor(grad_y)),
        WRONG=wrong, R=R, S=S, STRIDE=stride, PADDING=padding, BF=32, BC=32, BM=128,
    )  # fmt: skip
    return end(dw.to(x.dtype))


def made(kind_of_mistake, **steps):
    def conv2d_weight_grad(grad_y, x, w, stride=1, padding=0):
        return gradient(grad_y, x, w, stride, padding, **steps)

    return mutant(kind_of_mistake)(conv2d_weight_grad)


def view_of_channels_last(dw):
    F, R, S, C = dw.shape
    return dw.view(F, C, R, S)


wrapped = made("edges-wrap-around", wrong="wrap")
no_padding = made("padding-not-subtracted", wrong="padding")
no_stride = made("stride-not-applied", wrong="stride")
flipped = made("gradient-flipped", wrong="flip")
first_image = made("first-image-only", wrong="first image")
mean = made("mean-for-sum", divisor=len)
image_first = made("image-not-permuted", images=lambda x: x.contiguous())
viewed = made("result-not-permuted", end=view_of_channels_last)
half_sums = made("fp16-accumulation", wrong="half", share=128)
no_mask = made("out-of-bounds", wrong="pixel mask")
no_zeros = made("read-before-stored", fresh=torch.empty)
race = made("programs-race", wrong="race")


def by_torch(grad_y, x, w, stride=1, padding=0):
    return torch.nn.grad.conv2d_weight(x, w.shape, grad_y, stride, padding)


CHEATS = cheats(gradient, by_torch)
returns_torch = CHEATS["returns_torch"]
overwrites_the_result = CHEATS["overwrites_the_result"]

"""Wrong convolutions by a loop over taps."""

import torch

from course_utils.kernels import convolution
from course_utils.kernels.device import tl, triton
from tests.bank import mutant
from tests.mutants.cheats_triton import cheats


@triton.jit
def kernel(
    x, w, b, y, C, H, W, F, P, Q, WRONG: tl.constexpr,
    R: tl.constexpr, S: tl.constexpr, PIXELS: tl.constexpr, FILTERS: tl.constexpr,
):  # fmt: skip
    image = tl.program_id(1)
    i = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    f = tl.program_id(2) * FILTERS + tl.arange(0, FILTERS)
    p, q = i // Q, i % Q
    total = tl.zeros((PIXELS, FILTERS), tl.float32)
    if WRONG == "half":
        total = tl.zeros((PIXELS, FILTERS), y.dtype.element_ty)
    pitch = H if WRONG == "height" else W
    seen = 0 if WRONG == "first image" else image
    for c in range(1 if WRONG == "one channel" else C):
        for tap in range(R * S):
            r, s = tap // S, tap % S
            if WRONG == "taps":
                r, s = tap % R, tap // R
            at = R * S - 1 - tap if WRONG == "flip" else tap
            at_x = x + (seen * C + c) * H * W + (p + r) * pitch + q + s
            at_w = w + (f * C + c) * R * S + at
            inside = (i >= 0) if WRONG == "pixel mask" else (p < P)
            pixel = tl.load(at_x, mask=inside, other=0.0).to(total.dtype)
            weight = tl.load(at_w, mask=f < F, other=0.0).to(total.dtype)
            total += pixel[:, None] * weight[None, :]
    if WRONG != "bias":
        total += tl.load(b + f, mask=f < F, other=0.0).to(total.dtype)[None, :]
    at_y = y + (image * F + f)[None, :] * (P * Q) + i[:, None]
    tl.store(at_y, total.to(y.dtype.element_ty), mask=(p < P)[:, None] & (f < F)[None, :])


def refuse(x, w, b):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"{x.shape}, {w.shape}, {b.shape} do not fit")
    if len({x.dtype, w.dtype, b.dtype}) > 1 or not x.is_floating_point():
        raise ValueError(f"{x.dtype}, {w.dtype}, {b.dtype} do not fit")
    if x.shape[2] < w.shape[2] or x.shape[3] < w.shape[3]:
        raise ValueError("the kernel does not fit")


def convolve(x, w, b, wrong="", prepare=lambda x: x.contiguous(), images=0):
    refuse(x, w, b)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    P, Q = H - R + 1, W - S + 1
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    grid = (triton.cdiv(P * Q, 128), images or B, triton.cdiv(F, 16))
    kernel[grid](
        prepare(x), prepare(w), prepare(b), y, C, H, W, F, P, Q, WRONG=wrong,
        R=R, S=S, PIXELS=128, FILTERS=16,
    )  # fmt: skip
    return y


def made(kind, **steps):
    return mutant(kind)(lambda x, w, b: convolve(x, w, b, **steps))


flipped = made("kernel-flipped", wrong="flip")
taps = made("taps-exchanged", wrong="taps")
no_bias = made("bias-forgotten", wrong="bias")
one_channel = made("one-channel-only", wrong="one channel")
first_image = made("first-image-only", wrong="first image")
height = made("height-for-width", wrong="height")
strides = made("strides-ignored", prepare=lambda x: x)
half_sums = made("fp16-accumulation", wrong="half")
no_mask = made("out-of-bounds", wrong="pixel mask")
one_image_stored = made("not-stored", images=1)
CHEATS = cheats(convolve, torch.nn.functional.conv2d)
answers_after_a_kernel = CHEATS["answers_after_a_kernel"]
remembers_by_shape = CHEATS["remembers_by_shape"]
works_inside_a_kernel = CHEATS["works_inside_a_kernel"]


@mutant("borrowed-kernel")
def of_the_package(x, w, b):
    return convolution.conv2d_direct(x, w, b)


@mutant("validation")
def any_bias(x, w, b):
    return convolve(x, w, b[: w.shape[0]])

"""Right convolutions by a loop over taps, written differently."""

import torch

from course_utils.kernels.device import tl, triton
from tests.bank import variant


@triton.jit
def strided_kernel(
    x, w, b, y, C, F, P, Q, x0, x1, x2, x3, w0, w1, w2, w3, b0,
    R: tl.constexpr, S: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """A rectangle of pixels of one image for one filter, by strides."""
    n, f = tl.program_id(0) // F, tl.program_id(0) % F
    p = (tl.program_id(1) * ROWS + tl.arange(0, ROWS))[:, None]
    q = tl.arange(0, COLUMNS)[None, :]
    inside = (p < P) & (q < Q)
    total = tl.zeros((ROWS, COLUMNS), tl.float32) + tl.load(b + f * b0).to(tl.float32)
    for r in tl.static_range(R):
        for s in tl.static_range(S):
            for c in range(C):
                weight = tl.load(w + f * w0 + c * w1 + r * w2 + s * w3).to(tl.float32)
                at = x + n * x0 + c * x1 + (p + r) * x2 + (q + s) * x3
                total += tl.load(at, mask=inside, other=0.0).to(tl.float32) * weight
    tl.store(y + ((n * F + f) * P + p) * Q + q, total, mask=inside)


@triton.jit
def pixels_kernel(
    x, w, b, y, B, C, H, W, F, P, Q,
    R: tl.constexpr, S: tl.constexpr, PIXELS: tl.constexpr, FILTERS: tl.constexpr,
):  # fmt: skip
    """Pixels of the whole batch, all filters."""
    m, f = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS), tl.arange(0, FILTERS)
    n, p, q = m // (P * Q), m // Q % P, m % Q
    total = tl.zeros((FILTERS, PIXELS), tl.float32)
    for k in range(C * R * S):
        c, r, s = k // (R * S), k // S % R, k % S
        at = x + ((n * C + c) * H + p + r) * W + q + s
        pixel = tl.load(at, mask=n < B, other=0.0)[None, :].to(tl.float32)
        total += pixel * tl.load(w + f * C * R * S + k, mask=f < F, other=0.0)[:, None]
    total += tl.load(b + f, mask=f < F, other=0.0)[:, None]
    at_y = y + (n[None, :] * F + f[:, None]) * P * Q + (p * Q + q)[None, :]
    tl.store(at_y, total, mask=(n < B)[None, :] & (f < F)[:, None])


@triton.jit
def row_kernel(
    x, w, b, y, H, W, P, Q, R: tl.constexpr, S: tl.constexpr, C: tl.constexpr, F: tl.constexpr,
    CHANNELS: tl.constexpr, FILTERS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One row of the output, all filters; channels are an axis of the block, and summed there."""
    n, p = tl.program_id(1), tl.program_id(0)
    f = tl.arange(0, FILTERS)[:, None, None]
    c = tl.arange(0, CHANNELS)[None, :, None]
    q = tl.arange(0, COLUMNS)[None, None, :]
    total = tl.zeros((FILTERS, COLUMNS), tl.float32)
    for r in range(R):
        for s in range(S):
            pixels = x + ((n * C + c) * H + p + r) * W + q + s
            weights = w + ((f * C + c) * R + r) * S + s
            pixel = tl.load(pixels, mask=(c < C) & (q < Q), other=0.0).to(tl.float32)
            weight = tl.load(weights, mask=(f < F) & (c < C), other=0.0).to(tl.float32)
            total += tl.sum(pixel * weight, axis=1)
    f, q = tl.arange(0, FILTERS)[:, None], tl.arange(0, COLUMNS)[None, :]
    total += tl.load(b + f, mask=f < F, other=0.0)
    tl.store(y + ((n * F + f) * P + p) * Q + q, total, mask=(f < F) & (q < Q))


def sizes(x, w, b):
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"{x.shape}, {w.shape}, {b.shape} do not fit")
    if len({x.dtype, w.dtype, b.dtype}) > 1:
        raise ValueError(f"{x.dtype}, {w.dtype}, {b.dtype} do not fit")
    P, Q = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    if P < 1 or Q < 1:
        raise ValueError("the kernel does not fit")
    return P, Q


@variant
def by_strides(x, w, b):
    P, Q = sizes(x, w, b)
    (B, C, _, _), (F, _, R, S) = x.shape, w.shape
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    columns = triton.next_power_of_2(Q)
    strided_kernel[(B * F, triton.cdiv(P, 16))](
        x, w, b, y, C, F, P, Q, *x.stride(), *w.stride(), *b.stride(),
        R=R, S=S, ROWS=16, COLUMNS=columns,
    )  # fmt: skip
    return y


@variant
def pixels_of_the_batch(x, w, b):
    P, Q = sizes(x, w, b)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    x, w, b = (t.contiguous() for t in (x, w, b))
    filters = max(triton.next_power_of_2(F), 2)
    pixels_kernel[(triton.cdiv(B * P * Q, 256),)](
        x, w, b, y, B, C, H, W, F, P, Q, R=R, S=S, PIXELS=256, FILTERS=filters
    )
    return y


@variant
def row_by_row(x, w, b):
    P, Q = sizes(x, w, b)
    (B, C, H, W), (F, _, R, S) = x.shape, w.shape
    y = torch.empty((B, F, P, Q), dtype=x.dtype, device=x.device)
    channels, filters, columns = (triton.next_power_of_2(n) for n in (C, F, Q))
    row_kernel[(P, B)](
        x.contiguous(), w.contiguous(), b.contiguous(), y, H, W, P, Q, R=R, S=S, C=C, F=F,
        CHANNELS=channels, FILTERS=filters, COLUMNS=columns,
    )  # fmt: skip
    return y

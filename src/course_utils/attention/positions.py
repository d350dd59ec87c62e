"""Two ways to put positions into the scores: rotated queries and keys, and a price for distance."""

import torch
from torch import Tensor


def rotate(x: Tensor, positions: Tensor | None = None, base: float = 10000.0) -> Tensor:
    """Turn each pair of columns by an angle that grows with the position (RoPE).

    ``(x_2i, x_2i+1)`` is turned by ``t / base**(2i / d)``, so that ``rotate(q) . rotate(k)``
    depends on the distance of the two positions only. Shapes: ``x`` ``(..., T, d)``, ``positions``
    ``(T,)``, by default ``0..T-1``; the result is like ``x``.

    Raises ``ValueError`` when ``d`` is odd. Source: Su et al. (2024), RoFormer.
    """
    T, d = x.shape[-2:]
    if d % 2:
        raise ValueError(f"columns are turned in pairs: the width must be even, got {d}")
    t = torch.arange(T, device=x.device) if positions is None else positions
    rates = base ** (-torch.arange(0, d, 2, dtype=torch.float64, device=x.device) / d)
    angles = t.double()[:, None] * rates  # (T, d / 2)
    cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1)
    return turned.flatten(-2)


def distance_bias(heads: int, queries: int, keys: int) -> Tensor:
    """Return what to add to the scores so that distance costs (ALiBi): ``(heads, queries, keys)``.

    ``bias[h, i, j] = -m_h |i - j|`` with slopes ``m_h = 2**(-8 h / heads)``, ``h = 1..heads``; the
    last query stands at the last key. Source: Press, Smith and Lewis (2022), Train short, test
    long, for causal attention, where all visible keys lie behind.
    """
    slopes = 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)
    place = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    return -slopes[:, None, None] * place.abs()

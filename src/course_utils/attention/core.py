"""Scaled dot-product attention, several heads of it, and the sinusoidal code of a position."""

from typing import Protocol

import torch
from torch import Tensor, nn


class Past(Protocol):
    """Keys and values of the tokens before: takes the new ones, returns all ``(B, H, T, d_k)``."""

    def __len__(self) -> int:
        """Count the tokens held."""
        ...

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append along the tokens and return everything held so far."""
        ...


def future(queries: int, keys: int, device: torch.device | None = None) -> Tensor:
    """Mark the keys that come after each query: bool ``(queries, keys)``.

    The last query stands at the last key; with as many of both, this is the triangle strictly
    above the diagonal.
    """
    return torch.ones(queries, keys, dtype=torch.bool, device=device).triu(keys - queries + 1)


def attention(
    q: Tensor, k: Tensor, v: Tensor, causal: bool = False, bias: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Average the values by how well their keys answer a query.

    ``A = softmax(Q K^T / sqrt(d_k) + bias)`` over the keys, ``out = A V``. Shapes: ``q``
    ``(..., T_q, d_k)``, ``k`` ``(..., T_k, d_k)``, ``v`` ``(..., T_k, d_v)``, ``bias``
    broadcasts to ``(..., T_q, T_k)``; returns ``out`` ``(..., T_q, d_v)`` and the weights ``A``
    ``(..., T_q, T_k)``. ``causal`` lets query ``t`` see keys ``0..t`` only.

    Raises ``ValueError`` when the widths of queries and keys or the numbers of keys and values
    differ, or when ``causal`` meets different lengths. Source: Vaswani et al. (2017), Attention
    is all you need, section 3.2.1.
    """
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"queries of width {q.shape[-1]} cannot meet keys of width {k.shape[-1]}")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{k.shape[-2]} keys need as many values, got {v.shape[-2]}")
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # (..., T_q, T_k)
    if bias is not None:
        scores = scores + bias
    if causal:
        if q.shape[-2] != k.shape[-2]:
            raise ValueError(
                f"causal needs as many queries as keys, got {q.shape[-2]} and {k.shape[-2]}"
            )
        scores = scores.masked_fill(future(q.shape[-2], k.shape[-2], q.device), -torch.inf)
    weights = scores.softmax(dim=-1)
    return weights @ v, weights


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own subspace, mixed by a last matrix.

    ``out = concat(attention(x Wq_h^T, m Wk_h^T, m Wv_h^T) for each head h) Wo^T``, where ``m`` is
    ``x`` itself or a second sequence. Shapes: ``x`` ``(B, T, d)``, ``memory`` ``(B, T_m, d)``,
    result ``(B, T, d)``. Head ``h`` owns the columns ``h d / heads`` to ``(h + 1) d / heads``.
    Without biases there are ``4 d**2`` parameters.

    ``kv_heads`` smaller than ``heads`` shares keys and values among groups of heads (grouped
    queries; 1 is multi-query). Raises ``ValueError`` when the heads do not divide. Sources:
    Vaswani et al. (2017), section 3.2.2; Ainslie et al. (2023), GQA.
    """

    def __init__(
        self,
        d: int,
        heads: int,
        causal: bool = False,
        kv_heads: int | None = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.kv_heads = heads if kv_heads is None else kv_heads
        if d % heads or heads % self.kv_heads:
            raise ValueError(f"{heads} heads over width {d} with {self.kv_heads} of keys: no fit")
        narrow = d // heads * self.kv_heads
        self.q = nn.Linear(d, d, bias=bias)
        self.k = nn.Linear(d, narrow, bias=bias)
        self.v = nn.Linear(d, narrow, bias=bias)
        self.out = nn.Linear(d, d, bias=bias)

    def split(self, x: Tensor) -> Tensor:
        """Turn columns into heads: ``(B, T, heads * d_k) -> (B, heads, T, d_k)``."""
        width = self.q.out_features // self.heads
        return x.unflatten(-1, (-1, width)).transpose(-3, -2)

    def look(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        bias: Tensor | None = None,
        past: Past | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the output ``(B, T, d)`` and the weights ``(B, heads, T, T_m)`` behind it.

        ``causal`` concerns the tokens of one sequence, never a ``memory``. With a ``past`` the
        tokens of ``x`` are the last ones, and see those held there too.
        """
        source = x if memory is None else memory
        q, k, v = self.split(self.q(x)), self.split(self.k(source)), self.split(self.v(source))
        if past is not None:
            k, v = past.extend(k, v)
        group = self.heads // self.kv_heads
        if group > 1:
            k, v = k.repeat_interleave(group, dim=-3), v.repeat_interleave(group, dim=-3)
        if self.causal and memory is None:
            mask = future(q.shape[-2], k.shape[-2], x.device)
            hidden = torch.zeros_like(mask, dtype=q.dtype).masked_fill(mask, -torch.inf)
            bias = hidden if bias is None else bias + hidden
        heads, weights = attention(q, k, v, bias=bias)
        return self.out(heads.transpose(-3, -2).flatten(-2)), weights

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        bias: Tensor | None = None,
        past: Past | None = None,
    ) -> Tensor:
        """Let the tokens of ``x`` look at each other, or at those of ``memory``."""
        return self.look(x, memory, bias, past)[0]


def positional_encoding(
    T: int, d: int, base: float = 10000.0, dtype: torch.dtype | None = None
) -> Tensor:
    """Code every position by waves: ``(T, d)``, even columns sines, odd columns cosines.

    ``P[t, 2i] = sin(t / base**(2i / d))``, ``P[t, 2i + 1] = cos(t / base**(2i / d))``. The scalar
    product of two rows depends on their distance only, and every row has squared length ``d/2``.
    Raises ``ValueError`` when ``d`` is odd. Source: Vaswani et al. (2017), section 3.5.
    """
    if d % 2:
        raise ValueError(f"sines and cosines come in pairs: the width must be even, got {d}")
    rates = base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angles = torch.arange(T, dtype=torch.float64)[:, None] * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
    return waves.to(dtype or torch.get_default_dtype())

"""Right attention, written differently."""

import math

import numpy as np
import torch

from tests.bank import variant


def refuse(q, k, v, causal):
    if min(q.ndim, k.ndim, v.ndim) < 2 or 0 in (*q.shape, *k.shape, *v.shape):
        raise ValueError("(..., T, d) expected")
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("leading axes differ")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{q.shape}, {k.shape} and {v.shape} do not fit")
    if causal and q.shape[-2] != k.shape[-2]:
        raise ValueError("causal needs equal lengths")


@variant
def einsum(q, k, v, causal=False):
    refuse(q, k, v, causal)
    s = np.einsum("...id,...jd->...ij", q, k) / math.sqrt(q.shape[-1])
    if causal:
        s = np.where(np.tri(s.shape[-1], dtype=bool), s, -np.inf)
    a = np.exp(s - s.max(axis=-1, keepdims=True))
    a /= a.sum(axis=-1, keepdims=True)
    return np.einsum("...ij,...jv->...iv", a, v), a


@variant
def loops(q, k, v, causal=False):
    refuse(q, k, v, causal)
    out = np.zeros((*q.shape[:-1], v.shape[-1]), q.dtype)
    weights = np.zeros((*q.shape[:-1], k.shape[-2]), q.dtype)
    for batch in np.ndindex(q.shape[:-2]):
        for i, query in enumerate(q[batch]):
            last = i + 1 if causal else k.shape[-2]
            s = [float(query @ key) / len(query) ** 0.5 for key in k[batch][:last]]
            e = [math.exp(each - max(s)) for each in s]
            for j, each in enumerate(e):
                weights[(*batch, i, j)] = each / sum(e)
                out[(*batch, i)] += each / sum(e) * v[(*batch, j)]
    return out, weights


@variant
def large_negative_number(q, k, v, causal=False):
    refuse(q, k, v, causal)
    q64, k64, v64 = (np.ascontiguousarray(x, dtype=np.float64) for x in (q, k, v))
    s = np.matmul(q64 / np.sqrt(q.shape[-1]), np.swapaxes(k64, -2, -1))
    if causal:
        s = s + np.triu(np.full(s.shape[-2:], -1e12), 1)
    a = np.exp(s - np.logaddexp.reduce(s, axis=-1)[..., None])
    return (a @ v64).astype(q.dtype), a.astype(q.dtype)


@variant
def torchs_own(q, k, v, causal=False):
    refuse(q, k, v, causal)
    a, b, c = (torch.tensor(np.ascontiguousarray(x)) for x in (q, k, v))
    out = torch.nn.functional.scaled_dot_product_attention(a, b, c, is_causal=causal)
    eye = torch.eye(k.shape[-2], dtype=b.dtype).expand(*k.shape[:-1], -1)
    weights = torch.nn.functional.scaled_dot_product_attention(a, b, eye, is_causal=causal)
    return [out.numpy(), weights.numpy()]


@variant
def exponentials_set_to_zero(q, k, v, causal=False):
    """Leave hidden keys out of the maximum, and set their exponentials to 0."""
    refuse(q, k, v, causal)
    s = q @ np.moveaxis(k, -1, -2) * q.shape[-1] ** -0.5
    seen = np.ones(s.shape, bool)
    if causal:
        seen &= np.arange(s.shape[-1]) <= np.arange(s.shape[-2])[:, None]
    top = np.max(s, axis=-1, keepdims=True, initial=-np.inf, where=seen)
    e = np.where(seen, np.exp(np.minimum(s - top, 0)), 0).astype(s.dtype)
    return e @ v / e.sum(-1, keepdims=True), e / e.sum(-1, keepdims=True)

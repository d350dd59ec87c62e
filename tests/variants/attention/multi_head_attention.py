"""Right attention with several heads, written differently."""

import numpy as np
import torch

from tests.bank import variant


def refuse(x, matrices, heads):
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"(..., T, d) expected, got {x.shape}")
    d = x.shape[-1]
    if heads < 1 or d % heads or any(W.shape != (d, d) for W in matrices):
        raise ValueError(f"{heads} heads and {[W.shape for W in matrices]} do not fit {d}")


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@variant
def reshapes(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    shape = (*x.shape[:-1], heads, x.shape[-1] // heads)
    q, k, v = ((x @ W.T).reshape(shape).swapaxes(-2, -3) for W in (Wq, Wk, Wv))
    s = q @ k.swapaxes(-1, -2) / shape[-1] ** 0.5
    if causal:
        s[..., np.triu(np.ones(s.shape[-2:], dtype=bool), 1)] = -np.inf
    return (softmax(s) @ v).swapaxes(-2, -3).reshape(x.shape) @ Wo.T


@variant
def one_head_after_the_other(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    y = np.empty(x.shape, x.dtype)
    width = x.shape[-1] // heads
    for h in range(heads):
        own = slice(h * width, h * width + width)
        q, k, v = x @ Wq[own].T, x @ Wk[own].T, x @ Wv[own].T
        s = q @ np.swapaxes(k, -1, -2) * width**-0.5
        if causal:
            s = s + np.triu(np.full(s.shape[-2:], -np.inf, x.dtype), 1)
        y[..., own] = softmax(s) @ v
    return y @ Wo.T


@variant
def einsums_in_float64(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    d = x.shape[-1]
    q, k, v = (
        np.einsum("...td,hed->...hte", x, W.reshape(heads, d // heads, d).astype(float))
        for W in (Wq, Wk, Wv)
    )
    s = np.einsum("...hte,...hse->...hts", q, k) / np.sqrt(d // heads)
    if causal:
        s = np.where(np.tri(s.shape[-1], dtype=bool), s, -1e15)
    y = np.einsum("...hts,...hse,ohe->...to", softmax(s), v, Wo.reshape(d, heads, -1))
    return y.astype(x.dtype)


@variant
def torchs_own(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    tokens, d = x.shape[-2:]
    z, q, k, v, o = (torch.tensor(np.ascontiguousarray(a)) for a in (x, Wq, Wk, Wv, Wo))
    z = z.reshape(-1, tokens, d)
    mask = torch.ones(tokens, tokens, dtype=torch.bool).triu(1) if causal else None
    layer = torch.nn.MultiheadAttention(d, heads, bias=False, batch_first=True, dtype=z.dtype)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([q, k, v]))
        layer.out_proj.weight.copy_(o)
        out, _ = layer(z, z, z, attn_mask=mask, need_weights=True)
    return out.numpy().reshape(x.shape)

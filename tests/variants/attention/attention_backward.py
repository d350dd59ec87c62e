"""Right gradients of attention, written differently."""

import math

import numpy as np
import torch

from tests.bank import variant


def refuse(g, q, k, v):
    if min(x.ndim for x in (g, q, k, v)) < 2 or 0 in (*g.shape, *q.shape, *k.shape, *v.shape):
        raise ValueError("(..., T, d) expected")
    if not g.shape[:-2] == q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("leading axes differ")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{q.shape}, {k.shape} and {v.shape} do not fit")
    if g.shape[-2:] != (q.shape[-2], v.shape[-1]):
        raise ValueError(f"grad_out {g.shape} does not fit")


@variant
def matrices(grad_out, q, k, v):
    refuse(grad_out, q, k, v)
    scale = q.shape[-1] ** -0.5
    s = scale * q @ np.swapaxes(k, -1, -2)
    a = np.exp(s - s.max(axis=-1, keepdims=True))
    a /= a.sum(axis=-1, keepdims=True)
    da = grad_out @ np.swapaxes(v, -1, -2)
    ds = scale * a * (da - (a * da).sum(axis=-1, keepdims=True))
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(a, -1, -2) @ grad_out


@variant
def output_dot_gradient(grad_out, q, k, v):
    """The row sum of A dA is that of out times grad_out: nothing of size T^2 is needed for it."""
    refuse(grad_out, q, k, v)
    g64, q64, k64, v64 = (np.array(x, dtype=np.float64) for x in (grad_out, q, k, v))
    s = np.einsum("...id,...jd->...ij", q64, k64) / np.sqrt(q.shape[-1])
    a = np.exp(s - np.logaddexp.reduce(s, axis=-1)[..., None])
    row = np.sum(np.einsum("...ij,...jv->...iv", a, v64) * g64, axis=-1)
    ds = a * (np.einsum("...iv,...jv->...ij", g64, v64) - row[..., None]) / np.sqrt(q.shape[-1])
    return [
        np.einsum("...ij,...jd->...id", ds, k64).astype(q.dtype),
        np.einsum("...ij,...id->...jd", ds, q64).astype(k.dtype),
        np.einsum("...ij,...iv->...jv", a, g64).astype(v.dtype),
    ]


@variant
def autograd(grad_out, q, k, v):
    refuse(grad_out, q, k, v)
    g, *inputs = (torch.tensor(np.ascontiguousarray(x)) for x in (grad_out, q, k, v))
    for each in inputs:
        each.requires_grad_()
    torch.nn.functional.scaled_dot_product_attention(*inputs).backward(g)
    return tuple(each.grad.numpy() for each in inputs)


@variant
def key_by_key(grad_out, q, k, v):
    refuse(grad_out, q, k, v)
    dq, dk, dv = (np.zeros_like(x) for x in (q, k, v))
    for place in np.ndindex(q.shape[:-1]):
        *b, _ = place
        b, root = tuple(b), math.sqrt(q.shape[-1])
        s = [float(q[place] @ key) / root for key in k[b]]
        e = [math.exp(each - max(s)) for each in s]
        a = [each / sum(e) for each in e]
        da = [float(grad_out[place] @ value) for value in v[b]]
        mean = sum(w * x for w, x in zip(a, da, strict=True))
        for j, (w, x) in enumerate(zip(a, da, strict=True)):
            dq[place] += w * (x - mean) / root * k[(*b, j)]
            dk[(*b, j)] += w * (x - mean) / root * q[place]
            dv[(*b, j)] += w * grad_out[place]
    return dq, dk, dv

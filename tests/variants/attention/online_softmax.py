"""Right online softmax, written differently."""

import math

import numpy as np
import torch

from tests.bank import variant


def refuse(blocks):
    if len(blocks) == 0 or any(b.ndim == 0 or b.shape[-1] == 0 for b in blocks):
        raise ValueError("blocks of at least one score expected")
    if len({b.shape[:-1] for b in blocks}) > 1:
        raise ValueError("leading axes differ")


@variant
def starts_far_below(blocks):
    """Start from the lowest finite number, from which a hidden block differs."""
    refuse(blocks)
    m = np.full(blocks[0].shape[:-1], np.finfo(blocks[0].dtype).min)
    s = np.zeros_like(m)
    for b in blocks:
        new = np.maximum(m, b.max(axis=-1))
        s = s * np.exp(m - new) + np.exp(b - new[..., None]).sum(axis=-1)
        m = new
    x = np.concatenate(blocks, axis=-1)
    return m, s, np.exp(x - m[..., None]) / s[..., None]


@variant
def corrects_as_it_goes(blocks):
    refuse(blocks)
    dtype, parts = blocks[0].dtype, []
    m = np.full((*blocks[0].shape[:-1], 1), -np.inf, dtype)
    s = np.zeros_like(m)
    for b in blocks:
        new = np.maximum(m, b.max(-1, keepdims=True))
        base = np.where(np.isfinite(new), new, np.zeros_like(new))
        shrink = np.exp(m - base)
        parts = [part * shrink for part in parts] + [np.exp(b - base)]
        s = s * shrink + parts[-1].sum(-1, keepdims=True)
        m = new
    return np.squeeze(m, -1), np.squeeze(s, -1), np.concatenate(parts, axis=-1) / s


@variant
def score_by_score(blocks):
    refuse(blocks)
    x = np.concatenate(blocks, axis=-1)
    m, s = np.empty(x.shape[:-1], x.dtype), np.empty(x.shape[:-1], x.dtype)
    p = np.empty_like(x)
    for row in np.ndindex(x.shape[:-1]):
        top, total = -math.inf, 0.0
        for each in x[row].tolist():
            if each > top:
                total, top = total * math.exp(top - each) + 1, each
            elif each > -math.inf:
                total += math.exp(each - top)
        m[row], s[row] = top, total
        p[row] = [math.exp(each - top) / total for each in x[row].tolist()]
    return [m, s, p]


@variant
def two_passes_in_torch(blocks):
    refuse(blocks)
    x = torch.cat([torch.tensor(np.ascontiguousarray(b)) for b in blocks], dim=-1)
    m = x.max(dim=-1).values
    s = torch.exp(torch.logsumexp(x.double(), dim=-1) - m.double()).to(x.dtype)
    return m.numpy(), s.numpy(), torch.softmax(x, dim=-1).numpy()


@variant
def plain_numbers_for_one_row(blocks):
    refuse(blocks)
    x = np.concatenate(list(blocks), axis=-1).astype(np.float64)
    m = x.max(-1, keepdims=True)
    e = np.exp(x - m)
    s = e.sum(-1, keepdims=True)
    kind = blocks[0].dtype
    if x.ndim == 1:
        return float(m[0]), float(s[0]), (e / s).astype(kind)
    return m[..., 0].astype(kind), s[..., 0].astype(kind), (e / s).astype(kind)

"""Wrong online softmax."""

import numpy as np

from tests.bank import mutant


def refuse(blocks):
    if len(blocks) == 0 or any(b.ndim == 0 or b.shape[-1] == 0 for b in blocks):
        raise ValueError("blocks of at least one score expected")
    if len({b.shape[:-1] for b in blocks}) > 1:
        raise ValueError("leading axes differ")


def one_pass(blocks):
    """Return the right maximum and sum, with the axis kept."""
    m = np.full((*blocks[0].shape[:-1], 1), -np.inf, blocks[0].dtype)
    s = np.zeros_like(m)
    for b in blocks:
        new = np.maximum(m, b.max(-1, keepdims=True))
        safe = np.where(np.isinf(new), 0, new).astype(b.dtype)
        s = s * np.exp(m - safe) + np.exp(b - safe).sum(-1, keepdims=True)
        m = new
    return m, s


def made(kind, end):
    """Mark a right pass with another end; ``end`` gets maximum, sum and softmax, axes kept."""

    def online_softmax(blocks):
        refuse(blocks)
        m, s = one_pass(blocks)
        return end(m, s, np.exp(np.concatenate(blocks, axis=-1) - m) / s, blocks)

    return mutant(kind)(online_softmax)


def loop(kind, update, first=-np.inf, total=0.0):
    """Mark a loop with ``update(m, s, block, top)`` of its own, from ``first`` and ``total``."""

    def online_softmax(blocks):
        refuse(blocks)
        m = np.full(blocks[0].shape[:-1], first, blocks[0].dtype)
        s = np.full(blocks[0].shape[:-1], total, blocks[0].dtype)
        for b in blocks:
            m, s = update(m, s, b, b.max(axis=-1))
        x = np.concatenate(blocks, axis=-1)
        return m, s, np.exp(x - m[..., None]) / s[..., None]

    return mutant(kind)(online_softmax)


def safely(x, m):
    return np.where(x == -np.inf, 0, np.exp(x - m)).astype(x.dtype)


def rescaling(factor):
    def update(m, s, b, top):
        new = np.maximum(m, top)
        return new, s * factor(m, new) + safely(b, new[..., None]).sum(-1)

    return update


never = loop("sum-not-rescaled", rescaling(lambda m, new: 1))
grows = loop(
    "rescaled-the-wrong-way",
    rescaling(lambda m, new: np.exp(np.where(m == -np.inf, 0, new - m))),
)
difference = loop(
    "factor-not-exponentiated",
    rescaling(lambda m, new: np.where(m == -np.inf, 0, m - new).astype(m.dtype)),
)
starts_at_zero = loop("maximum-starts-at-0", rescaling(lambda m, new: np.exp(m - new)), first=0.0)
careless = loop(
    "hidden-block-gives-nan",
    lambda m, s, b, top: (
        new := np.maximum(m, top),
        s * np.exp(m - new) + np.exp(b - new[..., None]).sum(-1),
    ),
)
own_maximum = loop(
    "maximum-of-the-block",
    lambda m, s, b, top: (
        new := np.maximum(m, top),
        s * safely(m, new) + safely(b, top[..., None]).sum(-1),
    ),
)
last_maximum = loop(
    "maximum-not-kept",
    lambda m, s, b, top: (top, s * safely(m, top) + safely(b, top[..., None]).sum(-1)),
)


@mutant("sum-starts-at-1")
def one_too_many(blocks):
    refuse(blocks)
    m, s = blocks[0].max(-1), np.ones(blocks[0].shape[:-1], blocks[0].dtype)
    for b in blocks:
        new = np.maximum(m, b.max(-1))
        s = s * safely(m, new) + safely(b, new[..., None]).sum(-1)
        m = new
    x = np.concatenate(blocks, axis=-1)
    return m, s, safely(x, m[..., None]) / s[..., None]


@mutant("hidden-block-gives-nan")
def list_of_rows(blocks):
    refuse(blocks)
    m, s = blocks[0].max(-1), 0
    for b in blocks:
        new = np.maximum(m, b.max(-1))
        s = s * np.exp(m - new) + np.exp(b - new[..., None]).sum(-1)
        m = new
    x = np.concatenate(blocks, axis=-1)
    return m, s, np.exp(x - m[..., None]) / s[..., None]


@mutant("earlier-blocks-not-corrected")
def old_exponentials(blocks):
    refuse(blocks)
    m = np.full(blocks[0].shape[:-1], -np.inf, blocks[0].dtype)
    s, parts = np.zeros_like(m), []
    for b in blocks:
        new = np.maximum(m, b.max(-1))
        parts.append(safely(b, new[..., None]))
        s = s * safely(m, new) + parts[-1].sum(-1)
        m = new
    return m, s, np.concatenate(parts, -1) / s[..., None]


def alone(blocks):
    raised = [safely(b, b.max(-1, keepdims=True)) for b in blocks]
    return np.concatenate([e / e.sum(-1, keepdims=True) for e in raised], axis=-1)


by_itself = made(
    "each-block-by-itself", lambda m, s, p, blocks: (m[..., 0], s[..., 0], alone(blocks))
)
raw = made("not-normalised", lambda m, s, p, blocks: (m[..., 0], s[..., 0], p * s))
log_sum = made("logarithm-of-the-sum", lambda m, s, p, blocks: (m[..., 0], np.log(s)[..., 0], p))
log_sum_exp = made(
    "logarithm-of-the-sum", lambda m, s, p, blocks: (m[..., 0], (m + np.log(s))[..., 0], p)
)
unshifted = made(
    "sum-without-the-maximum", lambda m, s, p, blocks: (m[..., 0], (s * np.exp(m))[..., 0], p)
)
ones = made("sum-of-the-softmax", lambda m, s, p, blocks: (m[..., 0], p.sum(-1), p))
kept = made("axis-kept", lambda m, s, p, blocks: (m, s, p))
sum_first = made("results-exchanged", lambda m, s, p, blocks: (s[..., 0], m[..., 0], p))
softmax_first = made("results-exchanged", lambda m, s, p, blocks: (p, m[..., 0], s[..., 0]))
in_pieces = made(
    "blocks-not-joined",
    lambda m, s, p, blocks: (m[..., 0], s[..., 0], [np.exp(b - m) / s for b in blocks]),
)
last_alone = made(
    "first-or-last-block-only",
    lambda m, s, p, blocks: (m[..., 0], s[..., 0], p[..., -blocks[-1].shape[-1] :]),
)
softmax_alone = made("type", lambda m, s, p, blocks: p)
two_results = made("length", lambda m, s, p, blocks: (m[..., 0] + np.log(s[..., 0]), p))


@mutant("max-not-subtracted")
def naive(blocks):
    refuse(blocks)
    e = [np.exp(b) for b in blocks]
    s = sum(each.sum(-1) for each in e)
    return np.concatenate(blocks, -1).max(-1), s, np.concatenate(e, -1) / s[..., None]


@mutant("one-maximum-for-all-rows")
def global_maximum(blocks):
    refuse(blocks)
    m = max(b.max() for b in blocks)
    e = np.exp(np.concatenate(blocks, -1) - m)
    return np.full(e.shape[:-1], m), e.sum(-1), e / e.sum(-1, keepdims=True)


@mutant("float64-came-along")
def float64_sums(blocks):
    refuse(blocks)
    m = np.full(blocks[0].shape[:-1], -np.inf)
    s = np.zeros(blocks[0].shape[:-1])
    for b in blocks:
        new = np.maximum(m, b.max(-1))
        s = s * safely(m, new) + safely(b, new[..., None]).sum(-1)
        m = new
    x = np.concatenate(blocks, axis=-1)
    return m, s, safely(x, m[..., None]) / s[..., None]


@mutant("mutates")
def in_place(blocks):
    refuse(blocks)
    m, s = one_pass(blocks)
    for b in blocks:
        np.subtract(b, m, out=b)
    return m[..., 0], s[..., 0], np.exp(np.concatenate(blocks, -1)) / s


@mutant("validation")
def rows_that_broadcast(blocks):
    if len(blocks) == 0:
        raise ValueError("no blocks")
    m, s = one_pass(blocks)
    x = np.concatenate([np.broadcast_to(b, (*m.shape[:-1], b.shape[-1])) for b in blocks], -1)
    return m[..., 0], s[..., 0], np.exp(x - m) / s


@mutant("validation")
def no_checks(blocks):
    m, s = one_pass(blocks) if blocks else (np.zeros(1), np.ones(1))
    x = np.concatenate(blocks, -1) if blocks else np.zeros(1)
    return m[..., 0], s[..., 0], np.exp(x - m) / s

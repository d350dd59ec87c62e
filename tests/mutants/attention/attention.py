"""Wrong attention."""

import math

import numpy as np

from tests.bank import mutant


def refuse(q, k, v, causal):
    if min(q.ndim, k.ndim, v.ndim) < 2 or 0 in (*q.shape, *k.shape, *v.shape):
        raise ValueError("(..., T, d) expected")
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("leading axes differ")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{q.shape}, {k.shape} and {v.shape} do not fit")
    if causal and q.shape[-2] != k.shape[-2]:
        raise ValueError("causal needs equal lengths")


def scores_of(q, k, scale=None):
    return np.einsum("...id,...jd->...ij", q, k) / (scale or math.sqrt(q.shape[-1]))


def masked(scores, offset=1, value=-np.inf):
    t = scores.shape[-1]
    scores = scores.copy()
    scores[..., ~np.tri(t, k=offset - 1, dtype=bool)] = value
    return scores


def shares(scores, axis=-1):
    e = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def made(kind, scores=scores_of, mask=masked, soften=shares, end=None):
    """Mark attention with a step of its own."""

    def attention(q, k, v, causal=False):
        refuse(q, k, v, causal)
        s = scores(q, k)
        if causal:
            s = mask(s)
        a = soften(s)
        return end(a, s, k, v, causal) if end else (a @ v, a)

    return mutant(kind)(attention)


unscaled = made("scale-missing", lambda q, k: q @ np.swapaxes(k, -1, -2))
by_d = made("scale-by-d", lambda q, k: scores_of(q, k, q.shape[-1]))
times_root = made("scale-multiplied", lambda q, k: scores_of(q, k, 1 / math.sqrt(q.shape[-1])))
root_of_keys = made("scale-by-the-keys", lambda q, k: scores_of(q, k, math.sqrt(k.shape[-2])))
over_queries = made("softmax-over-queries", soften=lambda s: shares(s, -2))
over_all = made("softmax-over-everything", soften=lambda s: shares(s, None))
over_all_of_each = made("softmax-over-everything", soften=lambda s: shares(s, (-2, -1)))
axis_1 = made("softmax-axis-by-number", soften=lambda s: shares(s, 1))
axis_2 = made("softmax-axis-by-number", soften=lambda s: shares(s, 2))
no_softmax = made("softmax-forgotten", soften=lambda s: s)
raw_exponentials = made("not-normalised", soften=np.exp)
shifted_exponentials = made("not-normalised", soften=lambda s: np.exp(s - s.max(-1)[..., None]))
overflow = made("no-max-subtraction", soften=lambda s: np.exp(s) / np.exp(s).sum(-1)[..., None])
one_maximum = made(
    "one-maximum-for-all",
    soften=lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(-1, keepdims=True),
)
post_hoc = made(
    "mask-after-softmax",
    mask=lambda s: s,
    end=lambda a, s, k, v, causal: ((c := np.tril(a) if causal else a) @ v, c),
)
times_tril = made("zeroed-scores", mask=np.tril)
blind_first = made("diagonal-hidden", mask=lambda s: masked(s, 0))
blind_first_big_number = made("diagonal-hidden", mask=lambda s: masked(s, 0, -1e9))
sees_the_next = made("future-leaks", mask=lambda s: masked(s, 2))
sees_the_future = made(
    "past-hidden", mask=lambda s: np.where(np.tri(s.shape[-1], k=-1) > 0, -np.inf, s)
)
no_mask = made("causal-ignored", mask=lambda s: s)
minus_a_hundred = made("mask-too-weak", mask=lambda s: masked(s, 1, -100.0))
minus_ten_thousand = made(
    "mask-too-weak",
    mask=lambda s: s - (1e4 * (1 - np.tri(s.shape[-1]))).astype(s.dtype),
)
two_steps = made(
    "maximum-of-hidden-keys",
    mask=lambda s: s,
    end=lambda a, s, k, v, causal: (
        (c := np.tril(a) / np.tril(a).sum(-1, keepdims=True) if causal else a) @ v,
        c,
    ),
)
untransposed = made("keys-not-transposed", lambda q, k: q @ k / math.sqrt(q.shape[-1]))
capital_t = made("all-axes-transposed", lambda q, k: q @ k.T / math.sqrt(q.shape[-1]))
keys_averaged = made("values-forgotten", end=lambda a, s, k, v, causal: (a @ k, a))
columns = made("weights-transposed", end=lambda a, s, k, v, causal: (a.swapaxes(-1, -2) @ v, a))
exchanged = made("results-exchanged", end=lambda a, s, k, v, causal: (a, a @ v))
with_scores = made("scores-returned", end=lambda a, s, k, v, causal: (a @ v, s))
out_alone = made("type", end=lambda a, s, k, v, causal: a @ v)


@mutant("scale-after-softmax")
def temperature_too_late(q, k, v, causal=False):
    refuse(q, k, v, causal)
    s = scores_of(q, k, 1.0)
    a = shares(masked(s) if causal else s) / math.sqrt(q.shape[-1])
    return a @ v, a


@mutant("always-causal")
def a_decoder_only(q, k, v, causal=False):
    refuse(q, k, v, causal)
    s = scores_of(q, k)
    a = shares(np.where(np.tril(np.ones(s.shape)) == 1, s, -np.inf))
    return a @ v, a


@mutant("float64-came-along")
def root_of_numpy(q, k, v, causal=False):
    refuse(q, k, v, causal)
    s = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    a = shares(masked(s) if causal else s)
    return a @ v, a


@mutant("scale-missing")
def unscaled_in_float64(q, k, v, causal=False):
    refuse(q, k, v, causal)
    s = np.array(q @ np.swapaxes(k, -1, -2), dtype=float)
    a = shares(masked(s) if causal else s)
    return a @ v, a


@mutant("mutates")
def scales_in_place(q, k, v, causal=False):
    refuse(q, k, v, causal)
    q /= math.sqrt(q.shape[-1])
    s = q @ np.swapaxes(k, -1, -2)
    a = shares(masked(s) if causal else s)
    return a @ v, a


@mutant("validation")
def takes_what_broadcasts(q, k, v, causal=False):
    if q.ndim < 2 or (causal and q.shape[-2] != k.shape[-2]):
        raise ValueError("no")
    s = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    a = shares(masked(s) if causal else s)
    return a @ v, a


@mutant("validation")
def causal_of_any_lengths(q, k, v, causal=False):
    refuse(q, k, v, False)
    s = scores_of(q, k)
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:])) > 0, s, -np.inf)
    a = shares(s)
    return a @ v, a

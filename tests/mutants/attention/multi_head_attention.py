"""Wrong attention with several heads."""

import math

import numpy as np

from tests.bank import mutant


def refuse(x, matrices, heads):
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"(..., T, d) expected, got {x.shape}")
    d = x.shape[-1]
    if heads < 1 or d % heads or any(W.shape != (d, d) for W in matrices):
        raise ValueError(f"{heads} heads and {[W.shape for W in matrices]} do not fit {d}")


def blocks(y, heads):
    """Return a list of the columns of each head."""
    return np.split(y, heads, axis=-1)


def look(q, k, v, causal, scale=None, offset=1, hidden=-np.inf, axis=-1):
    s = q @ k.swapaxes(-1, -2) / (scale or math.sqrt(q.shape[-1]))
    if causal:
        s = np.where(np.triu(np.ones(s.shape[-2:], bool), offset), hidden, s)
    e = np.exp(s - s.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True) @ v


def linear(x, W):
    return np.einsum("...i,oi->...o", x, W)


def made(kind, way=look, cut=blocks, join=None, maps=(linear, linear, linear, linear), add=0):
    """Mark attention with several heads with a step of its own."""

    def attention(x, Wq, Wk, Wv, Wo, heads, causal=False):
        refuse(x, (Wq, Wk, Wv, Wo), heads)
        q, k, v = (cut(f(x, W), heads) for f, W in zip(maps, (Wq, Wk, Wv), strict=False))
        found = [way(*each, causal) for each in zip(q, k, v, strict=True)]
        y = join(found) if join else np.concatenate(found, axis=-1)
        return maps[3](y, Wo) + add * x

    return mutant(kind)(attention)


def every(y, heads):
    return [y[..., h::heads] for h in range(heads)]


def weave(found):
    y = np.stack(found, axis=-1)
    return y.reshape(*y.shape[:-2], -1)


def crossed(x, W):
    return x @ W


def plain(x, W):
    return x


interleaved = made("heads-interleaved", cut=every, join=weave)
interleaved_cut = made("heads-interleaved", cut=every)
woven = made("heads-merged-in-another-order", join=weave)
reversed_heads = made(
    "heads-merged-in-another-order", join=lambda f: np.concatenate(f[::-1], axis=-1)
)
one_head = made("heads-ignored", cut=lambda y, heads: [y])
not_transposed = made("matrices-not-transposed", maps=(crossed,) * 4)
qkv_not_transposed = made("matrices-not-transposed", maps=(crossed, crossed, crossed, linear))
out_not_transposed = made("matrices-not-transposed", maps=(linear, linear, linear, crossed))
no_output_matrix = made("output-not-projected", maps=(linear, linear, linear, plain))
values_are_x = made("not-projected", maps=(linear, linear, plain, linear))
only_output = made("not-projected", maps=(plain, plain, plain, linear))
with_a_skip = made("input-added", add=1)
no_scale = made("scale-missing", lambda *a: look(*a, scale=1.0))
scale_of_width = made("scale-by-d", lambda q, *a: look(q, *a, scale=q.shape[-1]))
times_root = made("scale-multiplied", lambda q, *a: look(q, *a, scale=q.shape[-1] ** -0.5))
root_of_tokens = made("scale-by-the-keys", lambda q, *a: look(q, *a, scale=q.shape[-2] ** 0.5))
over_queries = made("softmax-over-queries", lambda *a: look(*a, axis=-2))
over_the_second_axis = made("softmax-axis-by-number", lambda *a: look(*a, axis=1))
next_token_seen = made("future-leaks", lambda *a: look(*a, offset=2))
itself_not_seen = made("diagonal-hidden", lambda *a: look(*a, offset=0))
zeros_for_hidden = made("zeroed-scores", lambda *a: look(*a, hidden=0.0))
thousand_for_hidden = made("mask-too-weak", lambda *a: look(*a, hidden=-1e3))
no_mask = made("causal-ignored", lambda q, k, v, causal: look(q, k, v, False))
masked_anyway = made("always-causal", lambda q, k, v, causal: look(q, k, v, True))


def weighed(q, k, v, causal, soften, mask=True, cut=False):
    s = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    future = np.triu(np.ones(s.shape[-2:], bool), 1)
    if causal and mask:
        s = np.where(future, -np.inf, s)
    a = soften(s)
    if causal and cut:
        a = np.where(future, 0.0, a).astype(a.dtype)
        a = a / a.sum(-1, keepdims=True) if cut == "divided" else a
    return a @ v


def naive(s):
    return np.exp(s) / np.exp(s).sum(-1, keepdims=True)


def right(s):
    return naive(s - s.max(-1, keepdims=True))


no_maximum = made("no-max-subtraction", lambda *a: weighed(*a, naive))
raw = made("softmax-forgotten", lambda *a: weighed(*a, lambda s: s))
shares_missing = made("not-normalised", lambda *a: weighed(*a, np.exp))
mask_last = made("mask-after-softmax", lambda *a: weighed(*a, right, False, True))
mask_last_divided = made("maximum-of-hidden-keys", lambda *a: weighed(*a, right, False, "divided"))
past_hidden = made(
    "past-hidden",
    lambda q, k, v, causal: weighed(
        q,
        k,
        v,
        False,
        lambda s: right(np.where(np.tri(s.shape[-1], k=-1) > 0, -np.inf, s) if causal else s),
    ),
)


def stacked(kind, soften=right, scale=None, share=None):
    """Mark attention with an axis for the heads."""

    def attention(x, Wq, Wk, Wv, Wo, heads, causal=False):
        refuse(x, (Wq, Wk, Wv, Wo), heads)
        q, k, v = (np.stack(blocks(linear(x, W), heads), axis=-3) for W in (Wq, Wk, Wv))
        s = q @ k.swapaxes(-1, -2) / math.sqrt(scale(x, heads) if scale else q.shape[-1])
        if causal:
            s = np.where(np.triu(np.ones(s.shape[-2:], bool), 1), -np.inf, s)
        a = soften(s)
        return linear(np.concatenate(list(np.moveaxis(a @ v, -3, 0)), axis=-1), Wo)

    return mutant(kind)(attention)


whole_width = stacked("scale-of-the-whole-width", scale=lambda x, heads: x.shape[-1])
over_heads = stacked(
    "softmax-over-heads",
    lambda s: (
        np.exp(s - s.max(-3, keepdims=True))
        / np.exp(s - s.max(-3, keepdims=True)).sum(-3, keepdims=True)
    ),
)
one_pattern = stacked(
    "heads-averaged", lambda s: np.repeat(right(s).mean(-3, keepdims=True), s.shape[-3], -3)
)
over_all = stacked(
    "softmax-over-everything", lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum()
)
one_maximum = stacked("one-maximum-for-all", lambda s: naive(s - s.max()))


@mutant("reshaped-without-transposing")
def mixed_tokens(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    shape = (*x.shape[:-2], heads, x.shape[-2], x.shape[-1] // heads)
    out = look(*(np.reshape(linear(x, W), shape) for W in (Wq, Wk, Wv)), causal)
    return linear(out.reshape(x.shape), Wo)


@mutant("not-transposed-back")
def mixed_at_the_end(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    q, k, v = (np.stack(blocks(linear(x, W), heads), axis=-3) for W in (Wq, Wk, Wv))
    return linear(look(q, k, v, causal).reshape(x.shape), Wo)


@mutant("heads-attend-to-each-other")
def within_a_token(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    shape = (*x.shape[:-1], heads, x.shape[-1] // heads)
    out = look(*((x @ W.T).reshape(shape) for W in (Wq, Wk, Wv)), causal)
    return out.reshape(x.shape) @ Wo.T


@mutant("queries-and-keys-exchanged")
def keys_ask(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    k, q, v = (blocks(linear(x, W), heads) for W in (Wq, Wk, Wv))
    found = [look(*each, causal) for each in zip(q, k, v, strict=True)]
    return linear(np.concatenate(found, -1), Wo)


@mutant("keys-as-values")
def keys_answer(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    q, k = (blocks(linear(x, W), heads) for W in (Wq, Wk))
    found = [look(*each, causal) for each in zip(q, k, k, strict=True)]
    return linear(np.concatenate(found, -1), Wo)


@mutant("float64-came-along")
def root_of_numpy(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    q, k, v = (blocks(linear(x, W), heads) for W in (Wq, Wk, Wv))
    scale = np.sqrt(x.shape[-1] / heads)
    found = [look(*each, causal, scale=scale) for each in zip(q, k, v, strict=True)]
    return linear(np.concatenate(found, -1), Wo)


@mutant("type")
def weights_too(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), heads)
    return x, Wq


@mutant("validation")
def any_head_count(x, Wq, Wk, Wv, Wo, heads, causal=False):
    refuse(x, (Wq, Wk, Wv, Wo), 1)
    cut = [np.array_split(linear(x, W), heads, axis=-1) for W in (Wq, Wk, Wv)]
    return linear(np.concatenate([look(*e, causal) for e in zip(*cut, strict=True)], -1), Wo)

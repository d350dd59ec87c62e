"""Wrong gradients of attention."""

import math

import numpy as np

from tests.bank import mutant


def refuse(g, q, k, v):
    if min(x.ndim for x in (g, q, k, v)) < 2 or 0 in (*g.shape, *q.shape, *k.shape, *v.shape):
        raise ValueError("(..., T, d) expected")
    if not g.shape[:-2] == q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("leading axes differ")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{q.shape}, {k.shape} and {v.shape} do not fit")
    if g.shape[-2:] != (q.shape[-2], v.shape[-1]):
        raise ValueError(f"grad_out {g.shape} does not fit")


def mul(letters, *arrays):
    return np.einsum(letters, *arrays)


def shares(s, axis=-1):
    e = np.exp(s - s.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def row_sums(a, da):
    return mul("...ij,...ij->...i", a, da)[..., None]


def made(
    kind,
    jacobian=lambda a, da: a * da - a * row_sums(a, da),
    back=math.sqrt,
    forth=math.sqrt,
    soften=shares,
    dv=lambda a, g: mul("...ij,...iv->...jv", a, g),
    da=lambda g, v: mul("...iv,...jv->...ij", g, v),
    dq=lambda ds, q, k: mul("...ij,...jd->...id", ds, k),
    dk=lambda ds, q, k: mul("...ij,...id->...jd", ds, q),
    order=(0, 1, 2),
):
    """Mark the gradients with a step of their own."""

    def gradients(grad_out, q, k, v):
        refuse(grad_out, q, k, v)
        a = soften(mul("...id,...jd->...ij", q, k) / forth(q.shape[-1]))
        ds = jacobian(a, da(grad_out, v)) / back(q.shape[-1])
        found = dq(ds, q, k), dk(ds, q, k), dv(a, grad_out)
        return tuple(found[place] for place in order)

    return mutant(kind)(gradients)


no_sum = made("row-sum-forgotten", lambda a, da: a * da)
diagonal = made("diagonal-only", lambda a, da: a * da - a * a * da)
skipped = made("softmax-skipped", lambda a, da: da)
plain_sum = made("weights-missing-in-the-sum", lambda a, da: a * (da - da.sum(-1, keepdims=True)))
plain_mean = made("weights-missing-in-the-sum", lambda a, da: a * (da - da.mean(-1, keepdims=True)))
outside = made("weights-missing-outside", lambda a, da: da - row_sums(a, da))
queries_summed = made("sum-over-queries", lambda a, da: a * (da - (a * da).sum(-2, keepdims=True)))
axis_lost = made("sum-over-queries", lambda a, da: a * (da - (a * da).sum(-1)))
all_summed = made("sum-over-everything", lambda a, da: a * (da - (a * da).sum()))
uphill = made("sign-flipped", lambda a, da: a * row_sums(a, da) - a * da)
columns = made("softmax-over-queries", soften=lambda s: shares(s, -2))
overflow = made("no-max-subtraction", soften=lambda s: np.exp(s) / np.exp(s).sum(-1, keepdims=True))
no_root_back = made("scale-missing-on-the-way-back", back=lambda d: 1.0)
no_root = made("scale-missing", back=lambda d: 1.0, forth=lambda d: 1.0)
no_root_forth = made("scale-missing", forth=lambda d: 1.0)
root_twice = made("scale-by-d", back=lambda d: d)
exchanged = made("dq-and-dk-exchanged", order=(1, 0, 2))
values_first = made("results-in-another-order", order=(2, 1, 0))
values_second = made("results-in-another-order", order=(0, 2, 1))
queries_twice = made("own-factor", dq=lambda ds, q, k: ds @ q)
both_own = made(
    "own-factor", dq=lambda ds, q, k: ds @ q, dk=lambda ds, q, k: np.swapaxes(ds, -1, -2) @ k
)
rows_for_keys = made("scores-not-transposed", dk=lambda ds, q, k: ds @ q)
rows_for_values = made("weights-not-transposed", dv=lambda a, g: a @ g)
straight_values = made("values-not-transposed", da=lambda g, v: g @ v)
capital = made("all-axes-transposed", dk=lambda ds, q, k: ds.T @ q, dv=lambda a, g: a.T @ g)
sum_of_outputs = made(
    "grad-out-ignored",
    dv=lambda a, g: mul("...ij,...iv->...jv", a, np.ones(g.shape, g.dtype)),
    da=lambda g, v: mul("...iv,...jv->...ij", np.ones(g.shape, g.dtype), v),
)
root_of_numpy = made("float64-came-along", forth=np.sqrt)


@mutant("exception")
def two_gradients(grad_out, q, k, v):
    refuse(grad_out, q, k, v)
    return q, k


@mutant("mutates")
def scales_in_place(grad_out, q, k, v):
    refuse(grad_out, q, k, v)
    root = math.sqrt(q.shape[-1])
    q /= root
    a = shares(mul("...id,...jd->...ij", q, k))
    da = mul("...iv,...jv->...ij", grad_out, v)
    ds = a * (da - row_sums(a, da))
    return (
        ds @ k / root,
        mul("...ij,...id->...jd", ds, q),
        mul("...ij,...iv->...jv", a, grad_out),
    )


@mutant("validation")
def takes_what_broadcasts(grad_out, q, k, v):
    a = shares(q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1]))
    da = grad_out @ np.swapaxes(v, -1, -2)
    ds = a * (da - row_sums(a, da)) / math.sqrt(q.shape[-1])
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(a, -1, -2) @ grad_out

"""Right networks with a cache, written in three ways."""

import numpy as np

from tests.bank import variant


def checked(x, params):
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"x must be (B, d), B >= 1, got {x.shape}")
    if not params:
        raise ValueError("params must hold at least one layer")
    width = x.shape[1]
    for W, b in params:
        if W.ndim != 2 or W.shape[1] != width or b.shape != (len(W),):
            raise ValueError(f"W {W.shape} and b {b.shape} do not fit a width of {width}")
        width = len(W)


@variant
def list_of_inputs(x, params):
    checked(x, params)
    inputs = []
    for i, (W, b) in enumerate(params):
        inputs.append(x)
        x = x @ W.T + b
        if i + 1 < len(params):
            x = np.maximum(x, 0)
    return x, inputs


@variant
def dict_with_masks(x, params):
    checked(x, params)
    cache = {"h": [x], "mask": []}
    *hidden, (W_last, b_last) = params
    for W, b in hidden:
        z = np.einsum("bi,oi->bo", cache["h"][-1], W) + b
        cache["mask"].append(z > 0)
        cache["h"].append(z * (z > 0))
    return cache["h"][-1] @ W_last.T + b_last, cache


@variant
def loops_over_examples(x, params):
    checked(x, params)
    cache, rows = [], []
    for row in x:
        trace = [row]
        for W, b in params[:-1]:
            trace.append(np.where(W @ trace[-1] + b > 0, W @ trace[-1] + b, b.dtype.type(0)))
        W, b = params[-1]
        rows.append(W @ trace[-1] + b)
        cache.append(trace)
    return np.stack(rows), cache

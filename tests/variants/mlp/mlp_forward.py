"""Right networks, written differently."""

import numpy as np

from tests.bank import variant


def layer(x, W, b):
    if x.shape[-1] != W.shape[1] or b.shape != W.shape[:1]:
        raise ValueError(f"shapes do not fit: {x.shape}, {W.shape}, {b.shape}")
    return x @ W.T + b


@variant
def index_loop(x, params):
    if not params:
        raise ValueError("params must not be empty")
    for i, (W, b) in enumerate(params):
        x = layer(x, W, b)
        if i < len(params) - 1:
            x = x * (x > 0)
    return x


@variant
def recursive(x, params):
    if len(params) < 1:
        raise ValueError("params must not be empty")
    x = layer(x, *params[0])
    if len(params) == 1:
        return x
    return recursive(np.clip(x, 0, None), params[1:])


@variant
def absolute_value(x, params):
    if len(params) == 0:
        raise ValueError("params must not be empty")
    for W, b in params[:-1]:
        h = layer(x, W, b)
        x = (h + np.abs(h)) / 2
    return layer(x, *params[-1])


@variant
def activation_first(x, params):
    if not len(params):
        raise ValueError("params must not be empty")
    out = layer(x, *params[0])
    for W, b in params[1:]:
        out[out < 0] = 0
        out = layer(out, W, b)
    return out

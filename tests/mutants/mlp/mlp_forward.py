"""Wrong networks."""

import numpy as np

from tests.bank import mutant


def relu(h):
    return np.where(h > 0, h, np.zeros_like(h))


@mutant("activation-after-the-last")
def relu_everywhere(x, params):
    for W, b in params:
        x = relu(x @ W.T + b)
    return x


@mutant("no-activation")
def linear(x, params):
    for W, b in params:
        x = x @ W.T + b
    return x


@mutant("activation-on-the-input")
def relu_before_each_layer(x, params):
    for W, b in params:
        x = relu(x) @ W.T + b
    return x


@mutant("one-activation-missing")
def off_by_one(x, params):
    for i in range(len(params)):
        W, b = params[i]
        x = x @ W.T + b
        if i + 2 < len(params):
            x = relu(x)
    return x


@mutant("sigmoid-instead")
def sigmoid_network(x, params):
    for W, b in params[:-1]:
        x = 1 / (1 + np.exp(-(x @ W.T + b)))
    return x @ params[-1][0].T + params[-1][1]


@mutant("softmax-at-the-end")
def probabilities(x, params):
    for W, b in params[:-1]:
        x = relu(x @ W.T + b)
    z = x @ params[-1][0].T + params[-1][1]
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mutant("bias-forgotten")
def no_biases(x, params):
    for W, _ in params[:-1]:
        x = relu(x @ W.T)
    return x @ params[-1][0].T


@mutant("weights-not-transposed")
def no_transpose(x, params):
    for W, b in params[:-1]:
        x = relu(x @ W + b)
    W, b = params[-1]
    return x @ W + b


@mutant("layer-output-not-passed-on")
def wrong_variable(x, params):
    if len(params) == 1:
        return x @ params[0][0].T + params[0][1]
    h = relu(x @ params[0][0].T + params[0][1])
    for W, b in params[1:-1]:
        out = relu(h @ W.T + b)  # noqa: F841
    W, b = params[-1]
    return h @ W.T + b


@mutant("mutates")
def params_consumed(x, params):
    W_last, b_last = params.pop()
    for W, b in params:
        x = relu(x @ W.T + b)
    return x @ W_last.T + b_last


@mutant("value")
def leaky(x, params):
    for W, b in params[:-1]:
        h = x @ W.T + b
        x = np.where(h > 0, h, h * np.float32(0.01))
    return x @ params[-1][0].T + params[-1][1]


@mutant("dtype")
def accumulated_in_float64(x, params):
    for i, (W, b) in enumerate(params):
        x = np.array(x, dtype=np.float64) @ W.T + b
        x = x if i == len(params) - 1 else relu(x)
    return x


@mutant("validation")
def b_broadcasts(x, params):
    if not params:
        raise ValueError("params must not be empty")
    for W, b in params[:-1]:
        x = relu(x @ W.T + b)
    return x @ params[-1][0].T + params[-1][1]

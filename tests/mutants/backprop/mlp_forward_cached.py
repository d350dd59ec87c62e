"""Wrong networks with a cache."""

import numpy as np

from tests.bank import mutant


def relu(z):
    return np.maximum(z, 0)


@mutant("no-cache")
def logits_only(x, params):
    for W, b in params[:-1]:
        x = relu(x @ W.T + b)
    W, b = params[-1]
    return x @ W.T + b


@mutant("type")
def pair_swapped(x, params):
    cache = []
    for i, (W, b) in enumerate(params):
        cache.append(x)
        x = x @ W.T + b
        if i < len(params) - 1:
            x = relu(x)
    return cache, x


@mutant("activation-after-the-last")
def relu_in_every_layer(x, params):
    cache = [x]
    for W, b in params:
        x = relu(x @ W.T + b)
        cache.append(x)
    return x, cache


@mutant("no-activation")
def masks_made_but_not_used(x, params):
    masks = []
    for W, b in params:
        x = x @ W.T + b
        masks.append(x > 0)
    return x, masks


@mutant("activation-on-the-input")
def relu_before_each_layer(x, params):
    cache = []
    for W, b in params:
        x = relu(x)
        cache.append(x)
        x = x @ W.T + b
    return x, cache


@mutant("one-activation-missing")
def stops_one_layer_early(x, params):
    cache = []
    for i, (W, b) in enumerate(params):
        cache.append(x)
        x = x @ W.T + b
        if i < len(params) - 2:
            x = relu(x)
    return x, cache


@mutant("sigmoid-instead")
def sigmoid_layers(x, params):
    cache = [x]
    for W, b in params[:-1]:
        x = 1 / (1 + np.exp(-(x @ W.T + b)))
        cache.append(x)
    return x @ params[-1][0].T + params[-1][1], cache


@mutant("softmax-at-the-end")
def returns_probabilities(x, params):
    cache = [x]
    for W, b in params[:-1]:
        x = relu(x @ W.T + b)
        cache.append(x)
    z = x @ params[-1][0].T + params[-1][1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), cache


@mutant("bias-forgotten")
def weights_only(x, params):
    cache = [x]
    for W, _ in params[:-1]:
        x = relu(x @ W.T)
        cache.append(x)
    return x @ params[-1][0].T, cache


@mutant("weights-not-transposed")
def without_transpose(x, params):
    cache = [x]
    for W, b in params[:-1]:
        x = relu(x @ W + b)
        cache.append(x)
    return x @ params[-1][0] + params[-1][1], cache


@mutant("layer-output-not-passed-on")
def caches_but_reads_the_first(x, params):
    cache = [x]
    for W, b in params[:-1]:
        cache.append(relu(x @ W.T + b) if len(cache) == 1 else cache[1])
    W, b = params[-1]
    return cache[-1] @ W.T + b, cache


@mutant("mutates")
def relu_in_place_on_the_cache(x, params):
    cache = [x]
    for W, b in params[:-1]:
        x = relu(x @ W.T + b)
        cache.append(x)
    logits = x @ params[-1][0].T + params[-1][1]
    for h in cache:
        np.maximum(h, 0, out=h)
    return logits, cache


@mutant("dtype")
def float64_inside(x, params):
    cache = [x.astype(float)]
    for W, b in params[:-1]:
        cache.append(relu(cache[-1] @ W.T + b))
    return cache[-1] @ params[-1][0].T + params[-1][1], cache


@mutant("validation")
def trusts_its_input(x, params):
    cache = [x]
    for W, b in params[:-1]:
        cache.append(relu(cache[-1] @ W.T + b))
    return cache[-1] @ params[-1][0].T + params[-1][1], cache

"""Wrong backward passes, each behind the same right forward pass."""

import numpy as np

from tests.bank import mutant


def forward(x, params):
    hidden, cache = x, []
    for i, (W, b) in enumerate(params):
        z = hidden @ W.T + b
        cache.append((hidden, z))
        hidden = np.maximum(z, 0) if i < len(params) - 1 else z
    return hidden, cache


def checked(grad_logits, cache):
    logits = cache[-1][1]
    if grad_logits.shape != logits.shape:
        raise ValueError(f"grad_logits must be {logits.shape}, got {grad_logits.shape}")
    return grad_logits


def both(backward):
    """Pair a backward pass with the forward pass that makes its cache."""
    return {"mlp_forward_cached": forward, "mlp_backward": backward}


@mutant("mask-forgotten", factory=True)
def linear_backward():
    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for (h, _), (W, _) in zip(reversed(cache), reversed(params), strict=True):
            grads.insert(0, (delta.T @ h, delta.sum(axis=0)))
            delta = delta @ W
        return grads

    return both(mlp_backward)


@mutant("mask-by-gradient", factory=True)
def relu_on_the_gradient():
    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for (h, _), (W, _) in zip(reversed(cache), reversed(params), strict=True):
            grads.insert(0, (delta.T @ h, delta.sum(axis=0)))
            delta = np.maximum(delta @ W, 0)
        return grads

    return both(mlp_backward)


@mutant("mask-on-the-logits", factory=True)
def every_layer_masked():
    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for (h, z), (W, _) in zip(reversed(cache), reversed(params), strict=True):
            delta = delta * (z > 0)
            grads.insert(0, (delta.T @ h, delta.sum(axis=0)))
            delta = delta @ W
        return grads

    return both(mlp_backward)


@mutant("mask-of-the-next-layer", factory=True)
def mask_one_layer_late():
    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for (h, z), (W, _) in zip(reversed(cache), reversed(params), strict=True):
            grads.insert(0, (delta.T @ h, delta.sum(axis=0)))
            delta = (delta * (z > 0)) @ W
        return grads

    return both(mlp_backward)


def with_rules(weights=None, bias=None, finish=None, step=None):
    """Return both passes, of which the backward one differs in the given rule."""

    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for i in range(len(params) - 1, -1, -1):
            h = cache[i][0]
            dW = weights(delta, h, cache, i) if weights else delta.T @ h
            db = bias(delta) if bias else delta.sum(axis=0)
            grads.append((dW, db))
            if i:
                W = params[i][0]
                back = step(delta, W) if step else delta @ W
                delta = back * (cache[i - 1][1] > 0)
        grads.reverse()
        return finish(grads, len(grad_logits)) if finish else grads

    return both(mlp_backward)


@mutant("weights-gradient-transposed", factory=True)
def h_transposed_delta():
    return with_rules(weights=lambda delta, h, cache, i: h.T @ delta)


@mutant("weights-not-transposed-back", factory=True)
def back_through_w_transposed():
    return with_rules(step=lambda delta, W: delta @ W.T)


@mutant("bias-not-summed", factory=True)
def db_is_delta():
    return with_rules(bias=lambda delta: delta)


@mutant("bias-summed-over-neurons", factory=True)
def db_over_axis_one():
    return with_rules(bias=lambda delta: delta.sum(axis=1))


@mutant("bias-averaged", factory=True)
def db_is_a_mean():
    return with_rules(bias=lambda delta: delta.mean(axis=0))


@mutant("divided-by-batch-again", factory=True)
def mean_taken_twice():
    return with_rules(finish=lambda grads, batch: [(dW / batch, db / batch) for dW, db in grads])


@mutant("order-reversed", factory=True)
def last_layer_first():
    return with_rules(finish=lambda grads, batch: grads[::-1])


@mutant("pairs-swapped", factory=True)
def bias_first():
    return with_rules(finish=lambda grads, batch: [(db, dW) for dW, db in grads])


@mutant("pre-activation-for-input", factory=True)
def weights_from_z():
    def weights(delta, h, cache, i):
        return delta.T @ (cache[i - 1][1] if i else h)

    return with_rules(weights=weights)


@mutant("mask-in-float64", factory=True)
def masks_in_float64():
    def mlp_backward(grad_logits, cache, params):
        delta, grads = checked(grad_logits, cache), []
        for i in reversed(range(len(params))):
            grads.insert(0, (delta.T @ cache[i][0], delta.sum(axis=0)))
            if i:
                mask = (cache[i - 1][1] > 0).astype(float)
                delta = (delta @ params[i][0]) * mask
        return grads

    return both(mlp_backward)


@mutant("mutates", factory=True)
def masks_in_place():
    def mlp_backward(grad_logits, cache, params):
        checked(grad_logits, cache)
        grads = []
        for i in reversed(range(len(params))):
            grads.insert(0, (grad_logits.T @ cache[i][0], grad_logits.sum(axis=0)))
            if i:
                W, _ = params[i]
                grad_logits = grad_logits @ W
                grad_logits *= cache[i - 1][1] > 0
                W -= 0.01 * grads[0][0]
        return grads

    return both(mlp_backward)


@mutant("validation", factory=True)
def broadcasts_quietly():
    def mlp_backward(grad_logits, cache, params):
        delta = np.broadcast_to(grad_logits, cache[-1][1].shape)
        grads = []
        for i in reversed(range(len(params))):
            grads.insert(0, (delta.T @ cache[i][0], delta.sum(axis=0)))
            if i:
                delta = (delta @ params[i][0]) * (cache[i - 1][1] > 0)
        return grads

    return both(mlp_backward)

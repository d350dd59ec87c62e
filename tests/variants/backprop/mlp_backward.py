"""Right backward passes with caches of different kinds."""

import numpy as np

from tests.bank import variant


def checked(grad_logits, shape):
    if grad_logits.shape != shape:
        raise ValueError(f"grad_logits must be {shape}, got {grad_logits.shape}")


@variant(factory=True)
def matrices():
    def forward(x, params):
        inputs = []
        for i, (W, b) in enumerate(params):
            inputs.append(x)
            z = x @ W.T + b
            x = np.maximum(z, 0) if i < len(params) - 1 else z
        return x, inputs

    def backward(grad_logits, cache, params):
        checked(grad_logits, (len(cache[0]), len(params[-1][0])))
        delta, grads = grad_logits, []
        for (W, _), h in zip(params[::-1], cache[::-1], strict=True):
            grads.append((delta.T @ h, delta.sum(axis=0)))
            delta = (delta @ W) * (h > 0)  # h > 0 exactly where its pre-activation was
        return grads[::-1]

    return {"mlp_forward_cached": forward, "mlp_backward": backward}


@variant(factory=True)
def einsum_with_masks():
    def forward(x, params):
        cache = {"x": [], "mask": []}
        for W, b in params[:-1]:
            z = np.einsum("bi,oi->bo", x, W) + b
            cache["x"].append(x)
            cache["mask"].append(z > 0)
            x = np.where(z > 0, z, np.zeros_like(z))
        cache["x"].append(x)
        logits = x @ params[-1][0].T + params[-1][1]
        return logits, cache | {"shape": logits.shape}

    def backward(grad_logits, cache, params):
        checked(grad_logits, cache["shape"])
        grads = [None] * len(params)
        delta = grad_logits.copy()
        for i in range(len(params) - 1, -1, -1):
            dW = np.einsum("bo,bi->oi", delta, cache["x"][i])
            grads[i] = (dW, np.einsum("bo->o", delta))
            if i > 0:
                delta = np.einsum("bo,oi->bi", delta, params[i][0])
                delta[~cache["mask"][i - 1]] = 0
        return grads

    return {"mlp_forward_cached": forward, "mlp_backward": backward}


@variant(factory=True)
def recomputed_one_example_at_a_time():
    """The cache is the input alone: the backward pass computes the rest again."""

    def trace(row, params):
        hs, zs = [row], []
        for W, b in params:
            zs.append(W @ hs[-1] + b)
            hs.append(np.maximum(zs[-1], 0))
        return hs, zs

    def forward(x, params):
        return np.stack([trace(row, params)[1][-1] for row in x]), x

    def backward(grad_logits, x, params):
        checked(grad_logits, (len(x), len(params[-1][0])))
        grads = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
        for row, grad_row in zip(x, grad_logits, strict=True):
            delta = grad_row
            hs, zs = trace(row, params)
            for i in reversed(range(len(params))):
                grads[i][0][...] += np.outer(delta, hs[i])
                grads[i][1][...] += delta
                if i:
                    delta = np.where(zs[i - 1] > 0, params[i][0].T @ delta, 0 * zs[i - 1])
        return grads

    return {"mlp_forward_cached": forward, "mlp_backward": backward}

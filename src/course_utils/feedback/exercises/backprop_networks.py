"""Chapter 2: a network that remembers its forward pass, and its backward pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.backprop_losses import SECTION, TITLE
from course_utils.feedback.exercises.mlp_networks import MLP_FORWARD, Params

STEP = 1e-30
Grads = list[tuple[np.ndarray, np.ndarray]]


def _logits(student: Callable[..., Any], x: np.ndarray, params: Params) -> Any:
    """Return the logits in a list of one, or whatever came instead of a pair."""
    result = student(x, params)
    return [result[0]] if isinstance(result, tuple) and len(result) == 2 else result


def _cached(forward: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, params: (forward(x, params), None)


def _draw_forward(rng: np.random.Generator) -> list[Case]:
    cases = [case for case in MLP_FORWARD.draw(rng) if case.args[0].ndim == 2]
    layers = [(rng.normal(size=(4, 3))[::-1], rng.normal(size=8)[::2])]
    return [*cases, Case((rng.normal(size=(3, 5)).T, layers), note="views of larger arrays")]


MLP_FORWARD_CACHED = replace(
    MLP_FORWARD,
    key="backprop/mlp_forward_cached",
    points=1,
    concept="Forward pass with a cache",
    section=SECTION,
    section_title=TITLE,
    reference=_cached(MLP_FORWARD.reference),
    worked=[replace(case, expected=[case.expected]) for case in MLP_FORWARD.worked],
    draw=_draw_forward,
    bad_inputs=[
        *MLP_FORWARD.bad_inputs,
        BadInput((np.ones((0, 3)), [(np.ones((2, 3)), np.ones(2))]), "an empty batch"),
        BadInput((np.ones(3), [(np.ones((2, 3)), np.ones(2))]), "an x without a batch axis"),
    ],
    misconceptions=[
        Misconception(
            "no-cache",
            "only the logits came back. Return the pair (logits, cache): the backward pass needs "
            "what this one computed.",
            MLP_FORWARD.reference,
        ),
        *[replace(m, wrong=_cached(m.wrong)) for m in MLP_FORWARD.misconceptions],
    ],
    call=_logits,
    outputs=("logits",),
)


def run_backward(
    student: Mapping[str, Any], x: np.ndarray, params: Params, grad_logits: np.ndarray
) -> Any:
    """Return the student's gradients for a cache that the student's own forward pass made."""
    _, cache = student["mlp_forward_cached"](x, params)
    return student["mlp_backward"](grad_logits, cache, params)


def _complex_forward(x: np.ndarray, params: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    h = x.astype(np.complex128)
    for index, (W, b) in enumerate(params):
        h = h * (h.real > 0) if index else h
        h = (h[:, None, :] * W).sum(axis=2) + b  # (B, 1, d_in) * (d_out, d_in)
    return h


def _complex_backward(grad_logits: np.ndarray, cache: np.ndarray, params: Params) -> Grads:
    """Step every parameter by 1e-30 i in turn: the imaginary part is the derivative."""
    wide = [[a.astype(np.complex128) for a in layer] for layer in params]

    def derivative(array: np.ndarray, index: tuple[int, ...]) -> float:
        array[index] += 1j * STEP
        logits = _complex_forward(cache, wide)
        array[index] = array[index].real
        return float((grad_logits * logits).sum().imag / STEP)

    grads: Grads = []
    for layer, like in zip(wide, params, strict=True):
        weight, bias = (np.zeros(a.shape, p.dtype) for a, p in zip(layer, like, strict=True))
        for array, grad in zip(layer, (weight, bias), strict=True):
            for index in np.ndindex(array.shape):
                grad[index] = derivative(array, index)
        grads.append((weight, bias))
    return grads


def _forward(x: np.ndarray, params: Params) -> tuple[np.ndarray, tuple[list, list]]:
    inputs, pres = [], []
    for index, (W, b) in enumerate(params):
        x = np.maximum(pres[-1], 0) if index else x
        inputs.append(x)
        pres.append(x @ W.T + b)
    return pres[-1], (inputs, pres)


def _wrong(
    weights: Callable[..., np.ndarray] = lambda delta, h, z: delta.T @ h,
    bias: Callable[..., np.ndarray] = lambda delta: delta.sum(axis=0),
    start: Callable[..., np.ndarray] = lambda grad, z: grad,
    back: Callable[..., np.ndarray] = lambda delta, W, z, before: (delta @ W) * (before > 0),
    finish: Callable[[Grads], Grads] = lambda grads: grads,
) -> dict[str, Any]:
    """Return a forward and a backward pass with one step changed; z are pre-activations."""

    def mlp_backward(grad_logits: np.ndarray, cache: Any, params: Params) -> Grads:
        inputs, pres = cache
        delta, grads = start(grad_logits, pres[-1]), []
        for index in reversed(range(len(params))):
            z = pres[index]
            before = pres[index - 1] if index else np.ones_like(inputs[0])
            h = inputs[index]
            grads.append((weights(delta, h, before if index else h), bias(delta)))
            delta = back(delta, params[index][0], z, before) if index else delta
        return finish(grads[::-1])

    return {"mlp_forward_cached": _forward, "mlp_backward": mlp_backward}


def _per_example(grads: Grads, grad_logits_rows: int) -> Grads:
    return [(dW / grad_logits_rows, db / grad_logits_rows) for dW, db in grads]


def _divided() -> dict[str, Any]:
    right = _wrong()

    def mlp_backward(grad_logits: np.ndarray, cache: Any, params: Params) -> Grads:
        return _per_example(right["mlp_backward"](grad_logits, cache, params), len(grad_logits))

    return right | {"mlp_backward": mlp_backward}


def _draw_params(rng: np.random.Generator, *widths: int) -> list[tuple[np.ndarray, np.ndarray]]:
    pairs = zip(widths[1:], widths[:-1], strict=True)
    return [(rng.normal(size=pair), rng.normal(size=pair[0])) for pair in pairs]


def _draw_backward(rng: np.random.Generator) -> list[Case]:
    def case(batch: int, *widths: int, note: str, dtype: type = np.float64) -> Case:
        params = [(W.astype(dtype), b.astype(dtype)) for W, b in _draw_params(rng, *widths)]
        x, grad = rng.normal(size=(batch, widths[0])), rng.normal(size=(batch, widths[-1]))
        return Case((x.astype(dtype), params, grad.astype(dtype)), note=note)

    return [
        case(4, 3, 2, note="one layer"),
        case(5, 2, 4, 3, note="one hidden layer"),
        case(3, 3, 3, 3, 3, note="equal widths"),
        case(4, 3, 5, 4, 2, note="two hidden layers"),
        case(4, 3, 4, 2, note="float32", dtype=np.float32),
    ]


_HAND = [
    (np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([0.0, -1.0])),
    (np.array([[2.0, 3.0], [1.0, -2.0]]), np.array([0.5, 0.0])),
]

MLP_BACKWARD = Exercise(
    key="backprop/mlp_backward",
    points=4,
    concept="Backpropagation through a network",
    section=SECTION,
    section_title=TITLE,
    reference={
        "mlp_forward_cached": lambda x, params: (None, x),
        "mlp_backward": _complex_backward,
    },
    worked=[
        Case(
            (np.array([[1.0, 2.0], [3.0, -1.0]]), _HAND[1:], np.array([[1.0, 2.0], [0.0, 1.0]])),
            note="one layer, a batch of two",
            expected=[(np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([1.0, 3.0]))],
        ),
        # Layer 1 gives (-1, 2), so h = (0, 2); W2^T g = (4, -1), of which the mask leaves (0, -1).
        Case(
            (np.array([[1.0, 2.0]]), _HAND, np.array([[1.0, 2.0]])),
            note="two layers, one hidden neuron off",
            expected=[
                (np.array([[0.0, 0.0], [-1.0, -2.0]]), np.array([0.0, -1.0])),
                (np.array([[0.0, 2.0], [0.0, 4.0]]), np.array([1.0, 2.0])),
            ],
        ),
    ],
    draw=_draw_backward,
    bad_inputs=[
        BadInput((np.ones((2, 2)), _HAND, np.ones((2, 3))), "a gradient wider than the logits"),
        BadInput((np.ones((2, 2)), _HAND, np.ones((1, 2))), "a gradient of another batch size"),
        BadInput((np.ones((2, 2)), _HAND, np.ones(2)), "a gradient without a batch axis"),
    ],
    misconceptions=[
        Misconception(
            "mask-forgotten",
            "the ReLU is missing on the way back: where it gave 0, no gradient passes.",
            _wrong(back=lambda delta, W, z, before: delta @ W),
        ),
        Misconception(
            "mask-by-gradient",
            "the gradient was cut where it was negative itself. The ReLU's input decides.",
            _wrong(back=lambda delta, W, z, before: np.maximum(delta @ W, 0)),
        ),
        Misconception(
            "mask-on-the-logits",
            "the gradient of the logits was masked. No ReLU follows the last layer.",
            _wrong(start=lambda grad, z: grad * (z > 0)),
        ),
        Misconception(
            "mask-of-the-next-layer",
            "the mask came from the layer after. A gradient that passes W meets the ReLU below.",
            _wrong(back=lambda delta, W, z, before: (delta * (z > 0)) @ W),
        ),
        Misconception(
            "weights-gradient-transposed",
            "dW has the shape of W transposed: delta.T @ h is (d_out, d_in).",
            _wrong(weights=lambda delta, h, z: h.T @ delta),
        ),
        Misconception(
            "weights-not-transposed-back",
            "the gradient must go back through W the other way: delta @ W, without a transpose.",
            _wrong(back=lambda delta, W, z, before: (delta @ W.T) * (before > 0)),
        ),
        Misconception(
            "bias-not-summed",
            "db has a batch axis. One b serves every example: sum over the batch.",
            _wrong(bias=lambda delta: delta),
        ),
        Misconception(
            "bias-summed-over-neurons",
            "db was summed over the neurons. Sum over the batch, the first axis.",
            _wrong(bias=lambda delta: delta.sum(axis=1)),
        ),
        Misconception(
            "bias-averaged",
            "db was averaged over the batch. The mean is in grad_logits already: sum.",
            _wrong(bias=lambda delta: delta.mean(axis=0)),
        ),
        Misconception(
            "divided-by-batch-again",
            "the gradients were divided by B. The mean is in grad_logits already.",
            _divided(),
        ),
        Misconception(
            "order-reversed",
            "the list runs from the last layer to the first. Give it the order of params.",
            _wrong(finish=lambda grads: grads[::-1]),
        ),
        Misconception(
            "pairs-swapped",
            "the pairs are (db, dW). Give them as (dW, db).",
            _wrong(finish=lambda grads: [(db, dW) for dW, db in grads]),
        ),
        Misconception(
            "mask-in-float64",
            "the mask is an array of float64 and turns float32 gradients into float64. Multiply "
            "by the booleans themselves.",
            _wrong(back=lambda delta, W, z, before: (delta @ W) * (before > 0).astype(float)),
        ),
        Misconception(
            "pre-activation-for-input",
            "dW uses what was before the ReLU. The layer's input is what came out of it.",
            _wrong(weights=lambda delta, h, z: delta.T @ z),
        ),
    ],
    call=run_backward,
    inputs=("x", "params", "grad_logits"),
    outputs=("dW", "db"),
)

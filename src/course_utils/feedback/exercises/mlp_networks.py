"""Chapter 1: a network of dense layers, and its number of parameters."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.mlp_layers import SECTION, TITLE

Params = Sequence[tuple[np.ndarray, np.ndarray]]


def _network(x: np.ndarray, params: Params) -> np.ndarray:
    """Append 1 to each layer's input, so that a layer is one matrix product, in float64."""
    h = x.astype(np.float64)
    for index, (W, b) in enumerate(params):
        h = np.where(h > 0, h, 0.0) if index else h
        matrix = np.concatenate([W, b[:, None]], axis=1, dtype=np.float64)  # (d, d_in + 1)
        h = np.tensordot(np.concatenate([h, np.ones_like(h[..., :1])], axis=-1), matrix, (-1, 1))
    return h.astype(x.dtype)


def _walk(
    before: Callable = lambda h: h,
    activation: Callable = lambda h: np.maximum(h, 0),
    after: Callable = lambda h: h,
    layer: Callable = lambda h, W, b: h @ W.T + b,
    linear: int = 1,
) -> Callable[[np.ndarray, Params], np.ndarray]:
    """Return a network with one step changed; its last ``linear`` layers have no activation."""

    def forward(x: np.ndarray, params: Params) -> np.ndarray:
        h = before(x)
        for index, (W, b) in enumerate(params):
            h = layer(h, W, b)
            h = activation(h) if index < len(params) - linear else h
        return after(h)

    return forward


def _softmax(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _first_layer_again(x: np.ndarray, params: Params) -> np.ndarray:
    hidden = [np.maximum(x @ W.T + b, 0) for W, b in params[:-1]]
    W, b = params[-1]
    return (hidden[0] if hidden else x) @ W.T + b


def _draw_params(rng: np.random.Generator, widths: Sequence[int]) -> list:
    return [
        (rng.normal(size=(d_out, d_in)), rng.normal(size=d_out)) for d_in, d_out in pairwise(widths)
    ]


def _draw_networks(rng: np.random.Generator) -> list[Case]:
    deep = _draw_params(rng, [3, 5, 4, 2])
    single = [(W.astype(np.float32), b.astype(np.float32)) for W, b in deep]
    x = rng.normal(size=(4, 3))
    return [
        Case((rng.normal(size=(1, 4)), _draw_params(rng, [4, 3])), note="one layer, batch of one"),
        Case((rng.normal(size=(3, 3)), _draw_params(rng, [3, 3, 3, 3])), note="equal widths"),
        Case((x, deep), note="three layers"),
        Case((x.astype(np.float32), single), note="float32"),
        Case((rng.normal(size=(3, 2, 4)).T[::2], _draw_params(rng, [3, 4, 2])), note="a view"),
    ]


_HAND = [
    (np.array([[1.0, -1.0], [2.0, 1.0]]), np.array([0.0, -1.0])),
    (np.array([[3.0, 1.0], [-1.0, -4.0]]), np.array([0.5, 1.0])),
]
_MISFIT = [(np.ones((4, 3)), np.ones(4)), (np.ones((2, 5)), np.ones(2))]

MLP_FORWARD = Exercise(
    key="mlp/mlp_forward",
    points=2,
    concept="Multilayer perceptron",
    section=SECTION,
    section_title=TITLE,
    reference=_network,
    worked=[
        # x = (1, 2): layer 1 gives (-1, 3), ReLU (0, 3), layer 2 (3 + 0.5, -12 + 1).
        Case(
            (np.array([[1.0, 2.0]]), _HAND),
            note="two layers, one hidden neuron off",
            expected=np.array([[3.5, -11.0]]),
        ),
        # x = (-1, 2) through the first layer alone: (-3, -1).
        Case(
            (np.array([[-1.0, 2.0]]), _HAND[:1]),
            note="one layer: no hidden layer",
            expected=np.array([[-3.0, -1.0]]),
        ),
    ],
    draw=_draw_networks,
    bad_inputs=[
        BadInput((np.ones((2, 3)), []), "no layers"),
        BadInput((np.ones((2, 3)), _MISFIT), "layers that do not fit each other"),
        BadInput((np.ones((2, 4)), _MISFIT[:1]), "an x that does not fit the first layer"),
        BadInput((np.ones((2, 3)), [(np.ones((4, 3)), np.ones(1))]), "a b that is not (d_out,)"),
    ],
    misconceptions=[
        Misconception(
            "activation-after-the-last",
            "ReLU also follows the last layer. Logits may be negative: leave them as they are.",
            _walk(linear=0),
        ),
        Misconception(
            "no-activation",
            "no ReLU between the layers. Without it they collapse to one dense layer.",
            _walk(activation=lambda h: h),
        ),
        Misconception(
            "activation-on-the-input",
            "ReLU is applied to the input. It belongs after a layer, not before the first.",
            _walk(before=lambda h: np.maximum(h, 0)),
        ),
        Misconception(
            "one-activation-missing",
            "the last hidden layer has no ReLU. Only the layer that makes the logits goes without.",
            _walk(linear=2),
        ),
        Misconception(
            "sigmoid-instead",
            "the hidden layers use the sigmoid. The exercise asks for ReLU, max(0, h).",
            _walk(activation=lambda h: 1 / (1 + np.exp(-h))),
        ),
        Misconception(
            "softmax-at-the-end",
            "the result is a softmax. Return the logits: the loss takes them.",
            _walk(after=_softmax),
        ),
        Misconception(
            "bias-forgotten",
            "the biases are not added.",
            _walk(layer=lambda h, W, b: h @ W.T),
        ),
        Misconception(
            "weights-not-transposed",
            "h @ W sums over the neurons. Row i of W belongs to neuron i: transpose W.",
            _walk(layer=lambda h, W, b: h @ W + b),
        ),
        Misconception(
            "layer-output-not-passed-on",
            "every layer reads the first hidden layer (or x). Feed each layer with the one before.",
            _first_layer_again,
        ),
    ],
    inputs=("x", "params"),
)


def _pairs(widths: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(widths))


def _draw_widths(rng: np.random.Generator) -> list[Case]:
    draw = [int(n) for n in rng.permutation(np.arange(2, 12))]
    return [
        Case((draw[:2],), note="no hidden layer"),
        Case((tuple(draw[2:5]),), note="a tuple"),
        Case((draw[5:],), note="four layers"),
        Case(([3072, 4096, 4096, 1000],), note="wide layers"),
    ]


COUNT_PARAMETERS = Exercise(
    key="mlp/count_parameters",
    points=1,
    concept="Number of parameters",
    section=SECTION,
    section_title=TITLE,
    reference=lambda widths: sum(
        math.prod(shape) for d, n in _pairs(widths) for shape in [(n, d), (n,)]
    ),
    worked=[
        Case(([2, 3],), note="3 x 2 weights, 3 biases", expected=9),
        Case(([784, 128, 10],), note="128 x 784 + 128 and 10 x 128 + 10", expected=101_770),
    ],
    draw=_draw_widths,
    bad_inputs=[
        BadInput(([5],), "a single width"),
        BadInput(([],), "no widths"),
        BadInput(([4, 0, 2],), "a width below 1"),
        BadInput(([-4, -3],), "negative widths"),
    ],
    misconceptions=[
        Misconception(
            "biases-forgotten",
            "the weights are counted, the biases are not. Each neuron has one.",
            lambda widths: sum(d * n for d, n in _pairs(widths)),
        ),
        Misconception(
            "biases-of-the-inputs",
            "a bias was counted for each input of a layer. It belongs to each output.",
            lambda widths: sum(d * n + d for d, n in _pairs(widths)),
        ),
        Misconception(
            "biases-for-every-width",
            "the input units were given biases too. Only neurons that compute have one.",
            lambda widths: sum(d * n for d, n in _pairs(widths)) + sum(widths),
        ),
        Misconception(
            "one-bias-a-layer",
            "one bias a layer was counted. Each neuron of the layer has its own.",
            lambda widths: sum(d * n + 1 for d, n in _pairs(widths)),
        ),
        Misconception(
            "last-layer-forgotten",
            "the last layer was left out: L + 1 widths make L layers.",
            lambda widths: sum(d * n + n for d, n in _pairs(widths)[:-1]),
        ),
        Misconception(
            "neurons-counted",
            "neurons were counted. Parameters are the numbers on the connections, and biases.",
            lambda widths: sum(widths[1:]),
        ),
    ],
    inputs=("widths",),
)

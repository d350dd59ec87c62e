"""Chapter 1: a dense layer."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

SECTION, TITLE = "01_mlp/02_networks", "Neurons, layers, networks"


def _dense(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum over pairs of indices with einsum, in float64."""
    wide = np.einsum("...j,ij->...i", x.astype(np.float64), W.astype(np.float64)) + b
    return np.asarray(wide).astype(x.dtype)


def _draw_dense(rng: np.random.Generator) -> list[Case]:
    d_in, d_out = (int(n) for n in rng.permutation([2, 3, 4, 5])[:2])
    W, b = rng.normal(size=(d_out, d_in)), rng.normal(size=d_out)
    x = rng.normal(size=(2, 3, d_in))
    square = rng.normal(size=(3, 3))
    strided = rng.normal(size=(6, 2 * d_in))[::-2, 1::2]  # (3, d_in), steps of -2 and 2
    return [
        Case((rng.normal(size=(1, d_in)), W, b), note="a batch of one"),
        Case((rng.normal(size=(3, 3)), square, rng.normal(size=3)), note="W square"),
        Case((x[0], W, b), note="a batch of three"),
        Case((x, W, b), note="two leading axes"),
        Case(tuple(a.astype(np.float32) for a in (x[1], W, b)), note="float32"),
        Case((strided, W.T.copy().T, b[::-1]), note="views of larger arrays"),
    ]


def _flattened(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return x.reshape(-1, W.shape[1]) @ W.T + b


DENSE = Exercise(
    key="mlp/dense",
    points=2,
    concept="Dense layer",
    section=SECTION,
    section_title=TITLE,
    reference=_dense,
    worked=[
        Case(
            (
                np.array([1.0, 2.0]),
                np.array([[1.0, -2.0], [3.0, 1.0], [0.0, 2.0]]),
                np.array([0.5, -1.0, 10.0]),
            ),
            note="one input, three neurons",
            expected=np.array([-2.5, 4.0, 14.0]),
        ),
        Case(
            (np.array([[1.0, 2.0]]), np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([10.0, 20.0])),
            note="a batch of one, W square",
            expected=np.array([[12.0, 28.0]]),
        ),
    ],
    draw=_draw_dense,
    bad_inputs=[
        BadInput((np.ones((2, 4)), np.ones((2, 3)), np.ones(2)), "an x that does not fit W"),
        BadInput((np.ones((2, 3)), np.ones((2, 3)), np.ones(3)), "a b that is not (d_out,)"),
        BadInput((np.ones((2, 3)), np.ones((2, 3)), np.ones(1)), "a b of one number"),
        BadInput((np.ones((2, 3)), np.ones(3), np.ones(1)), "a W with one axis"),
    ],
    misconceptions=[
        Misconception(
            "weights-not-transposed",
            "x @ W sums over the neurons. Row i of W belongs to neuron i: transpose W.",
            lambda x, W, b: x @ W + b,
        ),
        Misconception(
            "bias-forgotten",
            "the weighted sums are right, but the bias b is not added.",
            lambda x, W, b: x @ W.T,
        ),
        Misconception(
            "bias-subtracted",
            "the bias is subtracted, as a threshold would be. Here it is added.",
            lambda x, W, b: x @ W.T - b,
        ),
        Misconception(
            "inputs-as-columns",
            "W @ x treats inputs as columns. A batch holds one input a row: x @ W.T.",
            lambda x, W, b: W @ x + b,
        ),
        Misconception(
            "bias-as-column",
            "b is added as a column, one value an input. It needs one value an output neuron.",
            lambda x, W, b: x @ W.T + b[:, None],
        ),
        Misconception(
            "elementwise-product",
            "W * x pairs inputs with neurons of the same index. Each input meets every neuron.",
            lambda x, W, b: (W * x).sum(axis=-1) + b,
        ),
        Misconception(
            "leading-axes-lost",
            "the leading axes were flattened. Only the last axis changes: (..., d_out).",
            _flattened,
        ),
        Misconception(
            "activation-included",
            "negative outputs became 0. A dense layer is linear: ReLU is a step of its own.",
            lambda x, W, b: np.maximum(x @ W.T + b, 0),
        ),
    ],
    inputs=("x", "W", "b"),
)

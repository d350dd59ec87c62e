"""Chapter 5: squeeze and excitation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.classification_blocks import (
    OUTPUT,
    PARAMETERS,
    UNUSED,
    WEIGHTS_OFF,
    Computed,
    Shapes,
    call_block,
    judge_block,
    numbers_for,
    run_block,
    trimmed,
)

SECTION, TITLE = "05_classification/05_successors", "After ResNet"
SHAPES, FORWARD = "parameters", "output"


def run_squeeze(
    student: Any, channels: int, reduction: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """Return the record of ``student(channels, reduction)`` at work on ``x``."""
    return run_block(student, (channels, reduction), asked, x)


def judge_squeeze(
    record: Any, channels: int, reduction: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """Return what ``asked`` names about a recorded block.

    A 1x1 convolution of one pixel is a dense layer: the shapes are told without axes of length 1.
    """
    return _told(judge_block(record, asked, x), asked)


def _call(
    block: Any, channels: int, reduction: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """The same, also of blocks computed in numpy."""
    return _told(call_block(block, (channels, reduction), asked, x), asked)


def _told(answer: Any, asked: str) -> Any:
    return sorted(map(trimmed, answer)) if asked == PARAMETERS else answer


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _softmax(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _reduced(channels: int, reduction: int) -> int:
    return channels // reduction


def _squeeze(
    pool: Callable[[np.ndarray], np.ndarray] = lambda x: x.mean(axis=(2, 3)),
    width: Callable[[int, int], int] = _reduced,
    middle: Callable[[np.ndarray], np.ndarray] = _relu,
    gate: Callable[[np.ndarray], np.ndarray] = _sigmoid,
    apply: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda x, g: x * g,
    bias: bool = True,
) -> Computed:
    """Return squeeze and excitation with one of its steps changed."""

    def shapes(channels: int, reduction: int) -> Shapes:
        inner = width(channels, reduction)
        return [(inner, channels), (channels, inner), *[(inner,), (channels,)] * bias]

    def layer(z: np.ndarray, shape: tuple[int, int], asked: str) -> np.ndarray:
        if z.shape[-1] != shape[1]:
            raise RuntimeError(f"{z.shape} does not fit a layer of {shape}")
        shift = numbers_for("bias", shape[:1], asked) if bias else 0.0
        return z @ numbers_for("weight", shape, asked).T + shift

    def forward(channels: int, reduction: int, x: np.ndarray, asked: str) -> np.ndarray:
        inner = width(channels, reduction)
        z = middle(layer(pool(x), (inner, channels), asked))
        return apply(x, gate(layer(z, (channels, inner), asked))[:, :, None, None])

    return Computed(shapes, forward)


def _unshaped(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    try:
        return x * g[:, :, 0, 0]
    except ValueError as error:
        raise RuntimeError("axes that do not fit") from error


def _no_fit(x: np.ndarray) -> np.ndarray:
    raise RuntimeError("axes that do not fit")


def _draw(rng: np.random.Generator) -> list[Case]:
    inner, factor = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    channels = inner * factor + 1  # the division leaves a rest
    if factor == inner:
        channels += factor
    numbers, x = (channels, factor), rng.normal(size=(3, channels, 4, 5)) + 0.5
    return [
        Case((*numbers, PARAMETERS), note="a division with a rest", part=SHAPES),
        Case((*numbers, UNUSED, x), note=UNUSED, part=FORWARD),
        Case((*numbers, OUTPUT, x), note="a batch of three", part=FORWARD),
        Case((12, 4, OUTPUT, rng.normal(size=(2, 12, 1, 7))), note="one row high", part=FORWARD),
        Case((4, 1, OUTPUT, rng.normal(size=(2, 4, 3, 2))), note="no reduction", part=FORWARD),
        Case((4, 2, OUTPUT, rng.normal(size=(4, 4, 4, 4))), note="all axes equal", part=FORWARD),
    ]


_X = np.arange(1.0, 9.0).reshape(1, 4, 1, 2)

SQUEEZE_EXCITE = Exercise(
    key="classification/SqueezeExcite",
    points=2,
    concept="Squeeze and excitation",
    section=SECTION,
    section_title=TITLE,
    reference=_squeeze(),
    worked=[
        Case(
            (8, 4, PARAMETERS),
            note="8 to 2 to 8",
            expected=[(2,), (2, 8), (8,), (8, 2)],
            part=SHAPES,
        ),
        # Logits of 0 open every gate by half.
        Case((4, 2, WEIGHTS_OFF, _X), note="gates of 1/2", expected=_X / 2, part=FORWARD),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((4, 0, PARAMETERS), "a reduction below 1"),
        BadInput((0, 1, PARAMETERS), "no channels"),
        BadInput((4, 8, PARAMETERS), "a reduction that leaves no unit"),
    ],
    misconceptions=[
        Misconception(
            "no-sigmoid",
            "the gate has no sigmoid, so that it is not between 0 and 1.",
            _squeeze(gate=lambda z: z),
        ),
        Misconception(
            "softmax-gate",
            "the gates come from a softmax: they compete and sum to one. Each channel is gated by "
            "itself: sigmoid.",
            _squeeze(gate=_softmax),
        ),
        Misconception(
            "relu-gate",
            "the gates come from a ReLU, which has no upper end. Take the sigmoid.",
            _squeeze(gate=_relu),
        ),
        Misconception(
            "maximum-for-mean",
            "the squeeze took the maximum of each map. Take its mean.",
            _squeeze(pool=lambda x: x.max(axis=(2, 3))),
        ),
        Misconception(
            "sum-for-mean",
            "the squeeze took the sum of each map, which grows with the image. Take its mean.",
            _squeeze(pool=lambda x: x.sum(axis=(2, 3))),
        ),
        *[
            Misconception(
                "mean-over-channels",
                "the mean was taken over the channels. Squeeze the pixels: one number a channel.",
                _squeeze(pool=pool),
            )
            for pool in (lambda x: x.mean(axis=1), _no_fit)
        ],
        Misconception(
            "gate-not-reshaped",
            "the gates (B, C) met the wrong axes of x. Give them two axes of length one.",
            _squeeze(apply=_unshaped),
        ),
        Misconception(
            "mean-over-the-batch",
            "the mean ran over the batch as well: images share one gate. Each has its own.",
            _squeeze(pool=lambda x: x.mean(axis=(0, 2, 3))[None]),
        ),
        Misconception(
            "gate-added",
            "the gate was added. It scales its channel: multiply.",
            _squeeze(apply=lambda x, g: x + g),
        ),
        Misconception(
            "input-added",
            "the input was added to the gated input. There is no shortcut inside this block.",
            _squeeze(apply=lambda x, g: x + x * g),
        ),
        Misconception(
            "gate-returned",
            "the gates came back. Multiply the input by them.",
            _squeeze(apply=lambda x, g: g),
        ),
        Misconception(
            "reduction-ignored",
            "the middle is as wide as the input. It has channels // reduction units.",
            _squeeze(width=lambda channels, reduction: channels),
        ),
        Misconception(
            "reduction-as-width",
            "the middle has reduction units. It has channels // reduction of them.",
            _squeeze(width=lambda channels, reduction: reduction),
        ),
        Misconception(
            "no-relu",
            "the ReLU between the two layers is missing: together they are one linear layer.",
            _squeeze(middle=lambda z: z),
        ),
        Misconception(
            "sigmoid-in-the-middle",
            "the middle has a sigmoid. It has a ReLU; the sigmoid makes the gates.",
            _squeeze(middle=_sigmoid),
        ),
        Misconception(
            "layers-hidden",
            "torch finds no parameters: a plain list or dict hides its layers from it. Keep them "
            "in attributes, or in an nn.ModuleList.",
            Computed(lambda *numbers: [], _squeeze().forward),
        ),
        Misconception(
            "bias-off",
            "the layers have no bias. Nothing normalises behind them: leave it on.",
            _squeeze(bias=False),
        ),
    ],
    call=_call,
    program=run_squeeze,
    judge=judge_squeeze,
    weights={SHAPES: 0.3, FORWARD: 0.5, VALIDATION: 0.2},
    inputs=("channels", "reduction", "asked for", "x"),
)

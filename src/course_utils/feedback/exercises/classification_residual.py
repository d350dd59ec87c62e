"""Chapter 5: the residual block."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.classification_blocks import (
    EVAL,
    NORMS_OFF,
    PARAMETERS,
    SHAPE,
    TRAIN,
    UNUSED,
    Computed,
    Shapes,
    call_block,
    convolve,
    judge_block,
    normalise,
    numbers_for,
    run_block,
)

SECTION, TITLE = "05_classification/04_resnet", "Residual networks"
SHAPES, IDENTITY, PROJECTION = "parameters", "identity shortcut", "projected shortcut"


def run_residual(
    student: Any, c_in: int, c_out: int, stride: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """Return the record of ``student(c_in, c_out, stride)`` at work on ``x``."""
    return run_block(student, (c_in, c_out, stride), asked, x)


def judge_residual(
    record: Any, c_in: int, c_out: int, stride: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """Return what ``asked`` names about a recorded block."""
    return judge_block(record, asked, x)


def _call(
    block: Any, c_in: int, c_out: int, stride: int, asked: str, x: np.ndarray | None = None
) -> Any:
    """The same, also of blocks computed in numpy."""
    return call_block(block, (c_in, c_out, stride), asked, x)


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _same(x: np.ndarray) -> np.ndarray:
    return x


def _needed(c_in: int, c_out: int, stride: int) -> bool:
    return stride != 1 or c_in != c_out


def _block(
    projects: Callable[[int, int, int], bool] = _needed,
    strides: Callable[[int], tuple[int, int, int]] = lambda s: (s, 1, s),
    middle: Callable[[np.ndarray], np.ndarray] = _relu,
    before_sum: Callable[[np.ndarray], np.ndarray] = _same,
    after_sum: Callable[[np.ndarray], np.ndarray] = _relu,
    join: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.add,
    norms: tuple[bool, bool, bool] = (True, True, True),
    biases: tuple[bool, bool, bool] = (False, False, False),
    kernel: int = 1,
    padding: int = 1,
    unused: int = 0,
) -> Computed:
    """Return a residual block with one of its steps changed.

    ``norms`` and ``biases`` say which of the three convolutions have them; ``kernel`` is the size
    of the projection, ``padding`` that of the two others.
    """

    def shapes(c_in: int, c_out: int, stride: int) -> Shapes:
        kernels = [(c_out, c_in, 3, 3), (c_out, c_out, 3, 3)]
        kernels += [(c_out, c_in, kernel, kernel)] if projects(c_in, c_out, stride) else []
        extras = zip(kernels, norms, biases, strict=False)
        vectors = sum(2 * norm + bias for _, norm, bias in extras)
        return [*kernels, *[(c_out,)] * vectors]

    def layer(x: np.ndarray, shape: tuple, stride: int, pad: int, place: int, asked: str) -> Any:
        out = convolve(x, numbers_for("weight", shape, asked), stride, pad)
        out += numbers_for("bias", shape[:1], asked)[:, None, None] if biases[place] else 0
        return normalise(out, asked) if norms[place] else out

    def forward(c_in: int, c_out: int, stride: int, x: np.ndarray, asked: str) -> np.ndarray:
        first, second, across = strides(stride)
        h = middle(layer(x, (c_out, c_in, 3, 3), first, padding, 0, asked))
        h = before_sum(layer(h, (c_out, c_out, 3, 3), second, padding, 1, asked))
        shortcut = x
        if projects(c_in, c_out, stride):
            shape = (c_out, c_in, kernel, kernel)
            shortcut = layer(x, shape, across, kernel // 2, 2, asked)
        if any(a != b and 1 not in (a, b) for a, b in zip(h.shape, shortcut.shape, strict=True)):
            raise RuntimeError(f"{h.shape} and {shortcut.shape} cannot be added")
        return after_sum(join(h, shortcut))

    return Computed(shapes, forward, unused)


def _draw(rng: np.random.Generator) -> list[Case]:
    c, wide = int(rng.integers(3, 6)), int(rng.integers(6, 9))
    x = rng.normal(size=(3, c, 7, 5))
    cases = []
    for numbers, part in (
        ((c, c, 1), IDENTITY),
        ((c, wide, 1), PROJECTION),
        ((c, c, 2), PROJECTION),
        ((c, wide, 2), PROJECTION),
    ):
        cases += [
            Case((*numbers, PARAMETERS), note=PARAMETERS, part=SHAPES),
            Case((*numbers, UNUSED, x), note=UNUSED, part=SHAPES),
            Case((*numbers, SHAPE, x), note=SHAPE, part=part),
            Case((*numbers, TRAIN, x), note=TRAIN, part=part),
            Case((*numbers, EVAL, x), note=EVAL, part=part),
        ]
    return [*cases, Case((wide, c, 3, EVAL, rng.normal(size=(2, wide, 6, 8))), part=PROJECTION)]


_X = np.array([[[[-1.0, 2.0], [3.0, -4.0]]]])
# Two 3x3 convolutions and two norms; then a 1x1 convolution with its norm.
_PLAIN = [(2,), (2,), (2,), (2,), (2, 2, 3, 3), (2, 2, 3, 3)]
_PROJECTED = [*[(3,)] * 6, (3, 2, 1, 1), (3, 2, 3, 3), (3, 3, 3, 3)]

RESIDUAL_BLOCK = Exercise(
    key="classification/ResidualBlock",
    points=4,
    concept="Residual block",
    section=SECTION,
    section_title=TITLE,
    reference=_block(),
    worked=[
        Case((2, 2, 1, PARAMETERS), note="identity", expected=_PLAIN, part=SHAPES),
        Case((2, 3, 2, PARAMETERS), note="projection", expected=_PROJECTED, part=SHAPES),
        # Both norms give 0, so that only the shortcut is left, and the ReLU behind the sum.
        Case(
            (1, 1, 1, NORMS_OFF, _X),
            note="the main path is off: relu(x) is left",
            expected=np.array([[[[0.0, 2.0], [3.0, 0.0]]]]),
            part=IDENTITY,
        ),
        Case(
            (1, 2, 2, NORMS_OFF, _X),
            note="both paths are off",
            expected=np.zeros((1, 2, 1, 1)),
            part=PROJECTION,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((0, 4, 1, PARAMETERS), "no input channels"),
        BadInput((4, 0, 1, PARAMETERS), "no output channels"),
        BadInput((4, 4, 0, PARAMETERS), "a stride below 1"),
    ],
    misconceptions=[
        Misconception(
            "relu-before-the-sum-only",
            "the ReLU stands before the sum. Add first, then ReLU: the residual may be negative.",
            _block(before_sum=_relu, after_sum=_same),
        ),
        Misconception(
            "no-relu-after-the-sum",
            "the ReLU after the sum is missing.",
            _block(after_sum=_same),
        ),
        Misconception(
            "relu-before-the-sum-too",
            "a ReLU before the sum as well: the block could only ever add, never take away.",
            _block(before_sum=_relu),
        ),
        Misconception(
            "no-relu-between",
            "the ReLU between the convolutions is missing: two linear layers act as one.",
            _block(middle=_same),
        ),
        Misconception(
            "shortcut-forgotten",
            "the input is not added: this is a plain block.",
            _block(join=lambda h, shortcut: h),
        ),
        Misconception(
            "no-projection",
            "x was added as it is although its shape changes. A 1x1 convolution with the stride "
            "gives it the new shape.",
            _block(projects=lambda c_in, c_out, stride: False),
        ),
        Misconception(
            "projection-only-for-strides",
            "new channels need a projection too, at stride 1 as well.",
            _block(projects=lambda c_in, c_out, stride: stride != 1),
        ),
        Misconception(
            "projection-only-for-channels",
            "a stride needs a projection too, with equal channels as well: the image shrinks.",
            _block(projects=lambda c_in, c_out, stride: c_in != c_out),
        ),
        Misconception(
            "projection-always",
            "a projection also where shapes agree. There x itself is added: the identity is what "
            "lets gradients through.",
            _block(projects=lambda c_in, c_out, stride: True),
        ),
        Misconception(
            "projection-without-norm",
            "the projection has no batch norm behind it.",
            _block(norms=(True, True, False)),
        ),
        Misconception(
            "projection-3x3",
            "the projection is a 3x3 convolution. It only changes the shape: 1x1 is enough.",
            _block(kernel=3),
        ),
        Misconception(
            "stride-on-the-second",
            "the second convolution has the stride. It belongs to the first, which saves the work "
            "on the pixels left out.",
            _block(strides=lambda s: (1, s, s)),
        ),
        Misconception(
            "stride-on-both",
            "both convolutions have the stride, so the image shrinks twice. Only the first has it.",
            _block(strides=lambda s: (s, s, s)),
        ),
        Misconception(
            "projection-without-stride",
            "the projection has no stride: its image is larger than that of the main path.",
            _block(strides=lambda s: (s, 1, 1)),
        ),
        *[
            Misconception(
                "bias-on",
                "a convolution has a bias. The batch norm takes it away again and has its own: "
                "bias=False.",
                _block(biases=(first, second, across)),
            )
            for first, second, across in list(itertools.product((True, False), repeat=3))[:-1]
        ],
        Misconception(
            "norms-forgotten",
            "the batch norms are missing, one behind each convolution.",
            _block(norms=(False, False, False)),
        ),
        Misconception(
            "second-norm-forgotten",
            "the second convolution has no batch norm behind it.",
            _block(norms=(True, False, True)),
        ),
        Misconception(
            "norm-used-twice",
            "one batch norm was applied twice and another never. Each convolution has its own: "
            "their running averages differ.",
            _block(unused=2),
        ),
        Misconception(
            "layers-hidden",
            "torch finds no parameters: a plain list or dict hides its layers from it. Keep them "
            "in attributes, or in an nn.ModuleList.",
            Computed(lambda *numbers: [], _block().forward),
        ),
        Misconception(
            "no-padding",
            "without padding a 3x3 convolution makes the image smaller: padding=1 keeps it.",
            _block(padding=0),
        ),
    ],
    call=_call,
    program=run_residual,
    judge=judge_residual,
    weights={SHAPES: 0.25, IDENTITY: 0.3, PROJECTION: 0.25, VALIDATION: 0.2},
    inputs=("c_in", "c_out", "stride", "asked for", "x"),
)

"""Chapter 7: mistakes made in a U-Net, told by the facts that hold for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.segmentation_unet_facts import (
    JOINS,
    LOGITS,
    PARAMETERS,
    SHAPE,
    SKIPS,
    WIDTHS,
    Size,
)


@dataclass(frozen=True)
class Told:
    """A network given by the facts that hold for it: those of a right one, or one changed."""

    widths: Callable[[int, int], Sequence[int]] = lambda width, depth: [
        width * 2**level for level in range(depth + 1)
    ]
    skips: Callable[[int], Sequence[bool]] = lambda depth: (True,) * depth
    joins: Callable[[int], Sequence[bool]] = lambda depth: (True,) * (2 * depth)
    shape: Callable[[int, int, Size, int], Sequence[int]] = lambda classes, width, size, depth: (
        2,
        classes,
        *size,
    )
    logits: tuple[bool, ...] = (True,) * 5
    parameters: tuple[bool, bool] = (True, True)
    unit: Callable[[int], int] = lambda depth: 2**depth

    def answer(self, classes: int, width: int, depth: int, asked: str, size: Size) -> Any:
        """Return what ``asked`` names. Raises ValueError where ``size`` is refused."""
        if any(n % self.unit(depth) for n in size):
            raise ValueError(f"sizes must be multiples of {self.unit(depth)}, got {size}")
        if asked in (SHAPE, LOGITS):
            shape = self.shape(classes, width, size, depth)  # raises where a map gets too small
            return shape if asked == SHAPE else self.logits
        facts = {
            WIDTHS: lambda: self.widths(width, depth),
            PARAMETERS: lambda: self.parameters,
            SKIPS: lambda: self.skips(depth),
            JOINS: lambda: self.joins(depth),
        }
        return facts[asked]()


def _valid(classes: int, width: int, size: Size, depth: int) -> tuple[int, ...]:
    """Return the output of 3x3 convolutions without padding, two at each level."""
    sides = []
    for n in size:
        side = n
        for _ in range(depth):
            side = (side - 4) // 2
        side -= 4
        if side < 1:
            raise RuntimeError("a kernel is larger than its map")
        for _ in range(depth):
            side = 2 * side - 4
        sides.append(side)
    if min(sides) < 1:
        raise RuntimeError("a kernel is larger than its map")
    return 2, classes, *sides


def _not_the_top(depth: int) -> tuple[bool, ...]:
    return (False,) + (True,) * (depth - 1)


def _not_the_lowest(depth: int) -> tuple[bool, ...]:
    return (True,) * (depth - 1) + (False,)


def _nowhere(depth: int) -> tuple[bool, ...]:
    return (False,) * depth


def named(name: str, hint: str, *wrong: Told) -> list[Misconception]:
    """Return one mistake in the several forms that students give it."""
    return [Misconception(name, hint, each) for each in wrong]


MISTAKES = [
    Misconception(
        "skips-forgotten",
        "no map of the way down reaches the way up at its own size, beside the level below: this "
        "is an encoder and a decoder. Keep each map before it is pooled, and concatenate it.",
        Told(skips=_nowhere),
    ),
    Misconception(
        "no-skip-at-the-top",
        "the map of the full size never reaches the way up. Keep the map of each level before "
        "it is pooled, the first one too.",
        Told(skips=_not_the_top),
    ),
    Misconception(
        "no-skip-at-the-lowest",
        "the map above the bottom never reaches the way up. There is one skip for each pooling.",
        Told(skips=_not_the_lowest),
    ),
    Misconception(
        "skips-added",
        "the maps were added, as in a residual network. A U-Net concatenates them, so that the "
        "next convolution weighs both as it likes.",
        Told(joins=lambda depth: (False,) * depth + (True,) * depth),
    ),
    Misconception(
        "skips-multiplied",
        "the maps were multiplied, as in a gate. A U-Net concatenates them, so that the next "
        "convolution weighs both as it likes.",
        Told(joins=lambda depth: (True,) * depth + (False,) * depth),
    ),
    Misconception(
        "widths-constant",
        "every level has the same number of channels. Each level down has twice as many.",
        Told(lambda width, depth: [width] * (depth + 1)),
    ),
    *named(
        "widths-added",
        "the channels grow by the same number. They double with each level down.",
        Told(lambda width, depth: [width * (level + 1) for level in range(depth + 1)]),
    ),
    Misconception(
        "bottom-not-doubled",
        "the bottom has the channels of the level above it. They double there, too.",
        Told(
            lambda width, depth: [
                *(width * 2**level for level in range(depth)),
                width * 2 ** max(depth - 1, 0),
            ]
        ),
    ),
    Misconception(
        "widths-halved",
        "the channels halve on the way down. They double: the maps get smaller and there are "
        "more of them.",
        Told(
            lambda width, depth: [max(width // 2**level, 1) for level in range(depth + 1)],
        ),
    ),
    Misconception(
        "top-doubled",
        "the top has twice the channels. It has width of them.",
        Told(lambda width, depth: [width * 2 ** (level + 1) for level in range(depth + 1)]),
    ),
    *named(
        "one-pooling-too-few",
        "there is one pooling too few: depth counts the poolings, so that there are depth + 1 "
        "levels.",
        *(
            Told(
                lambda width, depth: [width * 2**level for level in range(depth)],
                lambda depth: (True,) * (depth - 1),
                lambda depth: (True,) * (2 * depth - 2),
                unit=unit,
            )
            for unit in (lambda depth: 2 ** (depth - 1), lambda depth: 2**depth)
        ),
    ),
    *named(
        "one-pooling-too-many",
        "there is one pooling too many: depth counts the poolings, not the levels.",
        *(
            Told(
                lambda width, depth: [width * 2**level for level in range(depth + 2)],
                lambda depth: (True,) * (depth + 1),
                lambda depth: (True,) * (2 * depth + 2),
                unit=unit,
            )
            for unit in (lambda depth: 2 ** (depth + 1), lambda depth: 2**depth)
        ),
    ),
    Misconception(
        "no-padding",
        "without padding each 3x3 convolution takes two pixels from each side. padding=1 keeps "
        "the size.",
        Told(shape=_valid),
    ),
    Misconception(
        "softmax-inside",
        "the output is a softmax already. Return raw logits: the loss takes the softmax.",
        Told(logits=(False, False, False, False, True)),
    ),
    Misconception(
        "sigmoid-inside",
        "the output lies between 0 and 1: a sigmoid. Return raw logits, the loss squashes them.",
        Told(logits=(False, False, False, True, True)),
    ),
    Misconception(
        "log-softmax-inside",
        "the output is a log-softmax. Return raw logits.",
        Told(logits=(True, True, False, True, False)),
    ),
    Misconception(
        "relu-at-the-end",
        "no logit is ever negative: is there a ReLU behind the last convolution?",
        Told(logits=(False, False, True, True, True)),
    ),
    Misconception(
        "activation-at-the-end",
        "no logit is below -1: is there a GELU, SiLU or ELU behind the last convolution?",
        Told(logits=(True, False, True, True, True)),
    ),
    Misconception(
        "tanh-inside",
        "the output lies between -1 and 1. Return raw logits.",
        Told(logits=(True, False, False, True, True)),
    ),
    Misconception(
        "one-map-out",
        "the output has one channel. It has one for each class.",
        Told(shape=lambda classes, width, size, depth: (2, 1, *size)),
    ),
    Misconception(
        "width-channels-out",
        "the last 1x1 convolution, from width channels to num_classes, is missing or has other "
        "numbers.",
        Told(
            shape=lambda classes, width, size, depth: (2, width, *size),
            logits=(False, False, True, True, True),
        ),
    ),
    Misconception(
        "half-size-out",
        "the output has half the size: there are as many steps up as poolings.",
        Told(
            skips=_not_the_top,
            shape=lambda classes, width, size, depth: (2, classes, *(n // 2 for n in size)),
        ),
    ),
    Misconception(
        "smallest-size-out",
        "the output has the size of the bottom: the way up is missing.",
        Told(
            skips=_nowhere,
            shape=lambda classes, width, size, depth: (
                2,
                classes,
                *(n // 2**depth for n in size),
            ),
        ),
    ),
    *named(
        "layers-hidden",
        "torch does not find all parameters: a plain list or dict hides its layers from it. "
        "Keep them in attributes, or in an nn.ModuleList.",
        Told(parameters=(True, False)),
        Told(parameters=(False, False)),
    ),
    Misconception(
        "layers-not-used",
        "some layers are made and never used: is one called twice in the place of another?",
        Told(parameters=(False, True)),
    ),
]

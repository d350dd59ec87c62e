"""Chapter 4: the receptive field of a stack of layers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.receptive_field_sizes import SECTION, TITLE

SIZE, START = "size and jump", "start"
Layers = Sequence[Mapping[str, int]]


def run_field(student: Callable[..., Any], layers: Layers, asked: str = SIZE) -> Any:
    """Return what ``asked`` names of the student's (size, jump, start)."""
    result = student(layers)
    if result is None:
        return None
    if not isinstance(result, list | tuple) or len(result) != 3:
        found = len(result) if isinstance(result, list | tuple) else type(result).__name__
        raise TypeError(f"the result must be the three numbers (size, jump, start), got {found}")
    return tuple(result[:2]) if asked == SIZE else result[2]


def _numbers(layer: Mapping[str, int]) -> tuple[int, int, int, int]:
    return layer.get("k", 1), layer.get("s", 1), layer.get("p", 0), layer.get("d", 1)


def field_of(layers: Layers, unit: int) -> tuple[int, int]:
    """Return the first and the last input pixel of one output, followed from the top down."""
    first = last = unit
    for k, s, p, d in map(_numbers, reversed(layers)):
        first, last = s * first - p, s * last - p + d * (k - 1)
    return first, last


def _reference(layers: Layers) -> tuple[int, int, float]:
    first, last = field_of(layers, 0)
    return last - first + 1, field_of(layers, 1)[0] - first, (first + last) / 2


def _wrong(
    size: Callable[..., float] = lambda size, jump, k, s, p, d: size + (k - 1) * d * jump,
    jump: Callable[[int, int], int] = lambda jump, s: jump * s,
    start: Callable[..., float] = lambda at, jump, k, s, p, d: at + ((k - 1) * d / 2 - p) * jump,
    begin: tuple[int, int, float] = (1, 1, 0.0),
    order: int = 1,
) -> Callable[[Layers], tuple[float, int, float]]:
    """Return the recurrence with one of its steps changed."""

    def receptive_field(layers: Layers) -> tuple[float, int, float]:
        extent, step, at = begin
        for k, s, p, d in map(_numbers, layers[::order]):
            extent = size(extent, step, k, s, p, d)
            at = start(at, step, k, s, p, d)
            step = jump(step, s)
        return extent, step, at

    return receptive_field


def _every_key_asked_for(layers: Layers) -> tuple[int, int, float]:
    """Fail where a layer leaves a key to its default."""
    for layer in layers:
        _ = [layer[key] for key in "kspd"]
    return _reference(layers)


def _both_ways(layers: list[dict[str, int]], note: str) -> list[Case]:
    return [
        Case((layers, SIZE), note=note, part=SIZE),
        Case((layers, START), note=note, part=START),
    ]


def _draw(rng: np.random.Generator) -> list[Case]:
    def mixed(*values: int) -> list[int]:
        return [int(v) for v in rng.permutation(values)]

    kernels, strides, paddings, dilations = (
        mixed(2, 3, 4, 5),
        mixed(1, 2, 3, 2),
        mixed(0, 1, 2, 3),
        mixed(1, 2, 3, 4),
    )
    k, s, d = mixed(3, 5), mixed(2, 3), mixed(2, 3)
    everything = [
        {"k": a, "s": b, "p": c, "d": e}
        for a, b, c, e in zip(kernels, strides, paddings, dilations, strict=True)
    ]
    return [
        *_both_ways([{"k": k[0]}, {"k": k[1]}], "stride 1, no padding"),
        *_both_ways([{"k": 3, "s": s[0]}, {"k": 4, "s": s[1]}, {"k": 3}], "strides"),
        *_both_ways([{"k": 3, "d": d[0], "p": d[0]}, {"k": 3, "d": d[1]}], "dilations"),
        *_both_ways([{"k": k[0], "p": 1}, {"k": 2, "s": 2}, {"k": k[1], "p": 2}], "a pooling"),
        *_both_ways(everything, "everything at once"),
    ]


def _worked(layers: list[dict[str, int]], size: int, jump: int, start: float) -> list[Case]:
    return [
        Case((layers, SIZE), expected=(size, jump), part=SIZE),
        Case((layers, START), expected=start, part=START),
    ]


_GROWTH = [
    Misconception(
        "stride-ignored",
        "the steps between units were taken to be one pixel in every layer. A layer above a "
        "stride moves by jump pixels: it adds (k - 1) d jump.",
        wrong,
    )
    for wrong in (
        _wrong(size=lambda size, jump, k, s, p, d: size + (k - 1) * d),
        _wrong(
            size=lambda size, jump, k, s, p, d: size + (k - 1) * d,
            start=lambda at, jump, k, s, p, d: at + (k - 1) * d / 2 - p,
        ),
        _wrong(jump=lambda jump, s: jump),
    )
] + [
    Misconception(
        "stride-of-its-own-layer",
        "a layer's own stride widened its own window. The stride counts for the layers above: "
        "multiply the jump after the size.",
        wrong,
    )
    for wrong in (
        _wrong(size=lambda size, jump, k, s, p, d: size + (k - 1) * d * jump * s),
        _wrong(
            size=lambda size, jump, k, s, p, d: size + (k - 1) * d * jump * s,
            start=lambda at, jump, k, s, p, d: at + ((k - 1) * d / 2 - p) * jump * s,
        ),
    )
]

_SIZES = [
    *[
        Misconception(
            "own-stride-for-the-jump",
            "the layer's own stride stood for the jump. The taps of a window lie jump pixels "
            "apart: the product of the strides below it.",
            wrong,
        )
        for wrong in (
            _wrong(size=lambda size, jump, k, s, p, d: size + (k - 1) * d * s),
            _wrong(
                size=lambda size, jump, k, s, p, d: size + (k - 1) * d * s,
                start=lambda at, jump, k, s, p, d: at + ((k - 1) * d / 2 - p) * s,
            ),
        )
    ],
    Misconception(
        "windows-overlap",
        "a layer added k steps. The windows of neighbours overlap: it adds k - 1.",
        _wrong(size=lambda size, jump, k, s, p, d: size + k * d * jump),
    ),
    Misconception(
        "field-starts-at-zero",
        "before the first layer the field is one pixel, not none.",
        _wrong(begin=(0, 1, 0.0)),
    ),
    Misconception(
        "dilation-ignored",
        "the dilation is not in it. The k taps of a window lie d pixels apart.",
        _wrong(
            size=lambda size, jump, k, s, p, d: size + (k - 1) * jump,
            start=lambda at, jump, k, s, p, d: at + ((k - 1) / 2 - p) * jump,
        ),
    ),
    Misconception(
        "dilated-extent",
        "a dilated window was taken to span d k. It spans d (k - 1) + 1: there are k - 1 gaps.",
        _wrong(size=lambda size, jump, k, s, p, d: size + (d * k - 1) * jump),
    ),
    Misconception(
        "padding-in-the-size",
        "the padding made the field larger. It moves the field; the window sees k taps as before.",
        _wrong(size=lambda size, jump, k, s, p, d: size + ((k - 1) * d + 2 * p) * jump),
    ),
    Misconception(
        "kernels-multiplied",
        "the sizes of the kernels were multiplied. A layer adds (k - 1) d jump to the field.",
        _wrong(size=lambda size, jump, k, s, p, d: size * ((k - 1) * d + 1)),
    ),
    Misconception(
        "strides-added",
        "the strides were added. Two strides of 2 make a jump of 4: multiply.",
        _wrong(jump=lambda jump, s: jump + s - 1),
    ),
    Misconception(
        "last-layer-first",
        "the list was read backwards. Its first layer is the one that sees the input.",
        _wrong(order=-1),
    ),
]

_STARTS = [
    Misconception(
        "start-not-moved",
        "the start stayed at 0. Each layer moves it by ((k - 1) d / 2 - p) jump, with the jump "
        "below the layer.",
        _wrong(start=lambda at, jump, k, s, p, d: at),
    ),
    Misconception(
        "left-edge",
        "that is the first pixel of the field. Its centre lies (k - 1) d / 2 steps further.",
        _wrong(start=lambda at, jump, k, s, p, d: at - p * jump),
    ),
    Misconception(
        "padding-not-in-the-start",
        "the padding is not in the start. It moves the first window p steps to the left.",
        _wrong(start=lambda at, jump, k, s, p, d: at + (k - 1) * d / 2 * jump),
    ),
    Misconception(
        "start-in-steps-of-the-layer",
        "the start was counted in steps of the layer. In input pixels each is jump wide.",
        _wrong(start=lambda at, jump, k, s, p, d: at + (k - 1) * d / 2 - p),
    ),
    Misconception(
        "start-after-the-stride",
        "the start took the jump behind the layer. Its window lies on the units before it: use "
        "the jump before it is multiplied.",
        _wrong(start=lambda at, jump, k, s, p, d: at + ((k - 1) * d / 2 - p) * jump * s),
    ),
    Misconception(
        "half-a-pixel",
        "the start is half a pixel too large. Pixel centres lie at 0, 1, ... here.",
        _wrong(begin=(1, 1, 0.5)),
    ),
    Misconception(
        "start-rounded",
        "the centre of a window of even size lies between two pixels. Divide with /, not //.",
        _wrong(start=lambda at, jump, k, s, p, d: at + ((k - 1) * d // 2 - p) * jump),
    ),
    Misconception(
        "start-whole",
        "the start was rounded to a pixel. A centre may lie between two: it can end in .5.",
        lambda layers: (*_reference(layers)[:2], int(_reference(layers)[2])),
    ),
    Misconception(
        "padding-in-input-pixels",
        "p was counted in pixels of the input. A layer pads the units that it reads, and they are "
        "jump pixels apart: p jump.",
        _wrong(start=lambda at, jump, k, s, p, d: at + (k - 1) * d / 2 * jump - p),
    ),
    Misconception(
        "start-without-dilation",
        "the centre of a dilated window is (k - 1) d / 2 steps from its first tap.",
        _wrong(start=lambda at, jump, k, s, p, d: at + ((k - 1) / 2 - p) * jump),
    ),
]

RECEPTIVE_FIELD = Exercise(
    key="receptive_field/receptive_field",
    points=3,
    concept="Receptive field",
    section=SECTION,
    section_title=TITLE,
    reference=_reference,
    worked=[
        *_worked([{"k": 3}], 3, 1, 1.0),
        *_worked([{"k": 3, "p": 1}], 3, 1, 0.0),
        *_worked([{"k": 2, "s": 2}], 2, 2, 0.5),
        *_worked([{"k": 3}, {"k": 3}], 5, 1, 2.0),
        # The second layer sees units at 1, 3, 5, whose fields end at pixel 6: centre 3.
        *_worked([{"k": 3, "s": 2}, {"k": 3}], 7, 2, 3.0),
        # Taps at pixels 0, 2, 4.
        *_worked([{"k": 3, "d": 2}], 5, 1, 2.0),
        *_worked([{"s": 2}], 1, 2, 0.0),
        *_worked([], 1, 1, 0.0),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput(([{"k": 0}],), "a kernel below 1"),
        BadInput(([{"k": 3}, {"k": 3, "s": 0}],), "a stride below 1"),
        BadInput(([{"k": 3, "p": -1}],), "a negative padding"),
        BadInput(([{"k": 3, "d": 0}],), "a dilation below 1"),
    ],
    misconceptions=[
        *_STARTS,
        *_GROWTH,
        *_SIZES,
        Misconception(
            "no-defaults",
            "a layer may leave out any of its keys: layer.get('s', 1) reads one or its default.",
            _every_key_asked_for,
        ),
    ],
    call=run_field,
    weights={SIZE: 0.5, START: 0.3, VALIDATION: 0.2},
    inputs=("layers", "asked for"),
    outputs=("size", "jump"),
)

"""Chapter 4: the output size of a layer, and the depth that a field of given size takes."""

import math
from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import (
    MAIN,
    VALIDATION,
    BadInput,
    Case,
    Exercise,
    Misconception,
)

SIZES, SIZES_TITLE = "04_cnn/04_sizes", "Padding, stride, dilation and pooling"
POINT = "a kernel of 1"
SECTION, TITLE = "04_cnn/06_receptive_fields", "What a unit sees"


def _positions(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> int:
    """Count the places where the window may start so that it ends inside the padded input."""
    return sum(start + d * (k - 1) < n + p for start in range(-p, n + p, s))


def _fits_bare(span: Callable[[int, int], int]) -> Callable[..., int]:
    def output_size(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> int:
        if span(k, d) > n:
            raise ValueError("the kernel does not fit")
        return _positions(n, k, s, p, d)

    return output_size


def _draw_sizes(rng: np.random.Generator) -> list[Case]:
    n, k, s, p, d = (int(rng.integers(a, b)) for a, b in ((20, 60), (3, 6), (2, 5), (1, 4), (2, 4)))
    ragged = n + s - (n + 2 * p - k) % s + 1  # the last window ends one pixel before the border
    dilated = n + s - (n + 2 * p - d * (k - 1) - 1) % s + 1
    return [
        Case((n, k), note="stride 1, no padding"),
        Case((n, k), {"s": s}, note="a stride"),
        Case((n, k), {"p": p}, note="padding"),
        Case((n, k), {"d": d}, note="dilation"),
        Case((ragged, k, s, p), note="a rest at the border"),
        Case((dilated, k, s, p, d), note="everything at once"),
        Case((n, 2, 2), note="a kernel of 2"),
        Case((k, k), note="a window as large as the input"),
    ]


OUTPUT_SIZE = Exercise(
    key="receptive_field/output_size",
    points=1,
    concept="Output size",
    section=SIZES,
    section_title=SIZES_TITLE,
    reference=_positions,
    worked=[
        Case((5, 3), note="windows start at 0, 1, 2", expected=3),
        Case((8, 3, 2), note="windows start at 0, 2, 4", expected=3),
        Case((5, 3, 1, 1), note="windows start at -1, ..., 3", expected=5),
        Case((9, 3, 1, 0, 2), note="the window spans 5 pixels", expected=5),
        Case((3, 5, 1, 1), note="a kernel larger than the input fits with padding", expected=1),
        Case((224, 7, 2, 3), note="the first layer of a ResNet", expected=112),
    ],
    draw=_draw_sizes,
    bad_inputs=[
        BadInput((4, 5), "a kernel larger than the input"),
        BadInput((3, 4, 2), "a kernel larger than the input, at stride 2"),
        BadInput((6, 4, 1, 0, 2), "a dilated kernel larger than the input"),
        BadInput((5, 3, 0), "a stride below 1"),
        BadInput((5, 3, 1, -1), "a negative padding"),
        BadInput((5, 0), "a kernel below 1"),
        BadInput((5, 3, 1, 0, 0), "a dilation below 1"),
        BadInput((0, 1, 1, 1), "an input below 1"),
    ],
    misconceptions=[
        Misconception(
            "rounded-up",
            "rounded up. A window that sticks out at the border is not computed: round down.",
            lambda n, k, s=1, p=0, d=1: math.ceil((n + 2 * p - d * (k - 1) - 1) / s) + 1,
        ),
        Misconception(
            "one-missing",
            "one output is missing. Steps are counted, and n steps join n + 1 windows: add 1.",
            lambda n, k, s=1, p=0, d=1: (n + 2 * p - d * (k - 1) - 1) // s,
        ),
        Misconception(
            "padded-on-one-side",
            "the padding was added once. There is p on either side: n + 2p.",
            lambda n, k, s=1, p=0, d=1: (n + p - d * (k - 1) - 1) // s + 1,
        ),
        Misconception(
            "padding-ignored",
            "the padding is not in it. The window moves over n + 2p pixels.",
            lambda n, k, s=1, p=0, d=1: (n - d * (k - 1) - 1) // s + 1,
        ),
        Misconception(
            "stride-ignored",
            "the stride is not in it. Only every s-th window is computed.",
            lambda n, k, s=1, p=0, d=1: n + 2 * p - d * (k - 1),
        ),
        Misconception(
            "dilation-ignored",
            "the dilation is not in it. A dilated window spans more than k pixels.",
            lambda n, k, s=1, p=0, d=1: (n + 2 * p - k) // s + 1,
        ),
        Misconception(
            "dilated-extent",
            "a dilated window was taken to span d k pixels. Between k taps are k - 1 gaps: "
            "d (k - 1) + 1.",
            lambda n, k, s=1, p=0, d=1: (n + 2 * p - d * k) // s + 1,
        ),
        Misconception(
            "divided-too-early",
            "only the input was divided by s. The window is taken off first, then divide.",
            lambda n, k, s=1, p=0, d=1: (n + 2 * p) // s - d * (k - 1),
        ),
        Misconception(
            "not-rounded",
            "a size is a whole number: round the division down with //.",
            lambda n, k, s=1, p=0, d=1: (n + 2 * p - d * (k - 1) - 1) / s + 1,
        ),
        *[
            Misconception(
                "float-returned",
                "the size is right, but it is a float. np.floor and / make floats: use //.",
                lambda n, k, s=1, p=0, d=1, kind=kind: kind(_positions(n, k, s, p, d)),
            )
            for kind in (float, np.float64)
        ],
        *[
            Misconception(
                "fit-without-padding",
                "a kernel larger than the input was refused. With padding it may fit: compare it "
                "with n + 2p.",
                wrong,
            )
            for wrong in (_fits_bare(lambda k, d: k), _fits_bare(lambda k, d: d * (k - 1) + 1))
        ],
    ],
    inputs=("n", "k", "s", "p", "d"),
)


def _depth(target: int, k: int, s: int) -> int:
    """Take the window of the deepest layer and let it grow downwards: R -> s (R - 1) + k."""
    field, depth = 1, 0
    while field < target:
        field, depth = s * (field - 1) + k, depth + 1
    return depth


def _grown(
    grow: Callable[[int, int, int, int], int] = lambda field, k, s, n: field + (k - 1) * s**n,
    enough: Callable[[int, int], bool] = lambda field, target: field >= target,
) -> Callable[[int, int, int], int]:
    """Return a search for the depth with one of its steps changed; n counts the layers so far."""

    def smallest_depth(target: int, k: int, s: int) -> int:
        field, n = 1, 0
        while not enough(field, target):
            field, n = grow(field, k, s, n), n + 1
        return n

    return smallest_depth


def _logarithm(target: int, k: int, s: int) -> int:
    if s == 1:
        return math.ceil((target - 1) / (k - 1))
    return math.ceil(math.log(1 + (target - 1) * (s - 1) / (k - 1)) / math.log(s))


def _rounded_down(target: int, k: int, s: int) -> int:
    depth = _depth(target, k, s)
    exact = 1 + (k - 1) * sum(s**n for n in range(depth)) == target
    return depth if exact else depth - 1


def _no_kernel_of_1(target: int, k: int, s: int) -> int:
    if k == 1:
        raise ValueError("the field never grows")
    return _depth(target, k, s)


def _draw_depths(rng: np.random.Generator) -> list[Case]:
    k, s, n = int(rng.integers(3, 7)), int(rng.integers(2, 4)), int(rng.integers(3, 6))
    reached = 1 + (k - 1) * sum(s**i for i in range(n))
    return [
        Case((1 + 4 * n + int(rng.integers(1, 4)), 5, 1), note="stride 1"),
        Case((reached, k, s), note="the field hits the target exactly"),
        Case((reached + 1, k, s), note="one pixel more"),
        Case((reached - 1, k, s), note="one pixel less"),
        Case((2, k, s), note="a target of 2"),
        Case((1, k, s), note="a target of 1"),
        Case((400 + n, 2, 1), note="many layers"),
        Case((1, 1, s), note="a target of 1, and a kernel of 1", part=POINT),
    ]


SMALLEST_DEPTH = Exercise(
    key="receptive_field/smallest_depth",
    points=2,
    concept="Depth for a field",
    section=SECTION,
    section_title=TITLE,
    reference=_depth,
    worked=[
        Case((1, 3, 2), note="the input's own pixel", expected=0),
        Case((5, 3, 1), note="fields 3, 5", expected=2),
        Case((6, 3, 1), note="fields 3, 5, 7", expected=3),
        Case((8, 3, 2), note="fields 3, 7, 15", expected=3),
        Case((4, 2, 2), note="fields 2, 4", expected=2),
        Case((125, 5, 5), note="fields 5, 25, 125", expected=3),
    ],
    draw=_draw_depths,
    bad_inputs=[
        BadInput((5, 1, 2), "a kernel of 1, whose field stays 1"),
        BadInput((0, 3, 1), "a target below 1"),
        BadInput((5, 0, 1), "a kernel below 1"),
        BadInput((5, 3, 0), "a stride below 1"),
    ],
    misconceptions=[
        Misconception(
            "kernel-of-1-refused",
            "a kernel of 1 was refused although the target is 1. One pixel needs no layer.",
            _no_kernel_of_1,
        ),
        Misconception(
            "one-layer-too-many",
            "one layer too many where the field hits the target exactly. Without a layer the "
            "field is one pixel, and to reach the target is enough.",
            # With k = 1 a student's loop never ends; this one does, for the sake of the check.
            _grown(
                grow=lambda field, k, s, n: field + max(k - 1, 1) * s**n,
                enough=lambda field, target: field > target,
            ),
        ),
        Misconception(
            "rounded-down",
            "the field stays below the target. Take the first depth that reaches it.",
            _rounded_down,
        ),
        Misconception(
            "stride-ignored",
            "every layer was given k - 1 pixels. With stride s, the steps of layer i are "
            "s^(i-1) pixels of the input wide.",
            _grown(grow=lambda field, k, s, n: field + k - 1),
        ),
        Misconception(
            "stride-of-its-own-layer",
            "the first layer was given steps of s. A stride widens the steps of the layers above "
            "it, not its own.",
            _grown(grow=lambda field, k, s, n: field + (k - 1) * s ** (n + 1)),
        ),
        Misconception(
            "windows-overlap",
            "every layer added k steps. Neighbouring windows overlap: a layer adds k - 1 of them.",
            _grown(grow=lambda field, k, s, n: field + k * s**n),
        ),
        Misconception(
            "kernels-multiplied",
            "the field was multiplied by k. A layer adds k - 1 steps of its input.",
            _grown(grow=lambda field, k, s, n: field * k),
        ),
        Misconception(
            "strides-added",
            "the steps grew as 1 + s + s. Strides multiply: 1, s, s^2, ...",
            _grown(grow=lambda field, k, s, n: field + (k - 1) * (1 + s * n if s > 1 else 1)),
        ),
        Misconception(
            "strides-not-multiplied",
            "every layer was given steps of s. Strides multiply: the steps are 1, s, s^2, ...",
            _grown(grow=lambda field, k, s, n: field + (k - 1) * s),
        ),
        Misconception(
            "one-layer-at-least",
            "one layer for a target of 1. A single pixel needs no layer.",
            lambda target, k, s: max(_depth(target, k, s), 1),
        ),
        Misconception(
            "logarithm-rounded",
            "a quotient of logarithms that should be a whole number came out a little above it. "
            "Count layers in a loop: it is exact.",
            _logarithm,
        ),
    ],
    weights={MAIN: 0.7, POINT: 0.1, VALIDATION: 0.2},
    inputs=("target", "k", "s"),
    seconds=1.0,
)

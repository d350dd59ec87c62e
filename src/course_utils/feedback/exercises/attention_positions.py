"""Chapter 9: the sinusoidal encoding of positions."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.attention_steps import Array
from course_utils.feedback.exercises.convolution_geometry import named

SECTION, TITLE = "09_attention/03_positions", "Where a token stands"
BASE = 10000.0
# The angles (T, d/2) of the pairs i = 0 .. d/2 - 1.
Angles = Callable[[Array, Array, int], Array]


def positional_encoding(T: int, d: int) -> Array:
    """Turn a pointer for each pair of columns: the imaginary part is the sine, the real the cosine.

    One step of pair i multiplies by e^(i w) with w = 10000^(-2i/d); positions are its powers.
    """
    pairs = np.arange(d // 2)
    step = np.exp(1j * np.exp(-2 * pairs / d * np.log(BASE)))
    pointers = step ** np.arange(T)[:, None]
    out = np.zeros((T, d))
    for i in pairs:
        out[:, 2 * i], out[:, 2 * i + 1] = pointers[:, i].imag, pointers[:, i].real
    return out


def _angles(t: Array, i: Array, d: int) -> Array:
    return t[:, None] / BASE ** (2 * i / d)


def _woven(even: Array, odd: Array) -> Array:
    return np.stack([even, odd], axis=-1).reshape(len(even), -1)


def _encoded(
    angles: Angles = _angles,
    odd: Angles | None = None,
    first: Callable[[Array], Array] = np.sin,
    second: Callable[[Array], Array] = np.cos,
    join: Callable[[Array, Array], Array] = _woven,
    start: int = 0,
) -> Callable[[int, int], Array]:
    """Return the encoding with one of its steps changed; ``odd`` are the angles of the cosines."""

    def wrong(T: int, d: int) -> Array:
        t, i = np.arange(T) + start, np.arange((d + 1) // 2)
        return join(first(angles(t, i, d)), second((odd or angles)(t, i, d)))

    return wrong


def _based(base: float) -> Angles:
    return lambda t, i, d: t[:, None] / base ** (2 * i / d)


_MISTAKES = [
    *named(
        "sine-and-cosine-exchanged",
        "even columns hold cosines. They hold sines, odd ones cosines: row 0 is 0, 1, 0, 1, ...",
        _encoded(first=np.cos, second=np.sin),
    ),
    *named(
        "exponent-i-over-d",
        "the exponent is i/d. Pair i has 2i/d, so that the last pair turns nearly 10,000 times "
        "slower than the first.",
        _encoded(lambda t, i, d: t[:, None] / BASE ** (i / d)),
    ),
    *named(
        "exponent-from-the-column",
        "i was taken for the number of the column. Columns 2i and 2i + 1 share the exponent 2i/d.",
        _encoded(
            lambda t, i, d: t[:, None] / BASE ** (2 * (2 * i) / d),
            lambda t, i, d: t[:, None] / BASE ** (2 * (2 * i + 1) / d),
        ),
        _encoded(lambda t, i, d: t[:, None] / BASE ** (4 * i / d)),
    ),
    *named(
        "odd-columns-of-their-own",
        "odd columns have an exponent of their own. Sine and cosine of a pair share one angle: "
        "only then a shift is a rotation.",
        _encoded(odd=lambda t, i, d: t[:, None] / BASE ** ((2 * i + 1) / d)),
        _encoded(odd=lambda t, i, d: t[:, None] / BASE ** ((2 * i + 2) / d)),
    ),
    *named(
        "halves-side-by-side",
        "all sines come first, then all cosines. Here they alternate: columns 2i and 2i + 1.",
        _encoded(join=lambda even, odd: np.concatenate([even, odd], axis=1)),
    ),
    *named(
        "multiplied-by-the-power",
        "t was multiplied by 10000^(2i/d). Divide: later pairs turn more slowly.",
        _encoded(lambda t, i, d: t[:, None] * BASE ** (2 * i / d)),
    ),
    *named(
        "power-of-the-quotient",
        "(t / 10000) was raised to the power 2i/d. The power belongs to 10000 alone.",
        _encoded(lambda t, i, d: (t[:, None] / BASE) ** (2 * i / d)),
    ),
    *named(
        "other-base",
        "the base is another than 10000.",
        *(_encoded(_based(base)) for base in (1000.0, 100.0, np.e, 1e5, 10.0, 2.0)),
    ),
    *named(
        "last-pair-at-the-base",
        "the exponent runs up to 1: it was divided by d - 2 or d/2 - 1. It is 2i/d.",
        _encoded(lambda t, i, d: t[:, None] / BASE ** (i / max(d // 2 - 1, 1))),
    ),
    *named(
        "whole-division",
        "2i // d is 0 for every pair, so that all turn alike. Use /.",
        _encoded(lambda t, i, d: t[:, None] / BASE ** (2 * i // d)),
    ),
    *named(
        "sines-only",
        "all columns hold sines. Odd ones hold cosines.",
        _encoded(second=np.sin),
    ),
    *named(
        "cosines-only",
        "all columns hold cosines. Even ones hold sines.",
        _encoded(first=np.cos),
    ),
    *named(
        "starts-at-1",
        "the first position is 1. Positions count from 0.",
        _encoded(start=1),
    ),
    *named(
        "full-turns",
        "a factor of 2 pi is too many: the angle is t / 10000^(2i/d), in radians.",
        _encoded(lambda t, i, d: 2 * np.pi * _angles(t, i, d)),
    ),
    *named(
        "columns-are-positions",
        "the result is transposed: rows are positions, (T, d).",
        lambda T, d: positional_encoding(T, d).T,
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    width = 2 * int(rng.integers(5, 12))
    length = int(rng.integers(20, 60))
    sizes = [
        ((3, 2), "one pair"),
        ((4, 4), "two pairs, as many positions as columns"),
        ((5, 6), "three pairs"),
        ((1, 8), "one position"),
        ((7, 16), "eight pairs"),
        ((length, width), "a longer sequence"),
        ((300, 8), "three hundred positions"),
    ]
    return [Case(args, note=note) for args, note in sizes]


POSITIONAL_ENCODING = Exercise(
    key="attention/positional_encoding",
    points=2,
    concept="Positional encoding",
    section=SECTION,
    section_title=TITLE,
    reference=positional_encoding,
    worked=[
        Case(
            (2, 2),
            note="one pair: sin t, cos t",
            expected=np.array([[0.0, 1.0], [np.sin(1.0), np.cos(1.0)]]),
        ),
        # 10000^(2/4) = 100.
        Case(
            (2, 4),
            note="the second pair turns by t/100",
            expected=np.array(
                [[0.0, 1.0, 0.0, 1.0], [np.sin(1.0), np.cos(1.0), np.sin(0.01), np.cos(0.01)]]
            ),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((4, 3), "an odd d"),
        BadInput((4, 1), "a d of 1"),
        BadInput((0, 4), "no positions"),
        BadInput((-2, 4), "a negative T"),
        BadInput((4, 0), "a d of 0"),
    ],
    misconceptions=_MISTAKES,
    inputs=("T", "d"),
    rtol=1e-8,
)

"""`FloatBits`: the bits of a number in several formats; type a number, or flip a bit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import traitlets

from course_utils.figures.base import InteractiveFigure

# Name -> bits of the exponent and of the fraction, and whether infinity has a pattern.
FORMATS: dict[str, tuple[int, int, bool]] = {
    "fp32": (8, 23, True),
    "tf32": (8, 10, True),
    "bf16": (8, 7, True),
    "fp16": (5, 10, True),
    "fp8 e5m2": (5, 2, True),
    "fp8 e4m3": (4, 3, False),
}


class FloatBits(InteractiveFigure):
    """A floating-point number as sign, exponent and fraction, one button a bit.

    The reader chooses the format, types a number, which is rounded to the nearest one that has a
    pattern (ties to an even fraction), or flips bits. The figure shows the value, the distance to
    the next number and the error of rounding.

    Args:
        number: the number shown first.
        number_format: one of `FORMATS`.
        alt: see `InteractiveFigure`.

    Raises:
        ValueError: an unknown format, or a number that is not finite.
    """

    module = "float_bits.js"
    formats = traitlets.Dict().tag(sync=True)
    number = traitlets.Float().tag(sync=True)
    format = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, number: float = 0.1, number_format: str = "fp16", *, alt: str, caption: str = ""
    ) -> None:
        _layout(number_format)
        if not math.isfinite(number):
            raise ValueError(f"number: got {number}, expected a finite number")
        formats = {name: list(layout) for name, layout in FORMATS.items()}
        super().__init__(
            alt=alt, caption=caption, formats=formats, number=float(number), format=number_format
        )

    def bits(self) -> list[int]:
        """The pattern of the number shown, sign first."""
        return bits_of(self.number, self.format)


def value_of(bits: Sequence[int], number_format: str) -> float:
    """Return what a pattern means: ``(-1)^s 2^(E - bias) (1 + M / 2^m)``, subnormals for E = 0.

    Raises ValueError for another number of bits or an unknown format.
    """
    exponent_bits, m, infinity = _layout(number_format)
    if len(bits) != 1 + exponent_bits + m:
        raise ValueError(f"bits: got {len(bits)}, expected {1 + exponent_bits + m}")
    bias, top = 2 ** (exponent_bits - 1) - 1, 2**exponent_bits - 1
    exponent, fraction = _whole(bits[1 : 1 + exponent_bits]), _whole(bits[1 + exponent_bits :])
    sign = -1.0 if bits[0] else 1.0
    if exponent == top and infinity:
        return math.nan if fraction else sign * math.inf
    if exponent == top and fraction == 2**m - 1:
        return math.nan
    lead = 1 if exponent else 0
    return sign * math.ldexp(lead * 2**m + fraction, max(exponent, 1) - bias - m)


def bits_of(number: float, number_format: str) -> list[int]:
    """Return the pattern of the nearest number, ties to even.

    What is too large becomes infinity, or the largest number where infinity has no pattern.
    """
    exponent_bits, m, infinity = _layout(number_format)
    bias, top = 2 ** (exponent_bits - 1) - 1, 2**exponent_bits - 1
    size = abs(number)
    power = max(math.frexp(size)[1] - 1, 1 - bias) if math.isfinite(size) and size else 1 - bias
    steps = round(math.ldexp(size, m - power)) if math.isfinite(size) else 0  # to even, as Python's
    # A fraction that overflows carries into the exponent by itself.
    pattern = ((power + bias - 1) << m) + steps if steps >= 2**m else steps
    largest = (top << m) - 1 if infinity else (top << m) + 2**m - 2
    if math.isnan(size):
        pattern = (top << m) + 2**m - 1
    elif math.isinf(size) or pattern > largest:
        pattern = largest + infinity  # infinity is the pattern after the largest number
    width = exponent_bits + m
    sign = int(math.copysign(1.0, number) < 0)
    return [sign, *((pattern >> (width - 1 - k)) & 1 for k in range(width))]


def _layout(number_format: str) -> tuple[int, int, bool]:
    if number_format not in FORMATS:
        raise ValueError(f"number_format: got {number_format!r}, expected one of {list(FORMATS)}")
    return FORMATS[number_format]


def _whole(bits: Sequence[int]) -> int:
    return sum(bit << k for k, bit in enumerate(reversed(bits)))

"""The bits of a number: patterns and values are those of torch, format by format."""

import json
import math

import numpy as np
import pytest
import torch

from course_utils.figures import FloatBits
from course_utils.figures.float_bits import FORMATS, bits_of, value_of

ALT = "The bits of a number as buttons, its value, and its distance to the next number."
IN_TORCH = {
    "fp32": (torch.float32, torch.int32),
    "bf16": (torch.bfloat16, torch.int16),
    "fp16": (torch.float16, torch.int16),
    "fp8 e5m2": (torch.float8_e5m2, torch.uint8),
    "fp8 e4m3": (torch.float8_e4m3fn, torch.uint8),
}
NUMBERS = [0.0, -0.0, 1.0, 0.1, -2.5, 447.0, 449.0, 460.0, 65504.0, 65519.0, 65520.0, 7e4, 1e-8]
NUMBERS += [2.0**-24, 2.0**-25, 3 * 2.0**-25, 2049.0, 2051.0, 257.0, 1e38, 1e39, 1e-45, math.inf]


def test_it_sends_plain_numbers() -> None:
    figure = FloatBits(0.5, "fp8 e4m3", alt=ALT)
    assert (figure.number, figure.format) == (0.5, "fp8 e4m3")
    assert figure.bits() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert json.loads(json.dumps(figure.formats))["tf32"] == [8, 10, True]


@pytest.mark.parametrize("name", [name for name in IN_TORCH if name != "fp32"])
def test_every_pattern_means_what_torch_reads(name) -> None:
    dtype, whole = IN_TORCH[name]
    width = 1 + sum(FORMATS[name][:2])
    patterns = np.arange(2**width) if width == 8 else np.arange(0, 2**width, 7)
    stored = patterns.astype(np.uint8 if width == 8 else np.uint16)
    theirs = torch.from_numpy(stored.view(np.uint8 if width == 8 else np.int16)).to(whole)
    ours = [value_of([int(b) for b in f"{p:0{width}b}"], name) for p in patterns]
    assert np.array_equal(ours, theirs.view(dtype).double().numpy(), equal_nan=True)


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_rounded_as_by_torch(name, number) -> None:
    dtype, whole = IN_TORCH[name]
    theirs = torch.tensor(number, dtype=torch.float64).to(dtype)
    ours = value_of(bits_of(number, name), name)
    assert np.array_equal(ours, theirs.double().item(), equal_nan=True)
    if not math.isnan(ours):
        pattern = int(theirs.view(whole).item()) % 2 ** (1 + sum(FORMATS[name][:2]))
        assert int("".join(map(str, bits_of(number, name))), 2) == pattern


def test_tf32_is_fp32_with_a_shorter_fraction() -> None:
    for number in (0.1, 3.14159, -1e30, 1e-39):
        rounded = value_of(bits_of(number, "tf32"), "tf32")
        assert bits_of(rounded, "fp32") == bits_of(number, "tf32") + 13 * [0]
        assert abs(rounded - number) <= 2.0**-11 * abs(number) + 2.0**-137


@pytest.mark.parametrize("name", FORMATS)
def test_a_value_has_its_pattern_back(name) -> None:
    rng = np.random.default_rng(0)
    width = 1 + sum(FORMATS[name][:2])
    for bits in rng.integers(2, size=(200, width)).tolist():
        value = value_of(bits, name)
        assert math.isnan(value) or bits_of(value, name) == bits


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": math.inf}, "number: got inf"),
        ({"number": math.nan}, "number: got nan"),
        ({"number_format": "fp64"}, "number_format: got 'fp64'"),
    ],
)
def test_what_does_not_fit_is_refused(given, said) -> None:
    with pytest.raises(ValueError, match=said):
        FloatBits(**given, alt=ALT)
    with pytest.raises(ValueError, match="bits: got 3, expected 8"):
        value_of([0, 1, 1], "fp8 e4m3")

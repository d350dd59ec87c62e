"""The convolution done by hand: what it computes, what it sends, what it refuses."""

import json

import numpy as np
import pytest
from scipy.signal import convolve, correlate

from course_utils.figures import ConvStepper

ALT = "A kernel moves over a small input, and the sum of each output is written out."
RNG = np.random.default_rng(0)
X = RNG.integers(-3, 6, (2, 6, 6))
KERNELS = [RNG.integers(-2, 3, (2, k, k)) for k in (3, 2, 4)]


def stepper(**settings):
    return ConvStepper(X, KERNELS, alt=ALT, **settings)


def by_scipy(x, w, stride, padding, dilation, flip):
    """The valid correlation (or convolution) with a kernel spread by zeros, then every s-th."""
    span = dilation * (w.shape[-1] - 1) + 1
    wide = np.zeros((len(w), span, span))
    wide[:, ::dilation, ::dilation] = w
    apply = convolve if flip else correlate
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    full = [apply(a, b, mode="valid") for a, b in zip(padded, wide, strict=True)]
    return sum(full)[::stride, ::stride]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [(3, 1, 0, 1), (3, 2, 1, 1), (2, 3, 2, 1), (4, 1, 3, 2), (3, 2, 1, 2)],
)
def test_output_is_what_scipy_computes(kernel, stride, padding, dilation, flip):
    figure = stepper(kernel=kernel, stride=stride, padding=padding, dilation=dilation, flip=flip)
    w = next(one for one in KERNELS if one.shape[-1] == kernel)
    expected = by_scipy(X, w, stride, padding, dilation, flip)
    assert np.allclose(figure.output(), expected)
    assert len(expected) == (6 + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def test_output_follows_the_setting_on_show():
    figure = stepper(channels=1)
    figure.value = {**figure.value, "stride": 2}
    expected = by_scipy(X[:1], KERNELS[0][:1], 2, 0, 1, False)
    assert np.allclose(figure.output(), expected)


def test_a_kernel_that_fits_nowhere_has_no_output():
    assert ConvStepper(X[0, :3, :3], [np.ones((4, 4))], alt=ALT).output().shape == (0, 0)


def test_only_the_asked_knobs_travel():
    figure = stepper(knobs=("kernel", "flip"))
    assert figure.knobs == {"kernel": [2, 3, 4], "flip": [False, True]}
    assert len(json.dumps(figure.inputs)) < 1000


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kernel": 5}, r"kernel: got 5, expected one of \[2, 3, 4\]"),
        ({"stride": 0}, "stride: got 0, expected one of"),
        ({"padding": -1}, "padding: got -1"),
        ({"channels": 3}, "channels: got 3"),
        ({"knobs": ("size",)}, r"knobs: got \['size'\]"),
    ],
)
def test_values_outside_of_the_knobs_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        stepper(**settings)


@pytest.mark.parametrize(
    ("inputs", "kernels", "says"),
    [
        (X[:, :5], KERNELS, r"inputs: got shape \(2, 5, 6\)"),
        (np.zeros((9, 9)), [np.ones((3, 3))], "n up to 8"),
        (X, [np.ones((3, 3))], r"kernels: got \[1\] channels, expected 2"),
        (X, [KERNELS[0], KERNELS[0]], r"got the sizes \[3, 3\]"),
        (X, [], r"got the sizes \[\]"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(inputs, kernels, says):
    with pytest.raises(ValueError, match=says):
        ConvStepper(inputs, kernels, alt=ALT)

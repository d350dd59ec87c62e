"""The references of the convolution exercises against torch, scipy, and what they must satisfy."""

import numpy as np
import pytest
import torch
from scipy import signal
from torch.nn import functional

from course_utils.feedback import examine, exercise_for
from course_utils.feedback.exercises.convolution_filters import run_filters
from course_utils.feedback.exercises.convolution_geometry import connections

SEEDS = range(40)
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def reference(function):
    return exercise_for(f"convolution/{function}").reference


def numbers(rng, low, high):
    """Return a pair of whole numbers, or at times a single one for both."""
    pair = tuple(int(n) for n in rng.integers(low, high, size=2))
    return pair if rng.random() < 0.7 else pair[0]


def geometry(seed, dilated=True):
    """Return a random generator, an image, a kernel, and settings under which the kernel fits."""
    rng = np.random.default_rng(seed)
    batch, c_in, c_out = (int(n) for n in rng.integers(1, 4, size=3))
    while True:
        image, kernel = rng.integers(2, 10, size=2), rng.integers(1, 5, size=2)
        settings = {"stride": numbers(rng, 1, 4), "padding": numbers(rng, 0, 3)}
        if dilated:
            settings["dilation"] = numbers(rng, 1, 4)
        spans = settings.get("dilation", 1) * (kernel - 1) + 1
        if np.all(spans <= image + 2 * np.array(settings["padding"])):
            break
    x = rng.normal(size=(batch, c_in, *image))
    w = rng.normal(size=(c_out, c_in, *kernel))
    return rng, x, w, settings


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def numeric(f, array, step=1e-6):
    """Return the central differences of f in the entries of array, which f reads."""
    slope = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        kept, values = array[index], []
        for sign in (1, -1):
            array[index] = kept + sign * step
            values.append(f())
        array[index] = kept
        slope[index] = (values[0] - values[1]) / (2 * step)
    return slope


@pytest.mark.parametrize("seed", SEEDS)
def test_the_layer_is_that_of_torch(seed):
    rng, x, w, settings = geometry(seed)
    b = rng.normal(size=len(w)) if seed % 2 else None
    tx, tw = torch.tensor(x), torch.tensor(w)
    expected = functional.conv2d(tx, tw, None if b is None else torch.tensor(b), **settings)
    np.testing.assert_allclose(reference("conv2d")(x, w, b, **settings), expected, **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_pair_of_channels_is_correlated_as_in_scipy(seed):
    rng = np.random.default_rng(seed)
    image, kernel = rng.integers(4, 9, size=2), rng.integers(1, 5, size=2)
    x, w = rng.normal(size=(2, 3, *image)), rng.normal(size=(2, 3, *kernel))
    got = reference("conv2d")(x, w)
    for b, o in np.ndindex(2, 2):
        maps = [signal.correlate2d(x[b, c], w[o, c], mode="valid") for c in range(3)]
        np.testing.assert_allclose(got[b, o], np.sum(maps, axis=0), **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_full_convolution_of_scipy_is_the_transposed_one(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, 1, *rng.integers(1, 6, size=2)))
    w = rng.normal(size=(1, 1, *rng.integers(1, 5, size=2)))
    got = reference("conv_transpose2d")(x, w)
    np.testing.assert_allclose(got[0, 0], signal.convolve2d(x[0, 0], w[0, 0]), **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_autograd(seed):
    rng, x, w, settings = geometry(seed, dilated=False)
    tx, tw, tb = tensors(x, w, rng.normal(size=len(w)))
    y = functional.conv2d(tx, tw, tb, **settings)
    grad_y = rng.normal(size=y.shape)
    y.backward(torch.tensor(grad_y))
    got = reference("conv2d_backward")(grad_y, x, w, **settings)
    for grad, expected in zip(got, (tx.grad, tw.grad, tb.grad), strict=True):
        np.testing.assert_allclose(grad, expected, **CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_central_differences(seed):
    rng, x, w, settings = geometry(seed, dilated=False)
    b, forward = rng.normal(size=len(w)), reference("conv2d")
    grad_y = rng.normal(size=forward(x, w, b, **settings).shape)

    def loss():
        return (grad_y * forward(x, w, b, **settings)).sum()

    got = reference("conv2d_backward")(grad_y, x, w, **settings)
    for grad, array in zip(got, (x, w, b), strict=True):
        slope = numeric(loss, array)
        np.testing.assert_allclose(grad, slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_transposed_convolution_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    batch, c_in, c_out = (int(n) for n in rng.integers(1, 4, size=3))
    x = rng.normal(size=(batch, c_in, *rng.integers(2, 6, size=2)))
    w = rng.normal(size=(c_in, c_out, *rng.integers(3, 6, size=2)))
    settings = {"stride": numbers(rng, 1, 4), "padding": numbers(rng, 0, 2)}
    expected = functional.conv_transpose2d(torch.tensor(x), torch.tensor(w), **settings)
    np.testing.assert_allclose(reference("conv_transpose2d")(x, w, **settings), expected, **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_transposed_convolution_is_the_adjoint(seed):
    """For images that the windows fill: <conv x, y> = <x, conv^T y>, and dx is conv^T of grad_y."""
    rng = np.random.default_rng(seed)
    batch, c_in, c_out = (int(n) for n in rng.integers(1, 4, size=3))
    w = rng.normal(size=(c_out, c_in, *rng.integers(3, 6, size=2)))
    y = rng.normal(size=(batch, c_out, *rng.integers(2, 5, size=2)))
    settings = {"stride": numbers(rng, 1, 4), "padding": numbers(rng, 0, 2)}
    back = reference("conv_transpose2d")(y, w, **settings)
    x = rng.normal(size=back.shape)
    forward = reference("conv2d")(x, w, **settings)
    assert (forward * y).sum() == pytest.approx((x * back).sum(), rel=1e-11, abs=1e-11)
    dx, _, _ = reference("conv2d_backward")(y, x, w, **settings)
    np.testing.assert_allclose(dx, back, **CLOSE)


def pooling(seed, ties):
    rng = np.random.default_rng(seed)
    shape = (2, 2, *rng.integers(3, 9, size=2))
    x = rng.integers(-2, 2, size=shape).astype(np.float64) if ties else rng.normal(size=shape)
    stride = numbers(rng, 1, 4) if seed % 3 else None
    return rng, x, numbers(rng, 1, 4), stride


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize("seed", SEEDS)
def test_pooling_and_its_gradient_are_those_of_torch(seed, ties):
    """Torch, too, gives the gradient of equal maxima to the first in reading order."""
    rng, x, k, stride = pooling(seed, ties)
    (tx,) = tensors(x)
    y = functional.max_pool2d(tx, k, stride)
    grad_y = rng.normal(size=y.shape)
    y.backward(torch.tensor(grad_y))
    np.testing.assert_array_equal(reference("max_pool2d")(x, k, stride), y.detach())
    got = reference("max_pool2d_backward")(grad_y, x, k, stride)
    np.testing.assert_allclose(got, tx.grad, **CLOSE)


@pytest.mark.parametrize("seed", range(6))
def test_the_gradient_of_pooling_is_a_central_difference(seed):
    rng, x, k, stride = pooling(seed, ties=False)
    forward = reference("max_pool2d")
    grad_y = rng.normal(size=forward(x, k, stride).shape)

    def loss():
        return (grad_y * forward(x, k, stride)).sum()

    got = reference("max_pool2d_backward")(grad_y, x, k, stride)
    np.testing.assert_allclose(got, numeric(loss, x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rank_counts_singular_values(seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=rng.integers(1, 7, size=2)) * 10.0 ** rng.integers(-4, 5)
    values = np.linalg.svd(kernel, compute_uv=False)
    for tol in (0.9, 0.5, 0.2, 0.05, 1e-4):
        expected = int((values > tol * values[0]).sum())
        assert reference("separable_rank")(kernel, tol) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_the_filters_are_the_best_as_eckart_and_young_say(seed):
    """The error is the norm of the singular values left out, and no sum of products is closer."""
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=rng.integers(2, 7, size=2))
    rank = int(rng.integers(1, min(kernel.shape) + 1))
    *_, best = run_filters(reference("low_rank_filters"), kernel, rank)
    values = np.linalg.svd(kernel, compute_uv=False)
    error = np.linalg.norm(kernel - best)
    assert error == pytest.approx(np.linalg.norm(values[rank:]), abs=1e-7)
    for _ in range(20):
        columns, rows = rng.normal(size=(kernel.shape[0], rank)), rng.normal(size=kernel.shape[1])
        near = np.linalg.lstsq(columns, kernel, rcond=None)[0] + 1e-3 * rows
        assert np.linalg.norm(kernel - columns @ near) > error - 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_separable_filters_do_the_work_of_their_kernel(seed):
    """A column filter and then a row filter, summed over the pairs, is one convolution."""
    rng = np.random.default_rng(seed)
    conv2d, kernel, x = reference("conv2d"), rng.normal(size=(4, 3)), rng.normal(size=(1, 1, 6, 7))
    columns, rows = reference("low_rank_filters")(kernel, 3)
    passes = [
        conv2d(conv2d(x, column.reshape(1, 1, -1, 1)), row.reshape(1, 1, 1, -1))
        for column, row in zip(columns, rows, strict=True)
    ]
    np.testing.assert_allclose(sum(passes), conv2d(x, kernel[None, None]), rtol=1e-6, atol=1e-7)


def test_connections_by_hand():
    """A row of three pixels, two weights, stride 2, padding 1: windows (-1, 0) and (1, 2)."""
    found = [(i[1], u[1], r[1]) for i, u, r in connections((1, 3), (1, 2), (1, 2), (0, 1))]
    assert found == [(0, 1, 0), (1, 0, 1), (1, 1, 2)]


@pytest.mark.parametrize("function", ["conv2d", "conv_transpose2d", "max_pool2d"])
def test_results_keep_float32(function):
    x = np.ones((1, 2, 4, 5), np.float32)
    argument = 2 if function == "max_pool2d" else np.ones((2, 2, 2, 2), np.float32)
    assert reference(function)(x, argument).dtype == np.float32


def test_a_layer_without_settings_earns_its_parts():
    def conv2d(x, w, b=None, stride=1, padding=0, dilation=1):
        return reference("conv2d")(x, w, b)

    report = examine(exercise_for("convolution/conv2d"), conv2d)
    assert [part for part, passed in report.parts.items() if passed] == ["plain", "bias"]
    assert report.earned == 2.5


@pytest.mark.parametrize("wanted", ["dx", "dw", "db"])
def test_each_gradient_earns_its_part(wanted):
    def conv2d_backward(grad_y, x, w, stride=1, padding=0):
        gradients = reference("conv2d_backward")(grad_y, x, w, stride, padding)
        return [
            g if name == wanted else None
            for g, name in zip(gradients, ("dx", "dw", "db"), strict=True)
        ]

    report = examine(exercise_for("convolution/conv2d_backward"), conv2d_backward, hidden=True)
    assert [part for part, passed in report.parts.items() if passed] == [wanted]
    assert report.failure is not None
    assert report.failure.kind == "not-three-arrays"

"""The references of the kernels' exercises against torch, differences and the stated errors."""

import numpy as np
import pytest
import torch

from course_utils.feedback import examine, exercise_for
from course_utils.feedback.compare import relative_error
from course_utils.kernels.exercises import running
from course_utils.kernels.exercises.arrays import apart, turned
from course_utils.kernels.exercises.running import allowed_error

FUNCTIONS = ("vector_add", "row_softmax", "matmul", "conv2d_direct", "conv2d_implicit_gemm")
SEEDS = range(20)


def exercise(function):
    return exercise_for(f"triton_convolution/{function}")


def reference(function):
    return exercise(function).reference


def close(got, expected):
    assert got.shape == tuple(expected.shape)
    assert relative_error(got, expected.numpy()) < 1e-12


def images(seed):
    """Return x, w, b and the settings of a convolution, float64."""
    rng = np.random.default_rng(seed)
    batch, channels, filters, r, s, stride = (int(n) for n in rng.integers(1, 5, size=6))
    padding = int(rng.integers(0, 4))
    height, width = (int(n) for n in rng.integers(4, 9, size=2))
    shapes = ((batch, channels, height, width), (filters, channels, r, s), (filters,))
    return [rng.normal(size=shape) for shape in shapes], stride, padding


@pytest.mark.parametrize("seed", SEEDS)
def test_products_and_softmax_are_those_of_torch(seed):
    rng = np.random.default_rng(seed)
    m, k, n = (int(size) for size in rng.integers(1, 20, size=3))
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    close(reference("matmul")(a, b), torch.tensor(a) @ torch.tensor(b))
    x = a * 10.0 ** rng.integers(-1, 5)
    close(reference("row_softmax")(x), torch.softmax(torch.tensor(x), 1))
    close(reference("vector_add")(a, x), torch.tensor(a) + torch.tensor(x))


@pytest.mark.parametrize("seed", SEEDS)
def test_convolutions_are_those_of_torch(seed):
    (x, w, b), stride, padding = images(seed)
    tensors = [torch.tensor(array) for array in (x, w, b)]
    conv2d = torch.nn.functional.conv2d
    close(reference("conv2d_direct")(x, w, b), conv2d(*tensors))
    expected = conv2d(*tensors, stride, padding)
    close(reference("conv2d_implicit_gemm")(x, w, b, stride, padding), expected)
    close(reference("conv2d_implicit_gemm")(x, w, b, stride, padding, True), expected.relu())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weight_gradient_is_that_of_autograd(seed):
    (x, w, _), stride, padding = images(seed)
    weights = torch.tensor(w, requires_grad=True)
    y = torch.nn.functional.conv2d(torch.tensor(x), weights, None, stride, padding)
    grad_y = np.random.default_rng(seed).normal(size=tuple(y.shape))
    y.backward(torch.tensor(grad_y))
    close(reference("conv2d_weight_grad")(grad_y, x, w, stride, padding), weights.grad)


@pytest.mark.parametrize("seed", range(4))
def test_the_weight_gradient_is_a_central_difference(seed):
    (x, w, b), stride, padding = images(seed)
    forward = reference("conv2d_implicit_gemm")
    y = forward(x, w, 0 * b, stride, padding)
    grad_y, step = np.random.default_rng(seed).normal(size=y.shape), 1e-5
    found = reference("conv2d_weight_grad")(grad_y, x, w, stride, padding)
    for index in list(np.ndindex(w.shape))[::5]:
        sides = []
        for sign in (1, -1):
            moved = w.copy()
            moved[index] += sign * step
            sides.append((forward(x, moved, 0 * b, stride, padding) * grad_y).sum())
        slope = (sides[0] - sides[1]) / (2 * step)
        assert found[index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("function", [*FUNCTIONS, "conv2d_weight_grad"])
def test_every_draw_has_results_and_refused_input(function):
    """Torch's own float32 or float16 result would pass: errors allowed are not too small."""
    found = exercise(function)
    for seed in range(5):
        for case in found.draw(np.random.default_rng(seed)):
            settings = {k: v for k, v in case.kwargs.items() if k != running.AGAIN}
            value = found.reference(*case.args, **settings)
            assert np.isfinite(value).all()
            assert value.dtype == case.args[0].dtype
    assert len(found.bad_inputs) >= 3


def test_the_stated_errors():
    assert (allowed_error("float32"), allowed_error("float16")) == (1e-5, 2e-3)


def test_views_hold_what_they_are_made_of():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    for make in (apart, turned):
        view = make(x)
        np.testing.assert_array_equal(view, x)
        assert not view.flags.c_contiguous


@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_triton_the_check_says_what_to_do(function, monkeypatch):
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    report = examine(exercise(function), lambda *args, **kwargs: args[0])
    assert report.failure.kind == "no-triton"
    assert "pip install triton" in report.failure.hint
    assert report.earned == 0

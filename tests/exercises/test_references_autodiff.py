"""The references of the autodiff exercises against torch's autograd and finite differences."""

import numpy as np
import pytest
import torch

from course_utils.feedback import exercise_for
from course_utils.feedback.exercises.autodiff_programs import evaluate, run_dual, run_value

SEEDS = (0, 1, 2)
DUAL, GRADIENT, VALUE = (
    exercise_for(f"autodiff/{name}") for name in ("Dual", "forward_gradient", "Value")
)


def of_numbers_too(function):
    return lambda x: function(torch.as_tensor(x, dtype=torch.float64))


TORCH = {name: of_numbers_too(getattr(torch, name)) for name in ("log", "sin", "cos", "exp")}


def all_cases(exercise):
    drawn = [case for seed in SEEDS for case in exercise.draw(np.random.default_rng(seed))]
    return [*exercise.worked, *drawn]


def tensors(x):
    return [torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for v in x]


def names(items):
    return {f"x{i}": item for i, item in enumerate(items, start=1)}


def torch_gradient(program, x):
    leaves = tensors(x)
    evaluate(program, {**TORCH, **names(leaves)}).backward()
    return np.array([0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves])


def worked_or_reference(exercise, case):
    """Return what the check expects: the result worked out by hand, or the reference's."""
    by_reference = exercise.call(exercise.reference, *case.args)
    if isinstance(case.expected, tuple | list | np.ndarray):
        for got, expected in zip(by_reference, case.expected, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
    return by_reference


@pytest.mark.parametrize("case", all_cases(DUAL), ids=lambda case: case.args[0])
def test_duals_are_directional_derivatives_of_torch(case):
    program, x, tangents = case.args
    value, tangent = worked_or_reference(DUAL, case)
    out = evaluate(program, {**TORCH, **names(tensors(x))})
    assert value == pytest.approx(out.item(), rel=1e-13, abs=1e-15)
    assert tangent == pytest.approx(torch_gradient(program, x) @ tangents, rel=1e-12)


@pytest.mark.parametrize("case", all_cases(DUAL), ids=lambda case: case.args[0])
def test_duals_are_central_differences(case):
    program, x, tangents = case.args
    step = 1e-5 * np.array(tangents)

    def f(point):
        return run_dual(DUAL.reference, program, point, np.zeros(len(x)))[0]

    numeric = (f(np.array(x) + step) - f(np.array(x) - step)) / 2e-5
    assert run_dual(DUAL.reference, *case.args)[1] == pytest.approx(numeric, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("case", all_cases(GRADIENT), ids=lambda case: case.args[0])
def test_forward_gradient_is_that_of_torch(case):
    np.testing.assert_allclose(
        worked_or_reference(GRADIENT, case), torch_gradient(*case.args), rtol=1e-12
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", all_cases(VALUE), ids=lambda case: case.args[0])
def test_reverse_mode_is_that_of_torch(case):
    """The same passes on torch tensors, which add up gradients in the same way."""
    program, x, *passes = case.args
    data, grads = worked_or_reference(VALUE, case)
    leaves = tensors(x)
    outputs = evaluate(program, names(leaves))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for word in (passes[0] if passes else "backward").split(", "):
        for leaf in leaves if word == "zero" else ():
            leaf.grad = None
        for output in outputs if word == "backward" else ():
            output.backward(retain_graph=True)
    expected = [0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves]
    np.testing.assert_allclose(data, np.squeeze([out.item() for out in outputs]), rtol=1e-13)
    np.testing.assert_allclose(grads, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", VALUE.draw(np.random.default_rng(7)), ids=lambda c: c.args[0])
def test_reverse_mode_is_central_differences(case):
    program, x, *_ = case.args
    _, grads = run_value(VALUE.reference, program, x)

    def f(point):
        return run_value(VALUE.reference, program, point, "none")[0]

    for i, grad in enumerate(grads):
        step = 1e-5 * np.eye(len(x))[i]
        numeric = (f(np.array(x) + step) - f(np.array(x) - step)) / 2e-5
        assert grad == pytest.approx(numeric, rel=1e-7, abs=1e-8)


def test_the_trace_of_the_chapter():
    trace = "x1.log() + x1 * x2 - x2.sin()"
    value, grads = run_value(VALUE.reference, trace, (2.0, 5.0))
    assert [round(float(number), 3) for number in (value, *grads)] == [11.652, 5.5, 1.716]

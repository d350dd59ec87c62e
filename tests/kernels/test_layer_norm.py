"""Layer normalisation by one kernel, against torch in float64."""

import pytest
import torch
from torch.nn import functional

from course_utils.kernels.device import triton
from course_utils.kernels.guard import guarded
from course_utils.kernels.layer_norm import layer_norm
from tests.kernels.errors import relative_error

TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3}


def error_of(found, x, gamma, beta):
    wide = functional.layer_norm(x.double(), x.shape[1:], gamma.double(), beta.double())
    return relative_error(found, wide)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", [(1, 3), (33, 77), (5, 1000), (64, 64)], ids=str)
def test_rows_are_normalised_reading_each_number_once(shape, dtype):
    x, gamma, beta = (torch.randn(s).to(dtype) for s in (shape, shape[1:], shape[1:]))
    x = (x + 3).to(dtype)  # a mean that a masked lane would bring into the variance
    done = guarded(layer_norm, x, gamma, beta)
    assert done.value.dtype == dtype
    assert error_of(done.value, x, gamma, beta) <= TOLERANCE[dtype]
    size = x.numel() * x.element_size()
    assert done.log.bytes("load", "x_ptr") == done.log.bytes("store") == size


def test_views_are_read_by_their_strides():
    x, ones = torch.randn(40, 90), torch.randn(180)
    for view in (x.T, x[::3, 1::2], x[:1].expand(20, 90)):
        gamma, beta = (ones[start::2][: view.shape[1]] for start in (0, 1))
        found = guarded(layer_norm, view, gamma, beta).value
        assert error_of(found, view, gamma, beta) <= 1e-5


def test_every_configuration_gives_the_same():
    x, gamma, beta = torch.randn(10, 50), torch.randn(50), torch.randn(50)
    for number in (1, 8):
        found = layer_norm(x, gamma, beta, config=triton.Config({"ROWS": number}))
        assert error_of(found, x, gamma, beta) <= 1e-5
    assert layer_norm(x[:0], gamma, beta).shape == (0, 50)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((torch.zeros(3), torch.zeros(3), torch.zeros(3)), "x has shape"),
        ((torch.zeros(2, 3), torch.zeros(2), torch.zeros(3)), "gamma has shape"),
        ((torch.zeros(2, 3), torch.zeros(3), torch.zeros(3, 1)), "beta has shape"),
        ((torch.zeros(2, 3), torch.zeros(3).half(), torch.zeros(3)), "gamma is torch.float16"),
    ],
)
def test_what_does_not_fit_is_a_value_error(arguments, words):
    with pytest.raises(ValueError, match=words):
        layer_norm(*arguments)

"""The vector sum and the softmax of rows, against float64."""

import pytest
import torch

from course_utils.kernels.device import triton
from course_utils.kernels.elementwise import LONGEST_ROW, row_softmax, vector_add
from course_utils.kernels.guard import guarded
from course_utils.kernels.unfused import softmax_in_five
from tests.kernels.errors import relative_error

TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3}


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", [(1,), (4097,), (13, 11), (2, 3, 5)], ids=str)
def test_the_sum_has_the_shape_and_type_of_its_terms(shape, dtype):
    x, y = torch.randn(shape).to(dtype), torch.randn(shape).to(dtype)
    done = guarded(vector_add, x, y)
    assert done.value.dtype == dtype
    assert torch.equal(done.value, x + y)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (33, 77), (5, 1000), (64, 64)], ids=str)
def test_rows_are_distributions(shape, dtype):
    x = (5 * torch.randn(shape)).to(dtype)
    done = guarded(row_softmax, x)
    assert done.value.dtype == dtype
    assert relative_error(done.value, torch.softmax(x.double(), 1)) <= TOLERANCE[dtype]
    assert done.log.bytes("load") == done.log.bytes("store") == x.numel() * x.element_size()


def test_views_are_read_by_their_strides():
    x = torch.randn(40, 90)
    for view in (x.T, x[::3, 1::2], x[:1].expand(20, 90), x.flip(1)):
        done = guarded(row_softmax, view)
        assert relative_error(done.value, torch.softmax(view.double(), 1)) <= 1e-5
        assert torch.equal(guarded(vector_add, view, view).value, 2 * view)


def test_large_values_and_masked_ones():
    x = torch.tensor([[1e4, 1e4], [-1e4, 0.0], [-float("inf"), 3.0]])
    assert row_softmax(x).tolist() == [[0.5, 0.5], [0.0, 1.0], [0.0, 1.0]]


def test_nothing_in_nothing_out():
    assert vector_add(torch.empty(0, 3), torch.empty(0, 3)).shape == (0, 3)
    assert row_softmax(torch.empty(0, 3)).shape == (0, 3)


def test_every_configuration_gives_the_same():
    x, y = torch.randn(5000), torch.randn(5000)
    for block in (256, 1024):
        assert torch.equal(vector_add(x, y, config=triton.Config({"BLOCK": block})), x + y)
    rows = x.reshape(100, 50)
    for number in (1, 8):
        found = row_softmax(rows, config=triton.Config({"ROWS": number}))
        assert relative_error(found, torch.softmax(rows.double(), 1)) <= 1e-5


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (vector_add, (torch.zeros(3), torch.zeros(4)), "x has shape"),
        (vector_add, (torch.zeros(3), torch.zeros(3).half()), "y is torch.float16"),
        (vector_add, (torch.zeros(3).int(), torch.zeros(3).int()), "x is torch.int32"),
        (vector_add, (torch.zeros(3, device="meta"),) * 2, "x is on meta"),
        (row_softmax, (torch.zeros(3),), "x has shape"),
        (row_softmax, (torch.zeros(3, 0),), "x has shape"),
        (row_softmax, (torch.zeros(1, LONGEST_ROW + 1),), "x has shape"),
        (row_softmax, (torch.zeros(2, 2, dtype=torch.bfloat16),), "bfloat16"),
    ],
)
def test_what_cannot_be_is_a_value_error(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(*arguments)


def test_the_unfused_softmax_moves_four_times_as_much():
    x = torch.randn(7, 90)
    done = guarded(softmax_in_five, x)
    assert relative_error(done.value, torch.softmax(x.double(), 1)) <= 1e-5
    assert done.log.bytes() == 4 * (8 * 7 * 90 + 4 * 7)
    assert len(done.launches) == 5
    with pytest.raises(ValueError, match="contiguous matrix"):
        softmax_in_five(x.T)

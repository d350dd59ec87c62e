"""The product of matrices by tiles, against float64."""

import pytest
import torch

from course_utils.kernels.device import triton
from course_utils.kernels.launches import record_launches
from course_utils.kernels.matmul import GPU_CONFIGS, matmul
from course_utils.kernels.recorder import record_accesses
from tests.kernels.errors import relative_error

TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3}
SHAPES = [(100, 90, 70), (33, 17, 129), (1, 5, 1), (64, 64, 64)]


def factors(M, K, N, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(*size, generator=generator).to(dtype) for size in ((M, K), (K, N)))


def small(group=2):
    tile = {"BM": 32, "BN": 16, "BK": 16, "GROUP": group}
    return triton.Config(tile, num_warps=4, num_stages=2)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_the_product_in_the_dtype_of_its_factors(shape, dtype):
    a, b = factors(*shape, dtype)
    c = matmul(a, b)
    assert c.dtype == dtype
    assert c.is_contiguous()
    assert relative_error(c, a.double() @ b.double()) <= TOLERANCE[dtype]


@pytest.mark.parametrize("group", [1, 2, 3, 8])
def test_every_order_of_the_programs_writes_every_tile_once(group):
    a, b = factors(100, 20, 70)
    with record_launches() as launches:
        c = matmul(a, b, config=small(group))
    assert launches[0].grid[0] == 4 * 5
    assert relative_error(c, a.double() @ b.double()) <= 1e-5


def test_factors_may_be_views():
    a, b = factors(60, 40, 50)
    wide = torch.randn(40, 101)[:, 1::2]  # neither rows nor columns are contiguous
    for left, right in ((b.T, a.T), (a, wide), (a.flip(0)[::2], b), (a[:1].expand(60, 40), b)):
        c = matmul(left, right)
        assert relative_error(c, left.double() @ right.double()) <= 1e-5


def test_half_precision_is_added_up_in_single():
    ones = torch.ones(1, 4096, dtype=torch.float16)
    assert matmul(ones, ones.T).item() == 4096  # in float16 the sum would stick at 2048


@pytest.mark.parametrize("K", [0, 16])
def test_empty_matrices(K):
    assert matmul(torch.ones(0, K), torch.ones(K, 5)).shape == (0, 5)
    if K == 0:
        assert torch.equal(matmul(torch.ones(3, 0), torch.ones(0, 5)), torch.zeros(3, 5))


def test_no_access_is_out_of_bounds_and_traffic_is_what_the_formula_says():
    M, K, N = 50, 30, 40
    a, b = factors(M, K, N)
    with record_accesses() as log:
        matmul(a, b, config=small())
    assert not log.out_of_bounds()
    assert log.elements("a").sum() == M * K * -(-N // 16)  # each column of tiles reads all of a
    assert log.elements("b").sum() == K * N * -(-M // 32)
    assert (log.elements("c") == 1).all()


def test_the_interpreter_runs_the_configurations_of_a_gpu():
    a, b = factors(70, 40, 130, torch.float16)
    for config in GPU_CONFIGS:
        c = matmul(a, b, config=config)
        assert relative_error(c, a.double() @ b.double()) <= 2e-3


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.ones(2, 3), torch.ones(2, 3), "expected"),
        (torch.ones(2, 3, 1), torch.ones(3, 2), "expected"),
        (torch.ones(2, 3), torch.ones(3, 2, dtype=torch.float16), "one dtype"),
        (torch.ones(2, 3).long(), torch.ones(3, 2).long(), "one dtype"),
        (torch.ones(2, 3), torch.ones(3, 2, device="meta"), "devices"),
    ],
)
def test_bad_inputs_are_named(a, b, message):
    with pytest.raises(ValueError, match=message):
        matmul(a, b)

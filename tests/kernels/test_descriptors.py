"""The matrix product by descriptors: right on ragged and strided matrices; what it compiles to."""

import pytest
import torch

from course_utils.kernels.catalogue import entries
from course_utils.kernels.descriptors import GPU_CONFIGS, aligned, matmul_descriptors
from course_utils.kernels.recorder import record_accesses

TOLERANCES = {torch.float32: 1e-5, torch.float16: 2e-3}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("M", "K", "N"), [(13, 5, 77), (64, 64, 64), (100, 90, 70), (1, 129, 3)])
def test_against_float64(M, K, N, dtype):
    rng = torch.Generator().manual_seed(M)
    a, b = (torch.randn(s, generator=rng).to(dtype) for s in ((M, K), (K, N)))
    right = a.double() @ b.double()
    with record_accesses() as log:
        found = matmul_descriptors(a, b)
    assert (found.dtype, found.shape) == (dtype, right.shape)
    assert (found.double() - right).norm() <= TOLERANCES[dtype] * right.norm()
    assert not log.out_of_bounds()


def test_strided_and_shifted_factors():
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(40, 30, generator=rng).T, torch.randn(41, 27, generator=rng)[1:, 1:]
    assert torch.allclose(matmul_descriptors(a, b), a @ b, atol=1e-5)


@pytest.mark.parametrize("config", GPU_CONFIGS, ids=str)
def test_every_configuration_computes_the_same(config):
    rng = torch.Generator().manual_seed(1)
    a, b = (torch.randn(s, generator=rng).half() for s in ((150, 100), (100, 140)))
    right = a.double() @ b.double()
    assert (matmul_descriptors(a, b, config).double() - right).norm() <= 2e-3 * right.norm()


def test_only_misaligned_matrices_are_copied():
    x = torch.randn(8, 16).half()
    assert aligned(x) is x
    for view in (x[:, 1:], x.T[:, :5], torch.randn(4, 5).half()):
        copy = aligned(view)
        assert torch.equal(copy, view)
        assert copy.stride(0) * copy.element_size() % 16 == 0
        assert copy.data_ptr() % 16 == 0


def test_empty_sizes():
    assert matmul_descriptors(torch.ones(0, 3), torch.ones(3, 2)).shape == (0, 2)
    assert torch.equal(matmul_descriptors(torch.ones(2, 0), torch.ones(0, 3)), torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (torch.ones(2, 3), torch.ones(2, 3)),
        (torch.ones(2), torch.ones(2, 3)),
        (torch.ones(2, 3), torch.ones(3, 2).half()),
        (torch.ones(2, 3).double(), torch.ones(3, 2).double()),
    ],
)
def test_wrong_factors_are_refused(a, b):
    with pytest.raises(ValueError, match="a, b"):
        matmul_descriptors(a, b)


@pytest.mark.slow
def test_specialised_warps_load_by_a_unit_of_their_own():
    found = {e.config: e.compiled(90) for e in entries() if e.name == "matmul_descriptors"}
    special = next(c for name, c in found.items() if "specialised" in name)
    for compiled in found.values():
        assert compiled.error is None
        assert compiled.instructions["UTMALDG"] > 0
        assert "LDGSTS" not in compiled.instructions
    assert special.warps > 4  # asked for 4
    assert special.instructions["SYNCS"] > max(
        c.instructions["SYNCS"] for c in found.values() if c is not special
    )

"""The recorder counts what is known by construction: addresses, sectors, bytes, strays, races."""

import numpy as np
import pytest
import torch

from course_utils.kernels.device import tl, triton
from course_utils.kernels.recorder import record_accesses


@triton.jit
def strided_kernel(x, out, n, stride, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + index, tl.load(x + index * stride, mask=index < n, other=7.0), mask=index < n)


@triton.jit
def unmasked_kernel(x, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + index, tl.load(x + index))


@triton.jit
def transpose_kernel(x, out, rows, columns, R: tl.constexpr, C: tl.constexpr):
    r, c = tl.arange(0, R)[:, None], tl.arange(0, C)[None, :]
    block = tl.load(x + r * columns + c, mask=(r < rows) & (c < columns))
    tl.store(out + c * rows + r, block, mask=(r < rows) & (c < columns))


@triton.jit
def histogram_kernel(x, counts, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(counts + tl.load(x + index, mask=index < n, other=0), 1.0, mask=index < n)


@triton.jit
def racing_kernel(x, total, BLOCK: tl.constexpr):
    part = tl.sum(tl.load(x + tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)))
    tl.store(total, tl.load(total) + part)


@triton.jit
def descriptor_kernel(x, out, rows, columns, R: tl.constexpr, C: tl.constexpr):
    source = tl.make_tensor_descriptor(x, [rows, columns], [columns, 1], [R, C])
    target = tl.make_tensor_descriptor(out, [rows, columns], [columns, 1], [R, C])
    target.store([0, 0], source.load([0, 0]))


@pytest.mark.parametrize(("stride", "sectors"), [(1, 4), (2, 8), (4, 16), (8, 32), (32, 32)])
def test_sectors_of_a_warp_against_the_stride(stride, sectors):
    x, out = torch.randn(4096), torch.empty(128)
    with record_accesses() as log:
        strided_kernel[(1,)](x, out, 128, stride, BLOCK=128)
    assert log.sectors_per_warp("load", "x") == sectors
    assert log.sectors_per_warp("store") == 4
    assert torch.equal(out, x[::stride][:128])


def test_bytes_and_elements_leave_masked_lanes_out():
    x, out = torch.randn(100, dtype=torch.float16), torch.empty(100, dtype=torch.float16)
    with record_accesses() as log:
        strided_kernel[(4,)](x, out, 100, 1, BLOCK=32)
    assert log.bytes() == 400
    assert log.bytes("load") == log.bytes(name="x") == 200
    assert (log.elements("x") == 1).all()
    assert log.elements("out", "store", program=(3,)).nonzero()[0].tolist() == [96, 97, 98, 99]
    assert not log.out_of_bounds()
    with pytest.raises(KeyError, match="called y"):
        log.elements("y")


def test_a_missing_mask_is_seen_and_does_no_harm():
    memory = torch.arange(128.0)
    with record_accesses() as log:
        unmasked_kernel[(4,)](torch.ones(100), memory[:100], 100, BLOCK=32)
    strays = log.out_of_bounds()
    assert [(a.kind, a.name, a.program, a.outside) for a in strays] == [
        ("load", "x", (3, 0, 0), 28),
        ("store", "out", (3, 0, 0), 28),
    ]
    assert memory[:100].eq(1).all()
    assert memory[100:].tolist() == list(range(100, 128))


def test_a_pointer_keeps_its_argument_however_far_it_strays():
    x, y = torch.zeros(64), torch.zeros(64)
    with record_accesses() as log:
        strided_kernel[(1,)](x, y, 32, (y.data_ptr() - x.data_ptr()) // 4, BLOCK=32)
        strided_kernel[(1,)](x, y, 32, -(10**9) // 32, BLOCK=32)
    assert [access.name for access in log.out_of_bounds()] == ["x", "x"]
    assert [access.outside for access in log.out_of_bounds()] == [31, 31]


def test_elements_between_those_of_a_view_are_outside():
    memory, out = torch.zeros(64), torch.zeros(32)
    with record_accesses() as log:
        strided_kernel[(1,)](memory[::2], out, 32, 2, BLOCK=32)
    assert not log.out_of_bounds()
    with record_accesses() as log:
        strided_kernel[(1,)](memory[::2], out, 32, 1, BLOCK=32)
    assert log.out_of_bounds()[0].outside == 16


def test_blocks_are_read_along_their_contiguous_axis():
    x, out = torch.randn(30, 60), torch.empty(60, 30)
    with record_accesses() as log:
        transpose_kernel[(1,)](x, out, 30, 60, R=32, C=64)
    assert torch.equal(out, x.T)
    assert log.sectors_per_warp("load") < 5
    assert log.sectors_per_warp("store") < 5  # lanes along the rows of the block
    assert log.elements("out").shape == (60, 30)


def test_atomics_are_recorded_and_carried_out():
    x = torch.randint(0, 5, (100,))
    counts = torch.zeros(5)
    with record_accesses() as log:
        histogram_kernel[(4,)](x, counts, 100, BLOCK=32)
    assert torch.equal(counts, torch.bincount(x, minlength=5).float())
    assert np.array_equal(log.elements("counts", "atomic"), counts.numpy())
    assert log.races() == []


def test_a_race_of_programs_is_found():
    x, total = torch.ones(64), torch.zeros(1)
    with record_accesses() as log:
        racing_kernel[(2,)](x, total, BLOCK=32)
    assert total.item() == 64  # the interpreter does not notice
    assert log.races() == [("racing_kernel", "total")]
    with record_accesses() as log:
        racing_kernel[(1,)](x, total, BLOCK=64)
        racing_kernel[(1,)](x, total, BLOCK=64)
    assert log.races() == []


def test_descriptors_are_recorded_too():
    x, out = torch.randn(20, 12), torch.empty(20, 12)
    with record_accesses() as log:
        descriptor_kernel[(1,)](x, out, 20, 12, R=32, C=16)
    assert torch.equal(out, x)
    assert log.bytes("load", "x") == 20 * 12 * 4
    assert not log.out_of_bounds()

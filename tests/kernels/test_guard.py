"""Every way of not doing the work by one's own kernel fails, each with its own name."""

import ctypes
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from course_utils.kernels import guard_errors
from course_utils.kernels.device import tl, triton
from course_utils.kernels.guard import GuardError, guarded

N, BLOCK = 100, 32
GRID = (triton.cdiv(N, BLOCK),)


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    tl.store(out + index, tl.load(x + index, mask=mask) + tl.load(y + index, mask=mask), mask=mask)


@triton.jit
def copy_kernel(x, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + index, tl.load(x + index, mask=index < n), mask=index < n)


@triton.jit
def load_unmasked_kernel(x, y, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + index, tl.load(x + index) + tl.load(y + index), mask=index < n)


@triton.jit
def store_unmasked_kernel(x, y, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    tl.store(out + index, tl.load(x + index, mask=mask) + tl.load(y + index, mask=mask))


@triton.jit
def torch_kernel(x, y, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    a, b = tl.load(x + index, mask=mask), tl.load(y + index, mask=mask)
    a.handle.data = torch.add(torch.tensor(a.handle.data), torch.tensor(b.handle.data)).numpy()
    tl.store(out + index, a, mask=mask)


@triton.jit
def accumulate_kernel(x, y, out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    tl.atomic_add(out + index, tl.load(x + index, mask=mask), mask=mask)
    tl.atomic_add(out + index, tl.load(y + index, mask=mask), mask=mask)


@triton.jit
def address_kernel(address, out, n, BLOCK: tl.constexpr):
    index = tl.arange(0, BLOCK)
    x = address.to(tl.pointer_type(tl.float32))
    tl.store(out + index, tl.load(x + index, mask=index < n), mask=index < n)


def launch(kernel, *tensors, grid=GRID):
    kernel[grid](*tensors, N, BLOCK=BLOCK)
    return tensors[-1]


def honest(x, y):
    return launch(add_kernel, x, y, torch.empty_like(x))


def raw(tensor):
    """The memory of a tensor as numpy sees it, without torch noticing."""
    buffer = (ctypes.c_float * tensor.numel()).from_address(tensor.data_ptr())
    return np.ctypeslib.as_array(buffer)


def answer_of_torch(x, y):
    return x + y


def answer_of_torch_beside_a_kernel(x, y):
    honest(x, y)
    return torch.add(x, y)


def overwritten_by_torch(x, y):
    out = honest(x, y)
    out.copy_(x + y)
    return out


def added_into_by_torch(x, y):
    out = launch(copy_kernel, x, torch.empty_like(x))
    out += y
    return out


def written_out_of_sight_with_out(x, y):
    out = honest(x, y)
    with torch._C._DisableTorchDispatch():
        torch.add(x, y, out=out).mul_(2)
    return out


def in_another_thread(x, y):
    with ThreadPoolExecutor() as pool:  # where no mode of torch is active
        answer = pool.submit(torch.add, x, y).result()
    return launch(copy_kernel, answer, torch.empty_like(x))


def into_memory_in_another_thread(x, y):
    out = honest(x, y)
    with ThreadPoolExecutor() as pool:
        pool.submit(torch.mul, x, y, out=out).result()
    return out


def caught_and_swallowed(x, y):
    out = honest(x, y)
    try:
        return x + y
    except GuardError:
        return out


def overwritten_through_memory(x, y):
    out = honest(x, y)
    raw(out)[:] = raw(x) + 2 * raw(y)
    return out


def prepared_through_memory(x, y):
    ready = torch.zeros_like(x)
    raw(ready)[:] = raw(x) + raw(y)
    return launch(copy_kernel, ready, torch.empty_like(x))


def argument_prepared_through_memory(x, y):
    raw(x)[:] = raw(x) + raw(y)
    return launch(copy_kernel, x, torch.empty_like(x))


def overwritten_through_numpy(x, y):
    out = honest(x, y)
    out.numpy()[:] = 0
    return out


def computed_in_numpy(x, y):
    honest(x, y)
    return torch.from_numpy(np.asarray(x) + np.asarray(y))


def from_numpy_by_a_kernel(x, y):
    ready = torch.from_numpy(raw(x) + raw(y))
    return launch(copy_kernel, ready, torch.empty_like(x))


def from_numpy_copied_in(x, y):
    out = honest(x, y)
    out.copy_(torch.from_numpy(raw(x) + raw(y)))
    return out


def from_numpy_returned(x, y):
    honest(x, y)
    return torch.from_numpy(raw(x) + raw(y)).clone()


def stored_into_numpy(x, y):
    return launch(add_kernel, x, y, torch.from_numpy(np.zeros(N, np.float32)))


def from_a_list(x, y):
    return launch(copy_kernel, torch.tensor((raw(x) + raw(y)).tolist()), torch.empty_like(x))


def from_a_bare_address(x, y):
    out = torch.empty_like(x)
    address_kernel[(1,)](x.data_ptr(), out, N, BLOCK=128)
    return out


def value_by_value(x, y):
    out = honest(x, y)
    out.fill_(x[0].item())
    return out


def branch_on_a_value(x, y):
    return honest(x, y) if x[0] > 0 else honest(y, x)


def float_of_a_value(x, y):
    float(x[0])
    return honest(x, y)


def no_kernel(x, y):
    return torch.zeros_like(x)


def no_kernel_but_a_copy(x, y):
    return x.clone()


def too_few_programs(x, y):
    return launch(add_kernel, x, y, torch.empty_like(x), grid=(GRID[0] - 1,))


def too_few_programs_then_a_copy(x, y):
    out = torch.empty_like(x)
    launch(add_kernel, x, y, out, grid=(1,))
    return out.half()


def never_stored(x, y):
    honest(x, y)
    return torch.empty_like(x)


def added_to_fresh_memory(x, y):
    return launch(accumulate_kernel, x, y, torch.empty_like(x))


def changes_its_argument(x, y):
    return launch(add_kernel, x, y, x)


def fills_its_argument(x, y):
    out = honest(x, y)
    y.zero_()
    return out


def load_without_mask(x, y):
    return launch(load_unmasked_kernel, x, y, torch.empty_like(x))


def store_without_mask(x, y):
    return launch(store_unmasked_kernel, x, y, torch.empty_like(x))


def torch_in_the_kernel(x, y):
    return launch(torch_kernel, x, y, torch.empty_like(x))


CHEATS = {
    answer_of_torch: "torch-did-the-work",
    answer_of_torch_beside_a_kernel: "torch-did-the-work",
    overwritten_by_torch: "torch-did-the-work",
    added_into_by_torch: "torch-did-the-work",
    caught_and_swallowed: "torch-did-the-work",
    branch_on_a_value: "torch-did-the-work",
    written_out_of_sight_with_out: "overwritten",
    into_memory_in_another_thread: "overwritten",
    overwritten_through_memory: "overwritten",
    prepared_through_memory: "overwritten",
    argument_prepared_through_memory: "overwritten",
    overwritten_through_numpy: "values-taken-out",
    computed_in_numpy: "values-taken-out",
    value_by_value: "values-taken-out",
    float_of_a_value: "values-taken-out",
    from_numpy_by_a_kernel: "foreign-memory",
    from_numpy_copied_in: "foreign-memory",
    from_numpy_returned: "foreign-memory",
    stored_into_numpy: "foreign-memory",
    from_a_list: "foreign-memory",
    in_another_thread: "foreign-memory",
    from_a_bare_address: "foreign-memory",
    no_kernel: "no-kernel",
    no_kernel_but_a_copy: "no-kernel",
    too_few_programs: "not-stored",
    never_stored: "not-stored",
    too_few_programs_then_a_copy: "read-before-stored",
    added_to_fresh_memory: "read-before-stored",
    changes_its_argument: "input-changed",
    fills_its_argument: "input-changed",
    load_without_mask: "out-of-bounds",
    store_without_mask: "out-of-bounds",
    torch_in_the_kernel: "torch-in-a-kernel",
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_each_cheat_fails_by_its_name(cheat):
    with pytest.raises(GuardError) as caught:
        guarded(cheat, torch.randn(N), torch.randn(N))
    assert caught.value.kind == CHEATS[cheat]


def remembering(give):
    remembered = {}

    def function(x, y):
        key = x.shape
        if key not in remembered:
            remembered[key] = honest(x, y)
        else:
            honest(x, y)
        return give(remembered[key])

    return function


@pytest.mark.parametrize(
    "give",
    [lambda t: t, lambda t: t.clone(), lambda t: t.view(-1),
     lambda t: launch(copy_kernel, t, torch.empty_like(t))],
    ids=["itself", "a copy", "a view", "by a kernel"],
)  # fmt: skip
def test_a_remembered_result_fails_on_the_second_call(give):
    function = remembering(give)
    x, y = torch.randn(N), torch.randn(N)
    assert torch.equal(guarded(function, x, y).value, x + y)
    with pytest.raises(guard_errors.EarlierMemoryError):
        guarded(function, x, y)


def test_memory_from_before_the_call_is_foreign():
    ready = torch.ones(N)

    def function(x):
        return launch(add_kernel, x, ready, torch.empty_like(x))

    with pytest.raises(guard_errors.ForeignMemoryError):
        guarded(function, torch.ones(N))


def layouts(x, y):
    """Everything that is allowed beside kernels."""
    wide = torch.full((2, N), 0.5)
    wide.zero_()
    wide[0].copy_(x.half().float().to(torch.float64).float())
    x = wide[0].reshape(4, 25).T.contiguous().T.flatten()
    out = torch.zeros(N)
    launch(accumulate_kernel, x.unsqueeze(0).squeeze(0), y.flip(0).flip(0), out)
    ready = torch.empty(2, 50).to(torch.float64).float()
    launch(copy_kernel, out, ready)
    return {"sum": ready.view(-1).detach(), "also": [out[1:3]]}


def test_allocation_views_and_copies_are_allowed():
    x, y = torch.randn(N).half().float(), torch.randn(N)
    done = guarded(layouts, x, y)
    assert torch.allclose(done.value["sum"], x + y)
    assert [launch.name for launch in done.launches] == ["accumulate_kernel", "copy_kernel"]
    assert done.log.bytes("store") == 4 * N


def test_fresh_memory_is_poisoned():
    seen = []

    def function(x, y):
        fresh = torch.empty(3)
        seen.extend(raw(fresh).tolist())
        return honest(x, y)

    guarded(function, torch.ones(N), torch.ones(N))
    assert np.isnan(seen).all()


def test_what_the_function_raises_passes_unchanged():
    def unfinished(x):
        raise NotImplementedError("write me")

    with pytest.raises(NotImplementedError, match="write me"):
        guarded(unfinished, torch.ones(3))


def test_nothing_stays_behind():
    with pytest.raises(GuardError):
        guarded(answer_of_torch, torch.ones(N), torch.ones(N))
    x = torch.ones(N)
    assert torch.equal(honest(x, x) + x, torch.full((N,), 3.0))
    assert x.numpy().sum() == N


def test_errors_have_names_of_their_own_and_hints_without_values():
    errors = GuardError.__subclasses__()
    assert len({error.kind for error in errors} | {error.hint for error in errors}) == 22
    with pytest.raises(guard_errors.OutOfBoundsError) as caught:
        guarded(load_without_mask, torch.ones(N), torch.ones(N))
    assert not any(character.isdigit() for character in str(caught.value))
    assert "program (3, 0, 0), 28 lanes" in caught.value.details


@pytest.mark.parametrize(
    ("size", "other", "text"),
    [
        (127, 127, ": 2 accesses, first a load of x in program (3, 0, 0), 1 lane outside"),
        (126, 128, ": a load of x in program (3, 0, 0), 2 lanes outside"),
    ],
)
def test_one_access_and_one_lane_are_singular(size, other, text):
    with pytest.raises(guard_errors.OutOfBoundsError) as caught:
        guarded(load_without_mask, torch.ones(size), torch.ones(other))
    assert caught.value.details == "load_unmasked_kernel" + text


def test_elements_that_nothing_stored_are_counted():
    for size, text in [(N + 1, "1 of 101 elements was"), (N + 2, "2 of 102 elements were")]:
        with pytest.raises(guard_errors.NotStoredError) as caught:
            guarded(honest, torch.ones(size), torch.ones(size))
        assert caught.value.details == f"{text} never stored"
    assert str(caught.value).endswith("all programs store the same block (tl.program_id)?")


@pytest.mark.parametrize(
    ("function", "kind"),
    [(too_few_programs, "not-stored"), (changes_its_argument, "input-changed"),
     (overwritten_by_torch, "torch-did-the-work"), (from_numpy_returned, "foreign-memory"),
     (no_kernel, "no-kernel"), (torch_in_the_kernel, "torch-in-a-kernel"), (honest, None)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
def test_without_the_recorder_as_on_a_gpu(function, kind, monkeypatch):
    monkeypatch.setattr("course_utils.kernels.guard.INTERPRETED", False)
    x, y = torch.randn(N), torch.randn(N)
    if kind is None:
        done = guarded(function, x, y)
        assert torch.equal(done.value, x + y)
        assert [launch.name for launch in done.launches] == ["add_kernel"]
        assert done.log.accesses == []
        return
    with pytest.raises(GuardError) as caught:
        guarded(function, x, y)
    assert caught.value.kind == kind

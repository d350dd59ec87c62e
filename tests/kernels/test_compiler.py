"""Kernels are compiled for GPUs that are not here, beside the interpreter, and errors are named."""

import linecache
import re

import pytest
import torch

from course_utils.kernels import compiler
from course_utils.kernels.compiler import compile_kernel, compile_launch
from course_utils.kernels.device import DEVICE, tl, triton
from course_utils.kernels.launches import record_launches
from course_utils.kernels.sources import gather

pytestmark = pytest.mark.slow  # each starts a compiler
SIGNATURE = {"x": "*fp32", "n": "i32"}
FACTOR = tl.constexpr(3.0)
PLAIN = 3.0


@triton.jit
def twice(a):
    return 2.0 * a


@triton.jit
def scale(x, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(x + i, twice(tl.load(x + i, mask=i < n)) * FACTOR, mask=i < n)


@triton.jit
def leaves_early(x, n, B: tl.constexpr):
    i = tl.arange(0, B)
    for k in range(n):
        tl.store(x + i + k, 1.0)
        break


@triton.jit
def asks_a_block(x, n, B: tl.constexpr):
    v = tl.load(x + tl.arange(0, B))
    if v > 0:
        tl.store(x + tl.arange(0, B), -v)


@triton.jit
def calls_torch(x, n, B: tl.constexpr):
    i = tl.arange(0, B)
    tl.store(x + i, torch.relu(tl.load(x + i)))


@triton.jit
def uses_a_global(x, n, B: tl.constexpr):
    tl.store(x + tl.arange(0, B), PLAIN)


@triton.jit
def grows(x, n, B: tl.constexpr):
    s = 0.0
    for k in range(n):
        s += tl.load(x + k + tl.arange(0, B))
    tl.store(x + tl.arange(0, B), s)


@triton.jit
def thin_product(x, n, B: tl.constexpr):
    i, k = tl.arange(0, B), tl.arange(0, 8)
    a, b = tl.load(x + i[:, None] * 8 + k[None, :]), tl.load(x + k[:, None] * B + i[None, :])
    tl.store(x + i[:, None] * B + i[None, :], tl.dot(a, b))


@triton.jit
def product(a, b, c, B: tl.constexpr):
    i = tl.arange(0, B)
    at = i[:, None] * B + i[None, :]
    tl.store(c + at, tl.dot(tl.load(a + at), tl.load(b + at)).to(tl.float16))


@pytest.mark.parametrize(("sm", "instruction"), [(80, "HMMA"), (90, "HGMMA")])
def test_a_product_uses_the_tensor_cores_of_its_target(sm, instruction):
    pointers = dict.fromkeys("abc", "*fp16")
    found = compile_kernel(product, pointers, {"B": 64}, sm=sm, divisible="abc")
    assert found.error is None
    assert found.instructions[instruction] == found.tensor_core > 0
    assert f".target sm_{sm}" in found.ptx
    assert len(re.findall(rf"\b{instruction}\b", found.sass)) == found.tensor_core
    assert 0 < found.registers <= 255
    assert 2 * 64 * 64 * 2 <= found.shared_bytes <= 3 * 64 * 64 * 2
    assert found.fits
    assert not found.spills


def test_helpers_and_constants_are_sent_along():
    found = compile_kernel(scale, SIGNATURE, {"B": 64}, num_warps=2)
    assert (found.error, found.name, found.warps, found.sm) == (None, "scale", 2, 90)
    assert re.search(r"mul\.f32.*0f40400000", found.ptx)  # FACTOR, 3.0
    assert compile_kernel(scale, SIGNATURE, {"B": 64}, num_warps=2) is found


def test_names_of_an_enclosing_function_are_sent_along():
    width = tl.constexpr(32)

    @triton.jit
    def fill(x):
        tl.store(x + tl.arange(0, width), 1.0)

    assert compile_kernel(fill, {"x": "*fp32"}, {}).error is None


def test_a_kernel_of_a_notebook_cell():
    source = "@triton.jit\ndef cell_kernel(x, B: tl.constexpr):\n    tl.store(x + B, 0.0)\n"
    linecache.cache["<cell 1>"] = (len(source), None, source.splitlines(keepends=True), "<cell 1>")
    names = {"tl": tl, "triton": triton, "__name__": "__main__"}
    exec(compile(source, "<cell 1>", "exec"), names)
    assert compile_kernel(names["cell_kernel"], {"x": "*fp32"}, {"B": 4}).error is None


@pytest.mark.parametrize(
    ("kernel", "line", "reason"),
    [
        (leaves_early, "line 5: `break`", "Break"),
        (asks_a_block, "line 3: `if v > 0:`", "ambiguous"),
        (calls_torch, "line 3", "`torch` is a module"),
        (uses_a_global, "line 2", "global variable PLAIN"),
        (grows, "line 3: `for k in range(n):`", "Loop-carried variable s"),
        (thin_product, "line 4", "K >= 16"),
    ],
)
def test_what_the_interpreter_lets_pass_is_found(kernel, line, reason):
    found = compile_kernel(kernel, SIGNATURE, {"B": 16})
    assert found.error is not None
    assert found.error.startswith(line)
    assert reason in found.error
    assert "\n" not in found.error
    assert len(found.error) < 600


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": {"x": "*fp32"}},
        {"constexprs": {}},
        {"constexprs": {"B": 16, "C": 1}},
        {"divisible": ("y",)},
        {"sm": 42},
    ],
)
def test_a_wrong_question_is_refused(wrong):
    right = {"signature": SIGNATURE, "constexprs": {"B": 16}}
    with pytest.raises(ValueError, match=r"scale takes|sm must be"):
        compile_kernel(scale, **right | wrong)


@pytest.mark.parametrize("thing", [print, 3, lambda x: x])
def test_only_kernels_are_compiled(thing):
    with pytest.raises(TypeError, match="@triton"):
        compile_kernel(thing, {}, {})


def test_a_launch_is_compiled_as_it_was_made():
    x = torch.ones(40, device=DEVICE)
    with record_launches() as launches:
        scale[(1,)](x, 40, B=64, num_warps=1)
    found = compile_launch(launches[0], sm=80)
    assert (found.error, found.warps, found.sm) == (None, 1, 80)
    assert torch.equal(x.cpu(), torch.full((40,), 6.0))


def test_known_multiples_of_16_make_wider_loads():
    wide = compile_kernel(scale, SIGNATURE, {"B": 1024}, divisible=("x", "n"))
    narrow = compile_kernel(scale, SIGNATURE, {"B": 1024})
    assert narrow.instructions["LDG"] > wide.instructions["LDG"]


def test_equal_kernels_ask_the_same_question():
    first, second = gather(scale, {"B": 16}), gather(scale, {"B": 16})
    assert first == second
    assert [unit["name"] for unit in first[0]] == ["twice", "scale"]


def test_a_compiler_that_hangs_or_dies_is_an_error(monkeypatch):
    lost = compiler._Compiler()
    monkeypatch.setattr(compiler, "_COMPILER", lost)
    found = compile_kernel(scale, SIGNATURE, {"B": 128}, timeout=0.0)
    assert found.error == "the compiler was stopped after 0 s"
    assert lost.process is None
    lost.start().kill()
    assert "process ended" in (compile_kernel(scale, SIGNATURE, {"B": 256}).error or "")
    assert compile_kernel(scale, SIGNATURE, {"B": 512}).error is None
    lost.stop()

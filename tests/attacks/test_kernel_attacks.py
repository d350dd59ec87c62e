"""Attacks on the guard over Triton kernels: cells that could reach it are not run."""

import pytest
from attacks.red import Range, firing_range, kinds

from course_utils.grading.sandbox import Limits

KEY = "triton_convolution/vector_add"
PLAIN = """
def vector_add(x, y):
    if x.shape != y.shape or x.dtype != y.dtype or not x.is_floating_point():
        raise ValueError("they cannot be added")
    return x + y
"""
# Each would make the guard see nothing, and torch's sum a right answer.
BEYOND = {
    "guard-replaced": """
import course_utils.kernels.guard as guard
from types import SimpleNamespace
guard.guarded = lambda f, *a, **k: SimpleNamespace(value=f(*a, **k), launches=[], log=None)
""",
    "modules": "import sys\nsys.modules['course_utils.kernels.guard'].Guard.judge = print",
    "program": "import gc\n[setattr(o, 'launched', print) for o in gc.get_objects()]",
    "torch-inside": "torch.utils._python_dispatch.TorchDispatchMode.__enter__ = print",
    "subclass": "class Sum(torch.Tensor):\n    pass",
    "code-from-text": "exec('import os')",
    "through-triton": "tl.core.builtins.print = None",
    "magic": "%run -n something",
}
BREAKS = """
@triton.jit
def add_kernel(x, y, total, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    while True:
        tl.store(total + i, tl.load(x + i, mask=i < n) + tl.load(y + i, mask=i < n), mask=i < n)
        break
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    limits = Limits(cell=20, submission=120)
    with firing_range(tmp_path_factory.mktemp("kernels"), KEY, limits=limits) as made:
        yield made


def solution(kernels: Range) -> tuple[str, str]:
    cell = next(c for c in kernels.solved.cells if "def vector_add" in c.source)
    return cell.metadata.nbgrader.grade_id, cell.source


@pytest.mark.slow
@pytest.mark.parametrize("name", BEYOND)
def test_a_cell_that_could_reach_the_guard_is_not_run(kernels, name):
    answer, _ = solution(kernels)
    result = kernels.hand_in({answer: PLAIN}, before=(BEYOND[name],))
    assert result.earned == 0, result.line()
    assert kinds(result) == {KEY: "torch-did-the-work"}
    assert "cell-left-out" in [message.code for message in result.messages]


@pytest.mark.slow
def test_such_a_cell_costs_a_right_answer_nothing(kernels):
    result = kernels.hand_in(before=(BEYOND["modules"],))
    assert result.earned == result.points


@pytest.mark.slow
def test_torch_for_a_kernel_earns_nothing_and_is_told(kernels):
    answer, source = solution(kernels)
    result = kernels.hand_in({answer: source + "\n" + PLAIN})
    assert result.earned == 0
    assert "torch computed something outside a kernel" in result.verdicts[0].hint


@pytest.mark.slow
def test_what_does_not_compile_loses_that_part(kernels):
    answer, source = solution(kernels)
    _, _, rest = source.partition("def vector_add")
    result = kernels.hand_in({answer: BREAKS + "\n\ndef vector_add" + rest})
    assert kinds(result) == {KEY: "does-not-compile"}
    assert 0 < result.earned < result.points
    assert "add_kernel" not in result.verdicts[0].hint  # a name could tell a hidden case


@pytest.mark.slow
def test_a_kernel_of_the_package_earns_nothing(kernels):
    answer, _ = solution(kernels)
    borrowed = "from course_utils.kernels.elementwise import vector_add"
    assert kernels.hand_in({answer: borrowed}).earned == 0

"""Which cells are run where a guard in the student's process must not be reached."""

import json

import pytest

from course_utils.grading.policy import Policy
from course_utils.kernels.exercises.running import ALLOWED
from tests.exercises.assignment import ROOT

FINE = {
    "parts of torch": "x = torch.empty(3, dtype=torch.float16)\ny = torch.softmax(x, -1)",
    "parts of tl": "def k(x):\n    return tl.math.exp(x) + tl.extra.libdevice.exp(x)",
    "an import": "import triton.language as t\nt.sum(0)",
    "names": "from typing import Any\nfrom collections.abc import Sequence",
    "the course's": "from course_utils.kernels.device import DEVICE, tl, triton",
    "plain Python": "total = sum(n**2 for n in range(3))\nprint(f'{total:>5}')",
}
BEYOND = {
    "another module": "import os",
    "a module by from": "from torch import nn",
    "a module of Triton's": "from triton.language import core",
    "everything": "from math import *",
    "a guard": "import course_utils.kernels.guard as guard",
    "the guard by from": "from course_utils.kernels.guard import guarded",
    "a part that is a module": "torch.sys.modules",
    "a part of a part": "tl.core.os",
    "a module as an object": "t = torch",
    "a module in brackets": "[*map(print, [tl])]",
    "a module with another name": "import torch as T\nT.nn",
    "a module by with": "with tl as z:\n    pass",
    "a class": "class A:\n    pass",
    "code from text": "eval('1')",
    "an attribute by name": "getattr(x, 'a' + 'b')",
    "a type": "type(x)",
    "a private attribute": "x._base",
    "a dunder": "x.__class__",
    "a dunder in an f-string": "f'{x.__class__}'",
    "a dunder in a pattern": "match x:\n    case object(__class__=y):\n        pass",
    "a frame": "(n for n in []).gi_frame.f_back.f_globals",
    "setting an attribute": "kernel.run = print",
    "deleting one": "del kernel.run",
    "setting one in a loop": "for kernel.run in [print]:\n    pass",
    "a compiler": "torch.compile(f)",
    "a setting of torch's": "torch.set_default_dtype(torch.float64)",
    "the inside of a kernel": "kernel.rewriter",
    "a hook": "kernel.add_pre_run_hook(print)",
    "a magic": "%time 1",
    "a syntax error": "def",
    "the shell": "get_ipython()",
    "nested beyond reason": "(" * 3000 + ")" * 3000,
}


@pytest.mark.parametrize("name", FINE)
def test_what_a_kernel_and_its_launch_need_is_run(name):
    assert Policy(ALLOWED).objection(FINE[name]) == ""


@pytest.mark.parametrize("name", BEYOND)
def test_what_leads_elsewhere_is_not(name):
    assert Policy(ALLOWED).objection(BEYOND[name])


def test_a_name_for_a_module_is_known_in_the_next_cell():
    policy = Policy(ALLOWED)
    assert policy.objection("import torch as T") == ""
    assert policy.objection("t = T") == "uses T other than for its parts"


@pytest.mark.parametrize("name", ["triton_convolution", "triton_attention"])
def test_the_reference_solutions_are_run(name):
    notebook = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text("utf-8"))
    policy = Policy(ALLOWED)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    answers = [c for c in cells if c["metadata"].get("nbgrader", {}).get("solution")]
    assert len(answers) >= 3
    assert [policy.objection("".join(cell["source"])) for cell in answers] == [""] * len(answers)

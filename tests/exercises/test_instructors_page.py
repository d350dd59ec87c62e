"""What the instructors' page shows as code and names as files is right."""

import re

import numpy as np
import pytest

from course_utils.feedback import examine
from tests.exercises.assignment import ROOT, test_cells

PAGE = (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
NEW = PAGE.partition("\n## A new assignment\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```python\n(.*?)^```$", NEW, re.MULTILINE | re.DOTALL)


def run(start):
    """Return what the block that begins with ``start`` defines."""
    (block,) = [block for block in BLOCKS if block.startswith(start)]
    found = {}
    exec(block, found)
    return found


@pytest.fixture(scope="module")
def ema_update():
    return run('"""Averages')["EMA_UPDATE"]


def right(theta, average, decay):
    if theta.shape != average.shape or not 0 <= decay <= 1:
        raise ValueError("average must have the shape of theta, and decay be in 0..1")
    return decay * average + (1 - decay) * theta


@pytest.mark.parametrize("hidden", [False, True])
def test_the_check_passes_a_right_answer(ema_update, hidden):
    assert examine(ema_update, right, hidden).earned == ema_update.points


@pytest.mark.parametrize("hidden", [False, True])
def test_the_check_names_the_mistake_of_the_wrong_version(ema_update, hidden):
    wrong = run("from tests.bank")["new_value_kept"]
    kind, _ = wrong.bank_entry
    assert examine(ema_update, wrong, hidden).failure.kind == kind


def test_its_page_is_there(ema_update):
    page = ROOT / "book" / f"{ema_update.section}.ipynb"
    assert f"# {ema_update.section_title}" in page.read_text(encoding="utf-8")


def test_the_cell_that_tests_is_in_the_form_of_the_course():
    (cell,) = [block for block in BLOCKS if block.startswith("check(")]
    ours = test_cells("solutions", "sgd")["sgd_step"].source
    assert cell.strip() == ours.replace("sgd/", "averages/").replace("sgd_step", "ema_update")


def test_what_is_drawn_is_not_degenerate(ema_update):
    cases = ema_update.draw(np.random.default_rng(0))
    assert any(case.args[0].dtype == np.float32 for case in cases)
    assert any(not case.args[0].flags.c_contiguous for case in cases)


def test_the_files_of_the_example_are_those_of_the_course():
    """As ``sgd_step`` in ``sgd``, which the page calls the smallest example."""
    named = re.findall(r"^\| `([\w/.]+)` \|", NEW, re.MULTILINE)
    assert len(named) == 6
    for name in named:
        path = name.replace("averages", "sgd").replace("ema_update", "sgd_step")
        assert (ROOT / path).is_file(), path

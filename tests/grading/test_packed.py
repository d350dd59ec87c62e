"""The arguments of a case are made into bytes once, and into new objects for each submission."""

import pickle

import numpy as np

from course_utils.feedback.exercise import Case
from course_utils.grading import workers
from course_utils.grading.workers import Packer, request


def sent(packer, case):
    """Return what a worker reads."""
    what, args, kwargs, seconds = pickle.loads(request("case", *packer.packed(case), 0.5))
    assert (what, seconds) == ("case", 0.5)
    return args, kwargs


def test_the_bytes_of_a_case_are_made_once(monkeypatch):
    made = []
    honest = workers.by_value
    monkeypatch.setattr(workers, "by_value", lambda value: made.append(value) or honest(value))
    packer, args, kwargs = Packer(), ([1.5], "same"), {"axis": 0}
    for case in (Case(args, kwargs), Case(args, kwargs, note="the same call")):
        assert sent(packer, case) == (args, kwargs)
    assert made == [args, kwargs]
    assert sent(packer, Case(args, {"axis": 1})) == (args, {"axis": 1})
    assert sent(packer, Case(([2.5],), kwargs)) == (([2.5],), kwargs)


def test_what_one_program_changes_no_other_sees():
    packer, case = Packer(), Case((np.zeros(3), [1, 2]))
    (array, numbers), _ = sent(packer, case)
    array += 1
    numbers.clear()
    (array, numbers), _ = sent(packer, case)
    assert array.tolist() == case.args[0].tolist() == [0, 0, 0]
    assert numbers == [1, 2]


def test_arguments_that_have_gone_are_not_taken_for_new_ones():
    packer = Packer()
    for n in range(50):  # the numbers of objects that are gone are given again
        assert sent(packer, Case(([n],))) == (([n],), {})


def test_a_view_keeps_its_strides():
    view = np.arange(12.0).reshape(3, 4)[:, ::2]
    (back,), _ = sent(Packer(), Case((view,)))
    assert back.strides == view.strides
    assert np.array_equal(back, view)

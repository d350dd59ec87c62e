"""What runs a student's code can be sent away without a reference and without a misconception."""

import io
import pickle
import subprocess
import sys
from types import FunctionType

import cloudpickle
import numpy as np
import pytest

from course_utils.feedback import Exercise, Misconception
from course_utils.feedback import exercises as plain_exercises
from course_utils.kernels import exercises as kernel_exercises
from tests.exercises.assignment import EXERCISES, ROOT

SENT_BY_VALUE = (plain_exercises, kernel_exercises)
KEYS = ("autodiff/forward_gradient", "segmentation/UNet", "triton_attention/flash_attention")

RECEIVER = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
for name in ("course_utils.feedback.exercises", "course_utils.kernels.exercises"):
    sys.modules[name] = None  # so that its import fails
from tests.bank import entries
program, key, args = pickle.load(sys.stdin.buffer)
value = program(entries("variants", key)[0].student, *args)
sys.stdout.buffer.write(pickle.dumps(value))
"""


class Noting(cloudpickle.Pickler):
    """Pickles, and keeps everything that it sends by value."""

    def __init__(self):
        super().__init__(io.BytesIO())
        self.sent = []

    def reducer_override(self, obj):
        self.sent.append(obj)
        return super().reducer_override(obj)


@pytest.fixture(autouse=True)
def exercises_are_sent_by_value():
    for module in SENT_BY_VALUE:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in SENT_BY_VALUE:
        cloudpickle.unregister_pickle_by_value(module)


def sent_with(value) -> dict[int, object]:
    """Return the functions, classes and exercises that are sent together with ``value``."""
    pickler = Noting()
    pickler.dump(value)
    names = tuple(module.__name__ for module in SENT_BY_VALUE)
    ours = [
        each
        for each in pickler.sent
        if isinstance(each, Exercise | Misconception)
        or (isinstance(each, FunctionType | type) and each.__module__.startswith(names))
    ]
    return {id(each): each for each in ours}


def secrets_of(exercise: Exercise) -> dict[int, object]:
    """Return what the reference and the misconceptions are made of."""
    wrong = [m.wrong for m in exercise.misconceptions if m.wrong is not None]
    return sent_with((exercise.reference, wrong))


def given_away(exercise: Exercise, value) -> list[str]:
    """Return the names of all in ``value`` that a student's process must not hold."""
    secrets = secrets_of(exercise)
    return [
        getattr(each, "__qualname__", type(each).__name__)
        for i, each in sent_with(value).items()
        if i in secrets or isinstance(each, Exercise | Misconception)
    ]


@pytest.mark.parametrize("key", EXERCISES)
def test_what_runs_a_students_code_holds_no_reference(key):
    exercise = EXERCISES[key]
    case = exercise.worked[0]
    exercise.call(exercise.reference, *case.args, **case.kwargs)  # may be remembered
    assert given_away(exercise, (exercise.runs, exercise.compiles)) == []


@pytest.mark.parametrize("key", EXERCISES)
def test_no_case_holds_a_reference(key):
    exercise = EXERCISES[key]
    cases = [*exercise.worked, *exercise.draw(np.random.default_rng(0)), *exercise.bad_inputs]
    assert given_away(exercise, [(case.args, dict(case.kwargs)) for case in cases]) == []


@pytest.mark.parametrize("key", ["triton_attention/flash_attention", "segmentation/UNet"])
def test_a_reference_that_is_sent_is_noticed(key):
    exercise = EXERCISES[key]
    assert given_away(exercise, exercise.call)
    assert given_away(exercise, (exercise.misconceptions[0],))


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_it_works_where_there_are_no_exercises(key):
    exercise = EXERCISES[key]
    case = exercise.worked[0]
    job = cloudpickle.dumps((exercise.runs, key, case.args))
    done = subprocess.run(
        [sys.executable, "-c", RECEIVER, str(ROOT)], input=job, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    value = pickle.loads(done.stdout)
    if exercise.judge is not None:
        value = exercise.judge(value, *case.args)
    assert np.allclose(value, case.expected)

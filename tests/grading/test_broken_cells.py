"""A cell that is not Python is named wherever something is missing because of it."""

import json

import nbformat
import pytest

from course_utils.grading.by_hand import by_hand
from course_utils.grading.cells import Step
from course_utils.grading.checker import Checker
from course_utils.grading.conversation import SOMEWHERE
from course_utils.grading.feedback_pages import feedback_page, summary_lines
from course_utils.grading.gradebook import ensure_assignment, record
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.scoring import score
from tests.exercises.assignment import notebook_path
from tests.grading.a_course import filled, make_course
from tests.grading.pages import text_of

NAME = "backprop"
MISSING = (
    "mlp_forward_cached is not defined: the cell that should define it did not run. "
    "The cell 'mlp_forward_cached', line 24: SyntaxError"
)
RAISED = "The cell 'mlp_forward_cached', line 24 raised SyntaxError: h = (h @ W.T + b"
BELOW = "The cell 'gradient_check', line 21 raised SyntaxError: above = f(point"
HOOK = """import os
class Shell(type(get_ipython())):
    def run_cell(self, source, **more):
        if 'above = f(point' in source: {what}
        return super().run_cell(source, **more)
get_ipython().__class__ = Shell"""


def solutions():
    cells = nbformat.read(notebook_path("solutions", NAME), 4).cells
    found = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in cells}
    return {n: c.source for n, c in found.items() if f"test_{n}" in found}


RIGHT = solutions()
FIRST = RIGHT["mlp_forward_cached"].replace("h = h @ W.T + b", "h = (h @ W.T + b")
LAST = RIGHT["gradient_check"].replace("above = f(point)", "above = f(point")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = make_course(tmp_path_factory.mktemp("course"), NAME)
    ensure_assignment(made, NAME)
    return made


@pytest.fixture(scope="module")
def checker(course):
    made = Checker(NAME, source_notebook(course.source(NAME)), "a seed", sandboxed=False)
    yield made
    made.close()


def hand_in(course, student, answers, own=""):
    """Write a submission, with a cell of the student's own behind the first check."""
    notebook = json.loads(filled(NAME, answers))
    if own:
        cell = json.loads(json.dumps(nbformat.v4.new_code_cell(own)))
        place = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in notebook["cells"]]
        notebook["cells"].insert(place.index("test_mlp_forward_cached") + 1, cell)
    path = course.submitted / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def graded(course, checker, answers, own=""):
    path = hand_in(course, "gil", answers, own)
    result = checker.grade("gil", read_submission(path, source_notebook(course.source(NAME))))
    record(course, result)
    return result, [message.text for message in result.messages]


@pytest.mark.slow
def test_what_is_missing_because_of_a_cell_names_that_cell(course, checker):
    result, said = graded(course, checker, {**RIGHT, "mlp_forward_cached": FIRST})
    first, other, backward, last = result.verdicts
    assert (other.passed, last.passed) == (True, True)
    assert (first.earned, backward.earned) == (0, 0)
    assert (first.kind, backward.kind) == ("undefined", "undefined")
    assert first.hint == backward.hint == f"{MISSING}."
    assert [text[: len(RAISED)] for text in said] == [RAISED]
    assert summary_lines([result])[0].split("  next: ")[1].startswith("mlp_forward_cached (undef")
    text = text_of(feedback_page(result, "", by_hand(course, NAME)["gil"]))
    assert "Mend mlp_forward_cached next" in text
    assert text.count(MISSING) == 3, "at the top, and beside both functions"
    assert "not written yet" not in text


@pytest.mark.slow
def test_a_cell_below_the_first_check_is_named_as_well(course, checker):
    result, said = graded(course, checker, {**RIGHT, "gradient_check": LAST})
    assert result.earned == 7
    assert result.verdicts[-1].kind == "undefined"
    assert "The cell 'gradient_check', line 21: SyntaxError." in result.verdicts[-1].hint
    assert said == [BELOW]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["source = 'pass'", "source = '1 / 0'", "os._exit(0)"])
def test_what_a_program_does_with_such_a_cell_tells_nothing(course, checker, what):
    """It could do so only for some of the cases that it has seen."""
    _, said = graded(course, checker, {**RIGHT, "gradient_check": LAST}, HOOK.format(what=what))
    assert said in ([BELOW], [BELOW, SOMEWHERE])


@pytest.mark.slow
def test_a_stub_and_a_name_that_was_taken_away_are_still_not_written(course, checker):
    kinds = [verdict.kind for verdict in graded(course, checker, {})[0].verdicts]
    assert kinds == ["stub"] * 4
    gone = {**RIGHT, "gradient_check": f"{RIGHT['gradient_check']}\ndel gradient_check"}
    result, said = graded(course, checker, gone)
    assert (result.verdicts[-1].kind, said) == ("stub", [])


@pytest.mark.slow
def test_magics_and_await_are_no_errors(course, checker):
    own = "%matplotlib inline\nimport asyncio\nawait asyncio.sleep(0)\nx = 1\nx?"
    result, said = graded(course, checker, RIGHT, own)
    assert (result.earned, said) == (9, [])


@pytest.mark.slow
def test_course_check_names_the_cell(course):
    path = hand_in(course, "alone", {**RIGHT, "mlp_forward_cached": FIRST})
    first, other, backward, last = score(path).rows
    assert first.hint == backward.hint == f"{MISSING}: '(' was never closed"
    assert (other.hint, last.hint) == ("", "")
    gone = {**RIGHT, "gradient_check": "1 / 0"}
    hint = score(hand_in(course, "alone", gone)).rows[-1].hint
    assert hint == "NameError: name 'gradient_check' is not defined"


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("def f(x:", True),
        ("async  def f(x", True),
        ("class f(", True),
        ("x = 1\nf = lambda x: (", True),
        ("f: int = (", True),
        ("def fan(", False),
        ("    def f(x):", False),
        ("f == 1", False),
        ("f(1, x=2)", False),
    ],
)
def test_the_place_of_a_name_is_known_without_its_syntax(source, place):
    assert Step(source).should_define("f") == place
    assert Step(source, "f").should_define("f")

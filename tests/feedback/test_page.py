"""Cells of a notebook run without a kernel, as a page of the website does."""

import json
from typing import Any

import numpy as np
import pytest

from course_utils.feedback import check
from course_utils.feedback.narrow import accept_wide_indices, accepting, narrowed
from course_utils.feedback.page import check_cells
from tests.feedback.sample import RIGHT, WRONG

SETUP = ["import numpy as np\n\nfrom course_utils.feedback import check\n"]
TEST = 'check("mlp/softmax", softmax)'


def verdict(code: str, earlier: str = "", test: str = TEST) -> dict[str, Any]:
    before = [{"name": "dense", "code": earlier}]
    found = check_cells(SETUP, before, {"name": "softmax", "code": code}, test)
    assert json.loads(json.dumps(found)) == found
    return found


def test_a_right_answer_passes():
    found = verdict(RIGHT)
    assert found == {"notes": [], "passed": True, "rows": [["", "softmax passed: 2 of 2 points."]]}


def test_a_wrong_answer_gets_the_rows_of_its_report(capsys):
    space: dict[str, Any] = {"np": np}
    exec(WRONG, space)
    expected = [list(row) for row in check("mlp/softmax", space["softmax"]).lines()]
    found = verdict(WRONG)
    assert not found["passed"]
    assert found["rows"] == expected
    assert "the whole array sums to one" in expected[0][1]


def test_only_what_the_cell_prints_is_shown(capsys):
    verdict("print('mine')\n" + WRONG + "print('too')", "print('earlier')")
    assert capsys.readouterr().out == "mine\ntoo\n"


@pytest.mark.parametrize(
    ("code", "text", "line", "source"),
    [
        ("x = 1\ndef softmax(z:\n", "SyntaxError: '(' was never closed", 2, "def softmax(z:"),
        ("x = 1\n\n1 / 0\n", "ZeroDivisionError: division by zero", 3, "1 / 0"),
        ("def f():\n    raise KeyError\n\nf()", "KeyError", 2, "raise KeyError"),
        ("x = 1", "NameError: name 'softmax' is not defined", None, ""),
        ("import sys\nsys.exit(3)", "SystemExit: 3", 2, "sys.exit(3)"),
    ],
)
def test_an_error_names_its_line(code, text, line, source):
    assert verdict(code)["error"] == {"text": text, "line": line, "source": source}


def test_the_report_quotes_the_line_that_raised():
    rows = dict(verdict("def softmax(z):\n    return nothing\n")["rows"])
    assert "in line 2 of softmax: return nothing" in rows["Got"]


def test_an_earlier_answer_is_there():
    helper = "def dense(z):\n    return np.exp(z) / np.exp(z).sum()\n"
    assert verdict("softmax = dense\n", helper)["rows"] == verdict(WRONG)["rows"]


def test_an_earlier_answer_that_fails_is_left_out_with_a_note():
    found = verdict(RIGHT, "x = 1\ndef dense(:\n")
    assert found["passed"]
    assert found["notes"] == ["Your dense was left out: SyntaxError: invalid syntax in line 2."]


def test_a_missing_library_is_explained():
    found = verdict("import no_such_library")
    assert found["error"]["line"] == 1
    assert found["notes"] == ["A page has numpy and Python's standard library, and nothing else."]


def test_a_name_of_the_course_that_is_overwritten_is_no_crash():
    found = verdict(RIGHT + "def check(*args):\n    return 3\n")
    assert "has no attribute 'lines'" in found["error"]["text"]


def test_a_cell_without_a_value_is_refused():
    assert "must end in an expression" in verdict(RIGHT, test="x = 1")["error"]["text"]


def test_indices_are_narrowed_where_no_value_changes():
    indices = np.array([0, 2, 2], dtype=np.int64)
    assert narrowed(indices).dtype == np.int32
    assert narrowed(np.array([2**40])).dtype == np.int64
    floats = np.ones(2)
    assert narrowed(floats) is floats
    assert narrowed([1.5]) == [1.5]


def test_a_replaced_function_gets_narrow_indices_however_it_is_called():
    seen = []

    def repeat(a, repeats, axis=None):
        seen.append(repeats.dtype)
        return np.repeat(a, repeats, axis)

    wide = np.array([1, 2], dtype=np.int64)
    call = accepting(repeat, 1, "repeats")
    assert call(np.arange(2), wide).tolist() == [0, 1, 1]
    assert call(np.arange(2), repeats=wide, axis=0).tolist() == [0, 1, 1]
    assert seen == [np.int32, np.int32]
    assert call.__name__ == "repeat"


def test_nothing_is_replaced_where_addresses_have_64_bits():
    before = np.bincount
    accept_wide_indices()
    assert np.bincount is before

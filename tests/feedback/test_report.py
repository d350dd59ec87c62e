"""The report: text for a terminal, a panel for a notebook, the mark for nbgrader."""

import json
import re

import pytest

from course_utils.feedback import examine
from course_utils.feedback.report import REPORT_MIME, Report
from tests.feedback.sample import ROW_MEANS, row_means

ATTACK = "<script>alert(1)</script> & \x1b[31m\x07"


def raises(x):
    raise RuntimeError(ATTACK)


def test_the_panel_escapes_what_the_student_says():
    page = examine(ROW_MEANS, raises).html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page


def test_all_values_of_the_panel_begin_in_one_column():
    """A front end pads code, which would move it; a label wider than its column moves its value."""
    failed = examine(ROW_MEANS, raises).html()
    assert failed.count("<code") == failed.count("background:none;padding:0") == 3
    notes = {"On an H100 or H200": "20 registers", "Memory": "read once"}
    passed = Report("sample/row_means", 5, 5, "", notes=notes).html()
    widths = {float(width) for width in re.findall(r"min-width:([\d.]+)em", passed)}
    assert len(widths) == 1
    assert widths.pop() >= 0.64 * len("On an H100 or H200")


def test_the_terminal_gets_no_control_characters():
    text = examine(ROW_MEANS, raises).text()
    assert "\x1b" not in text
    assert "\\x1b[31m\\x07" in text


def test_a_name_cannot_carry_markup():
    bold = type("<b>bold</b>", (Exception,), {})

    def student(x):
        raise bold

    assert "<b>" not in examine(ROW_MEANS, student).html()


@pytest.mark.parametrize(("student", "mark"), [(row_means, "5"), (raises, "0")])
def test_the_plain_form_is_the_mark(student, mark):
    bundle = examine(ROW_MEANS, student)._repr_mimebundle_()
    assert bundle["text/plain"] == mark
    assert float(bundle["text/plain"]) <= ROW_MEANS.points


def test_the_record_is_json():
    record = examine(ROW_MEANS, lambda x: x.sum(axis=1))._repr_mimebundle_()[REPORT_MIME]
    assert json.loads(json.dumps(record)) == {
        "key": "sample/row_means",
        "points": 5,
        "earned": 0.0,
        "kind": "sums",
        "hint": "Row means: the sums were not divided.",
    }


def test_the_parts_in_reading_order():
    lines = examine(ROW_MEANS, lambda x: x.sum(axis=1)).lines()
    assert [label for label, _ in lines] == [
        "",
        "Case",
        "Got",
        "Expected",
        "Parts",
        "Points",
        "Read again",
    ]
    assert lines[-1][1] == "Measuring a model (book/01_mlp/07_measuring)"

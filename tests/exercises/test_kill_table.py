"""The table on the instructors' page is the one that the bank gives."""

import os

import pytest

from tests import kill_table
from tests.exercises.assignment import EXERCISES
from tests.kill_table import (
    BEGIN,
    END,
    HEAD,
    PAGE,
    counts,
    label,
    line,
    rows_of,
    table,
    total_line,
)


def shown() -> list[str]:
    """Return the lines of the table on the page."""
    return PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("key", EXERCISES)
def test_the_line_of_a_function_is_current(key):
    """Made by `python -m tests.kill_table`."""
    assert line(label(key), counts(key, EXERCISES[key])) in shown()


def test_lines_of_other_assignments_are_kept():
    kept = rows_of(PAGE.read_text(encoding="utf-8"))
    assert list(kept) == list(EXERCISES)
    assert table([], kept).splitlines() == shown()


def test_an_unknown_assignment_is_named_and_triton_is_not_left_to_chance(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setattr(kill_table.sys, "argv", ["kill_table", "nobody"])
    with pytest.raises(SystemExit, match=r"no such assignments: \['nobody'\]"):
        kill_table.main()
    assert os.environ["TRITON_INTERPRET"] == "1"


def test_the_table_has_a_line_for_each_function_and_their_sum():
    head, lines, total = shown()[:2], shown()[2:-1], shown()[-1]
    assert head == HEAD
    assert [text.split("|")[1].strip() for text in lines] == [label(key) for key in EXERCISES]
    assert total == total_line([[int(n) for n in text.split("|")[2:-1]] for text in lines])

"""The table on the instructors' page is the one that the bank gives."""

import pytest

from tests.kill_table import PAGE, page_with, table


@pytest.mark.slow
def test_the_table_is_current():
    """Made by `python -m tests.kill_table`."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with(text, table())

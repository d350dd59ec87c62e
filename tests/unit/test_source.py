"""Source on a page is the source that runs."""

import inspect

import pytest

from course_utils import source


def test_the_source_is_shown_as_it_stands(monkeypatch):
    shown = []
    monkeypatch.setattr(source, "display", shown.append)
    source.show_source(source.show_source)
    assert shown[0].data == inspect.getsource(source.show_source).rstrip()


def test_what_has_no_source_is_refused():
    with pytest.raises(TypeError):
        source.show_source(len)

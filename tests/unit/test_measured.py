"""Stored results: written in one step, read back with their origin, unknown names refused."""

import json

import pytest

from course_utils import measured
from course_utils.measured import load_measured, origin, store_measured


def test_what_is_stored_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    path = store_measured("sample", {"accuracy": [0.5, 0.75]}, 12.34, ("numpy",))
    assert [file.name for file in tmp_path.iterdir()] == ["sample.json"]
    assert json.loads(path.read_text(encoding="utf-8")) == load_measured("sample")
    assert load_measured("sample")["results"] == {"accuracy": [0.5, 0.75]}
    assert "numpy" in origin(load_measured("sample"))
    assert "12 s" in origin(load_measured("sample"))


def test_a_failed_write_leaves_the_old_result(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    store_measured("sample", 1, 1.0, ())
    with pytest.raises(TypeError):
        store_measured("sample", {"x": object()}, 1.0, ())
    assert load_measured("sample")["results"] == 1


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"name must be one of .*, got 'nothing'"):
        load_measured("nothing")


def test_every_stored_result_has_its_script(root):
    names = {path.stem for path in measured.FOLDER.glob("*.json")}
    scripts = {path.stem for path in (root / "benchmarks").glob("*.py")}
    assert names <= scripts

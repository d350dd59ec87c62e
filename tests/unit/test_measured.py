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
    where, what = origin(load_measured("sample")).splitlines()
    assert "12 s" in where
    assert "numpy" in what


def test_a_failed_write_leaves_the_old_result(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    store_measured("sample", 1, 1.0, ())
    with pytest.raises(TypeError):
        store_measured("sample", {"x": object()}, 1.0, ())
    assert load_measured("sample")["results"] == 1


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"name must be one of .*, got 'nothing'"):
        load_measured("nothing")


def test_an_origin_fits_the_width_of_a_page():
    for name in (path.stem for path in measured.FOLDER.glob("*.json") if path.stem != "grading"):
        lines = f"benchmarks/{name}.py: {origin(load_measured(name))}".splitlines()
        assert max(map(len, lines)) <= 86, name


def test_every_stored_result_has_its_script(root):
    names = {path.stem for path in measured.FOLDER.glob("*.json")}
    scripts = {path.stem for path in (root / "benchmarks").glob("*.py")}
    assert names <= scripts

"""Whatever a student hands in: repaired where that is safe, and always with a message."""

import copy
import hashlib
import json
import os
import random
import time
from types import SimpleNamespace

import nbformat
import pytest

from course_utils.grading import decode, intake, repair
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.notes import OPEN, REPAIRED

ANSWER = "def dense(x, W, b):\n    return x @ W.T + b"
STUB = "raise NotImplementedError"


@pytest.fixture(scope="session")
def source(root):
    return source_notebook(root / "solutions" / "mlp" / "mlp.ipynb")


@pytest.fixture(scope="session")
def released(root):
    return json.loads((root / "exercises" / "mlp" / "mlp.ipynb").read_text("utf-8"))


@pytest.fixture
def student(released):
    """A notebook as handed out, with `dense` written and the question answered."""
    notebook = copy.deepcopy(released)
    cell(notebook, "dense")["source"] = ANSWER
    cell(notebook, "linear_collapse")["source"] = "One layer, <b>affine</b>."
    return notebook


@pytest.fixture
def hand_in(tmp_path, source):
    """Return a function that hands in bytes, text or a notebook and reads it."""

    def submit(content):
        path = tmp_path / "submitted" / "ada" / "mlp" / "mlp.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_submission(path, source)

    return submit


def cell(notebook, name):
    for each in notebook["cells"]:
        if each["metadata"].get("nbgrader", {}).get("grade_id") == name:
            return each
    raise KeyError(name)


def names(notebook):
    settings = [each["metadata"].get("nbgrader", {}) for each in notebook["cells"]]
    return [each["grade_id"] for each in settings if each]


def sources(notebook):
    return [each["source"] for each in notebook["cells"]]


def codes(submission):
    return {message.code: message for message in submission.messages}


def only(submission, code, repaired=True):
    """Assert that exactly this was noticed, and that the notebook can be graded."""
    assert set(codes(submission)) == {code}
    assert codes(submission)[code].repaired is repaired
    assert cell(submission.notebook, "dense")["source"] == ANSWER
    return codes(submission)[code].text


def refused(submission, code):
    assert submission.notebook is None
    assert submission.messages[-1].code == code
    assert not submission.messages[-1].repaired
    return submission.messages[-1].text


# What a sound notebook becomes.


def test_a_sound_notebook_passes_without_a_message(hand_in, student, source):
    submission = hand_in(student)
    assert submission.messages == ()
    assert submission.digest == hashlib.sha256(json.dumps(student).encode()).hexdigest()
    assert cell(submission.notebook, "dense")["source"] == ANSWER
    assert cell(submission.notebook, "linear_collapse")["source"] == "One layer, <b>affine</b>."
    assert cell(submission.notebook, "test_dense") == cell(source, "test_dense")
    assert "hidden=True" in cell(submission.notebook, "test_dense")["source"]
    nbformat.validate(submission.notebook)


def test_every_named_cell_has_the_settings_of_the_source(hand_in, student, source):
    notebook = hand_in(student).notebook
    assert names(notebook) == names(source)
    for name in names(source):
        assert cell(notebook, name)["metadata"] == cell(source, name)["metadata"]


def test_the_source_is_as_nbgrader_stores_it(source, released):
    assert all("### BEGIN SOLUTION" not in text for text in sources(source))
    assert STUB in cell(source, "dense")["source"]
    for name in names(released):
        mine, theirs = cell(source, name), cell(released, name)
        if not mine["metadata"]["nbgrader"]["locked"]:
            assert (
                mine["metadata"]["nbgrader"]["checksum"]
                == (theirs["metadata"]["nbgrader"]["checksum"])
            )


def test_a_source_that_is_none_is_an_error(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("{}")
    with pytest.raises(ValueError, match="path must be an instructor's notebook"):
        source_notebook(path)
    with pytest.raises(ValueError, match="path must be an instructor's notebook"):
        source_notebook(tmp_path / "none.ipynb")


def test_the_source_is_not_changed(hand_in, student, source):
    before = copy.deepcopy(source)
    notebook = hand_in(student).notebook
    cell(notebook, "test_dense")["metadata"]["nbgrader"]["points"] = 99
    notebook["metadata"]["kernelspec"]["name"] = "other"
    assert source == before


def test_outputs_and_counts_are_dropped(hand_in, student):
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}
    cell(student, "dense").update(outputs=[output], execution_count=7)
    submission = hand_in(student)
    assert submission.messages == ()
    assert cell(submission.notebook, "dense")["outputs"] == []
    assert cell(submission.notebook, "dense")["execution_count"] is None


# Bytes.


def test_a_byte_order_mark(hand_in, student):
    only(hand_in(b"\xef\xbb\xbf" + json.dumps(student).encode()), "byte-order-mark")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings(hand_in, student, encoding):
    text = only(hand_in(json.dumps(student).encode(encoding)), "encoding")
    assert encoding[:6].upper() in text


def test_latin_1(hand_in, student):
    cell(student, "linear_collapse")["source"] = "Größe"
    submission = hand_in(json.dumps(student, ensure_ascii=False).encode("latin-1"))
    assert "Latin-1" in only(submission, "encoding")
    assert cell(submission.notebook, "linear_collapse")["source"] == "Größe"


def test_bytes_that_only_latin_1_knows(hand_in, student):
    cell(student, "linear_collapse")["source"] = "Größe \x81"
    only(hand_in(json.dumps(student, ensure_ascii=False).encode("latin-1")), "encoding")


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty-file", "empty"),
        (b"\0" * 100, "empty-file", "empty"),
        (b'{"cells": [', "not-json", "middle"),
        (b"print('hello')", "not-json", "not JSON"),
        (b"<!DOCTYPE html><html></html>", "not-json", "web page"),
        (b"PK\x03\x04" + bytes(range(256)), "not-json", "zip"),
        (b"\xff\xfe\x00", "not-json", "not JSON"),
        (b"[" * 100_000, "not-json", "deeply"),
        (b'{"cells": ' + b'{"a":' * 100_000, "not-json", "deeply"),
        (b"{}", "not-a-notebook", "no cells"),
        (b"[]", "not-a-notebook", "no cells"),
        (b"null", "not-a-notebook", "no cells"),
        (b'{"cells": {}}', "not-a-notebook", "no cells"),
        (b'{"cells": []}', "another-notebook", "no cells of this assignment"),
    ],
)
def test_what_is_no_notebook_is_refused(hand_in, content, code, says):
    submission = hand_in(content)
    assert says in refused(submission, code)
    assert submission.digest == hashlib.sha256(content).hexdigest()


def test_a_notebook_of_another_assignment_is_refused(hand_in, root):
    other = (root / "exercises" / "sgd" / "sgd.ipynb").read_bytes()
    refused(hand_in(other), "another-notebook")


def test_numbers_that_json_does_not_have(hand_in, student):
    text = json.dumps(student)
    big = text.replace('"execution_count": null', f'"execution_count": {"9" * 6_000}', 1)
    assert big != text
    assert "thousands of digits" in only(hand_in(big), "numbers")
    nan = text.replace('"execution_count": null', '"execution_count": NaN', 1)
    assert "NaN" in only(hand_in(nan), "numbers")


def test_characters_that_no_text_may_hold(hand_in, student):
    cell(student, "linear_collapse")["source"] = "a\ud800b\0c"
    submission = hand_in(student)
    only(submission, "characters")
    assert cell(submission.notebook, "linear_collapse")["source"] == "a?b\ufffdc"
    nbformat.writes(submission.notebook).encode("utf-8")


# What takes time or memory.


def quickly(hand_in, content):
    start = time.process_time()
    submission = hand_in(content)
    assert time.process_time() - start < 5  # one or two seconds; a reader in n² takes minutes
    return submission


def test_a_file_over_the_limit_is_refused_and_read_no_further(hand_in, monkeypatch):
    monkeypatch.setattr(decode, "LARGEST", 1_000)
    submission = hand_in(b" " * 5_000)
    refused(submission, "too-large")
    assert submission.digest == hashlib.sha256(b" " * 1_001).hexdigest()


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'{"a":[]},', b"1,", b"NaN,"])
def test_millions_of_parts_are_refused(hand_in, unit):
    content = b'{"cells": [' + unit * (decode.LARGEST // len(unit) - 10) + b"0]}"
    refused(quickly(hand_in, content), "too-large")


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"NaN,", b"1,", b'{"source": "x"},'])
def test_as_many_parts_as_are_allowed_are_quick(hand_in, unit):
    containers = unit.count(b"[") + unit.count(b"{")
    count = decode.MOST_CONTAINERS // containers if containers else decode.MOST_ITEMS
    refused(quickly(hand_in, b'{"cells": [' + unit * (count - 5) + b"0]}"), "too-large")


def test_brackets_in_a_large_text_are_no_parts(hand_in, student):
    cell(student, "dense")["outputs"] = [{"text": "[[0, 1], [2, 3]]," * 400_000}]
    assert quickly(hand_in, student).messages == ()


@pytest.mark.parametrize("unit", [b'"\\",', b'"', b'\\"', b"[\\"])
def test_a_string_without_end_is_quick(hand_in, unit):
    content = b'{"cells": ["' + unit * (decode.LARGEST // len(unit) - 10)
    assert quickly(hand_in, content).notebook is None


def test_as_many_strings_as_are_allowed_are_quick(hand_in):
    content = b'{"cells": [' + b'"[[[[",' * (decode.MOST_QUOTES // 2 - 10) + b"0]}"
    refused(quickly(hand_in, content), "too-large")


def test_more_cells_than_anybody_writes(hand_in, student):
    student["cells"] += [{"cell_type": "markdown", "source": "", "metadata": {}}] * 5_000
    assert "2000 cells" in refused(quickly(hand_in, student), "too-large")


def test_as_many_copies_as_are_allowed_are_quick(hand_in, student):
    extra = repair.MOST_CELLS - len(student["cells"])
    student["cells"] += [copy.deepcopy(cell(student, "test_dense")) for _ in range(extra)]
    submission = quickly(hand_in, student)
    assert names(submission.notebook).count("test_dense") == 1
    assert len(submission.messages) <= 3


def test_more_text_than_anybody_writes(hand_in, student):
    cell(student, "dense")["source"] = "#" * (repair.MOST_TEXT + 1)
    assert "characters" in refused(quickly(hand_in, student), "too-large")


@pytest.mark.slow
def test_a_normal_notebook_takes_milliseconds(hand_in, student):
    hand_in(student)
    start = time.process_time()
    for _ in range(20):
        hand_in(student)
    assert (time.process_time() - start) / 20 < 0.025


# What is no file.


def put(tmp_path):
    path = tmp_path / "submitted" / "ada" / "mlp" / "mlp.ipynb"
    path.parent.mkdir(parents=True)
    return path


def test_a_missing_notebook(tmp_path, source):
    submission = read_submission(tmp_path / "a" / "mlp" / "mlp.ipynb", source)
    assert (submission.notebook, submission.digest) == (None, "")
    refused(submission, "missing")


def test_a_link_is_not_followed(tmp_path, source, student):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(student))
    path = put(tmp_path)
    path.symlink_to(secret)
    submission = read_submission(path, source)
    refused(submission, "not-a-file")
    assert submission.digest == ""


@pytest.mark.parametrize("linked", ["ada", "ada/mlp"])
def test_a_folder_that_is_a_link_is_not_followed(tmp_path, source, student, linked):
    other = tmp_path / "other"
    (other / "mlp").mkdir(parents=True)
    for folder in (other, other / "mlp"):
        (folder / "mlp.ipynb").write_text(json.dumps(student))
    link = tmp_path / "submitted" / linked
    link.parent.mkdir(parents=True)
    link.symlink_to(other)
    path = tmp_path / "submitted" / "ada" / "mlp" / "mlp.ipynb"
    assert path.is_file()
    refused(read_submission(path, source), "not-a-file")


def test_a_folder_in_its_place(tmp_path, source):
    path = put(tmp_path)
    path.mkdir()
    refused(read_submission(path, source), "not-a-file")


def test_a_fifo_in_its_place(tmp_path, source):
    path = put(tmp_path)
    os.mkfifo(path)
    refused(read_submission(path, source), "not-a-file")


def test_a_file_in_place_of_the_folder(tmp_path, source):
    path = tmp_path / "submitted" / "ada" / "mlp"
    path.parent.mkdir(parents=True)
    path.write_text("")
    refused(read_submission(path / "mlp.ipynb", source), "missing")


def test_an_error_that_nobody_thought_of_is_a_message(hand_in, student, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(intake, "decode", fail)
    assert "ZeroDivisionError" in refused(hand_in(student), "unreadable")


def test_any_path_works(tmp_path, source, student):
    path = tmp_path / "Copy of mlp (1).json"
    path.write_text(json.dumps(student))
    assert read_submission(path, source).messages == ()


# Formats.


def version_3(notebook):
    """Return ``notebook`` as Jupyter stored it before 2015."""
    cells = []
    for each in notebook["cells"]:
        old = {key: each[key] for key in ("cell_type", "metadata")}
        if each["cell_type"] == "code":
            old |= {"input": each["source"], "language": "python", "outputs": []}
            old |= {"collapsed": False}
        else:
            old |= {"source": each["source"]}
        cells.append(old)
    cells.append({"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old"]})
    sheets = [{"cells": cells, "metadata": {}}]
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": sheets}


def test_nbformat_3(hand_in, student):
    submission = hand_in(version_3(student))
    assert codes(submission)["nbformat"].repaired
    assert cell(submission.notebook, "dense")["source"] == ANSWER
    assert "## Old" in sources(submission.notebook)
    assert submission.notebook.nbformat == 4


def test_nbformat_2(hand_in, student):
    """Version 2 had no metadata of cells: they are recognised by what they hold."""
    old = version_3(student) | {"nbformat": 2}
    cells = old["worksheets"][0]["cells"]
    old["worksheets"] = [{"cells": [{**each} for each in cells if each["cell_type"] != "heading"]}]
    for each in old["worksheets"][0]["cells"]:
        del each["metadata"]
    submission = hand_in(old)
    assert codes(submission)["nbformat"].repaired
    assert "2" in codes(submission)["nbformat"].text
    assert cell(submission.notebook, "dense")["source"] == ANSWER


@pytest.mark.parametrize("sheets", [5, [3], [{"cells": 7}], [{"cells": [1, None]}]])
def test_a_broken_old_notebook_is_refused(hand_in, sheets):
    submission = hand_in({"nbformat": 3, "worksheets": sheets})
    assert submission.notebook is None


@pytest.mark.parametrize(
    "change",
    [
        {"nbformat": 5},
        {"nbformat": "4"},
        {"nbformat": None},
        {"nbformat_minor": 99},
        {"nbformat_minor": "x"},
        {"nbformat_minor": [1]},
        {"nbformat": 3},
    ],
)
def test_an_unknown_number_of_the_format(hand_in, student, change):
    submission = hand_in(student | change)
    only(submission, "nbformat")
    assert (submission.notebook.nbformat, submission.notebook.nbformat_minor) == (4, 5)


def test_the_source_of_a_cell_in_lines(hand_in, student):
    cell(student, "dense")["source"] = ANSWER.splitlines(keepends=True)
    assert hand_in(student).messages == ()


@pytest.mark.parametrize("wrong", [None, 5, {"a": 1}, [1, 2], True])
def test_the_source_of_a_cell_of_a_wrong_type(hand_in, student, wrong):
    student["cells"][1]["source"] = wrong
    submission = hand_in(student)
    assert "cell 2" in only(submission, "structure")
    assert submission.notebook.cells[1].source == ""


@pytest.mark.parametrize("wrong", [None, 5, "cell", [], {}])
def test_what_is_no_cell(hand_in, student, wrong):
    student["cells"].insert(0, wrong)
    assert "cell 1" in codes(hand_in(student))["structure"].text


@pytest.mark.parametrize("key", ["metadata", "outputs", "execution_count", "source"])
def test_a_key_that_is_missing(hand_in, student, key):
    del student["cells"][0][key]
    assert "cell 1" in only(hand_in(student), "structure")


def test_an_unknown_type_of_cell(hand_in, student):
    student["cells"][1]["cell_type"] = "widget"
    assert "cell 2" in only(hand_in(student), "structure")


def test_metadata_of_the_notebook_that_is_missing(hand_in, student):
    del student["metadata"]
    only(hand_in(student), "structure")


def test_cells_without_ids(hand_in, student):
    for each in student["cells"]:
        del each["id"]
    submission = hand_in(student)
    only(submission, "cell-ids")
    ids = [each.id for each in submission.notebook.cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("wrong", ["title", "a b", "", "x" * 65, 5, None, ["a"]])
def test_an_id_that_is_taken_or_none(hand_in, student, wrong):
    student["cells"][3]["id"] = wrong
    assert "cell 4" in only(hand_in(student), "cell-ids")


def test_a_notebook_of_another_kernel(hand_in, student, source):
    student["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    submission = hand_in(student)
    assert "ir" in only(submission, "kernelspec")
    assert submission.notebook.metadata.kernelspec == source.metadata.kernelspec


def test_a_notebook_saved_by_colab(hand_in, student):
    student |= {"nbformat_minor": 0}
    student["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    student["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    for each in student["cells"]:
        each["metadata"]["id"] = each.pop("id")
        each["metadata"]["colab"] = {"base_uri": "https://localhost:8080/"}
    submission = hand_in(student)
    assert set(codes(submission)) == {"cell-ids", "notebook-metadata"}
    assert "colab, widgets" in codes(submission)["notebook-metadata"].text
    assert all(message.repaired for message in submission.messages)
    assert cell(submission.notebook, "dense")["source"] == ANSWER
    assert set(submission.notebook.metadata) == {"kernelspec", "language_info"}


def test_attachments_are_kept_if_they_are_pictures(hand_in, student):
    answer = cell(student, "linear_collapse")
    answer["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}
    submission = hand_in(student)
    assert submission.messages == ()
    assert cell(submission.notebook, "linear_collapse")["attachments"] == answer["attachments"]


@pytest.mark.parametrize(
    "wrong",
    [{"a.svg": {"image/svg+xml": "<svg onload='x()'/>"}}, {"a": 5}, {"a": {"image/png": [1]}}],
)
def test_other_attachments_are_left_out(hand_in, student, wrong):
    cell(student, "linear_collapse")["attachments"] = wrong
    submission = hand_in(student)
    only(submission, "attachment")
    assert "attachments" not in cell(submission.notebook, "linear_collapse")


# Cells of the assignment.


def test_a_changed_test_is_restored(hand_in, student, source):
    cell(student, "test_dense")["source"] = "check = lambda *_: None"
    submission = hand_in(student)
    assert "test_dense" in only(submission, "changed-test")
    assert (
        cell(submission.notebook, "test_dense")["source"] == (cell(source, "test_dense")["source"])
    )


def test_a_changed_locked_cell_is_restored(hand_in, student, source):
    cell(student, "setup")["source"] += "\nimport scipy"
    submission = hand_in(student)
    only(submission, "locked-cell", repaired=False)
    assert cell(submission.notebook, "setup")["source"] == cell(source, "setup")["source"]


@pytest.mark.parametrize("end", ["\n", "  \n\n", "\r\n"])
def test_space_at_the_end_is_no_change(hand_in, student, end):
    cell(student, "test_dense")["source"] += end
    assert hand_in(student).messages == ()


def without(notebook, *gone):
    notebook["cells"] = [
        each
        for each in notebook["cells"]
        if each["metadata"].get("nbgrader", {}).get("grade_id") not in gone
    ]


def test_deleted_tests_come_back_in_the_order_of_the_source(hand_in, student, source):
    gone = [name for name in names(source) if name.startswith("test_")] + ["setup"]
    without(student, *gone)
    submission = hand_in(student)
    assert "test_dense" in only(submission, "missing-test")
    assert names(submission.notebook) == names(source)
    for name in gone:
        assert cell(submission.notebook, name) == cell(source, name)


def test_a_deleted_solution_is_a_message(hand_in, student, source):
    without(student, "softmax")
    submission = hand_in(student)
    assert "softmax" in only(submission, "missing-cell", repaired=False)
    assert names(submission.notebook) == [name for name in names(source) if name != "softmax"]


def test_a_deleted_answer_comes_back_empty(hand_in, student, source):
    without(student, "linear_collapse")
    submission = hand_in(student)
    only(submission, "missing-answer", repaired=False)
    answer = cell(submission.notebook, "linear_collapse")
    assert answer["source"] == cell(source, "linear_collapse")["source"]
    assert "affine" not in answer["source"]
    assert "W_2" not in answer["source"]


def test_a_notebook_with_nothing_but_one_answer(hand_in, student, source):
    student["cells"] = [cell(student, "dense")]
    submission = hand_in(student)
    assert names(submission.notebook)[:3] == ["setup", "dense", "test_dense"]
    tests = [name for name in names(source) if name.startswith("test_")]
    assert [name for name in names(submission.notebook) if name.startswith("test_")] == tests


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("test_dense", {"points": 100}),
        ("test_dense", {"points": "NaN"}),
        ("test_dense", {"grade": False}),
        ("test_dense", {"locked": False, "solution": True}),
        ("dense", {"grade": True, "points": 50}),
        ("dense", {"solution": False, "locked": True}),
        ("dense", {"task": True}),
        ("linear_collapse", {"grade": False}),
        ("linear_collapse", {"solution": False}),
        ("setup", {"locked": False}),
    ],
)
def test_edited_metadata_is_that_of_the_source(hand_in, student, source, name, change):
    cell(student, name)["metadata"]["nbgrader"] |= change
    submission = hand_in(student)
    assert name in only(submission, "metadata")
    assert cell(submission.notebook, name)["metadata"] == cell(source, name)["metadata"]


@pytest.mark.parametrize("key", ["grade", "points", "locked"])
def test_removed_metadata_is_that_of_the_source(hand_in, student, source, key):
    del cell(student, "test_dense")["metadata"]["nbgrader"][key]
    submission = hand_in(student)
    only(submission, "metadata")
    assert cell(submission.notebook, "test_dense") == cell(source, "test_dense")


@pytest.mark.parametrize("name", ["test_dense", "dense"])
def test_a_tag_cannot_skip_a_cell(hand_in, student, source, name):
    cell(student, name)["metadata"].setdefault("tags", []).append("skip-execution")
    submission = hand_in(student)
    assert name in only(submission, "metadata")
    assert cell(submission.notebook, name)["metadata"] == cell(source, name)["metadata"]


def test_tags_of_other_cells_are_dropped(hand_in, student):
    student["cells"][0]["metadata"]["tags"] = ["skip-execution", 5]
    submission = hand_in(student)
    only(submission, "metadata")
    assert submission.notebook.cells[0].metadata == {}


@pytest.mark.parametrize("version", [4, 99, -1, "3", None, [3], {}])
def test_an_unknown_schema_version(hand_in, student, source, version):
    cell(student, "dense")["metadata"]["nbgrader"]["schema_version"] = version
    submission = hand_in(student)
    assert "dense" in only(submission, "schema-version")
    assert cell(submission.notebook, "dense")["metadata"]["nbgrader"]["schema_version"] == 3


def test_metadata_of_an_old_nbgrader_is_no_change(hand_in, student):
    settings = cell(student, "test_dense")["metadata"]["nbgrader"]
    del settings["task"], settings["schema_version"]
    assert hand_in(student).messages == ()


def test_an_unknown_cell_becomes_one_of_the_students_own(hand_in, student):
    new = copy.deepcopy(cell(student, "test_dense")) | {"id": "bonus", "source": "bonus = 1"}
    new["metadata"]["nbgrader"]["grade_id"] = "bonus"
    student["cells"].append(new)
    submission = hand_in(student)
    assert "bonus" in only(submission, "unknown-cell")
    assert submission.notebook.cells[-1].metadata == {}
    assert submission.notebook.cells[-1].source == "bonus = 1"


@pytest.mark.parametrize("grade_id", [None, 5, ["dense"], {}, "", "x\ud800"])
def test_a_grade_id_that_is_none(hand_in, student, grade_id):
    student["cells"][1]["metadata"]["nbgrader"] = {"grade_id": grade_id, "grade": True}
    submission = hand_in(student)
    only(submission, "unknown-cell")
    assert submission.notebook.cells[1].metadata == {}


@pytest.mark.parametrize("wrong", [5, [], "dense", {}])
def test_metadata_that_is_none_and_a_cell_that_lost_its_name(hand_in, student, wrong):
    cell(student, "dense")["metadata"]["nbgrader"] = wrong
    assert "dense" in only(hand_in(student), "lost-name")


def test_a_renamed_answer_is_recognised_by_what_it_defines(hand_in, student):
    each = cell(student, "dense")
    each["id"] = "somewhere"
    each["metadata"]["nbgrader"]["grade_id"] = "my_dense"
    submission = hand_in(student)
    assert set(codes(submission)) == {"unknown-cell", "lost-name"}
    assert cell(submission.notebook, "dense")["source"] == ANSWER
    assert "my_dense" not in names(submission.notebook)


def test_a_notebook_that_lost_all_metadata_is_whole_again(hand_in, student, source):
    for each in student["cells"]:
        each["metadata"] = {}
    submission = hand_in(student)
    only(submission, "lost-name")
    assert names(submission.notebook) == names(source)
    assert cell(submission.notebook, "linear_collapse")["source"] == "One layer, <b>affine</b>."


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_code_that_became_text_is_code_again(hand_in, student, kind):
    each = cell(student, "dense")
    each["cell_type"] = kind
    del each["outputs"], each["execution_count"]
    submission = hand_in(student)
    only(submission, "cell-type")
    assert cell(submission.notebook, "dense")["cell_type"] == "code"


def test_words_that_became_code_are_words_again(hand_in, student):
    cell(student, "linear_collapse").update(cell_type="code", outputs=[], execution_count=None)
    submission = hand_in(student)
    only(submission, "cell-type")
    assert cell(submission.notebook, "linear_collapse")["cell_type"] == "markdown"


# Copied cells.


def copied(notebook, name, text, before=False):
    """Insert a copy of the cell ``name`` that holds ``text``."""
    place = notebook["cells"].index(cell(notebook, name))
    new = copy.deepcopy(notebook["cells"][place]) | {"id": f"copy-{len(notebook['cells'])}"}
    notebook["cells"].insert(place + (not before), new | {"source": text})


def test_a_copied_answer_keeps_all_code_and_the_last_counts(hand_in, student):
    copied(student, "dense", "def dense(x, W, b):\n    return 0", before=True)
    submission = hand_in(student)
    assert "dense" in only(submission, "duplicate-cell")
    texts = sources(submission.notebook)
    assert texts.index("def dense(x, W, b):\n    return 0") < texts.index(ANSWER)
    assert names(submission.notebook).count("dense") == 1


@pytest.mark.parametrize("before", [True, False])
def test_an_untouched_copy_of_an_answer_is_left_out(hand_in, student, released, before):
    stub = cell(released, "dense")["source"]
    copied(student, "dense", stub, before)
    submission = hand_in(student)
    only(submission, "duplicate-cell")
    assert stub not in sources(submission.notebook)


def test_untouched_copies_only(hand_in, released, source):
    copied(released := copy.deepcopy(released), "dense", cell(released, "dense")["source"])
    submission = hand_in(released)
    assert set(codes(submission)) == {"duplicate-cell"}
    assert names(submission.notebook) == names(source)
    assert len(submission.notebook.cells) == len(source.cells)


def test_a_copied_test_is_kept_once_and_its_new_code_too(hand_in, student, source):
    copied(student, "test_dense", "print(dense)")
    copied(student, "test_dense", cell(student, "test_dense")["source"])
    submission = hand_in(student)
    only(submission, "duplicate-cell")
    assert names(submission.notebook) == names(source)
    assert "print(dense)" in sources(submission.notebook)
    assert len(submission.notebook.cells) == len(source.cells) + 1


def test_a_copied_text_keeps_both(hand_in, student):
    copied(student, "linear_collapse", "My first thought.", before=True)
    submission = hand_in(student)
    only(submission, "duplicate-cell")
    assert cell(submission.notebook, "linear_collapse")["source"] == "One layer, <b>affine</b>."
    assert "My first thought." in sources(submission.notebook)


def test_a_test_name_on_an_answer_does_not_lose_it(hand_in, student, source):
    """Two cells claim to be the test; the one that is the test wins, the other is kept as code."""
    copied(student, "test_dense", ANSWER)
    without(student, "dense")
    submission = hand_in(student)
    assert set(codes(submission)) == {"duplicate-cell", "missing-cell"}
    assert cell(submission.notebook, "test_dense") == cell(source, "test_dense")
    assert ANSWER in sources(submission.notebook)


# Anything else.

ODD = [None, True, 0, -1, 1e400, "", "x", "\ud800", [], [[]], {}, {"a": []}, ["a", 1], "dense"]


def places(node, found):
    """Collect (container, key) of everything in a notebook."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        found.append((node, key))
        if isinstance(value, dict | list):
            places(value, found)
    return found


def whole(submission, source):
    """Whether a submission is refused for a reason, or has every cell that gives points."""
    assert "unreadable" not in codes(submission)
    if submission.notebook is None:
        return False
    nbformat.validate(submission.notebook)
    found = names(submission.notebook)
    assert len(set(found)) == len(found)
    for each in source.cells:
        settings = each.metadata.get("nbgrader", {})
        if settings.get("locked"):
            assert cell(submission.notebook, settings["grade_id"]) == each
        elif settings.get("grade"):
            assert cell(submission.notebook, settings["grade_id"])["metadata"] == each.metadata
    return True


def test_any_part_may_be_anything(hand_in, student, source):
    rng = random.Random(0)
    graded = 0
    for _ in range(300):
        broken = copy.deepcopy(student)
        for container, key in rng.sample(places(broken, []), rng.choice([1, 3, 20])):
            container[key] = rng.choice(ODD)
        graded += whole(hand_in(broken), source)
    assert 150 < graded < 300


def test_any_byte_may_be_any_other(hand_in, student, source):
    rng = random.Random(0)
    content = json.dumps(student).encode()
    graded = 0
    for _ in range(200):
        broken = bytearray(content)
        for _ in range(rng.choice([1, 5])):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        graded += whole(hand_in(bytes(broken)), source)
    assert 0 < graded < 200


# Messages.


def test_every_kind_of_message_is_a_sentence_of_one_kind():
    assert not REPAIRED.keys() & OPEN.keys()
    for text in (REPAIRED | OPEN).values():
        assert text.format(names="x").endswith(".")


def test_names_from_a_student_are_short_and_printable(hand_in, student):
    student["metadata"]["\x1b[31m<script>" + "x" * 500] = 1
    text = codes(hand_in(student))["notebook-metadata"].text
    assert text.isprintable()
    assert len(text) < 200


def test_many_names_are_counted(hand_in, student):
    for each in student["cells"]:
        del each["id"]
        each["metadata"] = {}
    text = codes(hand_in(student))["cell-ids"].text
    assert " more" in text


def test_solution_and_source_of_every_assignment(root, tmp_path):
    """Every released notebook of the course passes without a message."""
    for path in sorted((root / "solutions").glob("*/*.ipynb")):
        original = source_notebook(path)
        submission = read_submission(root / "exercises" / path.stem / path.name, original)
        assert submission.messages == (), path.stem
        assert names(submission.notebook) == names(original)


def test_a_source_without_metadata_of_the_notebook(tmp_path, source, student):
    bare = SimpleNamespace(cells=source.cells, metadata={})
    path = tmp_path / "mlp.ipynb"
    path.write_text(json.dumps(student))
    assert read_submission(path, bare).notebook is not None

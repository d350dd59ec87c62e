"""Marks reach Moodle and Canvas as nbgrader computes them, and no cell is a formula."""

import csv
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from course_utils.grading.collect import collect
from course_utils.grading.export import CanvasExport, comment, export, number, safe
from course_utils.grading.gradebook import ensure_assignment, record
from course_utils.grading.results import GRADED, REFUSED, Message, Result, Verdict
from tests.grading.a_course import ANSWER, graded, make_course

BOM = b"\xef\xbb\xbf"
MOST = 17  # points of mlp: 15 by the checks and 2 by hand


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with three students: all right, half right, one who handed in nothing."""
    made = make_course(tmp_path_factory.mktemp("course"), "mlp", "autodiff")
    for name in ("mlp", "autodiff"):
        ensure_assignment(made, name)
    with Gradebook(made.db_url, made.course_id) as book:
        book.add_student("ada", first_name="Ada", last_name="Lovelace", email="a@b.c")
        book.add_student("bea", first_name="=HYPERLINK(1)", last_name="B", lms_user_id="77")
        book.add_student("cy")
    record(made, graded("ada", answers={"linear_collapse": ANSWER}))
    record(made, graded("bea", shares=(0.5,)))
    record(made, graded("ada", "autodiff"))
    return made


def read(path, encoding="utf-8-sig"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def lines(path):
    header, *rows = read(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


def download(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_plain(course, tmp_path):
    path = tmp_path / "marks.csv"
    files, messages = export(course, "plain", path, ["mlp"])
    assert files == [path]
    assert read(path, "utf-8") == [
        ["student", "assignment", "score", "max"],
        ["ada", "mlp", "15", str(MOST)],
        ["bea", "mlp", "7.5", str(MOST)],
        ["cy", "mlp", "0", str(MOST)],
    ]
    assert not path.read_bytes().startswith(BOM)
    assert [message.code for message in messages] == ["waits"]
    assert "ada" in messages[0].text
    assert "bea" not in messages[0].text


def test_all_assignments_without_names(course, tmp_path):
    export(course, "plain", tmp_path / "marks.csv")
    assert {line["assignment"] for line in lines(tmp_path / "marks.csv")} == {"autodiff", "mlp"}


def test_canvas(course, tmp_path):
    path = tmp_path / "marks.csv"
    export(course, "canvas", path, titles={"mlp": "MLP (4711)"})
    assert path.read_bytes().startswith(BOM)
    header, possible, *rows = read(path)
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert header[5:] == ["autodiff", "MLP (4711)"]
    assert possible[:5] == ["    Points Possible", "", "", "", ""]
    assert possible[6] == str(MOST)
    assert rows == [
        ["Ada Lovelace", "", "", "ada", "", rows[0][5], "15"],
        ["'=HYPERLINK(1) B", "77", "", "", "", "", "7.5"],
        ["cy", "", "", "cy", "", "", ""],
    ]
    assert float(rows[0][5]) > 0


def test_titles_of_canvas_stand_in_the_configuration(course, tmp_path):
    config = course.config.copy()
    config.CanvasExport.titles = {"mlp": "Week 1 (4711)"}
    titled = replace(course)
    titled.__dict__["config"] = config
    export(titled, "canvas", tmp_path / "marks.csv")
    assert read(tmp_path / "marks.csv")[0][5:] == ["autodiff", "Week 1 (4711)"]


@pytest.fixture
def small(tmp_path):
    """A course of its own, to which a test may add."""
    made = make_course(tmp_path / "course", "mlp")
    ensure_assignment(made, "mlp")
    return made


def test_canvas_number_of_a_collected_file(small, tmp_path):
    found = download(tmp_path / "x", {"lovelaceada_123_4_mlp.ipynb": b"{}"})
    collect(small, "mlp", found)
    record(small, graded("lovelaceada_123"))
    export(small, "canvas", tmp_path / "marks.csv")
    assert read(tmp_path / "marks.csv")[2] == ["lovelaceada", "123", "", "", "", "15"]


def test_moodle(small, tmp_path):
    collect(
        small,
        "mlp",
        download(tmp_path / "x", {"Ada Lovelace_12_assignsubmission_file/mlp.ipynb": b"{}"}),
    )
    record(small, graded("Ada_Lovelace", shares=(0.5,)))
    record(small, graded("by_hand"))
    path = tmp_path / "marks.csv"
    files, messages = export(small, "moodle", path)
    assert files == [path]
    assert path.read_bytes().startswith(BOM)
    assert [line.pop("Feedback comments")[:20] for line in lines(path)] == ["dense: 1 of 2<br>sof"]
    assert [list(line.values())[:-1] for line in lines(path)] == [
        ["Participant 12", "Ada Lovelace", "", "7.5", str(MOST), ""]
    ]
    # The three that Moodle looks for by name.
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(lines(path)[0])
    texts = {message.code: message.text for message in messages}
    assert "by_hand" in texts["no-number"]
    assert f"maximum grade to {MOST};" in texts["maximum"]


def test_moodle_takes_a_file_for_each_assignment(course, tmp_path):
    files, _ = export(course, "moodle", tmp_path / "marks.csv")
    assert files == [tmp_path / "marks-autodiff.csv", tmp_path / "marks-mlp.csv"]
    assert all(file.is_file() for file in files)


def test_marks_by_hand_extra_credit_and_penalties_count(small, tmp_path):
    record(small, graded("ada", answers={"linear_collapse": ANSWER}))
    with Gradebook(small.db_url, small.course_id) as book:
        book.find_grade("linear_collapse", "mlp", "mlp", "ada").manual_score = 1.5
        book.find_grade("linear_collapse", "mlp", "mlp", "ada").needs_manual_grade = False
        book.find_grade("test_dense", "mlp", "mlp", "ada").extra_credit = 3
        notebook = book.find_submission_notebook("mlp", "mlp", "ada")
        notebook.late_submission_penalty = 0.25
        book.db.commit()
    _, messages = export(small, "plain", tmp_path / "marks.csv")
    assert lines(tmp_path / "marks.csv")[0]["score"] == "19.25"
    assert messages == []


def test_a_penalty_is_not_more_than_the_mark(small, tmp_path):
    record(small, graded("ada", shares=(0.0,)), datetime.now() - timedelta(days=1))
    with Gradebook(small.db_url, small.course_id) as book:
        book.find_submission_notebook("mlp", "mlp", "ada").late_submission_penalty = 5
        book.db.commit()
    export(small, "plain", tmp_path / "marks.csv")
    assert lines(tmp_path / "marks.csv")[0]["score"] == "0"


def test_a_refused_submission_has_a_line(small, tmp_path):
    record(small, Result("ada", "mlp", REFUSED, "x", messages=(Message("not-json", "No."),)))
    export(small, "canvas", tmp_path / "marks.csv")
    assert read(tmp_path / "marks.csv")[2][-1] == "0"


def test_an_empty_gradebook(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    export(course, "canvas", tmp_path / "marks.csv")
    assert len(read(tmp_path / "marks.csv")) == 2


def test_the_file_is_whole_or_the_old_one(course, tmp_path, monkeypatch):
    path = tmp_path / "marks.csv"
    path.write_text("old")

    def fail(*_):
        yield ["half"]
        raise RuntimeError

    monkeypatch.setattr(CanvasExport, "rows", fail)
    with pytest.raises(RuntimeError):
        export(course, "canvas", path)
    assert path.read_text() == "old"


def test_the_plugin_works_by_itself_as_nbgrader_uses_it(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Gradebook(course.db_url, course.course_id) as book:
        CanvasExport(assignment=["mlp"], student=["ada"]).export(book)
    assert [row[0] for row in read(tmp_path / "grades.csv")[2:]] == ["Ada Lovelace"]


def test_wrong_arguments(course, tmp_path):
    with pytest.raises(ValueError, match="platform must be one of moodle, canvas, plain, got 'x'"):
        export(course, "x", tmp_path / "marks.csv")
    with pytest.raises(ValueError, match="names must be assignments of the gradebook, got 'x'"):
        export(course, "plain", tmp_path / "marks.csv", ["mlp", "x"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\n=", "\r@", "＝", "\0="])
def test_a_formula_is_text(start):
    assert safe(f"{start}1+cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("value", ["-1.5", "+3", "0", "Ada", "    Points Possible", "", "a=b"])
def test_what_is_no_formula_stays(value):
    assert safe(value) == value


def test_a_value_is_one_line():
    assert safe("a\r\n=b\u2028c") == "a =b c"


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (0.5, "0.5"), (1 / 3, "0.33"), (100.0, "100"), (-0.0, "0")]
)
def test_numbers(value, text):
    assert number(value) == text


def test_of_what_was_refused_the_reason_is_told_once():
    reason = "The file is not JSON."
    verdict = Verdict("test_dense", "mlp/dense", 2, 0, REFUSED, reason)
    result = Result("ada", "mlp", REFUSED, "x", (verdict,), (Message("not-json", reason),))
    assert result.judged == ()
    assert comment(result) == reason
    assert result.line() == "ada: refused, 0 of 2: not-json"


def test_a_comment_is_harmless_html():
    verdict = Verdict("test_dense", "mlp/dense", 2, 0.5, "value", "<script>x</script>")
    result = Result("ada", "mlp", GRADED, "x", (verdict,), (Message("a", "B & C."),))
    assert comment(result) == ("dense: 0.5 of 2. &lt;script&gt;x&lt;/script&gt;<br>B &amp; C.")

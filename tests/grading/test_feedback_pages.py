"""The page that a student gets back: right, readable, and unable to act."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from course_utils.feedback import exercises_of
from course_utils.grading.feedback_pages import (
    ByHand,
    feedback_page,
    hand_graded,
    summary_lines,
    write_feedback,
)
from course_utils.grading.results import GRADED, MISSING, REFUSED, Message, Result, Verdict
from tests.grading.a_class import ADDRESS, UTF16, class_of, course, named, verdict
from tests.grading.pages import assert_inert, assert_well_formed, text_of

MLP = exercises_of("mlp")
DENSE, SOFTMAX, CROSS_ENTROPY = list(MLP.values())[:3]
STUB = Verdict("test_cross_entropy", "mlp/cross_entropy", 3, 0, "stub", "cross_entropy is missing.")
THREE = Result("ada", "mlp", GRADED, "1", (verdict(DENSE), named(SOFTMAX), STUB))
HAND = ByHand("linear_collapse", 2)


def page(result=THREE, *by_hand):
    return feedback_page(result, ADDRESS, by_hand)


def source_of(folder, *, points=2):
    """Write an instructor's notebook with one cell that is marked by hand."""
    settings = {"grade": True, "grade_id": "linear_collapse", "points": points}
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {"nbgrader": settings},
            "source": "the secret answer",
        },
        {"cell_type": "markdown", "metadata": {}, "source": "prose"},
        {"cell_type": "code", "metadata": {"nbgrader": settings}, "source": "check(...)"},
    ]
    path = course(folder).source("mlp")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def test_the_pages_lie_where_nbgrader_puts_them(tmp_path):
    source_of(tmp_path)
    paths = write_feedback(course(tmp_path), [THREE, replace(THREE, student="max")])
    assert paths == [tmp_path / f"feedback/{who}/mlp/mlp.html" for who in ("ada", "max")]
    files = [path for path in (tmp_path / "feedback").rglob("*") if path.is_file()]
    assert sorted(files) == paths, "nothing is left of the temporary names"
    assert "For ada" in text_of(paths[0].read_text("utf-8"))


def test_the_first_line_names_what_brings_most_points():
    first = BeautifulSoup(page(), "html.parser").select_one("p.first")
    assert first.get_text(" ", strip=True).replace("cross_ entropy", "cross_entropy") == (
        "1 of 3 functions is right. Write cross_entropy next: it can bring you 3 more points."
    )
    assert first.a["href"] == "#q3"


def test_of_two_that_bring_the_same_the_earlier_comes_first():
    result = replace(THREE, verdicts=(named(DENSE), named(SOFTMAX)))
    assert "Mend dense first: it can bring you 2 more points." in text_of(page(result))


def test_of_functions_that_are_not_written_the_first_is_to_be_written():
    written = Verdict("test_dense", "mlp/dense", 2, 0, "stub", "dense is not written yet.")
    result = replace(THREE, verdicts=(written, named(SOFTMAX), STUB))
    text = text_of(page(result))
    assert "Write dense first: it can bring you 2 more points. dense is not written yet." in text
    assert summary_lines([result]) == ["ada  0 of 7        next: dense (stub)"]
    more = replace(THREE, verdicts=(replace(written, points=1), replace(named(SOFTMAX), points=9)))
    assert "Mend softmax first: it can bring you 9 more points." in text_of(page(more))


def test_a_cell_that_is_not_python_comes_before_what_brings_more():
    undefined = replace(verdict(DENSE, "undefined"), hint="dense is not defined.")
    result = replace(THREE, verdicts=(undefined, named(SOFTMAX), STUB))
    text = text_of(page(result))
    assert "Mend dense first: it can bring you 2 more points. dense is not defined." in text
    assert "dense ✘ no points yet 0 of 2" in text
    assert summary_lines([result]) == ["ada  0 of 7        next: dense (undefined)"]


def test_a_question_without_an_answer_is_said_and_counted():
    right = replace(THREE, verdicts=tuple(map(verdict, MLP.values())))
    text = text_of(page(right, replace(HAND, earned=0.0, blank=True)))
    assert "There is nothing to mend in them." in text
    assert "The question linear_collapse was left without an answer: 2 points." in text
    assert "15 of 17 points" in text
    assert "linear_collapse not answered 0 of 2" in text
    assert "without an answer" not in text_of(page(right, HAND))
    assert "There is nothing to mend." in text_of(page(right, HAND))


def test_a_question_shows_hint_parts_and_the_page_to_read():
    card = BeautifulSoup(page(), "html.parser").find(id="q2")
    text = text_of(str(card))
    assert f"Softmax: {SOFTMAX.misconceptions[0].hint}" in text
    assert "right results: 0 of 1.6" in text
    assert "bad input refused: 0 of 0.4" in text
    assert [(a.get_text(), a["href"]) for a in card.find_all("a")] == [
        ("Losses and outputs", f"{ADDRESS}/blob/main/book/01_mlp/05_losses.ipynb")
    ]


def test_a_section_without_its_title_is_linked_all_the_same():
    bare = replace(named(SOFTMAX), section="01_mlp/05_losses")
    link = BeautifulSoup(page(replace(THREE, verdicts=(bare,))), "html.parser").select("article a")
    assert [(a.get_text(), a["href"]) for a in link] == [
        ("Losses and outputs", f"{ADDRESS}/blob/main/book/01_mlp/05_losses.ipynb")
    ]


@pytest.mark.parametrize(
    "section", ["", "javascript:alert(1)", "../../x/y", "a/b/c", "x (book/a b)"]
)
def test_a_section_that_is_no_page_gives_no_link(section):
    odd = replace(named(SOFTMAX), section=section)
    assert not BeautifulSoup(page(replace(THREE, verdicts=(odd,))), "html.parser").select(
        "article a"
    )


def test_without_an_address_there_are_no_links_and_a_wrong_one_is_refused():
    soup = BeautifulSoup(feedback_page(THREE, ""), "html.parser")
    assert all(a["href"].startswith("#") for a in soup.find_all("a"))
    assert "Read again: Losses and outputs" in text_of(str(soup))
    with pytest.raises(ValueError, match="address must be an https URL"):
        feedback_page(THREE, "javascript:alert(1)")


def test_points_are_listed_for_each_function():
    rows = BeautifulSoup(page(), "html.parser").select("table.marks tbody tr")
    assert [text_of(str(row)) for row in rows] == [
        "dense ✔ all points 2 of 2",
        "softmax ✘ no points yet 0 of 2",
        "cross_entropy ○ not written yet 0 of 3",
    ]


def test_a_repaired_file_cost_nothing():
    text = text_of(page(replace(THREE, messages=(UTF16, Message("odd", "Something is odd.")))))
    assert "saved as UTF-16. (Repaired: it cost you nothing.) Something is odd." in text
    assert text.count("Repaired") == 1


def test_what_is_marked_by_hand_comes_from_the_source_without_its_text(tmp_path):
    assert hand_graded(source_of(tmp_path)) == [HAND]
    [path] = write_feedback(course(tmp_path), [THREE])
    html = path.read_text("utf-8")
    assert "2 of 7 points so far; your instructor gives up to 2 more" in text_of(html)
    assert "not marked yet" in html
    assert "secret" not in html


def test_one_point_is_counted_as_one():
    one = Verdict("test_f", "x/f", 1, 0, "value")
    text = text_of(feedback_page(Result("ada", "x", GRADED, "", (one,)), ADDRESS))
    assert "Mend f first: it can bring you 1 more point." in text
    assert "f 0 of 1 point " in text
    assert "0 of 1 point " in text.partition("Your marks")[0]
    late = feedback_page(
        Result("ada", "x", GRADED, "", (replace(one, earned=1.0),)), ADDRESS, (), 1
    )
    assert "1 point is taken off." in text_of(late)


def test_marks_and_comments_by_hand_count():
    done = replace(HAND, earned=1.5, comment="Good.\nWhy <b>the</b> rank?")
    html = page(THREE, done, ByHand("softmax", 0, None, "Nice use of keepdims."))
    assert "3.5 of 9 points" in text_of(html)
    assert "Good.<br>Why &lt;b&gt;the&lt;/b&gt; rank?" in html
    assert "Your instructor writes: Nice use of keepdims." in text_of(html)


def test_an_instructor_may_set_the_points_of_a_function():
    html = page(THREE, ByHand("test_softmax", 2, 2.0, "Right after all."))
    assert "2 of 3 functions are right." in text_of(html)
    assert "softmax ✔ all points 2 of 2" in text_of(html)
    assert "Your instructor has set the points of this function by hand." in html
    assert SOFTMAX.misconceptions[0].hint[:20] not in html


def test_marks_of_another_student_are_not_shown(tmp_path):
    marks = {"max": [ByHand("linear_collapse", 2, 1.0, "for max alone")]}
    [path] = write_feedback(course(tmp_path), [THREE], marks)
    assert "linear_collapse" not in path.read_text("utf-8")


def test_all_right_says_so():
    text = text_of(page(replace(THREE, verdicts=tuple(map(verdict, MLP.values())))))
    assert "All 7 functions are right" in text
    assert "15 of 15 points" in text
    assert "What to mend" not in text


@pytest.mark.parametrize(
    ("status", "words"), [(REFUSED, "could not be read"), (MISSING, "Nothing was handed in")]
)
def test_what_was_not_graded_has_a_reason_and_no_questions(status, words):
    none = (Verdict("test_dense", "mlp/dense", 2, 0, status, "The file ends early."),)
    message = Message("not-json", "The file ends early.")
    html = feedback_page(Result("ada", "mlp", status, "", none, (message,)), ADDRESS, [HAND])
    assert words in html
    assert html.count("The file ends early.") == 1
    assert "0 of 2 points" in text_of(html)
    assert "<table" not in html


def test_nothing_of_the_notebook_is_on_the_page():
    assert page(replace(THREE, notebook="assert hidden == 17")) == page()


EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e\u2066\x1b[31m\0\udce9\r\n"
    * 20000
)


def hostile():
    verdicts = tuple(
        Verdict(f"t{i}{EVIL}", EVIL, 2, 0.5, EVIL, EVIL, EVIL, {EVIL: True, "b": False})
        for i in range(12)
    )
    messages = tuple(Message(EVIL, EVIL) for _ in range(100))
    return Result(EVIL, EVIL, GRADED, "", verdicts, messages)


def test_hostile_texts_are_cut_and_cannot_act():
    html = feedback_page(hostile(), ADDRESS, [ByHand(EVIL, 2, 1.0, "<script>")])
    assert len(html.encode()) < 100_000
    assert r"\u202e" in html
    assert r"\x1b[31m" in html
    assert_inert(html)


def test_an_ordinary_page_is_small_inert_and_well_formed(tmp_path):
    for result in class_of(12):
        html = feedback_page(result, ADDRESS, [HAND])
        assert len(html.encode()) < 30_000
        assert_inert(html)
        assert_well_formed(html)


def test_the_policy_allows_the_page_its_style_and_nothing_else():
    soup = BeautifulSoup(page(), "html.parser")
    digest = base64.b64encode(hashlib.sha256(soup.style.string.encode()).digest()).decode()
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|https?:", soup.style.string.replace('href^="https"', ""))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\0b"])
def test_a_name_that_is_no_folder_is_refused_before_anything_is_written(name, tmp_path):
    with pytest.raises(ValueError, match="student must be a plain name"):
        write_feedback(course(tmp_path), [THREE, replace(THREE, student=name)], {})
    with pytest.raises(ValueError, match="assignment must be a plain name"):
        write_feedback(course(tmp_path), [THREE, replace(THREE, assignment=name)], {})
    assert not list(tmp_path.iterdir())


def test_summary_has_a_line_for_each_result():
    missing = Result("max", "mlp", MISSING, "", THREE.verdicts)
    right = Result("eve", "mlp", GRADED, "1", (verdict(DENSE),), (UTF16,))
    assert summary_lines([THREE, missing, right]) == [
        "ada  2 of 7        next: cross_entropy (stub)",
        "max  missing",
        "eve  2 of 2        all right  [encoding]",
    ]
    assert summary_lines([]) == []


def test_summary_cannot_act_on_a_terminal():
    [line] = summary_lines([hostile()])
    assert line.isprintable()
    assert len(line) < 400

"""Marks and comments that a person gave through nbgrader reach the student's page."""

from datetime import datetime, timedelta

from nbgrader.api import Gradebook

from course_utils.grading.by_hand import by_hand, penalties
from course_utils.grading.feedback_pages import ByHand, write_feedback
from course_utils.grading.gradebook import ensure_assignment, record
from tests.grading.a_course import ANSWER, graded, make_course
from tests.grading.pages import text_of

DUE = datetime(2026, 11, 1, 12, 0)


def test_marks_and_comments_of_a_person_reach_the_page(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    ensure_assignment(course, "mlp")
    results = [graded(who, answers={"linear_collapse": ANSWER}) for who in ("ada", "max")]
    for result in results:
        record(course, result)
    assert by_hand(course, "mlp")["ada"] == [ByHand("linear_collapse", 2.0)]

    with Gradebook(course.db_url, course.course_id) as book:
        answer = book.find_grade("linear_collapse", "mlp", "mlp", "ada")
        answer.manual_score, answer.needs_manual_grade, answer.extra_credit = 1.5, False, 0.25
        book.find_comment("linear_collapse", "mlp", "mlp", "ada").manual_comment = "Say why."
        book.find_grade("test_dense", "mlp", "mlp", "ada").manual_score = 1.0
        book.find_comment("softmax", "mlp", "mlp", "ada").manual_comment = "Short and right."
        book.db.commit()

    marks = by_hand(course, "mlp")
    assert sorted(marks["ada"], key=lambda mark: mark.grade_id) == [
        ByHand("linear_collapse", 2.0, 1.75, "Say why."),
        ByHand("softmax", 0.0, None, "Short and right."),
        ByHand("test_dense", 2.0, 1.0),
    ]
    assert marks["max"] == [ByHand("linear_collapse", 2.0)]
    ada, other = (text_of(p.read_text("utf-8")) for p in write_feedback(course, results, marks))
    assert "15.75 of 17 points" in ada
    assert "15 of 15 points so far; your instructor gives up to 2 more" in other


def test_an_answer_that_was_not_written_is_on_the_page_with_its_points(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    ensure_assignment(course, "mlp")
    results = [graded("ada"), graded("max")]
    for result in results:
        record(course, result)
    with Gradebook(course.db_url, course.course_id) as book:
        book.find_grade("linear_collapse", "mlp", "mlp", "max").manual_score = 0.5
        book.db.commit()
    marks = by_hand(course, "mlp")
    assert marks == {
        "ada": [ByHand("linear_collapse", 2.0, 0.0, blank=True)],
        "max": [ByHand("linear_collapse", 2.0, 0.5)],
    }
    ada, other = (text_of(p.read_text("utf-8")) for p in write_feedback(course, results, marks))
    assert "15 of 17 points" in ada
    assert "The question linear_collapse was left without an answer: 2 points." in ada
    assert "linear_collapse not answered 0 of 2" in ada
    assert "15.5 of 17 points" in other
    assert "without an answer" not in other


def test_a_page_is_headed_with_the_name_of_the_gradebook(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    ensure_assignment(course, "mlp")
    results = [graded(who) for who in ("Bob_Müller", "max")]
    for result in results:
        record(course, result)
    with Gradebook(course.db_url, course.course_id) as book:
        book.update_or_create_student("Bob_Müller", first_name="Bob", last_name="Müller")
    bob, other = (text_of(p.read_text("utf-8")) for p in write_feedback(course, results, {}))
    assert "For Bob Müller " in bob
    assert "Bob_Müller" not in bob
    assert "For max " in other


def test_an_unknown_assignment_has_no_marks(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    assert by_hand(course, "mlp") == {}


def test_what_the_late_plugin_takes_off_is_on_the_page(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    course.config.LateSubmissionPlugin.penalty_method = "zero"
    ensure_assignment(course, "mlp")
    with Gradebook(course.db_url, course.course_id) as book:
        book.update_or_create_assignment("mlp", duedate=DUE.isoformat())
    results = [graded("ada"), graded("max")]
    for result, minutes in zip(results, (1, -1), strict=True):
        record(course, result, DUE + timedelta(minutes=minutes))
    late = penalties(course, "mlp")
    assert late == {"ada": 15.0}
    ada, other = (text_of(p.read_text("utf-8")) for p in write_feedback(course, results, {}, late))
    assert "0 of 15 points" in ada
    assert "15 points are taken off" in ada
    assert "15 of 15 points" in other
    assert "taken off" not in other

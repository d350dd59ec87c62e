"""What a student gets back: one page that says what was earned and what to mend first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.feedback.trials import UNDEFINED
from course_utils.grading import files, page
from course_utils.grading.course import plain_name
from course_utils.grading.names import names_of
from course_utils.grading.results import GRADED, Result, Verdict

if TYPE_CHECKING:
    from course_utils.grading.course import Course

STUB = "stub"  # the kind of a verdict on a function that was not written
MOST_MESSAGES = 12


@dataclass(frozen=True)
class ByHand:
    """A mark or a comment that an instructor gave by hand, from nbgrader's gradebook.

    ``grade_id`` is that of the cell, ``points`` its most, ``earned`` what was given (None: not
    looked at yet), ``comment`` what the instructor wrote. For a cell that a check has graded,
    ``earned`` takes the place of the check's points. ``blank``: there is no answer, so that nobody
    needs to look.
    """

    grade_id: str
    points: float
    earned: float | None = None
    comment: str = ""
    blank: bool = False


@dataclass(frozen=True)
class Question:
    """One row of the page: a verdict with what an instructor has added to it."""

    verdict: Verdict
    section: page.Section
    parts: tuple[page.Part, ...]
    changed: bool
    earned: float
    comments: tuple[str, ...]

    @property
    def function(self) -> str:
        """The name of the function."""
        return page.function_of(self.verdict)

    @property
    def concept(self) -> str:
        """The idea that it tests."""
        return page.concept_of(self.verdict)

    @property
    def lost(self) -> float:
        """The points that are still to be had."""
        return max(self.verdict.points - self.earned, 0.0)

    @property
    def outcome(self) -> str:
        """What came of it: ``full``, ``part``, ``none`` or ``stub``."""
        if self.lost < 0.005:
            return "full"
        if self.earned > 0:
            return "part"
        return STUB if self.verdict.kind == STUB else "none"


def write_feedback(
    course: "Course",
    results: Sequence[Result],
    by_hand: Mapping[str, Sequence[ByHand]] | None = None,
    penalties: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write a page for each result, ``feedback/<student>/<name>/<name>.html``; return their paths.

    A page is made of the result's record and the student's name: no code, no output and no case
    is on it. ``by_hand`` gives, by student, what instructors have marked; without it the page
    lists what the instructor's notebook leaves to be marked by hand. ``penalties`` gives, by
    student, the points that are taken off because it was late. Raises ValueError, before anything
    is written, for a name that cannot be that of a folder and an assignment that the course lacks.
    """
    for result in results:
        plain_name("student", result.student)
        plain_name("assignment", result.assignment)
    waiting: dict[str, list[ByHand]] = {}
    assignments = {result.assignment for result in results}
    if by_hand is None:
        waiting = {name: hand_graded(course.source(name)) for name in assignments}
    known = {name: names_of(course, name) for name in assignments}
    written = []
    for result in results:
        name = result.assignment
        marks = waiting.get(name, ()) if by_hand is None else by_hand.get(result.student, ())
        target = Path(course.feedback) / result.student / name / f"{name}.html"
        late = (penalties or {}).get(result.student, 0.0)
        student = known[name].get(result.student, "")
        html = feedback_page(result, course.address, marks, late, student)
        written.append(files.write(target, html))
    return written


def feedback_page(
    result: Result,
    address: str,
    by_hand: Sequence[ByHand] = (),
    penalty: float = 0.0,
    student: str = "",
) -> str:
    """Return the page for one result; links lead to the repository at ``address``.

    ``penalty`` is in points: what is taken off because it was late. ``student`` is the student's
    name; without it the page has that of the folder.
    """
    questions = [_question(v, page.checked_address(address), by_hand) for v in result.judged]
    of_checks = {verdict.grade_id for verdict in result.verdicts}
    manual = [mark for mark in by_hand if mark.grade_id not in of_checks and mark.points > 0]
    manual = manual if result.status == GRADED else []
    marked = [mark for mark in manual if mark.earned is not None]
    earned = sum(each.earned or 0 for each in (*questions, *marked))
    return page.render(
        "feedback",
        result=result,
        student=student or result.student,
        questions=questions,
        first=_first(questions),
        right=sum(question.outcome == "full" for question in questions),
        manual=manual,
        blank=[mark for mark in manual if mark.blank],
        waiting=sum(mark.points for mark in manual if mark.earned is None),
        earned=max(earned - penalty, 0.0),
        penalty=min(penalty, earned),
        points=result.points + sum(mark.points for mark in marked),
        messages=result.messages[:MOST_MESSAGES],
        more=max(len(result.messages) - MOST_MESSAGES, 0),
    )


def summary_lines(results: Sequence[Result]) -> list[str]:
    """Return a line for each result: who, points, what to mend first, what was noticed."""
    names = [page.plain(result.student, 24) for result in results]
    width = max(map(len, names), default=0)
    return [
        f"{name:<{width}}  {_summary(result)}" for name, result in zip(names, results, strict=True)
    ]


def hand_graded(source: Path) -> list[ByHand]:
    """Return the cells of the instructor's notebook that are marked by hand, none marked yet."""
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    settings = [c["metadata"].get("nbgrader", {}) for c in cells if c["cell_type"] == "markdown"]
    return [ByHand(s["grade_id"], float(s["points"])) for s in settings if s.get("grade")]


def _summary(result: Result) -> str:
    noticed = ", ".join(page.plain(message.code, 40) for message in result.messages[:4])
    noticed = f"  [{noticed}]" if noticed else ""
    if result.status != GRADED:
        return f"{result.status}{noticed}"
    kinds = [verdict.kind for verdict in result.verdicts]
    place = _place(kinds, [verdict.points - verdict.earned for verdict in result.verdicts])
    mend = "all right"
    if place is not None:
        worst = result.verdicts[place]
        why = f" ({page.plain(worst.kind, 40)})" if worst.kind else ""
        mend = f"next: {page.plain(page.function_of(worst), 40)}{why}"
    mark = f"{page.number(result.earned)} of {page.number(result.points)}"
    return f"{mark:<13} {mend}{noticed}"


def _question(verdict: Verdict, address: str, by_hand: Sequence[ByHand]) -> Question:
    own = [mark for mark in by_hand if mark.grade_id == verdict.grade_id]
    given = [mark.earned for mark in own if mark.earned is not None]
    # nbgrader keeps comments on a solution with the cell "softmax", its points with "test_softmax".
    solution = verdict.grade_id.removeprefix("test_")
    near = [mark for mark in by_hand if mark.grade_id == solution and mark.points == 0]
    return Question(
        verdict,
        page.section_of(verdict, address),
        tuple(page.parts_of(verdict)),
        bool(given) and given[-1] != verdict.earned,
        given[-1] if given else verdict.earned,
        tuple(mark.comment for mark in [*own, *near] if mark.comment.strip()),
    )


def _first(questions: Sequence[Question]) -> Question | None:
    """Return the question to look at first, or None where all points are there."""
    kinds = [question.verdict.kind for question in questions]
    place = _place(kinds, [question.lost for question in questions])
    return None if place is None else questions[place]


def _place(kinds: Sequence[str], lost: Sequence[float]) -> int | None:
    """Return the place of what to do first, from the kinds of failures and the points they cost.

    That is where most points are to be had, the earlier of two that are equal. But functions that
    are not written are written in their order, as the later ones use the earlier; and a cell that
    is not Python comes before all, as other functions may be missing with it.
    """
    still = [place for place, points in enumerate(lost) if points >= 0.005]
    most = max(still, key=lambda place: lost[place], default=None)
    for kind in (UNDEFINED, STUB):
        same = [place for place in still if kinds[place] == kind]
        if same and (kind == UNDEFINED or most in same):
            return same[0]
    return most

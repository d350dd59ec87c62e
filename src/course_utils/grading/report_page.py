"""What an instructor gets: one page that shows how the class did and what to teach again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.feedback.exercise import VALIDATION
from course_utils.feedback.trials import UNDEFINED
from course_utils.grading import files, page
from course_utils.grading.class_tally import (
    FULL,
    OUTCOMES,
    STUB,
    Eye,
    Mistake,
    Question,
    Tally,
    bins,
    gave_no_answer,
    tally,
)
from course_utils.grading.course import plain_name
from course_utils.grading.names import names_of
from course_utils.grading.results import Result

if TYPE_CHECKING:
    from course_utils.grading.course import Course

MOST_STEPS, MOST_MISTAKES = 3, 5
IN_FULL = 250  # submissions on the list with their texts; the others are named
# What a comparison finds that no named mistake explains.
UNNAMED = {
    "none": "nothing was returned",
    "type": "a result of the wrong type",
    "length": "the wrong number of results",
    "shape": "a wrong shape",
    "dtype": "a wrong dtype",
    "nan": "nan or infinity",
    "value": "wrong values, by no mistake that has a name",
    "exception": "an exception",
    "mutates": "an argument was changed",
    VALIDATION: "bad input is accepted",
    STUB: "not written",
    UNDEFINED: "not defined, for a SyntaxError in a cell",
    "time": "no answer in time",
    "process-died": "Python itself ended",
    "process-threads": "too many threads",
    "process-scratch": "too much written to disk",
    "process-answer": "nothing that a result can be",
}
PLAINEST = (VALIDATION, STUB, "time", "value")  # here the hint says no more than the label
# The shares from which on a cell has the next of its five shades.
_EVEN, _FEW = (0.2, 0.4, 0.6, 0.8), (0.1, 0.2, 0.35, 0.5)
_BAR, _BASE = 130, 160  # pixels: the highest bar, and where bars stand


@dataclass(frozen=True)
class Step:
    """One thing to do in the next lecture: how many, where, what they read, what to read."""

    who: int
    of: int
    what: str
    hint: str
    section: page.Section
    lost: float


@dataclass(frozen=True)
class Column:
    """One bar of the picture of marks, in percent of the width and in pixels."""

    label: str
    count: int
    x: float
    top: float
    height: float


def write_report(course: "Course", results: Sequence[Result], name: str = "") -> Path:
    """Write ``reports/<name>.html`` on the results of one assignment and return its path.

    ``name`` is needed where there are no results. Raises ValueError without any name, for results
    of several assignments, and for a name that cannot be that of a file.
    """
    names = {result.assignment for result in results} | ({name} if name else set())
    if len(names) != 1:
        raise ValueError(f"results must be those of one assignment, got {sorted(names)}")
    name = plain_name("name", names.pop())
    target = Path(course.root) / "reports" / f"{name}.html"
    return files.write(target, report(name, results, course.address, names_of(course, name)))


def report(
    name: str, results: Sequence[Result], address: str, known: Mapping[str, str] | None = None
) -> str:
    """Return the page on an assignment; links lead to the repository at ``address``.

    ``known`` gives, by folder, the names of students; without one the page has the folder's.
    """
    found = tally(results, page.checked_address(address))
    sick = [eye for eye in found.eyes if eye.reason != "repaired"]
    return page.render(
        "report",
        assignment=name,
        tally=found,
        names=known or {},
        steps=steps(found),
        columns=_columns(found),
        base=_BASE,
        outcomes=OUTCOMES,
        heat=[_heat(question) for question in found.questions],
        together=_together(found),
        shown={
            question.grade_id: question.mistakes[:MOST_MISTAKES] for question in found.questions
        },
        label=label,
        plainest=PLAINEST,
        eyes=[(reason, list(each)) for reason, each in groupby(_shortened(found.eyes), _reason)],
        sick=len(sick),
        seconds=sum(found.seconds),
        slowest=max(found.seconds, default=0.0),
    )


def steps(found: Tally) -> list[Step]:
    """Return the two or three things to do in the next lecture, the most points first.

    A mistake counts where at least two students made it and one in twenty did. Bad input that is
    accepted is one thing, in however many functions.
    """
    fewest = max(2, found.graded / 20)
    candidates = [
        _step(question, mistake)
        for question in found.questions
        for mistake in question.mistakes
        if mistake.count >= fewest and mistake.kind != VALIDATION
    ]
    careless = _bad_input(found)
    if careless and careless.who >= fewest:
        candidates.append(careless)
    return sorted(candidates, key=lambda step: (-step.lost, -step.who, step.what))[:MOST_STEPS]


def label(kind: str) -> str:
    """Return a failure's kind in words: "no max subtraction" for ``no-max-subtraction``."""
    return UNNAMED.get(kind) or page.plain(kind, 60).replace("-", " ") or "points were taken off"


def _step(question: Question, mistake: Mistake) -> Step:
    function = page.plain(question.function, page.LONGEST_NAME)
    if mistake.kind == STUB:
        what = f"did not write {function}"
    elif gave_no_answer(mistake.kind):
        what = f"got no answer from {function}: {label(mistake.kind)}"
    elif mistake.kind in UNNAMED:
        what = f"went wrong in {function}, and the checks only see this: {label(mistake.kind)}"
    else:
        what = f"made the same mistake in {function}: {label(mistake.kind)}"
    return Step(mistake.count, question.answers, what, mistake.hint, mistake.section, mistake.lost)


def _bad_input(found: Tally) -> Step | None:
    """Return bad input that is accepted as one step over all questions, or None."""
    where = [
        (question, mistake)
        for question in found.questions
        for mistake in question.mistakes
        if mistake.kind == VALIDATION
    ]
    if not where:
        return None
    question, worst = max(where, key=lambda each: each[1].count)
    what = f"let bad input pass in {page.plain(question.function, page.LONGEST_NAME)}"
    if len(where) > 1:
        what += f", and others in {page.count(len(where) - 1, 'more function')}"
    lost = sum(mistake.lost for _, mistake in where)
    return Step(worst.count, question.answers, what, worst.hint, worst.section, lost)


def _columns(found: Tally) -> list[Column]:
    counts = bins(found.marks, found.points)
    highest, step = max(counts) or 1, 100 / len(counts)
    heights = [_BAR * n / highest for n in counts]
    labels = [*map(str, range(0, 100, 10)), "all"]
    return [
        Column(text, n, step * i, _BASE - height, height)
        for i, (text, n, height) in enumerate(zip(labels, counts, heights, strict=True))
    ]


def _heat(question: Question) -> list[tuple[str, int]]:
    """Return the row of a question: for each outcome its look and its number."""
    rows = []
    for outcome in OUTCOMES:
        n = question.outcomes[outcome]
        share = n / question.answers if question.answers else 0.0
        hue, edges = ("good", _EVEN) if outcome == FULL else ("bad", _FEW)
        rows.append((_shade(hue, share, edges), n))
    return rows


def _shade(hue: str, share: float, edges: Sequence[float]) -> str:
    """Return the class of a cell: five shades, none for nothing."""
    return f"{hue}-{1 + sum(share >= edge for edge in edges)}" if share > 0 else ""


def _together(found: Tally) -> list[list[tuple[str, str]]]:
    """Return, for each question, how many of those who failed it failed each of the others."""
    table = []
    for row in found.questions:
        cells = []
        for column in found.questions:
            share = len(row.losers & column.losers) / len(row.losers) if row.losers else 0.0
            look = "own" if row is column else _shade("bad", share, _EVEN)
            cells.append((look, "–" if row is column or not row.losers else f"{share:.0%}"))
        table.append(cells)
    return table


def _shortened(eyes: Sequence[Eye]) -> list[Eye]:
    """Return the list with at most two texts each, and without any where it is very long."""
    return [replace(eye, texts=eye.texts[: 2 * (i < IN_FULL)]) for i, eye in enumerate(eyes)]


def _reason(eye: Eye) -> str:
    return eye.reason

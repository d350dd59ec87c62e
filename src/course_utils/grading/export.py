"""Marks as CSV files that Moodle and Canvas import, through nbgrader's export plugins.

Each plugin also works by itself: ``nbgrader export --to=marks.csv
--exporter=course_utils.grading.export.CanvasExport``.
"""

import csv
import html
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Dict

from course_utils.grading import gradebook as marks
from course_utils.grading.course import Course
from course_utils.grading.database import reading
from course_utils.grading.names import full_name
from course_utils.grading.placing import collected
from course_utils.grading.platforms import CANVAS, MOODLE
from course_utils.grading.results import Message, Result

PLAIN = "plain"
# A spreadsheet runs a cell that begins so as a formula; the wide forms count in some of them.
FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")

Row = list[str]


@dataclass(frozen=True)
class Mark:
    """The mark of one submission: with what was given by hand, extra credit and late penalty."""

    score: float
    waits: bool = False


class TableExport(ExportPlugin):
    """What the plugins share: ``names``, ``numbers`` and ``comments`` are by assignment, student.

    nbgrader sets ``to``, ``assignment`` and ``student``; the others say what only the download
    told, and may stay empty.
    """

    names = Dict(help="full names of students whose name the gradebook does not know")
    numbers = Dict(help="the learning platform's numbers of the students, by assignment")
    comments = Dict(help="feedback for the students, by assignment")
    titles = Dict(help="the learning platform's titles of the assignments").tag(config=True)

    #: Excel takes a file for one in an old encoding unless it begins with a byte order mark, and
    #: damages the names of whoever opens and saves it. Moodle and Canvas read past the mark.
    encoding = "utf-8-sig"

    def export(self, gradebook: Gradebook) -> None:
        """Write the table to ``to``, or to ``grades.csv``: beside it first, then renamed."""
        target = Path(self.to or "grades.csv")
        scratch = target.with_name(f"{target.name}.part")
        with scratch.open("w", encoding=self.encoding, newline="") as file:
            rows = self.rows(gradebook)
            csv.writer(file).writerows([safe(value) for value in row] for row in rows)
        os.replace(scratch, target)

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Return the lines of the table, the header first."""
        raise NotImplementedError

    def chosen(self, gradebook: Gradebook) -> tuple[list[Any], list[Any]]:
        """Return the assignments and students of the gradebook that are asked for, in order."""
        wanted, who = set(map(str, self.assignment)), set(map(str, self.student))
        assignments = [row for row in gradebook.assignments if not wanted or row.name in wanted]
        students = [row for row in gradebook.students if not who or row.id in who]
        return (
            sorted(assignments, key=lambda row: row.name),
            sorted(students, key=lambda row: row.id),
        )

    def full_name(self, student: Any) -> str:
        """Return the student's name as the gradebook has it, or the platform, or the id."""
        return full_name(student) or self.names.get(student.id) or student.id


class PlainExport(TableExport):
    """One line a student and assignment: ``student,assignment,score,max``, for programs."""

    encoding = "utf-8"

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Return the lines; no submission is a score of 0, as nbgrader's own export has it."""
        yield ["student", "assignment", "score", "max"]
        assignments, students = self.chosen(gradebook)
        for assignment in assignments:
            found = marks_of(gradebook, assignment.name)
            for student in students:
                score = found[student.id].score if student.id in found else 0.0
                yield [student.id, assignment.name, number(score), number(assignment.max_score)]


class MoodleExport(TableExport):
    """Moodle's grading worksheet of one assignment, with the headers of an English Moodle.

    Moodle knows a student in it by its own number for the assignment, which collecting a download
    has noted, so that only students whose submission was collected have a line.
    """

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Return the lines. Raises ValueError for more assignments than one."""
        assignments, students = self.chosen(gradebook)
        if len(assignments) != 1:
            raise ValueError(f"Moodle takes one assignment a file, got {len(assignments)}")
        name, most = assignments[0].name, assignments[0].max_score
        numbers, comments = self.numbers.get(name, {}), self.comments.get(name, {})
        yield [
            *("Identifier", "Full name", "Email address", "Grade", "Maximum grade"),
            *("Last modified (grade)", "Feedback comments"),
        ]
        found = marks_of(gradebook, name)
        for student in students:
            if student.id not in numbers or student.id not in found:
                continue
            yield [
                f"Participant {numbers[student.id]}",
                self.full_name(student),
                student.email or "",
                number(found[student.id].score),
                number(most),
                "",
                comments.get(student.id, ""),
            ]


class CanvasExport(TableExport):
    """Canvas's gradebook: a line a student, a column an assignment, the possible points first.

    A student is known by Canvas's number: the gradebook's ``lms_user_id``, or the one in the
    names of the collected files. Without it the id counts as the login. An empty cell is no
    submission; Canvas then applies its own rule for missing work.
    """

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        """Return the lines."""
        assignments, students = self.chosen(gradebook)
        titles = [self.titles.get(row.name, row.name) for row in assignments]
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles]
        most = [number(row.max_score) for row in assignments]
        yield ["    Points Possible", "", "", "", "", *most]
        found = [marks_of(gradebook, row.name) for row in assignments]
        numbers = {key: value for by in self.numbers.values() for key, value in by.items()}
        for student in students:
            known = student.lms_user_id or numbers.get(student.id, "")
            scores = [
                number(column[student.id].score) if student.id in column else "" for column in found
            ]
            login = "" if known else student.id
            yield [self.full_name(student), str(known), "", login, "", *scores]


PLUGINS: dict[str, type[TableExport]] = {
    MOODLE: MoodleExport,
    CANVAS: CanvasExport,
    PLAIN: PlainExport,
}


def export(
    course: Course,
    platform: str,
    path: Path,
    names: Sequence[str] = (),
    titles: Mapping[str, str] | None = None,
) -> tuple[list[Path], list[Message]]:
    """Write the marks of the assignments ``names``, of all if empty, for a learning platform.

    ``platform`` is ``moodle``, ``canvas`` or ``plain``; ``titles`` gives what an assignment is
    called in Canvas where that is not its name, in place of ``c.CanvasExport.titles`` of the
    course's configuration. Moodle takes a file for each assignment: with several, their names are
    added to that of ``path``. Returns the files, and messages on what is missing from them, or to
    be set on the platform. Raises ValueError for an unknown platform or assignment.
    """
    if platform not in PLUGINS:
        raise ValueError(f"platform must be one of {', '.join(PLUGINS)}, got {platform!r}")
    with reading(course):  # makes the tables where they are missing
        pass
    with Gradebook(course.db_url, course.course_id or "default_course") as gradebook:
        known = sorted(str(row.name) for row in gradebook.assignments)
        chosen = list(names) or known
        for name in chosen:
            if name not in known:
                raise ValueError(f"names must be assignments of the gradebook, got {name!r}")
        files = _files(platform, path, chosen)
        messages = []
        for file, inside in files.items():
            plugin = PLUGINS[platform](config=course.config, to=str(file), assignment=inside)
            plugin.titles = dict(titles or plugin.titles)
            _inform(plugin, course, platform, inside)
            plugin.export(gradebook)
            messages += _left_out(plugin, gradebook, platform, inside)
    return list(files), messages


def marks_of(gradebook: Gradebook, name: str) -> dict[str, Mark]:
    """Return the mark of each student who has a submission, as nbgrader computes it."""
    submissions: list[Any] = gradebook.assignment_submissions(name)
    return {
        row.student.id: Mark(
            max(0.0, row.score - row.late_submission_penalty), bool(row.needs_manual_grade)
        )
        for row in submissions
    }


def safe(value: str) -> str:
    """Return ``value`` so that no spreadsheet takes it for a formula, in one line."""
    line = " ".join(value.replace("\0", "").splitlines()) if value.strip() else ""
    formula = line.lstrip().startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(line)
    return f"'{line}" if formula else line


def number(value: float) -> str:
    """Return ``value`` with two decimals at most and a point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def comment(result: Result) -> str:
    """Return the feedback on one submission as HTML, which is what Moodle's comments are."""
    lines = [
        f"{verdict.grade_id.removeprefix('test_')}: {verdict.earned:g} of {verdict.points:g}"
        + (f". {verdict.hint}" if verdict.hint else "")
        for verdict in result.judged
    ]
    lines += [message.text for message in result.messages]
    return "<br>".join(html.escape(line) for line in lines)


def _files(platform: str, path: Path, names: list[str]) -> dict[Path, list[str]]:
    if platform != MOODLE or len(names) == 1:
        return {path: names}
    return {path.with_name(f"{path.stem}-{name}{path.suffix}"): [name] for name in names}


def _inform(plugin: TableExport, course: Course, platform: str, names: Iterable[str]) -> None:
    """Give the plugin what the downloads and the grader told."""
    for name in names:
        arrived = {
            student: record
            for student, record in collected(course, name).items()
            if record["platform"] == platform
        }
        plugin.names |= {key: record["full_name"] for key, record in arrived.items()}
        plugin.numbers[name] = {key: record["number"] for key, record in arrived.items()}
        if platform == MOODLE:
            found = marks.results(course, name)
            plugin.comments[name] = {result.student: comment(result) for result in found}


def _left_out(
    plugin: TableExport, gradebook: Gradebook, platform: str, names: Iterable[str]
) -> Iterator[Message]:
    for name in names:
        found = marks_of(gradebook, name)
        waiting = sorted(student for student, mark in found.items() if mark.waits)
        if waiting:
            text = f"{name}: still to be marked by hand, with what there is: {', '.join(waiting)}."
            yield Message("waits", text)
        unknown = sorted(found.keys() - plugin.numbers.get(name, {}).keys())
        if platform == MOODLE and unknown:
            text = f"{name}: Moodle's number is not known, no line: {', '.join(unknown)}."
            yield Message("no-number", text)
        if platform == MOODLE:
            most = number(gradebook.find_assignment(name).max_score or 0.0)
            text = (
                f"{name}: set Moodle's maximum grade to {most}; it passes over marks above its own."
            )
            yield Message("maximum", text)

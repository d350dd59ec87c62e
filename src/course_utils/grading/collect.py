"""Bring submissions from a learning platform's download into nbgrader's ``submitted`` folder."""

import hashlib
import logging
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Student
from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import FileNameCollectorPlugin
from sqlalchemy import select
from traitlets import Dict
from traitlets.config.loader import Config

from course_utils.grading import placing, platforms
from course_utils.grading.course import Course, plain_name
from course_utils.grading.database import reading
from course_utils.grading.names import full_name
from course_utils.grading.notes import RefusedError, shown
from course_utils.grading.placing import Arrival
from course_utils.grading.platforms import CANVAS, MOODLE, PATTERNS, Owner, Person
from course_utils.grading.results import Message
from course_utils.grading.sources import Entry, opened

MOST_BYTES = 5_000_000_000  # of all notebooks of a download
LONGEST_LABEL = 160
ARCHIVES = (".zip", ".gz", ".tar", ".7z", ".rar", ".tgz", ".bz2", ".xz")

Row = tuple[str, tuple[Message, ...]]


class ChosenFiles(FileNameCollectorPlugin):
    """Tells nbgrader what each extracted file is; ``chosen`` maps a file's name to that."""

    chosen = Dict()

    def collect(self, submitted_file: str) -> dict | None:
        """Return nbgrader's record of a file, or None to leave it out."""
        return self.chosen.get(Path(submitted_file).name)


@dataclass
class _File:
    """A notebook of the download on its way: whose, where its bytes are, with which messages."""

    entry: Entry
    owner: Owner
    messages: list[Message]
    student: str = ""
    copy: str = ""
    digest: str = ""


def collect(course: Course, name: str, path: Path, platform: str = "") -> list[Row]:
    """Put the notebooks of a download into ``submitted/<student>/<name>/<name>.ipynb``.

    ``path`` is a folder or the zip archive that Moodle or Canvas gives; ``platform`` says which,
    and is found by the names of the files if empty. Returns a row of messages for each file, and
    one for each student of the gradebook who has handed in nothing. The same download may be
    collected again: a newer submission takes the place of an older one, which is kept. Raises
    ValueError for an unknown assignment or platform and where ``path`` cannot be read.
    """
    course.source(name)
    if platform and platform not in PATTERNS:
        raise ValueError(f"platform must be one of {', '.join(PATTERNS)}, got {platform!r}")
    people = _people(course)
    with (
        opened(path) as entries,
        tempfile.TemporaryDirectory(prefix=".collect-", dir=course.root) as scratch,
    ):
        platform = platform or platforms.recognised([entry.name for entry in entries])
        rows, files = _sorted_out(entries, platform)
        _name_students(course, name, files, platform, people)
        extracted = Path(scratch) / "downloaded" / name / "extracted"
        extracted.mkdir(parents=True)
        _extract(files, extracted)
        chosen = _chosen(files, name)
        if chosen:
            _zip_collect(Path(scratch), name, platform, chosen)
        _put_in_place(course, name, Path(scratch), platform, chosen)
    return [*_readable(rows), *_missing(course, name, people)]


def _readable(rows: list[tuple[str, list[Message]]]) -> list[Row]:
    return [(shown(label, LONGEST_LABEL), tuple(messages)) for label, messages in rows]


def _people(course: Course) -> list[Person]:
    """Return the gradebook's students whose names can be folders."""
    with reading(course) as session:
        rows = session.scalars(select(Student).order_by(Student.id)).all()
        return [
            Person(str(row.id), full_name(row), str(row.lms_user_id or ""))
            for row in rows
            if _is_plain(str(row.id))
        ]


def _is_plain(student: str) -> bool:
    try:
        return bool(plain_name("student", student))
    except ValueError:
        return False


def _sorted_out(
    entries: list[Entry], platform: str
) -> tuple[list[tuple[str, list[Message]]], list[_File]]:
    """Return a row for each file, and the notebooks of students with the messages of their rows."""
    rows: list[tuple[str, list[Message]]] = []
    files = []
    for entry in entries:
        messages: list[Message] = []
        rows.append((entry.name, messages))
        owner = None if entry.problem else platforms.owner(platform, entry.name)
        if entry.problem:
            messages.append(entry.problem)
        elif not platforms.is_notebook(entry.name):
            messages.append(_other_file(entry.name))
        elif owner is None:
            text = f"The name is not as {platform.title()} gives it: whose file is it? Left out."
            messages.append(Message("unknown-name", text))
        else:
            files.append(_File(entry, owner, messages))
    return rows, files


def _other_file(name: str) -> Message:
    if name.lower().endswith(ARCHIVES):
        text = "This is an archive in the download. It was not opened: unpack it and look inside."
        return Message("archive-inside", text)
    return Message("other-file", "This is no notebook and was left out.")


def _name_students(
    course: Course, name: str, files: list[_File], platform: str, people: list[Person]
) -> None:
    earlier = {
        record["number"]: student
        for student, record in placing.collected(course, name).items()
        if record["platform"] == platform
    }
    owners = [file.owner for file in files]
    folders = platforms.students(platform, owners, people, earlier)
    known = {person.id for person in people}
    for file in files:
        file.student = folders[file.owner]
        numbered = file.student.endswith(f"_{file.owner.number}")
        if platform == MOODLE and numbered and file.student not in known:
            text = (
                "Two students have this name. They are told apart by Moodle's number, which is "
                "another one in each assignment: enter them in the gradebook."
            )
            file.messages.append(Message("same-name", text))
        if file.owner.late:
            file.messages.append(Message("late", "The platform marks this submission as late."))


def _extract(files: list[_File], folder: Path) -> None:
    """Write each notebook under a number as its name; what cannot be read gets a message."""
    total = 0
    for number, file in enumerate(files):
        try:
            if total > MOST_BYTES:
                raise RefusedError("too-large", "The download is too large: this was left out.")
            content = file.entry.read()
        except RefusedError as error:
            file.messages.append(error.message)
            continue
        total += len(content)
        file.copy, file.digest = f"{number}.ipynb", hashlib.sha256(content).hexdigest()
        (folder / file.copy).write_bytes(content)


def _chosen(files: list[_File], name: str) -> list[_File]:
    """Return the file of each student that is the submission."""
    of_student: dict[str, list[_File]] = {}
    for file in files:
        if file.copy:
            of_student.setdefault(file.student, []).append(file)
    chosen = []
    for candidates in of_student.values():
        file = _choice(candidates, f"{name}.ipynb")
        if file is None:
            continue
        chosen.append(file)
        if file.owner.file != f"{name}.ipynb":
            text = f"It was called {shown(file.owner.file)} and is {name}.ipynb now."
            file.messages.append(Message("renamed", text, True))
    return chosen


def _choice(candidates: list[_File], expected: str) -> _File | None:
    """Return the only notebook, or the only one of the expected name; equal ones count once."""
    exact = [file for file in candidates if file.owner.file == expected]
    likely = exact or candidates
    if len({file.digest for file in likely}) > 1:
        text = f"The student handed in {len(likely)} notebooks and none is {expected}: choose one."
        if exact:
            text = f"The student handed in several notebooks called {expected}: choose one."
        for file in candidates:
            file.messages.append(Message("several-notebooks", text))
        return None
    for file in candidates:
        if file is not likely[0]:
            text = "Another notebook of this student was collected; this one was left out."
            file.messages.append(Message("extra-notebook", text, True))
    return likely[0]


def _time(platform: str, file: _File) -> datetime | None:
    """Return when it was handed in: Canvas packs on demand, its times are the download's."""
    return None if platform == CANVAS else file.entry.modified


def _zip_collect(root: Path, name: str, platform: str, chosen: list[_File]) -> None:
    """Let nbgrader's zip_collect fill ``submitted`` in ``root`` from what was extracted there."""
    records = {}
    for file in chosen:
        time = _time(platform, file)
        record = {"student_id": file.student, "file_id": name}
        records[file.copy] = record | ({"timestamp": time.isoformat(" ")} if time else {})
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = name
    app = ZipCollectApp(config=config, log_level=logging.CRITICAL)
    app.coursedir = CourseDirectory(config=config)
    app.collector_plugin_inst = ChosenFiles(chosen=records)
    try:
        app.process_extracted_files()
    except SystemExit:
        raise ValueError(f"nbgrader's zip_collect stopped at {name}") from None


def _put_in_place(
    course: Course, name: str, root: Path, platform: str, chosen: list[_File]
) -> None:
    arrivals = {
        file.student: Arrival(
            platform=platform,
            number=file.owner.number,
            full_name=file.owner.full_name,
            digest=file.digest,
            timestamp=_time(platform, file),
            upload=file.owner.upload,
        )
        for file in chosen
    }
    happened = placing.place(course, name, root / "submitted", arrivals)
    for file in chosen:
        file.messages.append(happened[file.student])


def _missing(course: Course, name: str, people: list[Person]) -> list[Row]:
    text = "The gradebook has this student, but there is no submission."
    return [
        (person.id, (Message("missing", text),))
        for person in people
        if not (course.submitted / person.id / name / f"{name}.ipynb").is_file()
    ]

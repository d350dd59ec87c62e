"""Put collected submissions in place: the newest counts, and no older one is lost."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from course_utils.grading import files
from course_utils.grading.course import Course
from course_utils.grading.decode import read_bytes
from course_utils.grading.notes import RefusedError
from course_utils.grading.results import Message


@dataclass(frozen=True)
class Arrival:
    """A submission as the platform gave it; ``timestamp`` in UTC, None where it is not known.

    ``number`` is the platform's for the student, in this assignment, ``upload`` its number of the
    file, where it has one.
    """

    platform: str
    number: str
    full_name: str
    digest: str
    timestamp: datetime | None = None
    upload: str = ""


def place(
    course: Course, name: str, staged: Path, arrivals: dict[str, Arrival]
) -> dict[str, Message]:
    """Move ``staged/<student>/<name>`` to ``submitted`` where it is new or newer.

    What it takes the place of is kept in ``downloaded/<name>/replaced``. Returns what happened, in
    a message for each student.
    """
    known = collected(course, name)
    messages = {}
    for student, arrival in arrivals.items():
        earlier = known.get(student, {}).get("earlier", [])
        present = _digest(course, name, student)
        message, moves = _decision(course, name, student, arrival, earlier)
        messages[student] = message
        if moves:
            _move(course, name, student, staged, present)
        if moves or message.code == "unchanged":
            past = [*earlier, present] if moves and present else earlier
            record = asdict(arrival) | {"timestamp": str(arrival.timestamp or "")}
            known[student] = record | {"earlier": list(dict.fromkeys(past))}
    if known:
        _write_index(_index(course, name), known)
    return messages


def collected(course: Course, name: str) -> dict[str, dict]:
    """Return what ``place`` has noted of each student of ``name``: number, full name, platform."""
    path = _index(course, name)
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not as collecting left it: {error}") from None
    return content if isinstance(content, dict) else {}


def _decision(
    course: Course, name: str, student: str, arrival: Arrival, earlier: list[str]
) -> tuple[Message, bool]:
    """Return what to say of an arrival, and whether it is put in place."""
    folder = course.submitted / student / name
    if folder.is_symlink() or folder.parent.is_symlink():
        text = "The folder in submitted/ is a link: nothing was written there."
        return Message("link", text), False
    if not folder.exists():
        return Message("collected", f"Collected for {student}.", True), True
    if _digest(course, name, student) == arrival.digest:
        return Message("unchanged", f"{student} had been collected before.", True), False
    present = course.submitted_at(name, student)
    if present is not None and arrival.timestamp is not None:
        older = arrival.timestamp < present
    else:
        older = arrival.digest in earlier
    if older:
        text = f"{student} has handed in a newer notebook, which stays in place."
        return Message("older", text, True), False
    text = f"Collected for {student}, in place of an older notebook, which is kept."
    return Message("replaced", text, True), True


def _move(course: Course, name: str, student: str, staged: Path, present: str) -> None:
    target = course.submitted / student / name
    if target.exists():
        kept = course.root / "downloaded" / name / "replaced" / student
        kept.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in kept.iterdir()) + 1
        shutil.move(target, kept / f"{number}-{present[:8] or 'none'}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(staged / student / name, target)


def _digest(course: Course, name: str, student: str) -> str:
    """Return the digest of the submission that is in place; empty where there is none to read."""
    try:
        content = read_bytes(course.submitted / student / name / f"{name}.ipynb")
    except (RefusedError, FileNotFoundError):
        return ""
    return hashlib.sha256(content).hexdigest()


def _index(course: Course, name: str) -> Path:
    return course.root / "downloaded" / name / "collected.json"


def _write_index(path: Path, content: dict[str, dict]) -> None:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    files.write(path, text + "\n")

"""The students' pages in an archive that a learning platform sorts to its students again."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from course_utils.grading import files
from course_utils.grading.course import Course
from course_utils.grading.placing import collected
from course_utils.grading.platforms import CANVAS, MOODLE

MADE = (1980, 1, 1, 0, 0, 0)  # the same pages are the same archive


def write_archives(course: Course, name: str, students: Iterable[str]) -> list[Path]:
    """Write ``feedback/<name>-<platform>.zip`` with the pages of ``students``; return the paths.

    Each platform from which notebooks of ``name`` were collected gets one, with the names by which
    it finds a student: Moodle's "Upload multiple feedback files in a zip", Canvas's "Re-Upload
    Submissions". A student whose file was not collected from it is in none.
    """
    known, chosen = collected(course, name), sorted(students)
    written = []
    for platform in (MOODLE, CANVAS):
        pages = dict(_pages(course, name, platform, {s: known[s] for s in chosen if s in known}))
        if pages:
            target = course.feedback / f"{name}-{platform}.zip"
            written.append(files.write(target, _packed(pages)))
    return written


def _pages(
    course: Course, name: str, platform: str, known: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, Path]]:
    """Yield each page by its name in the archive."""
    for student, record in known.items():
        path = course.feedback / student / name / f"{name}.html"
        words = _words(platform, record)
        if record["platform"] == platform and words and path.is_file():
            yield f"{words}_{name}.html", path


def _words(platform: str, record: Mapping[str, str]) -> str:
    """Return what a file's name begins with, or nothing where a number is not known."""
    person = record["full_name"].replace("_", " "), record["number"]
    if platform == MOODLE:
        return "_".join((*person, "assignfeedback", "file"))
    upload = record.get("upload", "")  # of what was collected by an earlier version there is none
    return "_".join((*person, upload)) if upload else ""


def _packed(pages: Mapping[str, Path]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in pages.items():
            entry = zipfile.ZipInfo(name, MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()

"""How Moodle and Canvas name the files of "download all submissions", and whose file is whose."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nbgrader.plugins import FileNameCollectorPlugin

from course_utils.grading.course import LONGEST_NAME

MOODLE, CANVAS = "moodle", "canvas"
PATTERNS = {
    # Ada Lovelace_12345_assignsubmission_file/mlp.ipynb, or all of it in the file's name
    MOODLE: r"(?:.*/)?(?P<student_id>[^/]+)_(?P<number>\d+)_assignsubmission_[a-z]+"
    r"(?:_?/(?:.*/)?|_)(?P<file_id>[^/]+)$",
    # lovelaceada_LATE_123_456_mlp.ipynb: the user's number, then that of the upload
    CANVAS: r"(?:.*/)?(?P<student_id>[^/]+?)(?P<late>_LATE)?_(?P<number>\d+|(?<=anon_)\w{5})"
    r"_(?P<upload>\d+)_(?P<file_id>[^/]+)$",
}
_NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """A student whom the gradebook knows; ``lms_id`` is the learning platform's number."""

    id: str
    full_name: str = ""
    lms_id: str = ""


@dataclass(frozen=True)
class Owner:
    """What a file's name says: whose it is, the platform's ``number``, the student's own name.

    ``upload`` is Canvas's number of the file; it asks for it where files are given back.
    """

    full_name: str
    number: str
    file: str
    late: bool = False
    upload: str = ""


def is_notebook(name: str) -> bool:
    """Whether the file is a notebook by its name; browsers add ``.txt`` or ``.json`` to it."""
    return bool(_NOTEBOOK.search(name))


def owner(platform: str, name: str) -> Owner | None:
    """Return whose notebook ``name``, a path in a download, is by nbgrader's collector."""
    collector = FileNameCollectorPlugin(named_regexp=PATTERNS[platform])
    collector.log.disabled = True  # the caller reports what does not match
    found = collector.collect(_NOTEBOOK.sub(".ipynb", name))
    if not found:
        return None
    return Owner(
        full_name=found["student_id"],
        number=found["number"],
        file=found["file_id"],
        late=bool(found.get("late")),
        upload=found.get("upload", ""),
    )


def recognised(names: Sequence[str]) -> str:
    """Return the platform whose pattern fits most of ``names``; Moodle's fits nothing else."""
    fits = Counter(
        platform for platform in PATTERNS for name in names if re.match(PATTERNS[platform], name)
    )
    return CANVAS if fits[CANVAS] > fits[MOODLE] else MOODLE


def students(
    platform: str, owners: Iterable[Owner], people: Sequence[Person], earlier: Mapping[str, str]
) -> dict[Owner, str]:
    """Return a folder's name for each owner: the gradebook's, or one made of the platform's.

    Canvas has one number for a student. Moodle counts anew in each assignment, so that its number
    is used only to know a student again in the same one (``earlier``: folders by number) and to
    tell two students of the same name apart.
    """
    found = {each: _folder_of(platform, each, people, earlier) for each in owners}
    numbers: dict[str, set[str]] = {}
    for each, name in found.items():
        numbers.setdefault(name.casefold(), set()).add(each.number)
    return {
        each: name if len(numbers[name.casefold()]) == 1 else _folder(each.full_name, each.number)
        for each, name in found.items()
    }


def _folder_of(
    platform: str, owner: Owner, people: Sequence[Person], earlier: Mapping[str, str]
) -> str:
    if platform == CANVAS:
        same = [person.id for person in people if person.lms_id == owner.number]
    else:
        names = {_plain(owner.full_name), _plain(owner.full_name.partition("-")[2])} - {""}
        same = [person.id for person in people if names & _names(person)]
    if len(same) == 1:
        return same[0]
    if owner.number in earlier:
        return earlier[owner.number]
    unclear = platform == CANVAS or same
    return _folder(owner.full_name, owner.number if unclear else "")


def _names(person: Person) -> set[str]:
    words = _plain(person.full_name).split()
    turned = " ".join([*words[-1:], *words[:-1]])
    return {_plain(person.id), " ".join(words), turned} - {""}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.sub(r"[\s_,]+", " ", letters).split())


def _folder(name: str, number: str = "") -> str:
    """Return ``name`` as a safe folder's name: letters of any script, digits, ``_``, ``-``."""
    letters = re.sub(r"[^\w-]+", "_", unicodedata.normalize("NFKC", name)).strip("_-")
    end = f"_{number}" if number else ""
    while len((letters + end).encode()) > LONGEST_NAME:
        letters = letters[:-1]
    return (letters or "student") + end

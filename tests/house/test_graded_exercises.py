"""Every graded function is announced by one exercise of its page, in one form of words."""

import re
from pathlib import Path

import pytest

from course_utils.feedback import ASSIGNMENTS, exercises_of
from tests.book_prose import prose

BOOK = Path(__file__).resolve().parents[2] / "book"
SECTIONS = sorted(BOOK.glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
HOMES = {key: found.section for name in ASSIGNMENTS for key, found in exercises_of(name).items()}
EXERCISE = re.compile(r"^(`{3,}|:{3,})\{exercise\}.*\n((?:.*\n)*?)\1\s*$", re.MULTILINE)
# The last sentence of an exercise: one, two, or a list of functions, and their assignment.
FORM = re.compile(r"\*Graded: ((?:(?:`\w+`, )*`\w+` and )?`\w+`) in `exercises/(\w+)`\.\*\Z")
WORD = re.compile(r"(?<![-\w])graded\b", re.IGNORECASE)  # no label, and nothing degraded


def name_of(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()


def announced(text: str) -> tuple[list[str], str]:
    """Return the functions that exercises announce in the right form, and all other text."""
    keys: list[str] = []

    def take(block: re.Match[str]) -> str:
        body = block[2].rstrip()
        if found := FORM.search(body):
            keys.extend(f"{found[2]}/{name}" for name in re.findall(r"`(\w+)`", found[1]))
            return body[: found.start()]
        return block[0]

    rest = EXERCISE.sub(take, text)
    return keys, rest


def test_every_graded_function_is_announced_once_on_its_page() -> None:
    found: dict[str, list[str]] = {key: [] for key in HOMES}
    for path in SECTIONS:
        for key in announced(prose(path))[0]:
            found.setdefault(key, []).append(name_of(path))
    assert found == {key: [page] for key, page in HOMES.items()}


@pytest.mark.parametrize("path", SECTIONS, ids=name_of)
def test_no_section_says_it_in_another_form(path: Path) -> None:
    rest = announced(prose(path))[1]
    others = [rest[max(0, m.start() - 40) : m.end() + 60] for m in WORD.finditer(rest)]
    assert not others


@pytest.mark.parametrize(
    ("sentence", "keys"),
    [
        ("*Graded: `f` in `exercises/a`.*", ["a/f"]),
        ("*Graded: `f`, `g` and `h` in `exercises/a`.*", ["a/f", "a/g", "a/h"]),
        ("*Graded: `f` in `exercises/a`.* What else?", []),
        ("*Graded: `f`, `g` in `exercises/a`.*", []),
        ("*Graded: `f` in* `exercises/a`.", []),
        ("Write `f` (*graded, in* `exercises/a`).", []),
        ("*Graded: `f`\nin `exercises/a`.*", []),
    ],
)
def test_only_one_form_counts(sentence: str, keys: list[str]) -> None:
    exercise = f"```{{exercise}} A\n:label: ex-a-graded\n{sentence}\n```\n"
    found, rest = announced(f"{exercise}\nDegraded.\n")
    assert found == keys
    assert bool(WORD.search(rest)) == (not keys)
    assert not announced(sentence)[0]

"""The table of mistakes that the checks catch, written into the instructors' page.

``python -m tests.kill_table`` runs the bank of wrong and right implementations and writes the table
between its markers in ``book/instructors.md``; with names of assignments it runs those, and keeps
the other lines. A test fails where the page is not current.
"""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from course_utils.feedback import ASSIGNMENTS, Exercise, exercises_of
from tests.bank import Entry, entries, verdict

PAGE = Path(__file__).resolve().parents[1] / "book" / "instructors.md"
BEGIN, END = "% kill table begins", "% kill table ends"
HEAD = [
    "| function | wrong | caught | told | named | right | passed |",
    "|---|---:|---:|---:|---:|---:|---:|",
]


def counts(key: str, exercise: Exercise) -> list[int]:
    """Return the numbers of one row; a version counts where both checks agree on it."""
    mutants, variants = entries("mutants", key), entries("variants", key)
    kinds = [told("mutants", key, entry) for entry in mutants]
    right = [told("variants", key, entry) == {None} for entry in variants]
    return [
        len(mutants),
        sum(None not in kind for kind in kinds),
        sum(kind == {entry.kind} for kind, entry in zip(kinds, mutants, strict=True)),
        len({misconception.name for misconception in exercise.misconceptions}),
        len(variants),
        sum(right),
    ]


def told(folder: str, key: str, entry: Entry) -> set[str | None]:
    """Return what the visible and the hidden check call the failure, None where they pass."""
    failures = [verdict(folder, key, entry.name, hidden).failure for hidden in (False, True)]
    return {failure and failure.kind for failure in failures}


def rows_of(text: str) -> dict[str, list[int]]:
    """Return the numbers of each function that the page has a line for."""
    found = re.findall(r"^\| `(\w+)` `(\w+)` \|([ \d|]+)\|$", text, re.MULTILINE)
    return {f"{name}/{own}": [int(n) for n in numbers.split("|")] for name, own, numbers in found}


def table(names: Iterable[str], kept: dict[str, list[int]]) -> str:
    """Return the table of all assignments as text; `names` are run, of others `kept` is taken."""
    exercises = [pair for name in ASSIGNMENTS for pair in exercises_of(name).items()]
    rows = {
        key: counts(key, exercise) if key.split("/")[0] in names else kept[key]
        for key, exercise in exercises
    }
    lines = [line(label(key), row) for key, row in rows.items()]
    return "\n".join([*HEAD, *lines, total_line(rows.values())])


def label(key: str) -> str:
    """Return assignment and function as two words, so that a narrow column may part them."""
    return " ".join(f"`{part}`" for part in key.split("/"))


def total_line(rows: Iterable[list[int]]) -> str:
    """Return the last line, in which every column is summed."""
    return line("all", [sum(column) for column in zip(*rows, strict=True)])


def line(name: str, numbers: list[int]) -> str:
    """Return one line of the table."""
    return f"| {name} | {' | '.join(map(str, numbers))} |"


def page_with(text: str, new: str) -> str:
    """Return the page with the part between its markers replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"


def main() -> None:
    """Write the page."""
    # Read when triton is imported, which a training in the bank does before the Triton exercises.
    os.environ.setdefault("TRITON_INTERPRET", "1")
    names = sys.argv[1:] or ASSIGNMENTS
    if unknown := set(names) - set(ASSIGNMENTS):
        sys.exit(f"no such assignments: {sorted(unknown)}; there are {', '.join(ASSIGNMENTS)}")
    old = PAGE.read_text(encoding="utf-8")
    text = page_with(old, table(names, rows_of(old)))
    scratch = PAGE.with_suffix(".md.part")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, PAGE)


if __name__ == "__main__":
    main()

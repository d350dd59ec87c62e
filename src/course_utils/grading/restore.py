"""Put the assignment's own cells back into a student's notebook.

The instructor's notebook, in the form in which nbgrader stores it, says which cells there are,
what they are worth and what the locked ones hold. Nothing of this is taken from the student. This
is what nbgrader's OverwriteCells and DeduplicateIds do with a database and a cell at a time.
"""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests

from course_utils.grading.notes import Notes, shown
from course_utils.grading.repair import Part

SETTINGS = ("grade", "solution", "locked", "points", "task")
SCHEMA_VERSIONS = range(4)
SKIP = "skip-execution"
RUN_TAGS = {SKIP, "raises-exception"}  # change what a run does

_DEFINITION = re.compile(r"^(?:async )?(?:def|class) (\w+)", re.MULTILINE)
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Wanted:
    """A named cell of the assignment; ``handed_out`` is its text in the student's form."""

    cell: NotebookNode
    handed_out: str

    @property
    def name(self) -> str:
        """The cell's ``grade_id``."""
        return self.cell.metadata.nbgrader.grade_id

    @property
    def locked(self) -> bool:
        """Whether the text is the assignment's, whatever was handed in."""
        return utils.is_locked(self.cell) or utils.is_task(self.cell)

    @property
    def test(self) -> bool:
        """Whether the cell gives points by running."""
        return utils.is_grade(self.cell) and self.locked

    @property
    def by_hand(self) -> bool:
        """Whether an instructor marks what the student wrote."""
        return utils.is_grade(self.cell) and not self.locked

    @cached_property
    def texts(self) -> set[str]:
        """The text that was handed out and that of the instructor, without outer spaces."""
        return {_bare(self.handed_out), _bare(self.cell.source)}

    def unchanged(self, part: Part) -> bool:
        """Whether ``part`` holds one of ``texts``."""
        return _bare(part.cell.source) in self.texts


def wanted_cells(source: NotebookNode) -> list[Wanted]:
    """Return the named cells of the instructor's notebook, in their order."""
    clear, found = ClearHiddenTests(), []
    for cell in source.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id"):
            released = NotebookNode(cell)
            clear.preprocess_cell(released, ResourcesDict(), 0)
            found.append(Wanted(cell, released.source))
    return found


def restored(parts: list[Part], wanted: Sequence[Wanted], notes: Notes) -> list[NotebookNode]:
    """Return the student's cells with those of the assignment in place of their like."""
    by_name = {each.name: each for each in wanted}
    _claim(parts, by_name, notes)
    _recognise(parts, wanted, notes)
    for each in wanted:
        parts = _single(parts, each, notes)
    for part in parts:
        if part.name:
            _overwrite(part, by_name[part.name], notes)
        elif SKIP in part.tags:
            notes.add("metadata", part.label)
    parts = _completed(parts, wanted, notes)
    _identify(parts, notes)
    return [part.cell for part in parts]


def belongs(parts: Iterable[Part], wanted: Sequence[Wanted]) -> bool:
    """Whether ``parts`` hold answers or tests of the assignment, and not more of another one."""
    own = {each.name for each in wanted if each.test or not each.locked}
    found = sum(part.name in own for part in parts)
    claims = [part.claim.get("grade_id") for part in parts]
    names = [each.name for each in wanted]
    strange = sum(isinstance(claim, str) and claim not in names for claim in claims)
    return found > 0 and found >= strange


def _claim(parts: list[Part], by_name: dict[str, Wanted], notes: Notes) -> None:
    for part in parts:
        name = part.claim.get("grade_id")
        if isinstance(name, str) and name in by_name:
            part.name = part.label = name
        elif part.claim:
            notes.add("unknown-cell", f"{part.label} ({shown(name)})" if name else part.label)


def _recognise(parts: list[Part], wanted: Sequence[Wanted], notes: Notes) -> None:
    """Name cells that lost their name: by id, by the text handed out, by what they define."""
    claimed = {part.name for part in parts}
    lost = [each for each in wanted if each.name not in claimed]
    own = [part for part in parts if not part.name] if lost else []
    defined = [set(_DEFINITION.findall(part.cell.source)) for part in own]
    texts = [_bare(part.cell.source) for part in own]
    for each in lost:
        names = set(_DEFINITION.findall(each.handed_out))
        same_id = [part for part in own if part.cell.id == each.cell.get("id")]
        same_text = [part for part, text in zip(own, texts, strict=True) if text in each.texts]
        definers = [part for part, found in zip(own, defined, strict=True) if found & names]
        for candidates in (same_id, same_text, definers):
            free = [part for part in candidates if not part.name]
            if free:
                free[-1].name = free[-1].label = each.name
                notes.add("lost-name", each.name)
                break


def _single(parts: list[Part], wanted: Wanted, notes: Notes) -> list[Part]:
    """Return ``parts`` with one cell of the name of ``wanted``; no code of a student is lost.

    Copies are made to try something out, or to keep what was handed out. Of an answer, the last
    changed copy counts, as in a run of the notebook; of a locked cell the first, of a test the
    last, unchanged if there is such a one. Copies as they were handed out are left out (an
    untouched stub below the answer would undo it), changed ones stay as cells of the student's own.
    """
    copies = [part for part in parts if part.name == wanted.name]
    if len(copies) < 2:
        return parts
    notes.add("duplicate-cell", wanted.name)
    likely = [part for part in copies if wanted.unchanged(part) == wanted.locked] or copies
    kept = likely[0] if wanted.locked and not wanted.test else likely[-1]
    dropped = {id(part) for part in copies if part is not kept and wanted.unchanged(part)}
    for part in copies:
        if part is not kept:
            part.name = ""
    return [part for part in parts if id(part) not in dropped]


def _overwrite(part: Part, wanted: Wanted, notes: Notes) -> None:
    """Give ``part`` what the assignment says of the cell: settings, type and, if locked, text."""
    cell, source = part.cell, wanted.cell
    if cell.cell_type != source.cell_type:
        notes.add("cell-type", wanted.name)
    _note_settings(part, source, notes)
    text = cell.source
    if wanted.locked:
        if not wanted.unchanged(part):
            notes.add("changed-test" if wanted.test else "locked-cell", wanted.name)
        text = source.source
    part.cell = _like(source, text)
    if "attachments" in cell and source.cell_type != "code":
        part.cell.attachments = cell.attachments


def _note_settings(part: Part, source: NotebookNode, notes: Notes) -> None:
    claim, settings = part.claim, source.metadata.nbgrader
    if claim and claim.get("schema_version", 0) not in SCHEMA_VERSIONS:
        notes.add("schema-version", part.label)
    differs = any((claim.get(key) or 0) != (settings.get(key) or 0) for key in SETTINGS)
    tags = (part.tags ^ set(source.metadata.get("tags", []))) & RUN_TAGS
    if SKIP in tags or (claim and (differs or tags)):  # one that lost all of it is noted already
        notes.add("metadata", part.label)


def _completed(parts: list[Part], wanted: Sequence[Wanted], notes: Notes) -> list[Part]:
    """Return ``parts`` with missing cells after the one that precedes them in the assignment."""
    position = {part.name: place for place, part in enumerate(parts) if part.name}
    after: dict[int, list[Part]] = {}
    last = -1
    for each in wanted:
        if each.name in position:
            last = position[each.name]
        elif each.locked or each.by_hand:
            notes.add("missing-test" if each.locked else "missing-answer", each.name)
            copy = Part(_like(each.cell, each.cell.source), each.name, name=each.name)
            after.setdefault(last, []).append(copy)
        else:
            notes.add("missing-cell", each.name)
    complete = list(after.get(-1, []))
    for place, part in enumerate(parts):
        complete += [part, *after.get(place, [])]
    return complete


def _like(source: NotebookNode, text: str) -> NotebookNode:
    cell = NotebookNode(
        cell_type=source.cell_type,
        id=source.get("id"),
        metadata=deepcopy(source.metadata),
        source=text,
    )
    if cell.cell_type == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _identify(parts: list[Part], notes: Notes) -> None:
    """Give every cell an id of its own; those of the assignment come first."""
    used = {part.cell.id for part in parts if part.name and part.cell.id}
    number = 0
    for part in parts:
        given = part.cell.id
        if part.name and given:
            continue
        if isinstance(given, str) and given not in used and _CELL_ID.fullmatch(given):
            used.add(given)
            continue
        if not part.name:
            notes.add("cell-ids", part.label)
        while (fresh := f"cell-{number}") in used:
            number += 1
        part.cell.id = fresh
        used.add(fresh)


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

"""What can be wrong with a submission, in words that student and instructor both read."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from course_utils.grading.results import Message

NAMED = 8  # names that one sentence lists
LONGEST_NAME = 60

# Put right, and it cost nothing. {names} are cells, or what else was found.
REPAIRED = {
    "byte-order-mark": "The file began with a byte order mark, which does not belong there.",
    "encoding": "The file was not stored as UTF-8 but as {names}; letters were converted.",
    "characters": "Characters that no text may hold were replaced in: {names}.",
    "numbers": "The file held numbers that JSON does not have ({names}); none was needed.",
    "nbformat": "The notebook was stored in another format ({names}) and was converted to 4.5.",
    "structure": "Parts of the notebook were not as the format wants them and were left out or "
    "read as text: {names}.",
    "cell-ids": "Cells without an id of their own ({names}) were given one.",
    "cell-type": "These cells had another type than in the assignment: {names}.",
    "schema-version": "These cells had an unknown version of nbgrader's settings: {names}.",
    "metadata": "Settings of cells differed from the assignment (points, what is graded, what is "
    "locked, tags) and are as in the assignment again: {names}.",
    "notebook-metadata": "Settings of the notebook that grading does not need were left out: "
    "{names}.",
    "kernelspec": "The notebook was for another kernel ({names}) and runs as the assignment does.",
    "unknown-cell": "These cells carried names that the assignment does not have and were kept "
    "as cells of your own: {names}.",
    "duplicate-cell": "These cells were there more than once: {names}. Copies as they were handed "
    "out were left out; all other code is kept and runs in order, and the last changed copy is "
    "the answer.",
    "lost-name": "These cells had lost their place in the assignment and were recognised by their "
    "id or by what they define: {names}.",
    "changed-test": "Test cells were changed and are as in the assignment again: {names}.",
    "missing-test": "Test cells or locked cells were missing and were put back: {names}.",
    "attachment": "Attachments that are no pictures were left out of: {names}.",
}
# Nothing more can be done, and points may be missing because of it.
OPEN = {
    "locked-cell": "These locked cells were changed: {names}. They run as in the assignment; put "
    "code of your own into a new cell.",
    "missing-cell": "Cells for answers are missing: {names}. Code that stands elsewhere in the "
    "notebook counts.",
    "missing-answer": "Cells for answers in words are missing and count as empty: {names}.",
}


class RefusedError(Exception):
    """The submission cannot be read as a notebook; ``message`` says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.message = Message(code, text)


@dataclass
class Notes:
    """Collects what was noticed: one message for each kind, however often it occurs."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, name: object = "") -> None:
        """Note ``code``, a key of REPAIRED or OPEN, for the cell or thing called ``name``."""
        names = self.found.setdefault(code, [])
        if str(name) not in names[-1:]:
            names.append(str(name))

    def messages(self) -> tuple[Message, ...]:
        """Return a message for each kind, in the order in which the kinds were found."""
        return tuple(_message(code, names) for code, names in self.found.items())


def shown(text: object, longest: int = LONGEST_NAME) -> str:
    """Return ``text``, which may come from a student, as one short printable line."""
    start = str(text)[: 2 * longest]
    line = "".join(letter if letter.isprintable() else " " for letter in start)
    line = " ".join(line.split()) or "(empty)"
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _message(code: str, names: Iterable[str]) -> Message:
    repaired = code in REPAIRED
    sentence = (REPAIRED if repaired else OPEN)[code]
    unique = list(dict.fromkeys(shown(name) for name in names))
    listed = ", ".join(unique[:NAMED])
    if len(unique) > NAMED:
        listed += f" and {len(unique) - NAMED} more"
    return Message(code, sentence.format(names=listed), repaired)

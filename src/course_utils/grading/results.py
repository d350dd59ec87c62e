"""What is graded and what grading found: plain records that travel between processes."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat import NotebookNode

GRADED = "graded"
REFUSED = "refused"  # could not be read as a notebook of this assignment: no points, and a reason
MISSING = "missing"  # nothing was handed in
STATUSES = (GRADED, REFUSED, MISSING)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one graded cell: points and the first thing to mend.

    ``grade_id`` is that of nbgrader's cell, ``key`` the exercise (``assignment/function``),
    ``kind`` the failure's kind or the misconception's name (empty: passed), ``parts`` the parts of
    the mark, ``section`` the page to read again. No field describes a hidden case.
    """

    grade_id: str
    key: str
    points: float
    earned: float
    kind: str = ""
    hint: str = ""
    section: str = ""
    parts: dict[str, bool] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every part of the mark was earned."""
        return not self.kind


@dataclass(frozen=True)
class Message:
    """One thing that was noticed about a submission, for the student and the instructor.

    ``code`` names it in a word or two (``duplicate-cell``), ``text`` is a sentence, ``repaired``
    says that it was put right and cost nothing.
    """

    code: str
    text: str
    repaired: bool = False


@dataclass(frozen=True)
class Submission:
    """A notebook as it can be graded; ``notebook`` is None where it was refused or is missing.

    ``digest`` is the SHA-256 of the submitted bytes, of the part that was read for a file over the
    limit; empty where there was no file to read.
    """

    notebook: NotebookNode | None
    messages: tuple[Message, ...] = ()
    digest: str = ""


@dataclass(frozen=True)
class Result:
    """Everything that grading found in one submission.

    ``digest`` is that of the submitted bytes, of the instructor's notebook and of the seed: the
    same digest need not be graded again. ``notebook`` is the text of the sanitised notebook with
    the verdicts as outputs, for nbgrader's ``autograded`` folder; empty where there was none.
    ``seconds`` is the time that grading took.
    """

    student: str
    assignment: str
    status: str
    digest: str
    verdicts: tuple[Verdict, ...] = ()
    messages: tuple[Message, ...] = ()
    seconds: float = 0.0
    notebook: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status must be one of {', '.join(STATUSES)}, got {self.status!r}")

    @property
    def points(self) -> float:
        """The points that the checks can give."""
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def earned(self) -> float:
        """The points that the checks gave."""
        return round(sum(verdict.earned for verdict in self.verdicts), 2)

    @property
    def judged(self) -> tuple[Verdict, ...]:
        """The verdicts that say something of a function: none where nothing was graded."""
        return self.verdicts if self.status == GRADED else ()

    def line(self) -> str:
        """Return one line for a log: who, how much, what first."""
        failed = [verdict.grade_id for verdict in self.judged if not verdict.passed]
        what = ", ".join([*failed, *(message.code for message in self.messages)]) or "all right"
        return f"{self.student}: {self.status}, {self.earned:g} of {self.points:g}: {what}"

    def record(self) -> str:
        """Return everything but the notebook as JSON."""
        content = asdict(self)
        del content["notebook"]
        return json.dumps(content, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_record(cls, text: str, notebook: str = "") -> "Result":
        """Return the result that ``record`` wrote."""
        content: dict[str, Any] = json.loads(text)
        content["verdicts"] = tuple(Verdict(**each) for each in content["verdicts"])
        content["messages"] = tuple(Message(**each) for each in content["messages"])
        return cls(**content, notebook=notebook)

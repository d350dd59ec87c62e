"""Count what went wrong in a class: by question, by mistake, together, and who needs an eye."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import mean, median

from course_utils.grading import page
from course_utils.grading.results import GRADED, MISSING, REFUSED, Message, Result, Verdict

FULL, PART, NONE, STUB, STOPPED = "full", "part", "none", "stub", "stopped"
OUTCOMES = (FULL, PART, NONE, STUB, STOPPED)
ALIKE = 0.3  # correlation from which two questions are said to go wrong together
FEWEST = 5  # submissions without which nothing is said about pairs
# Why somebody is on the list, most urgent first.
REASONS = ("refused", "missing", "stopped", "noticed", "repaired")


@dataclass(frozen=True)
class Mistake:
    """One kind of failure in one question: who made it, what it cost, what students read."""

    kind: str
    count: int
    lost: float
    hint: str
    section: page.Section


@dataclass
class Question:
    """How the class did on one graded cell."""

    grade_id: str
    function: str
    concept: str
    points: float
    outcomes: Counter[str] = field(default_factory=Counter)
    earned: float = 0.0
    mistakes: list[Mistake] = field(default_factory=list)
    losers: set[int] = field(default_factory=set)

    @property
    def answers(self) -> int:
        """The number of graded submissions that hold the question."""
        return self.outcomes.total()

    @property
    def share(self) -> float:
        """The share of its points that the class earned."""
        most = self.points * self.answers
        return self.earned / most if most else 0.0


@dataclass(frozen=True)
class Pair:
    """Two questions, by their numbers from 0, and how their failures go together."""

    first: int
    second: int
    both: int
    first_lost: int
    second_lost: int
    correlation: float


@dataclass(frozen=True)
class Eye:
    """A submission that somebody should look at, and why."""

    student: str
    reason: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """Everything that the report shows, counted."""

    students: int
    graded: int
    points: float
    marks: list[float]
    questions: list[Question]
    pairs: list[Pair]
    eyes: list[Eye]
    seconds: list[float]

    @property
    def mean(self) -> float:
        """The mean of the marks, 0 where there are none."""
        return mean(self.marks) if self.marks else 0.0

    @property
    def median(self) -> float:
        """The median of the marks, 0 where there are none."""
        return median(self.marks) if self.marks else 0.0

    @property
    def together(self) -> list[Pair]:
        """The pairs that go wrong together, the closest first."""
        close = [pair for pair in self.pairs if pair.correlation >= ALIKE and pair.both >= 2]
        return sorted(close, key=lambda pair: -pair.correlation)


def tally(results: Sequence[Result], address: str) -> Tally:
    """Count ``results``; links lead to the repository at ``address``."""
    graded = [result for result in results if result.status == GRADED]
    questions = _questions(graded, address)
    return Tally(
        students=len(results),
        graded=len(graded),
        points=max((result.points for result in graded), default=0.0),
        marks=[result.earned for result in graded],
        questions=questions,
        pairs=_pairs(questions, len(graded)) if len(graded) >= FEWEST else [],
        eyes=_eyes(results),
        seconds=[result.seconds for result in graded],
    )


def outcome(verdict: Verdict) -> str:
    """Return what came of one verdict: one of ``OUTCOMES``."""
    if verdict.earned >= verdict.points - 0.005:
        return FULL
    if verdict.earned > 0:
        return PART
    if verdict.kind == STUB:
        return STUB
    return STOPPED if gave_no_answer(verdict.kind) else NONE


def gave_no_answer(kind: str) -> bool:
    """Return whether a failure means that nothing could be compared: a hang, or a process ended."""
    return kind == "time" or kind.startswith("process-")


def bins(marks: Sequence[float], points: float) -> list[int]:
    """Return how many marks lie in each tenth of ``points``; those with all points come last."""
    counts = [0] * 11
    for mark in marks:
        # A mark of 6 in 15 lies in the fifth tenth, although 6 / 15 * 10 may round below 4.
        share = mark / points if points else 0.0
        counts[min(max(math.floor(10 * share + 1e-9), 0), 10)] += 1
    return counts


def _questions(graded: Sequence[Result], address: str) -> list[Question]:
    found: dict[str, Question] = {}
    wrong: dict[str, dict[str, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
    for number, result in enumerate(graded):
        for verdict in result.verdicts:
            question = found.setdefault(verdict.grade_id, _new_question(verdict))
            question.points = max(question.points, verdict.points)
            question.outcomes[outcome(verdict)] += 1
            question.earned += verdict.earned
            if outcome(verdict) != FULL:
                question.losers.add(number)
                wrong[verdict.grade_id][verdict.kind].append(verdict)
    for grade_id, kinds in wrong.items():
        mistakes = [_mistake(kind, verdicts, address) for kind, verdicts in kinds.items()]
        found[grade_id].mistakes = sorted(mistakes, key=lambda m: (-m.count, -m.lost, m.kind))
    return list(found.values())


def _new_question(verdict: Verdict) -> Question:
    function, concept = page.function_of(verdict), page.concept_of(verdict)
    return Question(verdict.grade_id, function, concept, verdict.points)


def _mistake(kind: str, verdicts: Sequence[Verdict], address: str) -> Mistake:
    hint = Counter(verdict.hint for verdict in verdicts).most_common(1)[0][0]
    lost = sum(verdict.points - verdict.earned for verdict in verdicts)
    return Mistake(kind, len(verdicts), lost, hint, page.section_of(verdicts[0], address))


def _pairs(questions: Sequence[Question], graded: int) -> list[Pair]:
    return [
        Pair(i, j, len(a.losers & b.losers), len(a.losers), len(b.losers), _phi(a, b, graded))
        for (i, a), (j, b) in combinations(enumerate(questions), 2)
    ]


def _phi(a: Question, b: Question, graded: int) -> float:
    """Return the correlation of two failures, 0 where all or none failed in one of them."""
    m, n = len(a.losers), len(b.losers)
    spread = math.sqrt(m * (graded - m) * n * (graded - n))
    return (graded * len(a.losers & b.losers) - m * n) / spread if spread else 0.0


def _eyes(results: Sequence[Result]) -> list[Eye]:
    eyes = [eye for result in results if (eye := _eye(result))]
    return sorted(eyes, key=lambda eye: (REASONS.index(eye.reason), eye.student))


def _eye(result: Result) -> Eye | None:
    texts = [_said(message) for message in result.messages]
    stopped = [
        verdict.hint or f"{page.function_of(verdict)}: {verdict.kind}"
        for verdict in result.verdicts
        if gave_no_answer(verdict.kind)
    ]
    ended = any(message.code == "cell-ended" for message in result.messages)
    if result.status == REFUSED:
        return Eye(result.student, "refused", tuple(texts))
    if result.status == MISSING:
        return Eye(result.student, "missing", tuple(texts))
    if stopped or ended:
        return Eye(result.student, "stopped", (*stopped, *texts))
    if texts:
        repaired = all(message.repaired for message in result.messages)
        return Eye(result.student, "repaired" if repaired else "noticed", tuple(texts))
    return None


def _said(message: Message) -> str:
    return message.text or message.code

"""What an exercise is made of: cases, an independent reference, and named misconceptions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np


class _Missing:
    """Marks a case whose expected value comes from the reference."""


MISSING = _Missing()

MAIN, VALIDATION, COMPILES = "main", "validation", "compiles"


class RefusalError(Exception):
    """Raised by ``runs`` or ``compiles`` of an exercise for an answer that cannot count.

    ``kind`` names the reason in one word, ``hint`` says what to do; it must not describe the case,
    since hidden checks show it, too. ``details`` may: only visible checks show them. ``value`` is
    the result where the refusal counts only if that is right.
    """

    def __init__(self, kind: str, hint: str, details: str = "", value: Any = None) -> None:
        super().__init__(hint)
        self.kind, self.hint, self.details, self.value = kind, hint, details, value

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, self.hint, self.details, self.value)


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    ``args`` and ``kwargs`` are its arguments; ``note`` says in a few words what is special about
    them ("logits of 10,000"); ``expected`` is set where the answer was worked out by hand; ``part``
    is the part of the mark that it decides.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    expected: Any = MISSING
    part: str = MAIN


@dataclass(frozen=True)
class BadInput:
    """A call that must raise ValueError; ``because`` completes "ValueError for ..."."""

    args: tuple[Any, ...]
    because: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Misconception:
    """A mistake that students make, given by what it computes.

    ``name`` is its key, ``hint`` the first line that the student reads (concept and likely cause),
    ``wrong`` an implementation of the same exercise that makes the mistake. It is named to a
    student only if it reproduces every one of their failing results. Where no implementation can,
    as with errors of rounding, ``part`` is set instead: the mistake is named where this part of the
    mark, or these parts, fail alone, in one of the ways ``kinds``.
    """

    name: str
    hint: str
    wrong: Any = None
    part: str | tuple[str, ...] = ()
    kinds: Sequence[str] = ("value", "nan")


@dataclass(frozen=True)
class Exercise:
    """A graded function.

    ``key`` is ``assignment/function``; ``concept`` the idea that it tests, in a few words;
    ``section`` the page to read again (``chapter/page``) and ``section_title`` its title;
    ``reference`` an implementation independent of the reference solution; ``worked`` the cases
    solved by hand, smallest first; ``draw`` makes further cases from a random generator;
    ``bad_inputs`` the calls that must raise ValueError. ``call`` applies the student's object to
    the arguments of a case (a class is exercised by a small program); where it tells references
    from students, ``program`` is the part of it that runs the latter's, and knows nothing of
    references and misconceptions. Where facts about results are compared, ``program`` returns
    the results, and ``judge``, called with them and the arguments, the facts: ``call``, unless it
    is given, is then both, and a grader judges where the student's process is not. ``weights``
    gives the share of each part in the mark, ``rtol`` the relative tolerance in float64, and
    ``seconds`` the time that all cases of a part may take together. ``inputs`` label arguments in
    messages;
    ``outputs`` label returned items. ``norm`` gives, by the name of a dtype, the relative error
    that a whole array may have (in the Frobenius norm); without it each element is compared.
    ``compiles`` is called with a student's object whose results are all right, earns a part of
    its own, raises RefusalError, and returns rows of the report. ``refusals`` gives the hint of
    each refusal by its kind. Where ``allowed`` names modules, the verdict relies on a guard in
    the student's process: a grader runs only cells that import nothing else and reach into
    nothing.
    """

    key: str
    points: int
    concept: str
    section: str
    section_title: str
    reference: Any
    worked: Sequence[Case]
    draw: Callable[[np.random.Generator], Sequence[Case]]
    bad_inputs: Sequence[BadInput] = ()
    misconceptions: Sequence[Misconception] = ()
    call: Callable[..., Any] = lambda student, *args, **kwargs: student(*args, **kwargs)
    program: Callable[..., Any] | None = None
    judge: Callable[..., Any] | None = None
    weights: Mapping[str, float] = field(default_factory=lambda: {MAIN: 0.8, VALIDATION: 0.2})
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    rtol: float = 1e-7
    seconds: float = 10.0
    norm: Callable[[str], float] | None = None
    compiles: Callable[[Any], Mapping[str, str]] | None = None
    refusals: Mapping[str, str] = field(default_factory=dict)
    allowed: Sequence[str] = ()

    def __post_init__(self) -> None:
        given = self.call is not Exercise.call  # it may tell references from students
        if self.judge is not None and self.program is not None and not given:
            object.__setattr__(self, "call", _judged(self.program, self.judge))

    @property
    def function(self) -> str:
        """The name of the graded function: the part of ``key`` after the slash."""
        return self.key.split("/")[1]

    @property
    def runs(self) -> Callable[..., Any]:
        """What applies a student's object to the arguments of a case: ``program`` or ``call``."""
        return self.program or self.call

    def parts(self) -> dict[str, float]:
        """Return the weight of each part that has cases, scaled to a sum of one."""
        return dict(self._parts)

    @cached_property  # drawing the cases may take a reference's time
    def _parts(self) -> dict[str, float]:
        used = {case.part for case in self.worked} | {c.part for c in self.draw(_rng(0))}
        if self.bad_inputs:
            used.add(VALIDATION)
        if self.compiles:
            used.add(COMPILES)
        weights = {part: self.weights.get(part, 0.0) for part in self.weights if part in used}
        if missing := used - weights.keys():
            raise ValueError(f"weights of {self.key} lack the parts {sorted(missing)}")
        total = sum(weights.values())
        return {part: weight / total for part, weight in weights.items()}


def _judged(program: Callable[..., Any], judge: Callable[..., Any]) -> Callable[..., Any]:
    def call(student: Any, *args: Any, **kwargs: Any) -> Any:
        return judge(program(student, *args, **kwargs), *args, **kwargs)

    return call


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)

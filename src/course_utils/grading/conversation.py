"""One submission's conversation with its worker, through hangs and deaths."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Case, Exercise, RefusalError
from course_utils.feedback.limits import Outcome, TimeLimitError
from course_utils.feedback.trials import (
    UNDEFINED,
    Elsewhere,
    ProcessEndedError,
    UndefinedError,
)
from course_utils.grading.cells import (
    Step,
    did_not_run,
    names_in,
    not_defined,
    raised,
    where,
)
from course_utils.grading.results import Message
from course_utils.grading.sandbox import Limits
from course_utils.grading.wire import WireError, decode, decode_outcome
from course_utils.grading.workers import EndedError, Packer, Worker, Zygote, by_value, request

COMPILING = 60.0  # seconds that one kernel may take: blocks far too large take minutes
WHY = "The check in the notebook says why."
MOST_MESSAGES = 20
MOST_ENDED = 20  # cells that may end a worker before the rest of the notebook is given up
MOST_KERNELS = 16  # to compile for one answer: eight, for two targets
LATER = "later"
SOMEWHERE = (
    "A cell below the first check went wrong. Restart the notebook and run it from top to bottom."
)
ANSWER = 1 << 20  # bytes of an answer, beyond what its case calls for
RESULTS = 16 << 20  # where results are sent of which facts are compared
LOOK = 5.0  # seconds to find an object by its name, or all cells that are not Python
ENDS = {
    "died": "Python itself ended while this ran; look for an os._exit, or far too much memory",
    "threads": "it started far more threads than any exercise needs, and was ended",
    "scratch": "it wrote far more to disk than any exercise needs, and was ended",
    "answer": "what it gave back was too large, or nothing that a result can be",
}


class Run:
    """Runs the cells of a notebook in a worker, and again in a fresh one where that has ended."""

    def __init__(
        self, zygote: Zygote, steps: Sequence[Step], limits: Limits, compiler: Zygote | None = None
    ) -> None:
        self.zygote, self.steps, self.limits = zygote, steps, limits
        self.compiler = compiler
        self.worker: Worker | None = None
        self.done = 0  # cells that the worker has behind it
        self.ended: dict[int, str] = {}  # cells that ended a worker, and how
        self.errors: dict[int, dict[str, Any]] = {}
        self.broken: dict[int, dict[str, Any]] = {}  # cells that are not Python
        self.looked = False  # for those
        self.asked = False  # whether the worker has seen a hidden case
        self.left_out: dict[int, str] = {}  # cells that are not to be run, and why
        self.deadline = time.monotonic() + limits.submission

    def at(self, position: int) -> Worker:
        """Return a worker that has run all cells before ``position``.

        A cell that ends its worker is left out from then on. Raises EndedError where the time of
        the whole submission is over.
        """
        while True:
            worker = self._alive()
            try:
                while self.done < position:
                    self._step(worker)
                return worker
            except EndedError as error:
                self.ended[self.done] = LATER if self.asked else error.why
                if len(self.ended) > MOST_ENDED:
                    self.deadline = 0.0

    def _alive(self) -> Worker:
        if time.monotonic() > self.deadline:
            raise EndedError("time")
        if self.worker is None or self.worker.ended:
            self.worker, self.done, self.asked = self._fresh(), 0, False
        return self.worker

    def _fresh(self) -> Worker:
        worker = self.zygote.start_worker()
        if self.looked:
            return worker
        # Asked while no cell has run: later on, an answer might tell what the program was asked.
        self.looked, sources = True, [step.source for step in self.steps]
        try:
            found: Any = decode(worker.ask(request("broken", sources, LOOK), LOOK))
            self.broken = {n: each for n, each in enumerate(found) if each}
        except (EndedError, WireError):  # a cell that Python's own parser does not survive
            worker.end()
            worker = self.zygote.start_worker()
        self.errors |= {n: each for n, each in self.broken.items() if n not in self.left_out}
        return worker

    def not_defined(self, name: str, position: int) -> str:
        """Return why a name is missing where all cells that should define it are not Python."""
        places = [n for n, step in enumerate(self.steps[:position]) if step.should_define(name)]
        if not places or not self.broken.keys() >= set(places):
            return ""
        return not_defined(name, did_not_run(self.steps, places[0], self.broken[places[0]]))

    def _step(self, worker: Worker) -> None:
        step = self.steps[self.done]
        if step.source and self.done not in self.ended and self.done not in self.left_out:
            seconds = min(self.limits.cell, max(self.deadline - time.monotonic(), 0.1))
            try:
                error = decode(worker.ask(request("cell", step.source, seconds), seconds))
                worker.look()
            except WireError:
                worker.end()
                raise EndedError("answer") from None
            if isinstance(error, dict) and self.done not in self.errors:
                self.errors[self.done] = {} if self.asked else error
        self.done += 1

    def messages(self) -> list[Message]:
        """Return messages on cells that were left out, raised, hung, or ended their process."""
        found = [
            Message("cell-left-out", f"{where(self.steps, place)} was not run here: it {why}.")
            for place, why in self.left_out.items()
        ]
        found += [self._ended(*each) for each in self.ended.items() if each[1] != LATER]
        # A cell that is not Python is named even if it ended a worker: a case may have made it so.
        silent = self.ended.keys() - self.broken.keys()
        errors = {n: each for n, each in sorted(self.errors.items()) if n not in silent}
        said = [raised(self.steps, *each, self.limits.cell) for each in errors.items() if each[1]]
        found += [Message("cell-failed", text) for text in said]
        if LATER in self.ended.values() or not all(errors.values()):
            # Which one, and how, may depend on what the program was asked meanwhile.
            found.append(Message("cell-failed", SOMEWHERE))
        more = len(found) - MOST_MESSAGES
        if more <= 0:
            return found
        return [*found[:MOST_MESSAGES], Message("cell-failed", f"{more} more cells went wrong.")]

    def _ended(self, position: int, why: str) -> Message:
        text = f"was left out: {ENDS.get(why, ENDS['died'])}."
        if why == "time":
            text = f"did not end within {self.limits.cell:g} seconds and was left out."
        return Message("cell-ended", f"{where(self.steps, position)} {text}")

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.end()


class Remote(Elsewhere):
    """A student's object, found by an expression where the graded cell stands."""

    def __init__(
        self,
        run: Run,
        position: int,
        expression: str,
        program: bytes,
        packer: Packer,
        stubs: Collection[str] = (),
    ) -> None:
        self.run, self.position, self.expression = run, position, expression
        self.program, self.packer, self.stubs = program, packer, stubs
        self.asked: Worker | None = None

    def outcome(self, exercise: Exercise, case: Case, seconds: float) -> Outcome:
        """Return what the object does on a case; a worker that ends is an outcome, too."""
        try:
            worker = self._found()
            if worker is None:
                return Outcome(error=self._missing(exercise))
            asked = request("case", *self.packer.packed(case), seconds)
            self.run.asked = True
            limit = ANSWER if exercise.judge is None else RESULTS
            limit += 64 * _size(case.expected) + 1024 * _size(case.args)
            outcome = decode_outcome(worker.ask(asked, seconds, limit))
            outcome = self._checked(exercise, outcome, len(case.args))
            return _facts_for(exercise, case, outcome)
        except EndedError as error:
            return Outcome(error=_ended(error.why))
        except WireError:
            self.run.close()
            return Outcome(error=_ended("answer"))

    def _checked(self, exercise: Exercise, outcome: Outcome, arguments: int) -> Outcome:
        """Return an outcome in which no word is the worker's: it might tell what it was asked.

        Raises WireError where it names arguments that there are not.
        """
        error, changed = outcome.error, tuple(sorted(set(outcome.changed)))
        if not set(changed) <= set(range(arguments)):
            raise WireError("arguments that were not given")
        if isinstance(error, RefusalError):
            kind = error.kind if error.kind in exercise.refusals else "refused"
            hint = exercise.refusals.get(kind, WHY)
            error = RefusalError(kind, hint, value=error.value)
        elif isinstance(error, NotImplementedError):
            name = str(error).partition(":")[0]
            error = error if name in self.stubs else NotImplementedError()
        return replace(outcome, error=error, changed=changed)

    def compiled(self, exercise: Exercise) -> Outcome:
        """Return what became of the object's kernels in a compiler, each in a process of its own.

        The student's process says what to compile; what is said of it names neither the kernel nor
        the compiler's words, which that process could have chosen.
        """
        part: Any = exercise.compiles
        try:
            worker = self._found()
            if worker is None:
                return Outcome(error=self._missing(exercise))
            asked = request("kernels", by_value(part.requests), exercise.seconds)
            found = decode_outcome(worker.ask(asked, exercise.seconds))
            if found.error is not None:
                return self._checked(exercise, found, 1)
            asked_for = dict.fromkeys(map(tuple, found.value))
            if len(asked_for) > MOST_KERNELS:
                raise WireError("more kernels than an answer needs")
            for _, sm, question, reason in asked_for:
                error, shared = self._translated(question) if reason is None else (reason, 0)
                part.judge("a kernel", sm, WHY if error else None, shared)
        except RefusalError as refused:
            return Outcome(error=refused)
        except EndedError as ended:
            return Outcome(error=_ended(ended.why))
        except (WireError, TypeError, ValueError, KeyError, AttributeError):
            return Outcome(error=_ended("answer"))
        return Outcome(value={})

    def _missing(self, exercise: Exercise) -> Exception:
        """Return why there is no object: a cell that is not Python, or none that defines it."""
        for name in names_in(self.expression):
            if text := self.run.not_defined(name, self.position):
                return UndefinedError(UNDEFINED, text)
        return NotImplementedError(f"{exercise.function}: not written yet")

    def _translated(self, question: str) -> tuple[Any, int]:
        """Return the compiler's error and the shared memory of a block in bytes."""
        compiler = self.run.compiler
        assert compiler is not None, "an exercise with kernels needs a compiler"
        left = min(COMPILING, self.run.deadline - time.monotonic())
        if left <= 0:
            raise EndedError("time")
        worker = compiler.start_worker()
        try:
            found = decode(worker.ask(request("translate", question), left))
            return found["error"], int(found.get("shared_bytes", 0))
        finally:
            worker.end()

    def _found(self) -> Worker | None:
        """Return a worker that holds the object, or None where there is no such object."""
        worker = self.run.at(self.position)
        if worker is not self.asked:
            asked = request("object", self.expression, self.program)
            if decode(worker.ask(asked, LOOK)) is not True:
                return None
            self.asked = worker
        return worker


def _facts_for(exercise: Exercise, case: Case, outcome: Outcome) -> Outcome:
    """Return an outcome with the facts about a result in its place, where those are compared."""
    if exercise.judge is None or outcome.error is not None:
        return outcome
    try:
        facts = exercise.judge(outcome.value, *case.args, **case.kwargs)
        return replace(outcome, value=facts)
    except Exception as error:  # a result of another structure
        return replace(outcome, value=None, error=error)


def _size(value: Any) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, np.ndarray | np.generic):
        return value.nbytes
    if isinstance(value, list | tuple):
        return 8 + sum(map(_size, value))
    return 8


def _ended(why: str) -> Exception:
    if why == "time":
        return TimeLimitError("no answer in time")
    return ProcessEndedError(f"process-{why}", ENDS.get(why, ENDS["died"]))

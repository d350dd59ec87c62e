"""The trusted side of grading one submission: it asks a worker, and compares by itself.

The references, the hidden cases and the verdicts are in this process, the student's program is in
the worker's. A cell or a function that hangs or ends its process costs its own points: a fresh
worker runs the other cells again, and the questions go on.
"""

import ast
import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import nbformat
from nbformat import NotebookNode

from course_utils import __version__
from course_utils.feedback import Exercise, Report, examine, exercise_for
from course_utils.feedback.checking import cases_of
from course_utils.feedback.diagnosis import Memory, remembering
from course_utils.feedback.exercise import Case
from course_utils.grading.cells import Step
from course_utils.grading.conversation import Remote, Run
from course_utils.grading.outputs import with_reports
from course_utils.grading.policy import Policy
from course_utils.grading.results import (
    GRADED,
    MISSING,
    REFUSED,
    Message,
    Result,
    Submission,
    Verdict,
)
from course_utils.grading.sandbox import Limits
from course_utils.grading.workers import Packer, Zygote, by_value

_STUB = re.compile(r"NotImplementedError\(\"([\w.]+): not written yet\"\)")
# Ways into the process that runs a student's program. Where that process states facts about a
# network or about drawn numbers, code that replaces it could state others.
INSIDE = re.compile(
    r"\b(?:sys\.modules|ctypes|_getframe|gc\.get_\w+|course_utils\.grading|inspect\.stack"
    r"|__subclasses__|fileno=3|importlib\.reload)\b"
)
COMPILER = ("course_utils.kernels.compiler_child",)
ALWAYS = ("numpy", "course_utils.feedback")


@dataclass(frozen=True)
class Question:
    """A graded cell: the exercise, and the expression that gives the student's object."""

    grade_id: str
    points: float
    key: str
    expression: str


@dataclass(frozen=True)
class Prepared:
    """An exercise with all its cases answered by the reference, and its program for a worker."""

    exercise: Exercise
    cases: tuple[Case, ...]
    program: bytes


class Checker:
    """Grades the submissions of one assignment.

    ``source`` is the instructor's notebook as ``intake.source_notebook`` gives it, ``seed`` the
    secret from which the hidden cases are drawn, ``secrets`` folders that no student's program may
    read even if they lie where Python does. Raises ValueError for a notebook whose graded
    cells hold no ``check("assignment/function", object)``, and NoSandboxError where students'
    programs cannot be confined although ``sandboxed``.
    """

    def __init__(
        self,
        assignment: str,
        source: NotebookNode,
        seed: str,
        limits: Limits | None = None,
        sandboxed: bool = True,
        secrets: Sequence[str] = (),
    ) -> None:
        self.assignment, self.seed = assignment, seed
        self.limits = limits or Limits()
        self.questions = {
            question.grade_id: question
            for cell in source.cells
            if (question := question_of(cell)) is not None
        }
        if not self.questions:
            raise ValueError(f"the notebook of {assignment!r} has no graded cell with a check")
        interpreted = {"TRITON_INTERPRET": "1"}
        self.zygote = Zygote(_modules(source), self.limits, sandboxed, interpreted, secrets)
        # Started where kernels are to be compiled.
        self.compiler = Zygote(COMPILER, self.limits, sandboxed, secrets=secrets)
        self.stubs = set(_STUB.findall("\n".join(cell.source for cell in _code_cells(source))))
        self.own = {cell.source for cell in _code_cells(source)}
        self.memory: Memory = {}
        self.packer = Packer()
        told = f"{nbformat.writes(source)}\0{seed}\0{__version__}"
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()

    def warm(self) -> None:
        """Do what comes before the first submission: the warm process, the reference's answers."""
        self.zygote.start()
        _ = self.prepared

    @cached_property
    def prepared(self) -> dict[str, Prepared]:
        """What is the same for every submission, by the cell's ``grade_id``."""
        return {name: self._prepare(question) for name, question in self.questions.items()}

    def _prepare(self, question: Question) -> Prepared:
        exercise = exercise_for(question.key)
        cases = tuple(
            replace(case, expected=exercise.call(exercise.reference, *case.args, **case.kwargs))
            for case in cases_of(exercise, self.seed)
        )
        return Prepared(exercise, cases, by_value(exercise.runs))

    def grade(self, student: str, submission: Submission) -> Result:
        """Return the result of one submission, whatever its program does."""
        start = time.monotonic()
        if submission.notebook is None:
            return self.ungraded(student, submission)
        run = Run(self.zygote, steps_of(submission.notebook), self.limits, self.compiler)
        run.left_out = self._left_out(submission.notebook)
        try:
            reports = {
                cell.metadata.nbgrader.grade_id: self._report(run, position, cell)
                for position, cell in enumerate(_code_cells(submission.notebook))
                if question_of(cell) is not None
            }
        finally:
            run.close()
        return Result(
            student,
            self.assignment,
            GRADED,
            self.digest(submission),
            tuple(self._verdict(name, report) for name, report in reports.items()),
            (*submission.messages, *run.messages(), *self._suspects(submission.notebook)),
            round(time.monotonic() - start, 3),
            with_reports(submission.notebook, reports),
        )

    def _left_out(self, notebook: NotebookNode) -> dict[int, str]:
        """Return the cells of the student's that go beyond what the assignment allows, and why."""
        allowed = {name: made.exercise.allowed for name, made in self.prepared.items()}
        if not any(allowed.values()):
            return {}
        policy = Policy(sorted({module for some in allowed.values() for module in some}))
        return {
            place: why
            for place, cell in enumerate(_code_cells(notebook))
            if cell.source not in self.own and (why := policy.objection(cell.source))
        }

    def _suspects(self, notebook: NotebookNode) -> list[Message]:
        """Return a message where a student's cell names what only the inside of a program needs."""
        own = [cell.source for cell in _code_cells(notebook) if cell.source not in self.own]
        found = sorted({match for source in own for match in INSIDE.findall(source)})
        if not found:
            return []
        return [Message("look-by-hand", f"The notebook uses {', '.join(found)}: look at its code.")]

    def _report(self, run: Run, position: int, cell: NotebookNode) -> Report:
        grade_id = cell.metadata.nbgrader.grade_id
        question, made = self.questions[grade_id], self.prepared[grade_id]
        student = Remote(run, position, question.expression, made.program, self.packer, self.stubs)
        with remembering(self.memory):
            return examine(made.exercise, student, hidden=True, cases=made.cases)

    def _verdict(self, grade_id: str, report: Report) -> Verdict:
        question, failure = self.questions[grade_id], report.failure
        return Verdict(
            grade_id=grade_id,
            key=question.key,
            points=question.points,
            earned=round(question.points * report.earned / report.points, 2),
            kind=failure.kind if failure else "",
            hint=failure.hint if failure else "",
            section=report.section,
            parts=report.parts,
        )

    def ungraded(self, student: str, submission: Submission) -> Result:
        """Return the result of a submission without a notebook: no points, and why."""
        status = REFUSED if submission.digest else MISSING
        verdicts = tuple(
            Verdict(
                question.grade_id,
                question.key,
                question.points,
                0.0,
                kind=status,
                hint=submission.messages[-1].text if submission.messages else "",
            )
            for question in self.questions.values()
        )
        digest = self.digest(submission)
        return Result(student, self.assignment, status, digest, verdicts, submission.messages)

    def digest(self, submission: Submission) -> str:
        """Return what stays the same as long as grading again would give the same."""
        return hashlib.sha256(f"{self.fingerprint}{submission.digest}".encode()).hexdigest()

    def close(self) -> None:
        """End the warm processes."""
        self.zygote.close()
        self.compiler.close()


def question_of(cell: NotebookNode) -> Question | None:
    """Return what a graded cell asks, or None for any other cell. Raises ValueError."""
    settings = cell.metadata.get("nbgrader", {})
    if cell.cell_type != "code" or not settings.get("grade") or settings.get("solution"):
        return None
    names: dict[str, ast.expr] = {}  # that the cell itself gives to what it checks
    for statement in ast.parse(cell.source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = value
            case ast.Expr(
                ast.Call(func=ast.Name("check"), args=[ast.Constant(str(key)), student, *_])
            ):
                given = names.get(student.id) if isinstance(student, ast.Name) else None
                expression = ast.unparse(given or student)
                return Question(settings.grade_id, float(settings.points), key, expression)
    raise ValueError(f'the graded cell {settings.grade_id!r} holds no check("...", object)')


def steps_of(notebook: NotebookNode) -> list[Step]:
    """Return what a worker runs: the code cells in their order, without those that are graded."""
    return [
        Step(
            "" if question_of(cell) else cell.source,
            str(cell.metadata.get("nbgrader", {}).get("grade_id", "")),
        )
        for cell in _code_cells(notebook)
    ]


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _modules(source: NotebookNode) -> Sequence[str]:
    """Return what the instructor's notebook imports: the zygote imports it once for all."""
    found: set[str] = set(ALWAYS)
    for cell in _code_cells(source):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a magic
            continue
        for node in tree.body:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return sorted(found)

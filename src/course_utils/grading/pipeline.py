"""Grade the submissions of an assignment: read, fan out, record; killed and started again at will.

One process reads submissions and writes the gradebook. Checkers, each with a warm process of its
own, do the work: on this machine, or on a Dask cluster. A submission counts as graded when its row
is in the gradebook with the digest of what was handed in; the same command then leaves it alone.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from filelock import FileLock, Timeout
from nbformat import NotebookNode

from course_utils.grading.checker import Checker
from course_utils.grading.course import Course, plain_name
from course_utils.grading.fleet import Job, fleet
from course_utils.grading.gradebook import ensure_assignment, record, recorded, students
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.results import REFUSED, Message, Result, Submission
from course_utils.grading.sandbox import Limits, require

ATTEMPTS = 3  # of a submission whose checker's own process was killed
LOCK = ".course-grading.lock"


@dataclass(frozen=True)
class Options:
    """How to grade: whom (all), with how many processes, where, and what to do again."""

    students: Sequence[str] = ()
    workers: int = 0  # as many as there are processors
    force: bool = False
    sandboxed: bool = True
    scheduler: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass
class Grading:
    """One run over an assignment.

    ``watch`` is told of each result when it is recorded; ``done_before`` is called for each
    submission that is recorded already, as it was handed in.
    """

    course: Course
    name: str
    seed: str
    options: Options
    watch: Callable[[Result], None] = lambda _: None
    done_before: Callable[[], None] = lambda: None
    unusable: list[str] = field(default_factory=list)  # folders that no student can have

    @cached_property
    def source(self) -> NotebookNode:
        """The instructor's notebook."""
        return source_notebook(self.course.source(self.name), self.course.config)

    @cached_property
    def checker(self) -> Checker:
        """A checker of this process, for digests and for what needs no worker: it starts none."""
        return Checker(self.name, self.source, self.seed, self.options.limits, sandboxed=False)

    def everyone(self) -> list[str]:
        """Return who handed something in, and who is in the gradebook, sorted.

        Raises ValueError where a student was asked for who is neither.
        """
        folders = self.course.submitted.glob(f"*/{self.name}")
        handed_in = {path.parent.name for path in folders if path.is_dir()}
        self.unusable = sorted(filter(_cannot_be_a_name, handed_in))
        handed_in -= set(self.unusable)
        known = handed_in | set(students(self.course))
        if unknown := set(self.options.students) - known:
            raise ValueError(
                f"--student must have handed in or be in the gradebook, got {sorted(unknown)}"
            )
        return sorted(self.options.students or known)

    def waiting(self) -> Iterator[tuple[str, Submission]]:
        """Yield what is to be graded: what is not recorded as it was handed in."""
        done = {} if self.options.force else recorded(self.course, self.name)
        for student in self.everyone():
            path = self.course.submitted / student / self.name / f"{self.name}.ipynb"
            submission = read_submission(path, self.source)
            if done.get(student) == self.checker.digest(submission):
                self.done_before()
            else:
                yield student, submission

    def run(self) -> int:
        """Grade what is waiting and return how many results were recorded.

        Raises ValueError where something else grades this course now, and NoSandboxError where
        students' programs cannot be confined.
        """
        if self.options.sandboxed and not self.options.scheduler:
            require()
        try:
            with FileLock(self.course.root / LOCK, timeout=0):
                ensure_assignment(self.course, self.name)
                return self._run()
        except Timeout:
            raise ValueError(f"{self.course.root} is being graded by another process") from None

    def _run(self) -> int:
        options, secrets = self.options, (str(self.course.root),)
        job = Job(self.name, self.source, self.seed, options.limits, options.sandboxed, secrets)
        workers = self.options.workers or os.cpu_count() or 1
        count = 0
        with fleet(job, workers, self.options.scheduler) as ships:
            for result in self._graded(ships, job, 2 * workers):
                timestamp = self.course.submitted_at(self.name, result.student)
                record(self.course, result, timestamp)
                self.watch(result)
                count += 1
        return count

    def _graded(self, ships: Callable[[], Executor], job: Job, ahead: int) -> Iterator[Result]:
        """Yield results as they come, with at most ``ahead`` submissions on their way."""
        waiting, attempts = self.waiting(), Counter[str]()
        running: dict[Future[Result], tuple[str, Submission]] = {}
        while True:
            for task in islice(waiting, ahead - len(running)):
                running[job.submit(ships(), *task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                error = future.exception()
                attempts[task[0]] += 1
                if error is None:
                    yield future.result()
                elif isinstance(error, BrokenExecutor) and attempts[task[0]] < ATTEMPTS:
                    running[job.submit(ships(), *task)] = task
                else:
                    yield self._failed(*task, error)

    def _failed(self, student: str, submission: Submission, error: BaseException) -> Result:
        """Return a result without points, that the next run tries again."""
        text = f"Grading itself failed ({type(error).__name__}): show this submission to a person."
        messages = (*submission.messages, Message("not-graded", text))
        result = self.checker.ungraded(student, Submission(None, messages, submission.digest))
        return replace(result, status=REFUSED, digest="")


def _cannot_be_a_name(folder: str) -> bool:
    try:
        plain_name("student", folder)
    except ValueError:
        return True
    return False


def grade(
    course: Course,
    name: str,
    seed: str,
    options: Options | None = None,
    watch: Callable[[Result], None] = lambda _: None,
) -> int:
    """Grade the submissions of an assignment and return how many results were recorded.

    Raises ValueError for an unknown assignment or student, NoSandboxError where students' programs
    cannot be confined.
    """
    return Grading(course, name, seed, options or Options(), watch).run()

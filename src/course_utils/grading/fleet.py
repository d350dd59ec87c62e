"""The processes that grade: a pool on this machine, or a Dask cluster, behind one interface."""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course_utils.grading.checker import Checker
from course_utils.grading.results import Result, Submission
from course_utils.grading.sandbox import Limits, remove

LAST_SECONDS = 10  # for a process that was told to end
CLUSTER_SECONDS = "20s"  # until a scheduler must have answered
_checkers = threading.local()  # a checker and its warm process for each thread that grades


@dataclass(frozen=True)
class Job:
    """What every grading process needs to know."""

    assignment: str
    source: NotebookNode
    seed: str
    limits: Limits
    sandboxed: bool
    secrets: tuple[str, ...] = ()

    def submit(self, executor: Executor, student: str, submission: Submission) -> Future[Result]:
        """Hand a submission to an executor."""
        return executor.submit(graded, self, student, submission)

    def checker(self) -> Checker:
        """Return this thread's checker for the job."""
        known = getattr(_checkers, "known", None)
        if known is None or known[0] != self:
            if known is not None:
                known[1].close()
            made = Checker(
                self.assignment,
                self.source,
                self.seed,
                self.limits,
                self.sandboxed,
                self.secrets,
            )
            _checkers.known = known = self, made
        return known[1]


def _warm(job: Job) -> None:
    # A process that is asked to begin early fails where its first submission does, and is heard.
    with suppress(Exception):
        job.checker().warm()


def graded(job: Job, student: str, submission: Submission) -> Result:
    """Grade one submission, in whichever process this is."""
    return job.checker().grade(student, submission)


@contextmanager
def fleet(job: Job, workers: int, scheduler: str = "") -> Iterator[Callable[[], Executor]]:
    """Give a function that returns the executor to use now: a broken pool is replaced.

    Raises ValueError where ``scheduler`` is named and dask.distributed is missing or nobody
    answers there.
    """
    if scheduler:
        with _cluster(scheduler) as executor:
            yield lambda: executor
        return
    pools: list[ProcessPoolExecutor] = []
    scratch = tempfile.mkdtemp(prefix="grading-")

    def current() -> Executor:
        if not pools or pools[-1]._broken:
            pools.append(_pool(workers, scratch))
            for _ in range(workers):  # all of them begin now, side by side
                pools[-1].submit(_warm, job)
        return pools[-1]

    try:
        yield current
    finally:
        for pool in pools:
            _stop(pool)
        remove(Path(scratch))


def _pool(workers: int, scratch: str) -> ProcessPoolExecutor:
    # Not a fork of this process, whose memory holds an open gradebook.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(scratch,))


def _begin(scratch: str) -> None:
    """Leave Ctrl-C to the process that started this one, and end when that ends."""
    tempfile.tempdir = scratch
    os.environ["OMP_NUM_THREADS"] = "1"  # checkers that replay networks would fight for processors
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: what is half graded is graded again."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(LAST_SECONDS)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra of the package
    except ImportError:
        raise ValueError(
            "--scheduler needs dask.distributed: pip install 'course-utils[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=CLUSTER_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"--scheduler: nobody answers at {address!r}: {error}") from None
    with client, client.get_executor(pure=False, retries=2) as executor:
        yield executor

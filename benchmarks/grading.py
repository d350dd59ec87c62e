"""How fast, and in how much memory, an assignment is graded: this course's grader beside nbgrader.

``python benchmarks/grading.py`` grades copies of a solved notebook end to end (marks in the
gradebook, a page of feedback for each) with `nbgrader autograde` and `generate_feedback`, with the
same on warm kernels, and with `course grade` and `course feedback`; some 15 minutes on two cores.
``--stock 20 200`` gives nbgrader 200 as well (half an hour more); nothing is extrapolated.
``--quick`` measures three submissions and stores nothing.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from nbgrader.api import Gradebook

from course_utils.grading import demo
from course_utils.grading.course import Course, load_course
from course_utils.measured import store_measured

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SEED = {"COURSE_HIDDEN_SEED": "benchmark"}
WARM = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-provisioner"}
PACKAGES = ("nbgrader", "nbclient", "ipykernel", "jupyter_client", "numpy", "torch")
STUDENTS = {1: ["student-*"], 2: ["student-*[02468]", "student-*[13579]"]}  # for each process
BETWEEN_LOOKS = 0.5  # seconds

Commands = list[list[str]]


@dataclass(frozen=True)
class Row:
    """One measured run; megabytes are the peak of all its processes, shared pages counted once."""

    who: str
    workers: int
    submissions: int
    grade_seconds: float
    feedback_seconds: float
    megabytes: float
    load_before: float

    @property
    def a_minute(self) -> float:
        """Submissions a minute, end to end."""
        return 60 * self.submissions / (self.grade_seconds + self.feedback_seconds)


class Watcher:
    """Looks at the memory of a run's processes until it is told to stop.

    They are those below this one, and a warm parent, which is nobody's child, with its kernels:
    its address is in ``folder``. It ends with the watcher.
    """

    def __init__(self, folder: Path) -> None:
        self.peak, self._folder = 0, str(folder)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.wait(BETWEEN_LOOKS):
            roots = [psutil.Process(), *self._warm_parents()]
            found = {process for root in roots for process in _below(root)}
            self.peak = max(self.peak, sum(map(_memory, found)))

    def _warm_parents(self) -> list[psutil.Process]:
        running = psutil.process_iter(["cmdline"])
        return [p for p in running if self._folder in " ".join(p.info["cmdline"] or ())]

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for process in self._warm_parents():
            process.terminate()


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        below = process.children(recursive=True)
    except psutil.Error:  # it ended meanwhile
        return []
    return below if process.pid == os.getpid() else [process, *below]


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:  # it ended meanwhile
        return 0


def make_course(folder: Path, name: str, submissions: int) -> Course:
    """Return a course with this many solved copies of an assignment handed in."""
    for file in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copyfile(ROOT / file, folder / file)
    for part in ("solutions", "exercises"):
        shutil.copytree(ROOT / part / name, folder / part / name)
    course = load_course(folder)
    notebook = demo.load(course, name).notebook({})
    for number in range(1, submissions + 1):
        student = f"student-{number:04d}"
        note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": student}
        path = course.submitted / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook | {"cells": [*notebook["cells"], note]}))
    return course


def timed(course: Course, commands: Commands, more: dict[str, str]) -> float:
    """Run the commands at the same time, and return the seconds until the last one ended."""
    env = os.environ | SEED | more | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    start = time.perf_counter()
    running = []
    for number, (program, *arguments) in enumerate(commands):
        with (course.root / f"log-{number}").open("a") as log:
            whole = [str(BIN / program), *arguments]
            running.append(
                subprocess.Popen(whole, cwd=course.root, env=env, stdout=log, stderr=log)
            )
    codes = [process.wait() for process in running]
    if any(codes):
        logs = "\n".join(path.read_text()[-2000:] for path in course.root.glob("log-*"))
        raise RuntimeError(f"{commands} failed with {codes}:\n{logs}")
    return time.perf_counter() - start


def run(
    who: str, name: str, submissions: int, workers: int, steps: tuple[Commands, Commands]
) -> Row:
    """Grade in a course of its own and return what it took. Raises RuntimeError at wrong marks."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as runtime:
        course = make_course(Path(folder), name, submissions)
        if steps[0][0][0] == "nbgrader":
            timed(course, [["nbgrader", "generate_assignment", name, "--create", "--force"]], {})
        load = os.getloadavg()[0]
        more = WARM if "warm" in who else {}
        with Watcher(Path(runtime)) as watcher:
            grading, feedback = (
                timed(course, s, more | {"XDG_RUNTIME_DIR": runtime}) for s in steps
            )
        check_marks(course, name, submissions)
    row = Row(who, workers, submissions, grading, feedback, watcher.peak / 1e6, load)
    print(f"{row}: {row.a_minute:.1f} a minute", flush=True)
    return row


def check_marks(course: Course, name: str, submissions: int) -> None:
    """Raise RuntimeError unless everybody has full marks and a page of feedback."""
    with Gradebook(course.db_url) as gradebook:
        found = gradebook.submission_dicts(name)
    full = [row for row in found if row["code_score"] == row["max_code_score"] > 0]
    pages = list(course.feedback.glob(f"*/{name}/{name}.html"))
    if len(full) != submissions or len(pages) != submissions:
        raise RuntimeError(f"{submissions} solved, {len(full)} full marks, {len(pages)} pages")


def stock(name: str, submissions: int, workers: int, warm: bool = False) -> Row:
    """Return how long nbgrader takes, with its own kernels or with warm ones."""
    groups = [f"--CourseDirectory.student_id={glob}" for glob in STUDENTS[workers]]
    steps = (
        [["nbgrader", "autograde", name, "--create", group] for group in groups],
        [["nbgrader", "generate_feedback", name, group] for group in groups],
    )
    who = "nbgrader, warm kernels" if warm else "nbgrader"
    return run(who, name, submissions, workers, steps)


def ours(name: str, submissions: int, workers: int, scheduler: str = "") -> Row:
    """Return how long this course's grader takes, on its own or on a Dask cluster."""
    grade = ["course", "grade", name, "--workers", str(workers)]
    grade += ["--scheduler", scheduler] if scheduler else []
    who = "course, Dask" if scheduler else "course"
    return run(who, name, submissions, workers, ([grade], [["course", "feedback", name]]))


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Give the address of a Dask cluster on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    python, quiet = [sys.executable, "-m"], subprocess.DEVNULL
    scheduler = [*python, "dask", "scheduler", "--host", f"tcp://{address}", "--no-dashboard"]
    worker = [*python, "dask", "worker", f"tcp://{address}", "--nthreads", "1", "--no-dashboard"]
    worker += ["--nworkers", str(workers)]
    env = os.environ | SEED
    with tempfile.TemporaryDirectory() as folder:
        running = [
            subprocess.Popen(each, cwd=folder, env=env, stdout=quiet, stderr=quiet)
            for each in (scheduler, worker)
        ]
        try:
            yield f"tcp://{address}"
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait()


def dask(name: str, submissions: int, workers: int) -> list[Row]:
    """Return a row on a Dask cluster, or none where dask.distributed is not installed."""
    if find_spec("distributed") is None:
        print("dask.distributed is not installed: no row on it", flush=True)
        return []
    with cluster(workers) as address:
        return [ours(name, submissions, workers, address)]


def measure(name: str, sizes: list[int], stock_sizes: list[int]) -> list[Row]:
    """Run everything, the small classes first, and return a row for each; each is shown at once."""
    rows: list[Row] = []

    def note(row: Row) -> None:
        print(f"{row}: {row.a_minute:.1f} a minute", file=sys.stderr, flush=True)
        rows.append(row)

    for size in sorted({*sizes[:2], *stock_sizes}):
        for workers in (1, 2):
            if size in sizes:
                note(ours(name, size, workers))
            if size in stock_sizes:
                note(stock(name, size, workers))
                note(stock(name, size, workers, warm=True))
    for size in sizes[2:]:
        note(ours(name, size, 2))
    for row in dask(name, sizes[1] if len(sizes) > 1 else min(sizes), 2):
        note(row)
    return rows


def results(name: str, rows: list[Row]) -> dict[str, Any]:
    """Return the table as it is stored, with the ratio to nbgrader for equal runs."""
    base = {(r.workers, r.submissions): r.a_minute for r in rows if r.who == "nbgrader"}
    table = []
    for row in rows:
        numbers = {
            key: round(v, 2) if isinstance(v, float) else v for key, v in asdict(row).items()
        }
        stock_rate = base.get((row.workers, row.submissions))
        ratio = {"ratio": round(row.a_minute / stock_rate, 2)} if stock_rate else {}
        table.append(numbers | {"a_minute": round(row.a_minute, 1)} | ratio)
    return {"assignment": name, "submissions are": "solved copies", "runs": table}


def main(arguments: list[str]) -> dict[str, Any]:
    """Measure as the command line says; store the table unless it is a quick try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="classification")  # numpy and torch
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200, 1000])
    parser.add_argument("--stock", type=int, nargs="*", default=[20])
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args(arguments)
    start = time.perf_counter()
    sizes, stock_sizes = ([3], [3]) if chosen.quick else (chosen.sizes, chosen.stock)
    table = results(chosen.assignment, measure(chosen.assignment, sizes, stock_sizes))
    if not chosen.quick:
        store_measured("grading", table, time.perf_counter() - start, PACKAGES)
    return table


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), indent=1))

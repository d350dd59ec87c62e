"""A course in a scratch folder with things that must stay as they are, and attacks on it.

An attack is a submission of its own. It is graded by a real checker, and after it a neighbour's
right answers by the same checker. Attacks are bounded: what they aim at is in the scratch folder,
and what they could leave elsewhere is an empty file that is looked for and removed.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pyseccomp
import pytest

import course_utils
from course_utils.grading.checker import Checker
from course_utils.grading.course import load_course
from course_utils.grading.gradebook import ensure_assignment, record
from course_utils.grading.intake import read_submission, source_notebook
from course_utils.grading.results import Result
from course_utils.grading.sandbox import Abilities, Limits

ROOT = Path(__file__).resolve().parents[2]
NAME = "mlp"
POINTS = 15
SEED = "6f1c-a-seed-that-nobody-knows"
LIMITS = Limits(cell=2, submission=30, memory=1 << 30, file=4 << 20, scratch=8 << 20, threads=32)
QUESTION_SECONDS = 1.0
MORE = 5.0  # seconds beyond a limit that a hang may cost
MARK = "attack-sentinel.txt"
# Where an attack would leave something: an empty file of a name that nothing else has.
ELSEWHERE = (
    Path(sysconfig.get_path("purelib"), MARK),
    Path(course_utils.__file__).with_name("__pycache__") / MARK,
    Path("/etc/cron.d", MARK),
    Path("/var/tmp", MARK),
    Path("/dev/shm", MARK),
    Path("/tmp", MARK),
    Path.home() / MARK,
)


@dataclass(frozen=True)
class Attack:
    """A submission and what must become of it.

    ``code`` is a cell behind the set-up, ``last`` one at the end; ``answers`` are ``"none"`` (the
    stubs), ``"right"``, or by the name of a cell, with the others right if ``others``. ``change``
    works on the notebook's JSON. Expected are the points, the kinds of the verdicts that failed
    and the codes of all messages ("a|b" where it depends on the machine), and a pattern that the
    texts of messages hold.
    """

    name: str
    code: str = ""
    answers: str | Mapping[str, str] = "none"
    earned: float = 0
    kinds: tuple[str, ...] = ("stub",)
    messages: tuple[str, ...] = ()
    says: str = ""
    last: str = ""
    others: bool = True
    change: Callable[[dict[str, Any]], None] | None = None
    seconds: float = LIMITS.cell + MORE
    quick: bool = False


def right(name: str, code: str = "", **more: Any) -> Attack:
    """Return a submission whose answers are right, and which must get all points."""
    return Attack(name, code, "right", POINTS, kinds=(), **more)


def table(*attacks: Attack) -> pytest.MarkDecorator:
    """Return the decorator that runs a test with each attack."""
    marks = {True: (), False: (pytest.mark.slow,)}
    cases = [pytest.param(each, id=each.name, marks=marks[each.quick]) for each in attacks]
    return pytest.mark.parametrize("attack", cases)


@cache
def notebook_text(folder: str) -> str:
    """Return the JSON of the students' notebook or of the instructor's."""
    return (ROOT / folder / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")


def name_of(cell: Mapping[str, Any]) -> str:
    """Return the name of a cell of the assignment, or nothing."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def named(notebook: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the cell of a name."""
    return next(cell for cell in notebook["cells"] if name_of(cell) == name)


@cache
def right_answers() -> dict[str, str]:
    """Return the reference solutions by the names of their cells."""
    cells = json.loads(notebook_text("solutions"))["cells"]
    return {
        name_of(cell): "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution")
    }


def code_cell(source: str, **metadata: Any) -> dict[str, Any]:
    """Return a code cell as JSON holds it."""
    return json.loads(json.dumps(nbformat.v4.new_code_cell(source, metadata=metadata)))


def notebook_of(attack: Attack, prelude: str = "") -> dict[str, Any]:
    """Return the notebook of an attack."""
    notebook = json.loads(notebook_text("exercises"))
    answers: Mapping[str, str] = {}
    if attack.answers == "right":
        answers = right_answers()
    elif isinstance(attack.answers, Mapping):
        answers = {**(right_answers() if attack.others else {}), **attack.answers}
    for cell in notebook["cells"]:
        if name_of(cell) in answers:
            cell["source"] = answers[name_of(cell)]
    place = notebook["cells"].index(named(notebook, "setup")) + 1
    own = [code_cell(text) for text in (prelude, attack.code) if text]
    notebook["cells"][place:place] = own
    notebook["cells"] += [code_cell(attack.last)] if attack.last else []
    if attack.change:
        attack.change(notebook)
    return notebook


@dataclass
class Stage:
    """A course, a checker, and what must stay as it is."""

    folder: Path
    sandboxed: bool = True
    limits: Limits = LIMITS
    abilities: Abilities | None = None  # those of the machine
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        root = self.folder / "course"
        shutil.copytree(ROOT / "solutions" / NAME, root / "solutions" / NAME)
        shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
        (root / ".course-seed").write_text(SEED)
        self.course = load_course(root)
        self.source = source_notebook(self.course.source(NAME))
        self.precious = self.folder / "precious.txt"
        self.precious.write_text("must stay as it is")
        idle = "import sys; sys.stdin.read()"
        self.process = subprocess.Popen([sys.executable, "-c", idle], stdin=subprocess.PIPE)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.checker = Checker(NAME, self.source, SEED, self.limits, self.sandboxed)
        if self.abilities:
            zygote = self.checker.zygote
            zygote.abilities = self.abilities
            zygote.settings = replace(zygote.settings, abilities=self.abilities)
        self.checker.prepared = {  # type: ignore[misc] - shorter limits than in earnest
            name: replace(made, exercise=replace(made.exercise, seconds=QUESTION_SECONDS))
            for name, made in self.checker.prepared.items()
        }
        ensure_assignment(self.course, NAME)
        record(self.course, self.hand_in("neighbour", notebook_of(right("right"))), None)
        self.processes, self.left = self.running(), self.scratch()

    def hand_in(self, student: str, content: dict[str, Any] | bytes) -> Result:
        """Return the result of a submission: of a notebook, or of the bytes of a file."""
        path = self.course.submitted / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(raw)
        return self.checker.grade(student, read_submission(path, self.source))

    def prelude(self) -> str:
        """Return a cell that tells an attack where everything is: nothing depends on secrecy."""
        known = {
            "COURSE": str(self.course.root),
            "SEED": ".course-seed",
            "PRECIOUS": str(self.precious),
            "PID": self.process.pid,
            "PORT": self.listener.getsockname()[1],
            "SOURCES": str(ROOT),
            "PACKAGE": str(Path(course_utils.__file__).parent),
            "ELSEWHERE": [str(path) for path in ELSEWHERE],
            "MARK": MARK,
            "CALLS": call_numbers(),
        }
        lines = [f"{name} = {value!r}" for name, value in known.items()]
        return "\n".join([*lines, SUCCESS])

    def snapshot(self) -> dict[str, Any]:
        """Return all that an attack must not change."""
        watched = [path for path in self.folder.rglob("*") if path.is_file()]
        mallory = self.course.submitted / "mallory"
        files = {
            str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in watched
            if not path.is_relative_to(mallory) and "grading-" not in str(path)
        }
        return {
            "files": files,
            "process": self.state(),
            "called": self.called(),
            "elsewhere": [str(path) for path in ELSEWHERE if os.path.lexists(path)],
        }

    def state(self) -> str:
        """Return how the process beside the grader is."""
        ended = self.process.poll() is not None
        return "ended" if ended else psutil.Process(self.process.pid).status()

    def called(self) -> bool:
        """Return whether somebody called the port of the stage."""
        with contextlib.suppress(BlockingIOError):
            self.listener.accept()[0].close()
            return True
        return False

    def running(self) -> int:
        """Return how many processes the checker has."""
        zygote = self.checker.zygote.process
        assert zygote is not None
        return 1 + len(psutil.Process(zygote.pid).children(recursive=True))

    def scratch(self) -> list[str]:
        """Return what is left in the folders to which students' programs may write."""
        found = self.folder.glob("tmp/grading-*/**/*")
        return sorted("/".join(path.relative_to(self.folder).parts[2:]) for path in found)

    def close(self) -> None:
        """End all processes, and remove what an attack may have left elsewhere."""
        self.checker.close()
        self.process.communicate()
        self.listener.close()
        for path in ELSEWHERE:
            path.unlink(missing_ok=True)


SUCCESS = """
def success(what):
    "A secret was read, or a wall was not there: the tests look for this class."
    raise BufferError(what)
"""


@cache
def call_numbers() -> dict[str, int]:
    """Return the numbers of system calls that a student's program has no use for."""
    names = (
        "fork vfork clone3 execve execveat ptrace process_vm_readv process_vm_writev kill tkill "
        "pidfd_open pidfd_getfd rt_sigqueueinfo socket connect bind listen mount umount2 "
        "pivot_root chroot unshare setns bpf perf_event_open userfaultfd io_uring_setup keyctl "
        "add_key memfd_create shmget msgget semget inotify_init1 fanotify_init setuid setgid "
        "setresuid capset personality symlinkat linkat mknodat setpriority sched_setaffinity "
        "name_to_handle_at open_by_handle_at init_module swapon sethostname acct quotactl prctl"
    )
    native = pyseccomp.Arch.NATIVE
    found = {name: pyseccomp.resolve_syscall(native, name) for name in names.split()}
    return {name: number for name, number in found.items() if number >= 0}


@contextlib.contextmanager
def stage(folder: Path, **options: Any) -> Iterator[Stage]:
    """Give a stage in ``folder`` and end its processes."""
    made = Stage(folder, **options)
    try:
        yield made
    finally:
        made.close()


def repelled(stage: Stage, attack: Attack) -> Result:
    """Grade an attack and a neighbour after it; assert that all became of it that must."""
    before = stage.snapshot()
    start = time.monotonic()
    result = stage.hand_in("mallory", notebook_of(attack, stage.prelude()))
    seconds = time.monotonic() - start
    told = " ".join(message.text for message in result.messages)
    assert "BufferError" not in result.record(), f"a wall was not there: {told}"
    assert result.earned == attack.earned, result.line()
    assert result.points == POINTS
    kinds = {verdict.kind for verdict in result.verdicts} - {""}
    assert as_told(kinds, attack.kinds), f"{kinds}: {result.line()}, {told}"
    # That a person should look is said of attacks, and no more.
    codes = {message.code for message in result.messages} - {"look-by-hand"}
    assert as_told(codes, attack.messages), f"{codes}: {told}"
    assert re.search(attack.says, told), told
    assert seconds < attack.seconds, f"it took {seconds:.1f} s"
    assert stage.running() == stage.processes, "a process is left"
    untouched(stage, before)
    return result


def as_told(found: set[str], expected: tuple[str, ...]) -> bool:
    """Return whether each of ``found`` is expected, and each of ``expected``, a pattern, found."""
    return all(any(re.fullmatch(each, one) for one in found) for each in expected) and all(
        any(re.fullmatch(each, one) for each in expected) for one in found
    )


def untouched(stage: Stage, before: dict[str, Any]) -> None:
    """Assert that everything is as in ``before``, and that the neighbour has all points."""
    result = stage.hand_in("neighbour", notebook_of(right("right")))
    assert result.line() == f"neighbour: graded, {POINTS} of {POINTS}: all right"
    assert stage.scratch() == stage.left, "a file is left"
    after = stage.snapshot()
    hand_in = str(stage.course.submitted / "neighbour")
    for each in (before, after):  # written again, with the same content
        each["files"] = {
            name: found[0] if name.startswith(hand_in) else found
            for name, found in each["files"].items()
        }
    assert after == before

"""The warm process whose forks run students' programs: ``python -m course_utils.grading.zygote``.

It imports what an assignment needs, once, and forks for every submission and again after one that
hung or died. It holds nothing secret: a fork inherits all its memory. Arguments: the number of the
control socket, the scratch folder, the settings as JSON. Over the socket come ``{"start": n}`` with
the channel to the new worker, and ``{"kill": n}``; back go ``{"ended": n, "why": ...}``.
"""

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import socket
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_utils.grading.sandbox import Abilities, Limits, confine, load, remove
from course_utils.grading.worker import make_shell, work

DEEPEST = 30  # folders in each other
PULSE = 0.1  # seconds between two looks at the worker
MESSAGE = 4096  # bytes of one message on the control socket
PR_SET_PDEATHSIG = 1
# Loaded by the first step of any optimizer: a second that every submission would pay.
LATE = {"torch": ("torch._dynamo", "torch.optim")}


@dataclass(frozen=True)
class Settings:
    """What a zygote is told: modules to import, limits, and what confines (None: nothing)."""

    modules: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    abilities: Abilities | None = None
    secrets: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the settings as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> "Settings":
        """Return the settings that ``text`` gives."""
        found: dict[str, Any] = json.loads(text)
        abilities = found["abilities"]
        return cls(
            tuple(found["modules"]),
            Limits(**found["limits"]),
            Abilities(**abilities) if abilities else None,
            tuple(found["secrets"]),
        )


class Zygote:
    """Serves the grader: one worker at a time."""

    def __init__(self, control: socket.socket, scratch: Path, settings: Settings) -> None:
        self.control, self.scratch, self.settings = control, scratch, settings
        self.pid, self.number, self.why = 0, 0, ""
        self.wake, wake = socket.socketpair()
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())
        self._wake_end = wake

    def serve(self) -> None:
        """Answer until the grader has gone."""
        while True:
            ready, _, _ = select.select([self.control, self.wake], [], [], PULSE)
            if self.wake in ready:
                self.wake.recv(MESSAGE)
            if self.control in ready and not self._obey():
                return
            self._look()
            self._reap()

    def _obey(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self.control, MESSAGE, 1)
        except ConnectionResetError:  # the grader has gone and left our last words unread
            return False
        if not data:
            return False
        order = json.loads(data)
        if "start" in order:
            self._start(order["start"], descriptors[0])
        elif "look" in order:
            self._look()
            self._tell(looked=self.number, why=self.why)
        elif order["kill"] == self.number and self.pid:
            os.kill(self.pid, signal.SIGKILL)
        return True

    def _start(self, number: int, descriptor: int) -> None:
        folder = self._folder(number)
        folder.mkdir()
        self.pid = os.fork()
        if self.pid == 0:
            self._become_worker(folder, descriptor)
        os.close(descriptor)
        self.number, self.why = number, ""
        self._tell(started=number)

    def _tell(self, **message: Any) -> None:
        self.control.send(json.dumps(message).encode())

    def _become_worker(self, folder: Path, descriptor: int) -> None:
        """Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            channel = socket.socket(fileno=_only(descriptor))
            os.chdir(folder)
            os.environ |= dict.fromkeys(("HOME", "TMPDIR", "TRITON_CACHE_DIR"), str(folder))
            tempfile.tempdir = str(folder)
            settings = self.settings
            if settings.abilities is not None:
                confine(folder, settings.limits, settings.abilities, settings.secrets)
            work(channel)
            code = 0
        finally:
            os._exit(code)

    def _folder(self, number: int) -> Path:
        return self.scratch / f"{number}"

    def _look(self) -> None:
        """Kill a worker with too many threads or too much in its scratch folder."""
        if not self.pid or self.why:
            return
        limits = self.settings.limits
        if _threads(self.pid) > limits.threads:
            self.why = "threads"
        elif self._held() + _size(self._folder(self.number), limits.scratch) > limits.scratch:
            self.why = "scratch"
        if self.why:
            os.kill(self.pid, signal.SIGKILL)

    def _held(self) -> int:
        """Return the bytes of deleted files that the worker keeps; bubblewrap counts its own."""
        abilities = self.settings.abilities
        if abilities is not None and abilities.bubblewrap:
            return 0
        total = 0
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{self.pid}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(entry.path)
                    if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                        total += status.st_blocks * 512
            maps = Path(f"/proc/{self.pid}/maps").read_text(errors="replace")
            mapped = sum(line.endswith("(deleted)") for line in maps.splitlines())
            total += mapped * self.settings.limits.file
        return total

    def _reap(self) -> None:
        if not self.pid or os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            return
        self.pid = 0
        remove(self._folder(self.number))
        self._tell(ended=self.number, why=self.why)


def _only(descriptor: int) -> int:
    """Close every descriptor but 0, 1, 2 and this one; return its new number."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.dup2(descriptor, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return 3


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _size(folder: Path, enough: int) -> int:
    """Return the bytes below a folder, a block for each entry; stop counting at ``enough``.

    What cannot be looked at, or lies too deep, is too much.
    """
    total, waiting = 0, [(str(folder), 0)]
    while waiting and total <= enough:
        where, depth = waiting.pop()
        if depth > DEEPEST:
            return enough + 1
        try:
            with os.scandir(where) as entries:
                for entry in entries:
                    total += 4096 + entry.stat(follow_symlinks=False).st_blocks * 512
                    if total > enough:
                        break
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
        except FileNotFoundError:
            continue  # gone meanwhile
        except OSError:
            return enough + 1
    return total


def warm(modules: tuple[str, ...]) -> None:
    """Import what the notebooks of an assignment import; one that is missing is their business."""
    for name in modules:
        for each in (name, *LATE.get(name, ())):
            with contextlib.suppress(ImportError):
                importlib.import_module(each)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
        (torch.ones(2, 2) @ torch.ones(2, 2)).sum().item()
    if compiler := sys.modules.get("course_utils.kernels.compiler_child"):
        compiler.warm()
    make_shell()
    load()


def main(control: str, scratch: str, settings: str) -> None:
    """Warm up, say so, and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then tells us
    told = Settings.of(settings)
    warm(told.modules)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    connection = socket.socket(fileno=int(control))
    connection.send(json.dumps({"ready": os.getpid()}).encode())
    Zygote(connection, Path(scratch), told).serve()
    os._exit(0)  # IPython would look for its history


if __name__ == "__main__":
    main(*sys.argv[1:])

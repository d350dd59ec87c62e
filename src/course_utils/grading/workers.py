"""The grader's end: start a zygote, ask it for workers, and put requests to them."""

import io
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np

from course_utils.feedback.exercise import Case
from course_utils.grading.sandbox import Limits, bubblewrap, remove, require
from course_utils.grading.wire import FRAME_LIMIT, WireError, receive, send
from course_utils.grading.zygote import MESSAGE, Settings

START_SECONDS = 120.0  # a cold disk, and torch to import
ANSWER_SECONDS = 70.0  # of a zygote: it may be removing what a student's program left
GRACE = 4.0  # seconds beyond a limit, in which a worker may still stop by itself
# Where references live: what belongs to them travels by value, as nothing there can be imported.
BY_VALUE = ("course_utils.feedback.exercises", "course_utils.kernels.exercises")


class EndedError(Exception):
    """The worker's process ended, or was ended; ``why`` is ``died``, ``time``, ``threads``, ...."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Worker:
    """A process that runs one student's program."""

    def __init__(self, zygote: "Zygote", number: int, channel: socket.socket) -> None:
        self.zygote, self.number, self.channel = zygote, number, channel
        self.ended = False

    def ask(self, request: bytes, seconds: float, limit: int = FRAME_LIMIT) -> bytes:
        """Return the bytes of the answer, of ``limit`` at most.

        Raises EndedError, after which nothing can be asked.
        """
        if self.ended:
            raise EndedError("died")
        deadline = time.monotonic() + seconds + GRACE
        try:
            send(self.channel, request, deadline)
            return receive(self.channel, min(limit, FRAME_LIMIT), deadline)
        except TimeoutError:
            why = "time"
        except WireError:
            why = "answer"
        except (OSError, EOFError):
            why = "died"
        raise EndedError(self.end() or why)

    def look(self) -> None:
        """Raise EndedError where the worker holds more threads or files than it may."""
        if why := self.zygote.look(self.number):
            raise EndedError(self.end() or why)

    def end(self) -> str:
        """End the process if it runs; return why the zygote had ended it, if it had."""
        if self.ended:
            return ""
        self.ended = True
        self.channel.close()
        return self.zygote.reap(self.number)


class Zygote:
    """A warm process and the folder that its workers may write to."""

    def __init__(
        self,
        modules: Sequence[str],
        limits: Limits,
        sandboxed: bool = True,
        environment: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        self.abilities = require() if sandboxed else None
        self.settings = Settings(tuple(modules), limits, self.abilities, tuple(secrets))
        self.process: subprocess.Popen[bytes] | None = None
        self.folder: Path | None = None
        self.ready = False
        self.number = 0
        self.ended: dict[int, str] = {}  # workers that have ended, and why
        self.environment = dict(environment or {})

    def start_worker(self) -> Worker:
        """Return a fresh worker, of a fresh zygote where the one there was is gone.

        Raises RuntimeError where no process can be started.
        """
        try:
            return self._started()
        except (OSError, RuntimeError):
            self.close()
            return self._started()

    def _started(self) -> Worker:
        self.start()
        if not self.ready:
            self._hear("ready", START_SECONDS)
            self.ready = True
        ours, theirs = socket.socketpair()
        self.number += 1
        order = json.dumps({"start": self.number}).encode()
        with theirs:
            socket.send_fds(self.control, [order], [theirs.fileno()])
        self._hear("started", ANSWER_SECONDS)
        return Worker(self, self.number, ours)

    def start(self) -> None:
        """Start the warm process where none runs; it gets warm while others work."""
        if self.process is not None and self.process.poll() is None:
            return
        self.close()
        self.folder = scratch = Path(tempfile.mkdtemp(prefix="grading-")).resolve()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", "course_utils.grading.zygote"]
        command += [str(theirs.fileno()), str(scratch), self.settings.text()]
        if self.abilities is not None and self.abilities.bubblewrap:
            settings = self.settings
            command = bubblewrap(command, scratch, settings.limits, settings.secrets)
        with theirs:
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=_environment(scratch) | self.environment,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def _hear(self, what: str, seconds: float) -> dict[str, Any]:
        """Return the next message of a kind. Raises OSError or RuntimeError where there is none."""
        self.control.settimeout(seconds)
        while data := self.control.recv(MESSAGE):
            message = json.loads(data)
            if "ended" in message:
                self.ended[message["ended"]] = message["why"]
            if what in message:
                return message
        raise RuntimeError("the process that starts students' programs has ended")

    def reap(self, number: int) -> str:
        """End a worker and wait until it has gone; return why, if the zygote did it before."""
        try:
            self.control.send(json.dumps({"kill": number}).encode())
            while number not in self.ended:  # it may have been heard while waiting for another
                self._hear("ended", ANSWER_SECONDS)
        except (OSError, RuntimeError):
            self.close()
            return ""
        return self.ended.pop(number)

    def look(self, number: int) -> str:
        """Have a worker looked at now; return why it was ended, if it was."""
        try:
            self.control.send(json.dumps({"look": number}).encode())
            return self._hear("looked", ANSWER_SECONDS)["why"]
        except (OSError, RuntimeError):
            self.close()
            return "died"

    def close(self) -> None:
        """End the process, its workers, and its folder."""
        if self.process is not None:
            self.control.close()
            self.process.kill()
            self.process.wait()
            self.process, self.ready = None, False
        folder, self.folder = self.folder, None
        if folder is not None:
            remove(folder)


def _environment(scratch: Path) -> dict[str, str]:
    """Return all that a student's process may know of ours: next to nothing."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    folders = dict.fromkeys(
        ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "TRITON_CACHE_DIR"), str(scratch)
    )
    return {
        "USER": "student",
        "LOGNAME": "student",
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        **threads,
        **folders,
    }


def request(what: str, *content: Any) -> bytes:
    """Return a request as bytes, of plain content and of what is packed."""
    return pickle.dumps((what, *content))


def by_value(content: Any) -> bytes:
    """Return content for another process: functions with all they need, arrays with strides."""
    buffer = io.BytesIO()
    _Pickler(buffer).dump(content)
    return buffer.getvalue()


class Packed(bytes):
    """Arguments that were made into bytes before; who reads a request with them has arguments."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pickle.loads, (bytes(self),)


class Packer:
    """Packs the arguments of each case once: those of many students are the same objects."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], tuple[Packed, Packed, Case]] = {}

    def packed(self, case: Case) -> tuple[Packed, Packed]:
        """Return the arguments of a case, of which every worker makes objects of its own."""
        key = id(case.args), id(case.kwargs)
        if key not in self.known:  # the case is kept, so that its ids stay its own
            args, kwargs = by_value(case.args), by_value(dict(case.kwargs))
            self.known[key] = Packed(args), Packed(kwargs), case
        return self.known[key][:2]


class _Pickler(cloudpickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray) and type(obj) is np.ndarray and not obj.flags.c_contiguous:
            return _strided_parts(obj)
        module = sys.modules.get(getattr(obj, "__module__", None) or "")
        if module is not None and module.__name__.startswith(BY_VALUE):
            _travels_by_value(module)
        return super().reducer_override(obj)


def _travels_by_value(module: ModuleType) -> None:
    if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
        cloudpickle.register_pickle_by_value(module)


def _strided_parts(array: np.ndarray) -> Any:
    """Return how to make the same view of the same base; pickle would straighten it."""
    base = array.base
    if not isinstance(base, np.ndarray) or not base.flags.c_contiguous:
        return NotImplemented  # pickle keeps the order of the axes in memory
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return np.ndarray, (array.shape, array.dtype, base.copy(), offset, array.strides)

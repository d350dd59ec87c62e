"""Warm kernels for Jupyter, nbclient and `nbgrader autograde`: forked where imports are done.

A kernelspec chooses them (``install_kernelspec``), or for every kernel of this Python the
environment: ``JUPYTER_DEFAULT_PROVISIONER_NAME=warm-provisioner``. The first kernel starts a parent
process that imports numpy, torch and the like once; each kernel is then a fork of it, ready in
tenths of a second. Kernels compute with one thread until they ask for more, save no history, and
have the limits of the process that came first.

This is a convenience, not a sandbox: a notebook runs with your rights, sees what the parent holds,
and can kill it. `course grade` is for code that you do not trust. Where the system has no pidfd
(other than Linux), or the kernel is not ipykernel of this very Python, it starts cold, as usual.
"""

import asyncio
import hashlib
import json
import logging
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict, write_kernel_spec
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float, List, Unicode

from course_utils.grading import warm_parent

NAME = "warm-provisioner"
# torch's first optimizer step imports this, a second of its own, and with it triton.
OF_OPTIMIZERS = "torch._dynamo"
MODULES = ["numpy", "numpy.testing", "torch", OF_OPTIMIZERS, "matplotlib.pyplot"]
INTERPRET = "TRITON_INTERPRET"
IDLE_SECONDS = 120.0
WARM_SECONDS = 180  # that a first kernel waits for the imports

LAUNCHER = ["-m", "ipykernel_launcher"]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
INLINE = "module://matplotlib_inline.backend_inline"
# What is read once, at the start of Python or of a library: other values need another parent.
READ_ONCE = ("HOME", "PYTHON", "LD_", "MPL", "TORCH", "TRITON", "KMP_", "GOMP_", "NPY_", "NUMPY_")
OF_ONE_KERNEL = ("JPY_PARENT_PID", "JPY_SESSION_NAME")


class WarmProcess:
    """A forked kernel, with the part of ``subprocess.Popen`` that jupyter_client uses.

    It is the warm parent's child, not ours: signals go through the parent, which knows whether it
    still runs, and its exit status comes from there. Where the parent is gone, so is the kernel.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        connection.setblocking(False)

    def poll(self) -> int | None:
        """Return the exit status (minus the number of the signal that ended it), or None."""
        if self.returncode is None:
            try:
                answer = self._connection.recv(64)
            except BlockingIOError:
                return None
            except OSError:
                answer = b""
            self.returncode = int(answer or -signal.SIGKILL)
            self._connection.close()
        return self.returncode

    def wait(self) -> int | None:
        """Wait for the end and return the exit status."""
        if self.returncode is None:
            self._connection.setblocking(True)
        return self.poll()

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and the processes that it started; nothing if it ended."""
        if self.poll() is None:
            with suppress(OSError):
                self._connection.sendall(b"%d\n" % signum)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels as forks of a warm parent; see the module."""

    modules = List(Unicode(), MODULES, help="What the parent imports.").tag(config=True)
    idle_seconds = Float(
        IDLE_SECONDS, min=0, help="How long a parent without kernels waits for the next."
    ).tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or start it cold where that cannot be done; return how to connect.

        Raises RuntimeError where the warm parent cannot start or fork.
        """
        if not _can_fork(cmd, kwargs):
            self.log.info("this kernel starts cold: %s", cmd)
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = Path(kwargs.get("cwd") or Path.cwd())
        env, modules = _settled(kwargs.get("env") or os.environ, self.modules)
        order = {"arguments": cmd[1 + len(LAUNCHER) :], "env": env, "cwd": str(self.cwd)}
        streams = (kwargs.get("stdout"), kwargs.get("stderr"))
        # In a thread: the first kernel waits for the imports, which must not stop a server.
        self.process = await asyncio.to_thread(
            fork_kernel, order, streams, modules, self.idle_seconds, self.log
        )
        self.pid: int | None = self.process.pid
        self.pgid = None  # no group: send_signal asks the process
        return self.connection_info


def fork_kernel(
    order: dict[str, Any],
    streams: tuple[Any, Any],
    modules: list[str],
    idle_seconds: float,
    log: Any = logging,
) -> WarmProcess:
    """Return the kernel that a warm parent, started if need be, forked for ``order``.

    ``streams`` are its stdout and stderr, as ``Popen`` takes them, but no pipes. Raises
    RuntimeError where the parent cannot start or fork.
    """
    connection = _connected(order["env"], modules, idle_seconds)
    answer: Any
    try:
        answer = _asked(connection, json.dumps(order).encode() + b"\n", streams)
    except (OSError, ValueError) as error:
        answer = {"error": str(error)}
    if "error" in answer:
        connection.close()
        raise RuntimeError(f"the warm parent could not start a kernel: {answer['error']}")
    for reason in answer["missing"]:
        log.warning("kernels start without %s", reason)
    return WarmProcess(connection, answer["pid"])


def install_kernelspec(
    name: str = "course-warm",
    modules: Iterable[str] = MODULES,
    idle_seconds: float = IDLE_SECONDS,
    interrupt_mode: str = "signal",
    prefix: str | None = None,
) -> Path:
    """Install a kernelspec whose kernels are warm, and return its folder.

    It goes into the environment of this Python, or under ``prefix``. ``interrupt_mode`` is
    ``signal`` or ``message``. Then, for example: `nbgrader autograde mlp
    --Execute.kernel_name=course-warm`. Raises ValueError for another ``interrupt_mode``.
    """
    if interrupt_mode not in ("signal", "message"):
        raise ValueError(f"interrupt_mode must be signal or message, got {interrupt_mode!r}")
    config = {"modules": list(modules), "idle_seconds": idle_seconds}
    chosen = {"kernel_provisioner": {"provisioner_name": NAME, "config": config}}
    overrides = {
        "argv": [sys.executable, *LAUNCHER, "-f", "{connection_file}"],
        "display_name": "Python 3 (warm)",
        "interrupt_mode": interrupt_mode,
        "metadata": get_kernel_dict()["metadata"] | chosen,
    }
    with tempfile.TemporaryDirectory() as folder:
        source = write_kernel_spec(Path(folder) / name, overrides=overrides)
        manager = KernelSpecManager()
        return Path(manager.install_kernel_spec(source, name, prefix=prefix or sys.prefix))


def _can_fork(cmd: list[str], kwargs: Mapping[str, Any]) -> bool:
    ours = cmd[0] == sys.executable and cmd[1 : 1 + len(LAUNCHER)] == LAUNCHER
    piped = subprocess.PIPE in (kwargs.get("stdout"), kwargs.get("stderr"))
    return ours and hasattr(os, "pidfd_open") and not piped and not kwargs.get("independent")


def _settled(env: Mapping[str, str], modules: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment of a kernel and the modules of its parent.

    Triton decides when it is imported whether kernels are interpreted. Without a GPU they are; with
    one a notebook may want either, and imports it itself.
    """
    settled = {**env, **ONE_THREAD}
    if not shutil.which("nvidia-smi"):
        settled.setdefault(INTERPRET, "1")
    early = [name for name in modules if name != OF_OPTIMIZERS or INTERPRET in settled]
    return settled, early


def _asked(connection: socket.socket, order: bytes, streams: tuple[Any, Any]) -> Any:
    """Send an order with its streams and return the answer."""
    connection.settimeout(WARM_SECONDS)
    with open(os.devnull, "w") as nothing:
        chosen = [nothing if s == subprocess.DEVNULL else s for s in streams]
        standard = [default if s is None else s for s, default in zip(chosen, (1, 2), strict=True)]
        numbers = [s if isinstance(s, int) else s.fileno() for s in standard]
        sent = socket.send_fds(connection, [order], numbers)
    connection.sendall(order[sent:])
    with connection.makefile("rb") as answers:
        return json.loads(answers.readline() or '{"error": "it ended before it answered"}')


def _connected(env: Mapping[str, str], modules: list[str], idle: float) -> socket.socket:
    """Return a connection to the warm parent for these settings, which may still get ready."""
    fixed = {k: v for k, v in env.items() if k.startswith(READ_ONCE)}
    edition = Path(warm_parent.__file__).stat().st_mtime_ns
    settings = [sys.executable, sys.version, edition, fixed, modules, idle]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    address = _folder() / digest
    with warm_parent.locked(address):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError):
            _start(address, env, modules, idle)
            connection.connect(str(address))
    return connection


def _folder() -> Path:
    """Return this user's folder for sockets. Raises RuntimeError if others can write there."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder /= f"course-warm-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeError(f"{folder} must be a folder of yours alone: remove it")
    return folder


def _start(address: Path, env: Mapping[str, str], modules: list[str], idle: float) -> None:
    # It inherits the listening socket: who connects now waits until the imports are done.
    address.unlink(missing_ok=True)
    general = {name: value for name, value in env.items() if name not in OF_ONE_KERNEL}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(128)
        settings = {"listener": listener.fileno(), "address": str(address)}
        settings |= {"modules": modules, "idle_seconds": idle}
        subprocess.run(
            [sys.executable, "-m", "course_utils.grading.warm_parent", json.dumps(settings)],
            env={"MPLBACKEND": INLINE, **general, "CUDA_VISIBLE_DEVICES": ""},
            pass_fds=[listener.fileno()],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )

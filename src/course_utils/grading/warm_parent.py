"""The warm parent: a process that has the slow imports done and forks kernels from itself.

``provisioner`` starts it. It must stay single-threaded, since a fork copies one thread only, and
must never touch a GPU, since CUDA does not survive a fork. It ends when it had no kernel for
``idle_seconds``; should it be killed, the system kills its kernels as well.
"""

import ctypes
import fcntl
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What ipykernel imports only when a kernel starts.
KERNEL_PARTS = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "ipykernel_launcher",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "psutil",
    "tornado.platform.asyncio",
)
READ_SECONDS = 5  # for an order: it is sent at once
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """One kernel that was ordered: arguments of ipykernel, environment, folder, streams."""

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    streams: list[int]


@dataclass(frozen=True)
class Kernel:
    """A running fork: ``handle`` becomes readable when it ends, ``user`` is who ordered it."""

    pid: int
    handle: int
    user: socket.socket

    def signal(self, number: int) -> None:
        """Send a signal to the kernel and the processes that it started."""
        with suppress(OSError):  # it has just ended, or there is no such signal
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:  # forked a moment ago: it leads no group yet
                os.kill(self.pid, number)


class Parent:
    """Accepts orders on ``listener``, the socket at ``address``, and forks a kernel for each."""

    def __init__(self, listener: socket.socket, address: Path, idle_seconds: float) -> None:
        self.address, self.idle_seconds = address, idle_seconds
        self.missing: list[str] = []
        self.kernels: dict[int, Kernel] = {}
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def warm(self, modules: list[str]) -> None:
        """Import ``modules``; those that cannot be imported are noted in ``missing``."""
        for name in [*KERNEL_PARTS, *modules]:
            try:
                importlib.import_module(name)
            except Exception as error:  # whatever a module does when it is imported
                if name in modules:
                    self.missing.append(f"{name} ({type(error).__name__}: {error})")
        gc.collect()
        gc.freeze()  # a collection in a fork would write to, and so copy, every page

    def serve(self) -> Order | None:
        """Fork kernels until idle, then return None. A fork returns from here with its order."""
        while True:
            events = self._selector.select(None if self.kernels else self.idle_seconds)
            if not events and self._retired():
                return None
            for key, _ in events:
                if self._selector.get_map().get(key.fd) is not key:
                    continue  # an event before it, of the same kernel, has closed this one
                order = key.data(key.fileobj)
                if order is not None:
                    return order

    def _retired(self) -> bool:
        # Users connect under the same lock, so that none can come between the look and the end.
        with locked(self.address):
            if self._selector.select(0):
                return False
            self.address.unlink(missing_ok=True)
            return True

    def _accept(self, listener: socket.socket) -> Order | None:
        user, _ = listener.accept()
        try:
            user.settimeout(READ_SECONDS)
            order = _read_order(user)
            pid = os.fork()
        except (OSError, ValueError) as error:
            _answer(user, {"error": f"{type(error).__name__}: {error}"})
            user.close()
            return None
        if pid == 0:
            self._forget(user)
            return order
        for stream in order.streams:
            os.close(stream)
        kernel = Kernel(pid, os.pidfd_open(pid), user)
        self.kernels[pid] = kernel
        self._selector.register(kernel.handle, selectors.EVENT_READ, lambda _: self._ended(kernel))
        self._selector.register(user, selectors.EVENT_READ, lambda _: self._asked(kernel))
        _answer(user, {"pid": pid, "missing": self.missing})
        return None

    def _asked(self, kernel: Kernel) -> None:
        """Pass on the signals that the user asks for; end the kernel of a user who is gone."""
        try:
            numbers = kernel.user.recv(1024).split()
        except OSError:
            numbers = []
        if not numbers:
            self._selector.unregister(kernel.user)
        for number in numbers or [signal.SIGKILL]:
            kernel.signal(int(number))

    def _ended(self, kernel: Kernel) -> None:
        # Not yet waited for, its number cannot be another's: what it left behind goes first.
        kernel.signal(signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(kernel.pid, 0)[1])
        _answer(kernel.user, status)
        self._selector.unregister(kernel.handle)
        with suppress(KeyError):
            self._selector.unregister(kernel.user)
        os.close(kernel.handle)
        kernel.user.close()
        del self.kernels[kernel.pid]

    def _forget(self, user: socket.socket) -> None:
        """Close, in a fork, everything that is the parent's."""
        self._selector.close()
        self._listener.close()
        user.close()
        for kernel in self.kernels.values():
            os.close(kernel.handle)
            kernel.user.close()
        self.kernels.clear()


@contextmanager
def locked(address: Path) -> Iterator[None]:
    """Hold the lock of the socket at ``address``."""
    with address.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def become_kernel(order: Order) -> None:
    """Turn this fork into the kernel that was ordered, and run it to its end."""
    parent = os.getppid()
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return  # the parent died before the system was told
    for stream, standard in zip(order.streams, (1, 2), strict=True):
        os.dup2(stream, standard)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order.env)
    os.chdir(order.cwd)
    launcher = sys.modules["ipykernel_launcher"].__file__
    sys.argv = [str(launcher), *order.arguments]
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # else every kernel would draw the same numbers
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - when the parent is a daemon

    app = IPKernelApp.instance(parent_handle=parent)
    # The history is a file in HOME, which may be missing, and one for all kernels.
    app.initialize([*order.arguments, "--HistoryManager.enabled=False"])
    app.start()
    # ipykernel's end would first stop what the control thread may still be waiting for: seconds.
    app.control_thread.stop()
    app.control_thread.join()


def main() -> None:
    """Run a warm parent on the settings that ``provisioner`` gives as JSON."""
    settings = json.loads(sys.argv[1])
    if os.fork():
        os._exit(0)  # so that the parent is nobody's child, whoever was first to need it
    sys.path.pop(0)  # the folder of start, here of no meaning; a kernel adds its own
    listener = socket.socket(fileno=settings["listener"])
    parent = Parent(listener, Path(settings["address"]), settings["idle_seconds"])
    parent.warm(settings["modules"])
    if order := parent.serve():
        become_kernel(order)


def _read_order(user: socket.socket) -> Order:
    text, streams, _, _ = socket.recv_fds(user, 65536, 2)
    while not text.endswith(b"\n"):
        more = user.recv(65536)
        if not more:
            raise ValueError("the order broke off")
        text += more
    return Order(**json.loads(text), streams=streams)


def _answer(user: socket.socket, content: Any) -> None:
    with suppress(OSError):  # a user who is gone is noticed where it is read
        user.sendall(json.dumps(content).encode() + b"\n")


if __name__ == "__main__":
    main()

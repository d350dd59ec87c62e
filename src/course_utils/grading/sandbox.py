"""What keeps a student's program in its place: Landlock, seccomp, limits, and bubblewrap around.

``confine`` is called in the process that will run a student's code, after the fork and before the
first line of that code. From then on this process reads Python and its libraries and nothing else,
writes only below its scratch folder, starts no process, opens no socket and signals no one but
itself. What it may call is a list of what numpy, torch, matplotlib and threads need; every other
system call fails with EPERM. Landlock: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import errno
import os
import platform
import resource
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import course_utils

PACKAGE = Path(course_utils.__file__).resolve().parent
# References and hidden cases are made here: no business of a student's process.
HIDDEN = ("feedback/exercises", "kernels/exercises", "grading")
SYSTEM = ("/usr", "/lib", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")
CLONE_THREAD = 0x00010000
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_NO_NEW_PRIVS = 38

CALLS = (
    "read write readv writev pread64 pwrite64 lseek close fstat newfstatat stat lstat statx",
    "access faccessat faccessat2 open openat getdents64 readlink readlinkat getcwd chdir",
    "fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fsync",
    "fdatasync flock umask dup dup2 dup3 pipe pipe2 socketpair sendto recvfrom sendmsg",
    "recvmsg shutdown poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait",
    "epoll_pwait eventfd2 munmap mremap mprotect madvise brk msync mincore futex",
    "get_robust_list set_robust_list rseq membarrier set_tid_address exit exit_group",
    "restart_syscall sched_yield sched_getaffinity sched_getparam sched_getscheduler getcpu",
    "nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getrusage",
    "sysinfo uname getrlimit getpid getppid gettid getuid geteuid getgid getegid getgroups",
    "getpgrp getpgid getsid getpriority getrandom arch_prctl rt_sigaction rt_sigprocmask",
    "rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack alarm setitimer",
    "getitimer timer_create timer_settime timer_gettime timer_delete fadvise64 statfs fstatfs",
    "get_mempolicy",
)
# Landlock lets a process change modes and times of what its user owns. Libraries do so when they
# copy a file: these claim to succeed and do nothing.
PRETENDED = (
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "utimensat",
    "utime",
    "utimes",
    "futimesat",
)
# Copying asks for these, and goes on where a file system has none.
UNSUPPORTED = tuple(
    f"{which}{what}xattr" for which in ("", "l", "f") for what in ("list", "get", "set")
)
# Commands of fcntl and ioctl that make no signal for another process: duplicates, flags, locks,
# sizes of pipes, seals; the form of a terminal, bytes to read, blocking, closing.
FCNTL = (*range(8), 36, 37, 38, *range(1030, 1035))
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
MAP_SHARED, MAP_ANONYMOUS, LOW_32_BITS = 0x01, 0x20, 0xFFFFFFFF
TMP = 16 << 20  # bytes of /tmp and, beyond the limit, of scratch


class NoSandboxError(RuntimeError):
    """This machine has nothing that could confine a student's program."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of a cell, bytes, threads, and seconds in all."""

    cell: float = 30.0
    submission: float = 600.0
    memory: int = 3 << 30
    file: int = 16 << 20
    scratch: int = 64 << 20
    threads: int = 64


@dataclass(frozen=True)
class Abilities:
    """What this machine offers: the version of Landlock (0: none), seccomp and bubblewrap."""

    landlock: int
    seccomp: bool
    bubblewrap: bool

    @property
    def sufficient(self) -> bool:
        """Whether files and system calls can both be kept from a student's program.

        Bubblewrap alone surrounds all workers of a zygote, and keeps none from another. Before its
        third version Landlock lets a file be emptied that may only be read.
        """
        return self.seccomp and self.landlock >= (1 if self.bubblewrap else 3)

    def text(self) -> str:
        """Return what there is, for a log."""
        landlock = f"Landlock {self.landlock}" if self.landlock else "no Landlock"
        seccomp = "seccomp" if self.seccomp else "no seccomp"
        return f"{landlock}, {seccomp}, {'' if self.bubblewrap else 'no '}bubblewrap"


@cache
def abilities() -> Abilities:
    """Return what this machine offers, found by trying."""
    return Abilities(_landlock_version(), _has_seccomp(), _has_bubblewrap())


def require() -> Abilities:
    """Return what this machine offers. Raises NoSandboxError where it is not enough."""
    found = abilities()
    if not found.sufficient:
        raise NoSandboxError(
            f"students' programs cannot be confined here ({platform.system()}: {found.text()}). "
            "Grade on Linux 6.2 or newer (5.13 with bubblewrap, which is a second wall) with "
            "`pip install landlock pyseccomp`, or in a virtual machine that holds nothing you "
            "would miss, and say --no-sandbox."
        )
    return found


def load() -> None:
    """Load what ``confine`` uses: a confined process could not, nor would each fork want to."""
    _landlock_version()
    _has_seccomp()


def _landlock_version() -> int:
    try:
        import landlock  # noqa: PLC0415 - exists for Linux only

        return landlock.landlock_abi_version()
    except (ImportError, OSError, AttributeError):
        return 0


def _has_seccomp() -> bool:
    try:
        import pyseccomp  # noqa: F401, PLC0415 - needs the system's libseccomp
    except (ImportError, RuntimeError, OSError):
        return False
    return sys.platform == "linux"


def _has_bubblewrap() -> bool:
    """Return whether bubblewrap is here and may make namespaces, which some systems forbid."""
    if shutil.which("bwrap") is None:
        return False
    trial = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent"]
    trial += ["--size", "4096", "--tmpfs", "/tmp", "true"]
    return subprocess.run(trial, capture_output=True, check=False, timeout=20).returncode == 0


def remove(folder: Path) -> None:
    """Remove a folder that a student's program has filled, however deep, as far as possible."""
    with suppress(subprocess.TimeoutExpired, OSError):
        subprocess.run(
            ["rm", "-rf", "--", str(folder)], capture_output=True, check=False, timeout=60
        )


def readable(secrets: Sequence[str] = ()) -> list[Path]:
    """Return what a student's process may read: the system's libraries, Python, this package.

    Without what makes hidden cases and references, wherever the package is, and ``secrets``.
    """
    hidden = [PACKAGE / name for name in HIDDEN]
    hidden += [Path(secret).resolve() for secret in secrets]
    roots = {Path(path) for path in SYSTEM} | {PACKAGE}
    roots |= {Path(sys.prefix), Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))}
    found = {path for root in roots if root.exists() for path in _around(root.resolve(), hidden)}
    return sorted(found)


def _around(folder: Path, hidden: Sequence[Path]) -> list[Path]:
    """Return ``folder``, or its parts where something hidden in it must be left out."""
    if folder in hidden:
        return []
    if not any(path.is_relative_to(folder) for path in hidden):
        return [folder]
    return [path for entry in folder.iterdir() for path in _around(entry, hidden)]


def bubblewrap(
    command: list[str], scratch: Path, limits: Limits, secrets: Sequence[str] = ()
) -> list[str]:
    """Return ``command`` in namespaces of its own: what it may read, and an empty /tmp and scratch.

    The zygote needs what it imports, ``grading`` too; its forks are confined further. Scratch is
    memory of a fixed size: deleted files that stay open count, and the disk is not touched.
    """
    around = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    around += ["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev"]
    around += ["--size", str(TMP), "--tmpfs", "/tmp"]
    for path in [*readable(secrets), PACKAGE / "grading"]:
        around += ["--ro-bind", str(path), str(path)]
    for link in ("/lib", "/lib64", "/bin", "/sbin"):
        if os.path.islink(link):
            around += ["--symlink", os.readlink(link), link]
    around += ["--size", str(limits.scratch + TMP), "--tmpfs", str(scratch)]
    around += ["--chdir", str(scratch)]
    return [*around, "--", *command]


def confine(scratch: Path, limits: Limits, found: Abilities, secrets: Sequence[str] = ()) -> None:
    """Confine this process for good. Raises OSError where a part of it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    _limit(limits)
    _drop_capabilities(libc)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    if found.landlock:
        _restrict_files(scratch, secrets)
        os.closerange(4, 64)  # the rules' own descriptor
    _restrict_calls()


def _limit(limits: Limits) -> None:
    bounds = {
        resource.RLIMIT_CPU: int(limits.submission),
        resource.RLIMIT_DATA: limits.memory,
        resource.RLIMIT_FSIZE: limits.file,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, bound in bounds.items():
        highest = resource.getrlimit(which)[1]
        low = bound if highest == resource.RLIM_INFINITY else min(bound, highest)
        resource.setrlimit(which, (low, low))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Give up what root may do; for anyone else there is nothing to give up."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(ctypes.byref(header), ctypes.byref(nothing)):
        raise OSError(ctypes.get_errno(), "capabilities could not be dropped")


def _restrict_files(scratch: Path, secrets: Sequence[str]) -> None:
    from landlock import FSAccess, Ruleset  # noqa: PLC0415 - exists for Linux only

    rules = Ruleset()
    look = FSAccess.READ_FILE | FSAccess.READ_DIR
    for path in readable(secrets):
        rules.allow(str(path), rules=look if path.is_dir() else FSAccess.READ_FILE)
    rules.allow(str(PACKAGE), rules=FSAccess.READ_DIR)  # imports list it; names are no secret
    for device in filter(os.path.exists, DEVICES):
        rules.allow(device, rules=FSAccess.READ_FILE | FSAccess.WRITE_FILE)
    links = FSAccess.MAKE_SYM | FSAccess.MAKE_SOCK | FSAccess.MAKE_FIFO
    special = FSAccess.MAKE_CHAR | FSAccess.MAKE_BLOCK | FSAccess.EXECUTE
    rules.allow(str(scratch), rules=FSAccess.all() & ~links & ~special)
    rules.apply()


def _restrict_calls() -> None:
    """Allow the calls of the list, threads, memory of one's own, and signals to oneself."""
    import pyseccomp as sc  # noqa: PLC0415 - needs the system's libseccomp

    rules = sc.SyscallFilter(sc.ERRNO(errno.EPERM))

    def add(action: Any, name: str, *arguments: Any) -> None:
        with suppress(OSError, RuntimeError, ValueError):  # not a call of this processor's Linux
            rules.add_rule(action, name, *arguments)

    for name in " ".join(CALLS).split():
        add(sc.ALLOW, name)
    for name in PRETENDED:
        add(sc.ERRNO(0), name)
    for name in UNSUPPORTED:
        add(sc.ERRNO(errno.ENOTSUP), name)
    for name, commands in (("fcntl", FCNTL), ("ioctl", IOCTL)):
        for command in commands:
            add(sc.ALLOW, name, sc.Arg(1, sc.MASKED_EQ, LOW_32_BITS, command))
    # Shared memory without a file counts as nobody's, so that no limit would hold it.
    add(sc.ALLOW, "mmap", sc.Arg(3, sc.MASKED_EQ, MAP_SHARED, 0))
    add(sc.ALLOW, "mmap", sc.Arg(3, sc.MASKED_EQ, MAP_ANONYMOUS, 0))
    add(sc.ALLOW, "clone", sc.Arg(0, sc.MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    # libc tries this one first, and falls back to clone, whose arguments a filter can see.
    add(sc.ERRNO(errno.ENOSYS), "clone3")
    add(sc.ALLOW, "tgkill", sc.Arg(0, sc.EQ, os.getpid()))
    add(sc.ALLOW, "prlimit64", sc.Arg(0, sc.EQ, 0), sc.Arg(2, sc.EQ, 0))
    rules.load()

"""Attacks on the machine: files, secrets, processes, the network, and the grader beside it.

Each attack calls ``success`` where a wall was not there, and then the class of that error is in
the result. ``test_the_attacks_work_where_nothing_confines`` runs the harmless ones without a
sandbox: they are real.
"""

import shutil
from pathlib import Path

import pytest
from attacks.stage import Attack, Stage, notebook_of, repelled, right, stage, table

from course_utils.grading import sandbox

FAILED = ("cell-failed",)
DENIED = "raised (PermissionError|FileNotFoundError)"
ANY = "raised (PermissionError|FileNotFoundError|OSError)"  # OSError: on another file system
CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    done = libc.syscall(CALLS[name], *args)
    if done != -1 or ctypes.get_errno() not in (1, 38):
        success(f"{name}: {done}, {ctypes.get_errno()}")
"""


def denied(name: str, code: str, says: str = DENIED, quick: bool = False) -> Attack:
    """Return a submission with right answers whose cell is stopped by an error."""
    return right(name, code, messages=FAILED, says=says, quick=quick)


def no_loot(name: str, code: str, quick: bool = False) -> Attack:
    """Return a submission with right answers whose cell finds nothing, and ends."""
    return right(name, code, quick=quick)


FILES = (
    denied("write", "open(PRECIOUS, 'w').write('changed')", quick=True),
    denied("append", "open(PRECIOUS, 'a').write('changed')"),
    denied("truncate", "import os\nos.truncate(PRECIOUS, 0)"),
    denied("delete", "import os\nos.unlink(PRECIOUS)"),
    denied("rename", "import os\nos.rename(PRECIOUS, 'mine')", says=ANY),
    denied(
        "replace", "import os\nopen('mine', 'w').close()\nos.replace('mine', PRECIOUS)", says=ANY
    ),
    denied("hard-link", "import os\nos.link(PRECIOUS, 'mine')\nopen('mine', 'w').write('changed')"),
    denied("read", "success(open(PRECIOUS).read())", quick=True),
    denied("source", "import os\nos.unlink(f'{COURSE}/solutions/mlp/mlp.ipynb')"),
    denied("source-tree", "import shutil\nshutil.rmtree(f'{COURSE}/solutions')"),
    denied("submissions", "import shutil\nshutil.rmtree(f'{COURSE}/submitted')", quick=True),
    denied("submission", "open(f'{COURSE}/submitted/neighbour/mlp/mlp.ipynb', 'w').write('{}')"),
    denied(
        "gradebook",
        "import sqlite3\nbook = sqlite3.connect(f'{COURSE}/gradebook.db')\n"
        "book.execute('update grade set auto_score = 312')\nbook.commit()",
        says="raised Exception",
        quick=True,
    ),
    denied("gradebook-bytes", "open(f'{COURSE}/gradebook.db', 'r+b').write(b'changed')"),
    denied("hidden-tests", "success(open(f'{COURSE}/solutions/mlp/mlp.ipynb').read())"),
    denied("seed", "success(open(f'{COURSE}/{SEED}').read())", quick=True),
    denied("neighbour", "success(open(f'{COURSE}/submitted/neighbour/mlp/mlp.ipynb').read())"),
    denied("list", "import os\nsuccess(os.listdir(COURSE))"),
    denied("bank", "success(open(f'{SOURCES}/solutions/mlp/mlp.ipynb').read())"),
)
LINKS = (
    denied(
        "symbolic-link", "import os\nos.symlink(PRECIOUS, 'link')\nsuccess(open('link').read())"
    ),
    denied("fifo", "import os\nos.mkfifo('fifo')\nsuccess('fifo')"),
    denied(
        "device", "import os, stat\nos.mknod('disk', stat.S_IFBLK | 0o600, 8 << 8)\nsuccess('disk')"
    ),
)
SECRETS = (
    no_loot(
        "environment",
        "import os\nfor name, value in os.environ.items():\n"
        "    if 'SEED' in name or 'seed' in value or 'TOKEN' in name: success(name)",
        quick=True,
    ),
    denied("environment-of-process", "success(open('/proc/self/environ').read())"),
    denied(
        "environment-of-parent", "import os\nsuccess(open(f'/proc/{os.getppid()}/environ').read())"
    ),
    denied("first-process", "success(open('/proc/1/cmdline').read())"),
    denied("process-memory", "success(open('/proc/self/mem', 'rb').read(1))"),
    denied("parent-memory", "import os\nsuccess(open(f'/proc/{os.getppid()}/mem', 'rb').read(1))"),
    denied("descriptors", "import os\nsuccess(os.listdir('/proc/self/fd'))"),
    no_loot(
        "inherited",
        "import os, stat\nfor number in range(4, 256):\n"
        "    try:\n        mode = os.fstat(number).st_mode\n    except OSError:\n        continue\n"
        "    if stat.S_IFMT(mode): success(number)",
        quick=True,
    ),
    denied("passwords", "success(open('/etc/passwd').read())"),
    denied(
        "exercises",
        "success(open(f'{PACKAGE}/feedback/exercises/mlp_layers.py').read())",
        quick=True,
    ),
    denied(
        "exercises-compiled",
        "import os\nfolder = f'{PACKAGE}/feedback/exercises/__pycache__'\n"
        "success(open(f'{folder}/{os.listdir(folder)[0]}', 'rb').read())",
    ),
    denied("grader-source", "success(open(f'{PACKAGE}/grading/checker.py').read())"),
    no_loot(
        "glob",
        "import glob\nfor where in (COURSE, '/proc/*', '/etc/ssh'):\n"
        "    if glob.glob(f'{where}/*'): success(where)",
    ),
)
TRACES = (
    no_loot(
        "elsewhere",
        "for path in ELSEWHERE:\n    try:\n        open(path, 'w').close()\n"
        "    except OSError:\n        continue\n"
        "    if not path.startswith('/tmp'): success(path)",
        quick=True,
    ),
    no_loot("bashrc", "from pathlib import Path\n(Path.home() / '.bashrc').write_text('exit 1')"),
    no_loot(
        "modules-in-the-folder",
        "for name in ('numpy', 'json', 'socket', 'sitecustomize', 'course_utils'):\n"
        "    open(f'{name}.py', 'w').write('raise SystemExit')",
        quick=True,
    ),
    denied("modules-above", "open('../json.py', 'w').write('raise SystemExit')"),
    denied(
        "next-folder",
        "import os\nnext = int(os.path.basename(os.getcwd())) + 1\nos.mkdir(f'../{next}')",
        quick=True,
    ),
    denied("own-folder", "import os\nfolder = os.getcwd()\nos.rename(folder, folder + '0')"),
    no_loot(
        "preload",
        "import os\nos.environ.update(LD_PRELOAD='x.so', PYTHONSTARTUP='x.py', PYTHONPATH='.')",
    ),
    Attack(
        "imports",
        "import sys, importlib.abc\nclass Finder(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, *a): raise ImportError\nsys.meta_path.insert(0, Finder())",
        "right",
        kinds=("process-died",),
    ),
)
PROCESSES = (
    denied("kill", "import os, signal\nos.kill(PID, signal.SIGTERM)", quick=True),
    denied("kill-parent", "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)", quick=True),
    denied("stop-parent", "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)"),
    denied(
        "pidfd", "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(PID), signal.SIGTERM)"
    ),
    denied("fork", "import os\nif os.fork() == 0: os._exit(0)\nsuccess('fork')", quick=True),
    denied("forkpty", "import os\nif os.forkpty()[0] == 0: os._exit(0)\nsuccess('fork')"),
    denied(
        "multiprocessing",
        "import multiprocessing as m\np = m.get_context('fork').Process(target=print)\np.start()\n"
        "success('process')",
        says=ANY,
    ),
    denied(
        "subprocess",
        "import subprocess\nsuccess(subprocess.run(['/bin/true']))",
        says=ANY,
    ),
    denied("spawn", "import os\nsuccess(os.posix_spawn('/bin/true', ['true'], {}))"),
    denied("exec", "import os\nos.execv('/bin/true', ['true'])", quick=True),
    no_loot("system", "import os\nif os.system('true') == 0: success('system')"),
    denied(
        "popen",
        "import os\nsuccess(os.popen('echo loot').read())",
        says=ANY,
    ),
    denied(
        "limits-raised",
        "import resource as r\nr.setrlimit(r.RLIMIT_DATA, (r.RLIM_INFINITY,) * 2)",
        says="raised (PermissionError|ValueError)",
    ),
    no_loot("system-calls", CALL + "for name in CALLS: call(name, -1, 0, 0, 0, 0)", quick=True),
    no_loot(
        "trace-me", CALL + "call('ptrace', 0, 0, 0, 0)\ncall('ptrace', 16, os.getppid(), 0, 0)"
    ),
    no_loot(
        "read-parent",
        CALL + "class Part(ctypes.Structure):\n"
        "    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
        "buffer = ctypes.create_string_buffer(8)\n"
        "here = Part(ctypes.addressof(buffer), 8)\n"
        "call('process_vm_readv', os.getppid(), ctypes.byref(here), 1, ctypes.byref(here), 1, 0)",
    ),
    no_loot("other-threads", CALL + "call('tkill', PID, 15)\ncall('rt_sigqueueinfo', PID, 15, 0)"),
    no_loot("memory-file", CALL + "call('memfd_create', b'x', 0)"),
)
NETWORK = (
    denied(
        "connect",
        "import socket\nsuccess(socket.create_connection(('127.0.0.1', PORT), timeout=1))",
        quick=True,
    ),
    denied("datagram", "import socket\nsuccess(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))"),
    denied("unix", "import socket\nsuccess(socket.socket(socket.AF_UNIX))"),
    denied("raw", "import socket\nsuccess(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))"),
    denied(
        "http",
        "from urllib.request import urlopen\n"
        "success(urlopen(f'http://127.0.0.1:{PORT}', timeout=1))",
        says=ANY,
    ),
    denied(
        "name", "import socket\nsuccess(socket.gethostbyname('localhost'))", says="raised OSError"
    ),
    denied("listen", "import socket\nsuccess(socket.create_server(('', 0)))"),
    denied(
        "bound-socketpair",
        "import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "a.connect('\\0any')\nsuccess('connected')",
    ),
    denied(
        "shared-memory",
        "from multiprocessing import shared_memory\n"
        "success(shared_memory.SharedMemory('attack', create=True, size=8))",
    ),
)


@table(*FILES, *LINKS, *SECRETS, *TRACES, *PROCESSES, *NETWORK)
def test_the_machine_stays_as_it_is(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


# What shows, without a sandbox, that an attack does what it says; nothing outside the stage.
REAL = {"write", "append", "delete", "read", "submissions", "gradebook", "seed", "hidden-tests"}
REAL |= {"kill", "fork", "connect", "symbolic-link", "environment-of-process", "elsewhere"}
REAL |= {"subprocess", "unix", "memory-file", "exercises", "neighbour"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "attack",
    [a for a in (*FILES, *LINKS, *SECRETS, *TRACES, *PROCESSES, *NETWORK) if a.name in REAL],
    ids=lambda attack: attack.name,
)
def test_the_attacks_work_where_nothing_confines(tmp_path: Path, attack: Attack) -> None:
    with stage(tmp_path, sandboxed=False) as open_stage:
        before = open_stage.snapshot()
        result = open_stage.hand_in("mallory", notebook_of(attack, open_stage.prelude()))
        changed = open_stage.snapshot() != before
        assert changed or "BufferError" in result.record()


# Where namespaces of bubblewrap help: everything else is a matter of system calls alone.
OUTSIDE = [*FILES, *LINKS, *SECRETS, *TRACES]
OUTSIDE += [a for a in (*PROCESSES, *NETWORK) if a.name in REAL or "parent" in a.name]


@pytest.mark.slow
@pytest.mark.parametrize("attack", OUTSIDE, ids=lambda attack: attack.name)
def test_landlock_and_seccomp_are_enough(landlock_stage: Stage, attack: Attack) -> None:
    repelled(landlock_stage, attack)


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        (sandbox.Abilities(7, True, True), True),
        (sandbox.Abilities(7, True, False), True),
        (sandbox.Abilities(0, True, True), False),  # shares /proc and /tmp with the zygote
        (sandbox.Abilities(7, False, True), False),
        (sandbox.Abilities(0, False, False), False),
    ],
)
def test_what_is_enough(found: sandbox.Abilities, enough: bool) -> None:
    assert found.sufficient == enough


@pytest.mark.parametrize("hidden", sandbox.HIDDEN)
def test_references_are_hidden_wherever_the_package_is(
    hidden: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is installed among other packages, all of which can be read."""
    place = tmp_path / "lib/site-packages/course_utils"
    shutil.copytree(sandbox.PACKAGE, place, ignore=shutil.ignore_patterns("data", "*.pyc"))
    monkeypatch.setattr(sandbox, "PACKAGE", place)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    assert (place / hidden).is_dir()
    assert not [path for path in sandbox.readable() if (place / hidden).is_relative_to(path)]

"""Attacks by someone who has read the code of the grader, each on a small assignment of its own.

Every attack is harmless: it works in its scratch folder, on its own channel or on bounded memory.
After each one an honest submission gets its full mark from the same checker.
"""

import hashlib
import os
import re
import shutil
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from attacks.red import FORGE, ROOT, SMALL, Range, firing_range, kinds, secrets_of, told

from course_utils.grading import workers
from course_utils.grading.course import load_course
from course_utils.grading.gradebook import results
from course_utils.grading.pipeline import Options, grade
from course_utils.grading.sandbox import Limits

KEYS = ("mlp/dense", "mlp/softmax")
FULL = 4.0
NOTICED = "look-by-hand"  # says that a person should look at the code; costs nothing
SLOW = 15.0  # seconds: a cell, the grace, and a busy machine
SOCKET = """import socket, time
channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=3)
"""
FOR_EVER = """
while True:
    try:
        time.sleep(100)
    except BaseException:
        pass
"""
OUTCOME = "{'dict': {'value': %s, 'error': None, 'changed': {'list': %s}}}"


@dataclass(frozen=True)
class Attack:
    """A cell in front of the answers, other answers, and what must come of them."""

    name: str
    code: str = ""
    earned: float = FULL
    codes: frozenset[str] = frozenset()  # that messages may have
    answers: dict[str, str] = field(default_factory=dict)


def costs_itself(name: str, code: str) -> Attack:
    """Return an attack whose cell may fail or be left out, and whose right answers count."""
    return Attack(name, code, codes=frozenset({"cell-ended", "cell-failed"}))


def forged(name: str, header: str, more: str = "") -> Attack:
    """Return an attack that answers each case with a description of its own."""
    return Attack(name, f"{FORGE}raw({header}{more})", 0.0, frozenset({"cell-failed"}))


MACHINE = (
    costs_itself(
        "nested-folders",
        "import os\nfor i in range(3000):\n    os.mkdir('d')\n    os.chdir('d')",
    ),
    costs_itself("many-folders", "import os\nfor i in range(60_000):\n    os.mkdir(str(i))"),
    costs_itself("chmod-of-the-folder-above", "import os\nos.chmod('..', 0)"),
    costs_itself("chmod-of-the-own-folder", "import os\nos.chmod('.', 0)"),
    costs_itself(
        "files-in-folders-that-nobody-may-read",
        "import os\nfor i in range(8):\n    os.mkdir(str(i))\n"
        "    open(f'{i}/x', 'wb').write(bytes(3 << 20))\n    os.chmod(str(i), 0)",
    ),
    costs_itself(
        "signals-through-fcntl",
        "import fcntl, os, signal, socket\na, b = socket.socketpair()\n"
        "fcntl.fcntl(a, fcntl.F_SETOWN, os.getppid())\nfcntl.fcntl(a, 10, signal.SIGSTOP)\n"
        "fcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | fcntl.FASYNC)\n"
        "b.send(b'x')",
    ),
    costs_itself(
        "signals-through-ioctl",
        "import fcntl, os, signal, socket, struct\na, b = socket.socketpair()\n"
        "fcntl.ioctl(a, 0x8901, struct.pack('i', os.getppid()))\n"
        "fcntl.fcntl(a, 10, signal.SIGSTOP)\nfcntl.ioctl(a, 0x5452, struct.pack('i', 1))\n"
        "b.send(b'x')",
    ),
    costs_itself("stops-itself", "import signal\nsignal.raise_signal(signal.SIGSTOP)"),
    costs_itself(
        "plants-modules",
        "import os\nfor name in ('numpy.py', 'sitecustomize.py', 'matplotlibrc'):\n"
        "    open(name, 'w').write('1/0')\nos.makedirs('course_utils')",
    ),
    costs_itself("names-of-files", "open('a\\nb\\x1b[2J', 'w')\nopen('-rf', 'w')"),
)

CHANNEL = (
    costs_itself("an-out-of-band-byte", f"{SOCKET}channel.send(b'x', socket.MSG_OOB){FOR_EVER}"),
    costs_itself(
        "a-byte-now-and-then",
        f"{FORGE}import time\ndef slowly(channel, body):\n"
        "    channel.sendall(struct.pack('>Q', 60 << 20))\n"
        "    while True:\n        channel.send(b'a')\n        time.sleep(0.3)\n"
        "worker_module.send = slowly",
    ),
    costs_itself("a-closed-channel", "import os\nos.close(3)"),
    Attack(
        "answers-before-the-questions",
        "import os, struct\nbody = b'\\0\\0\\0\\x04true'\n"
        "os.write(3, (struct.pack('>Q', len(body)) + body) * 40)",
        0.0,
    ),
    Attack(
        "half-a-channel",
        f"{SOCKET}channel.shutdown(socket.SHUT_RD)",
        0.0,
        frozenset({"cell-ended"}),
    ),
)

ANSWERS = (
    forged("a-number", "'5'"),
    forged("a-list", "'[1]'"),
    forged("not-a-number", "'NaN'"),
    forged("a-dict-of-a-list", "{'dict': [1]}"),
    forged("an-array-for-an-outcome", "{'array': ['<f8', 0]}"),
    forged("a-dtype-that-numpy-evaluates", OUTCOME % ("{'array': ['(1,,2)i4', 1]}", "[]")),
    forged("ten-thousand-axes", OUTCOME % ("{'array': ['<f8'] + [3] * 300_000}", "[]")),
    forged(
        "axes-of-thousands-of-digits", OUTCOME % ("{'array': ['<f8'] + [10**4000] * 200}", "[]")
    ),
    forged("nothing-times-everything", OUTCOME % ("{'array': ['<f8', 0, 2**62]}", "[]")),
    forged("an-infinite-argument", OUTCOME % ("None", "[{'float': 'inf'}]")),
    forged("an-argument-before-the-first", OUTCOME % ("None", "[{'int': '-100'}]")),
    forged("an-argument-after-the-last", OUTCOME % ("None", "[{'int': '7'}]")),
    forged("text-for-a-number", OUTCOME % ("'1.5'", "[]")),
    forged("a-number-of-400-digits", OUTCOME % ("{'int': '9' * 400}", "[]")),
    forged(
        "names-that-cannot-be-looked-up",
        "{'dict': {'names': {'list': [{'list': []}]}, 'line': {'int': '1'}}}",
        ", only_cases=False",
    ),
    forged("true-to-everything", "'true'", ", only_cases=False"),
)

LEAKS = (
    Attack(
        "in-the-number-of-an-argument",
        FORGE
        + "later(lambda a, k: Outcome(changed=(int.from_bytes(a[0].tobytes()[:16], 'little'),)))",
        0.0,
    ),
    Attack(
        "in-the-kind-of-a-refusal",
        FORGE + "from course_utils.feedback.exercise import RefusalError\n"
        "later(lambda a, k: Outcome(error=RefusalError(repr(float(a[0].ravel()[0])), 'h')))",
        0.0,
    ),
    Attack(
        "in-the-name-of-a-stub",
        FORGE + "later(lambda a, k: Outcome(error=NotImplementedError("
        "'x' + a[0].tobytes()[:20].hex() + ': not written yet')))",
        0.0,
    ),
    Attack(
        "in-the-name-of-a-class",
        FORGE + "later(lambda a, k: Outcome(error=type("
        "'x' + a[0].tobytes()[:20].hex(), (ValueError,), {})()))",
        0.0,
    ),
    Attack(
        "in-the-text-of-an-error",
        FORGE + "later(lambda a, k: Outcome(error=ValueError(a[0].tobytes()[:20].hex())))",
        0.0,
    ),
    Attack(
        "in-the-name-of-a-type",
        FORGE
        + "later(lambda a, k: Outcome(value=type('x' + a[0].tobytes()[:16].hex(), (), {})()))",
        0.0,
    ),
    Attack(
        "in-the-shape-of-a-result",
        FORGE + "import numpy as np\nlater(lambda a, k: Outcome(value=np.zeros((0, abs(int("
        "a[0].ravel()[0] * 1e7))))))",
        0.0,
    ),
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "GRACE", 1.0)
        with firing_range(tmp_path_factory.mktemp("range"), *KEYS) as made:
            yield made


def fingerprint(folder: Path) -> str:
    """Return a digest of the names, modes and contents below a folder."""
    found = [
        (str(path), path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def strike(target: Range, attack: Attack) -> str:
    """Hand in an attack; return all that its student is told. Assert that it costs only itself."""
    solutions = target.folder / "solutions"
    before, descriptors = fingerprint(solutions), len(os.listdir("/proc/self/fd"))
    start = time.monotonic()
    result = target.hand_in(attack.answers, (attack.code,) if attack.code else ())
    assert time.monotonic() - start < SLOW
    assert result.earned == attack.earned, (result.line(), kinds(result), result.messages)
    codes = {message.code for message in result.messages} - {NOTICED}
    assert codes <= attack.codes, result.messages
    target.neighbour()
    assert fingerprint(solutions) == before
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 3
    return told(result)


def cases(*attacks: Attack) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("attack", attacks, ids=[attack.name for attack in attacks])


@cases(*MACHINE)
def test_the_machine_and_the_zygote_stay(target: Range, attack: Attack) -> None:
    strike(target, attack)


@pytest.mark.timeout(60)
@cases(*CHANNEL)
def test_the_channel_keeps_its_deadline(target: Range, attack: Attack) -> None:
    strike(target, attack)


@cases(*ANSWERS)
def test_no_answer_fails_the_checker(target: Range, attack: Attack) -> None:
    strike(target, attack)


@cases(*LEAKS)
def test_no_word_of_a_student_comes_back(target: Range, attack: Attack) -> None:
    text = strike(target, attack)
    hidden = [case for key in KEYS for case in target.hidden(key)]
    assert not {secret for secret in secrets_of(hidden) if secret in text}


def test_secrets_would_be_found(target: Range) -> None:
    case = target.hidden(KEYS[0])[0]
    number = float(case.args[0].ravel()[0])
    assert {secret for secret in secrets_of([case]) if secret in f"got {number!r}"}


def test_a_cell_between_two_questions_tells_no_line(target: Range) -> None:
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in target.solved.cells}
    listen = "\nseen, plain = [], dense\ndef dense(x, W, b):\n    seen.append(x.copy())\n"
    shout = "\nbyte = seen[8].tobytes()[6]\n" + "\n".join(
        f"if byte == {value}: 1 / 0" for value in range(256)
    )
    result = target.hand_in(
        {
            "dense": solved["dense"] + listen + "    return plain(x, W, b)",
            "softmax": solved["softmax"] + shout,
        }
    )
    assert result.earned == FULL
    byte = target.hidden(KEYS[0])[0].args[0].tobytes()[6]
    for message in result.messages:
        assert not re.search(rf"line \d+|\b{byte}\b", message.text), message
    target.neighbour()


@pytest.mark.parametrize(
    "code",
    [
        "import mmap\nheld = mmap.mmap(-1, 3 << 29)\nheld[0] = 1\nreached = True",
        "import mmap\nfile = open('/dev/zero', 'r+b')\nheld = mmap.mmap(file.fileno(), 3 << 29)\n"
        "held[0] = 1\nreached = True",
        "import os, time\nfiles = []\nfor i in range(15):\n    file = open('x', 'wb')\n"
        "    file.write(bytes(4 << 20))\n    file.flush()\n    os.unlink('x')\n"
        "    files.append(file)\nreached = True",
    ],
    ids=["shared-memory", "shared-zeros", "files-without-a-name"],
)
def test_no_memory_and_no_disk_beside_the_limits(target: Range, code: str) -> None:
    told_back = "\nif 'reached' in globals():\n    raise NotImplementedError"
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in target.solved.cells}
    result = target.hand_in({"softmax": solved["softmax"] + told_back}, before=(code,))
    assert [message.code for message in result.messages][:1] in (["cell-failed"], ["cell-ended"])
    assert not any("NotImplementedError" in message.text for message in result.messages)
    assert result.earned == FULL
    target.neighbour()


@pytest.mark.slow
def test_answers_far_too_large_do_not_fill_the_checker(target: Range) -> None:
    code = f"{FORGE}import numpy as np\nmuch = np.zeros(60 << 20, np.int8)\n"
    tracemalloc.start()
    try:
        result = target.hand_in(before=(code + "answering(lambda a, k: Outcome(much))",))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.earned == 0
    assert peak < 400 << 20
    target.neighbour()


@pytest.mark.slow
def test_hundreds_of_cells_that_end_the_process(target: Range) -> None:
    start = time.monotonic()
    result = target.hand_in(before=("import os\nos._exit(1)",) * 600)
    assert time.monotonic() - start < SLOW
    assert len(result.messages) < 40
    target.neighbour()


CROPS = """
COUNTS = {"crops": 5, "offsets": 4, "flips": 4, "generator": 3}
random_crop_flip = 1


def make(args, kwargs):
    x, padding, _, asked = args
    if x.ndim != 4 or not len(x) or padding < 0:
        return Outcome(error=ValueError())
    return Outcome((True,) * COUNTS[asked]) if asked in COUNTS else Outcome(x * 0)


answering(make)
"""
HE = """
he_normal = 1
FACTS = {"fan_in * np.var(W)": 2.0, "np.mean(np.abs(W) < np.std(W))": 0.6827}


def make(args, kwargs):
    import numpy as np
    if min(args[:2]) < 1:
        return Outcome(error=ValueError())
    program = args[-1]
    if program.startswith("np.zeros"):
        return Outcome(np.zeros(args[1::-1]))
    return Outcome(FACTS.get(program, "W_next" not in program))


answering(make)
"""
UNET = """
UNet = 1


def make(args, kwargs):
    c_in, classes, width, depth, asked, size = args
    if min(c_in, classes, width, depth + 1) < 1 or any(side % 2**depth for side in size):
        return Outcome(error=ValueError())
    facts = {
        "shape of the output": (2, classes, *size),
        "channels level by level": [width * 2**level for level in range(depth + 1)],
        "ways around the level below": (True,) * depth,
        "maps joined by no sum and no product": (True,) * (2 * depth),
    }
    return Outcome(facts.get(asked, (True,) * 5))


answering(make)
"""

RESIDUAL = """
ResidualBlock = 1


def make(args, kwargs):
    import numpy as np
    c_in, c_out, stride, asked, *x = args
    if min(c_in, c_out, stride) < 1:
        return Outcome(error=ValueError())
    shapes = [(c_out, c_in, 3, 3), (c_out, c_out, 3, 3), *[(c_out,)] * 4]
    if stride != 1 or c_in != c_out:
        shapes += [(c_out, c_in, 1, 1), (c_out,), (c_out,)]
    if asked == "shapes of the parameters":
        return Outcome(sorted(shapes))
    return Outcome(0 if asked == "unused parameters" else np.maximum(x[0], 0))


answering(make)
"""


DISGUISED = """
import sys

modules = getattr(sys, "mod" + "ules")
inside = "course_utils.grad" + "ing."
Outcome = modules[inside + "wire"].Outcome


def answering(make):
    worker = modules[inside + "worker"].Worker
    worker.case = lambda self, args, kwargs, seconds: make(args, kwargs)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("classification/random_crop_flip", CROPS),
        ("sgd/he_normal", HE),
        ("segmentation/UNet", UNET),
        ("classification/ResidualBlock", RESIDUAL),
    ],
)
@pytest.mark.parametrize("forge", [FORGE, DISGUISED], ids=["plain", "disguised"])
def test_facts_that_a_student_states_earn_nothing(
    tmp_path: Path, forge: str, key: str, code: str
) -> None:
    with firing_range(tmp_path, key, limits=Limits(cell=5, submission=60)) as target:
        result = target.hand_in(target.unwritten(), before=(forge + code,))
        assert result.earned == 0, (result.line(), result.verdicts)
        target.neighbour()


MANY_KERNELS = """

@triton.jit
def extra(o, K: tl.constexpr):
    i = tl.program_id(0)
    tl.store(o + i, tl.load(o + i))


plain = row_softmax


def row_softmax(x):
    out = plain(x)
    for n in range(200):
        extra[(1,)](out, K=n)
    return out
"""


@pytest.mark.slow
def test_many_kernels_do_not_keep_the_compiler(tmp_path: Path) -> None:
    limits = Limits(cell=10, submission=60)
    with firing_range(tmp_path, "triton_convolution/row_softmax", limits=limits) as target:
        cell = next(c for c in target.solved.cells if "def row_softmax" in c.source)
        name = cell.metadata.nbgrader.grade_id
        start = time.monotonic()
        target.hand_in({name: cell.source + MANY_KERNELS})
        assert time.monotonic() - start < 75
        result = target.hand_in()
        assert result.earned == result.points


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.set_grad_enabled(False)",
        "import torch\ntorch.set_default_dtype(torch.float16)",
        "import warnings, numpy\nnumpy.seterr(all='raise')\nwarnings.simplefilter('error')",
    ],
    ids=["no-gradients", "half-precision", "warnings-are-errors"],
)
@pytest.mark.parametrize("key", ["segmentation/UNet", "classification/ResidualBlock"])
def test_settings_of_torch_cost_nothing(tmp_path: Path, key: str, code: str) -> None:
    with firing_range(tmp_path, key, limits=Limits(cell=10, submission=120)) as target:
        result = target.hand_in(before=(code,))
        assert result.earned == result.points > 0, (kinds(result), result.messages)


HONEST = {
    "copies-of-files": "import shutil\nopen('a', 'w').write('x')\nshutil.copy2('a', 'b')\n"
    "shutil.move('b', 'c')\nimport os\nos.makedirs('d/e')\nshutil.copytree('d', 'f')",
    "arrays-on-disk": "import numpy as np\nnp.save('a.npy', np.ones(3))\n"
    "np.load('a.npy', mmap_mode='r').sum()\nmapped = np.memmap('m', 'f8', 'w+', shape=(9,))\n"
    "mapped[0] = 1\nmapped.flush()",
    "who-am-i": "import getpass, pathlib, platform, socket\ngetpass.getuser()\n"
    "pathlib.Path('~').expanduser()\nplatform.platform()\nsocket.gethostname()",
    "a-check-of-a-check": "from course_utils.feedback import check\n"
    "report = check('mlp/dense', lambda x, W, b: x)\nprint(report, report.passed, report.earned)",
    "a-timer": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)",
    "a-database": "import sqlite3\nbase = sqlite3.connect('a.db')\n"
    "base.execute('create table t(x)')\nbase.commit()",
    "a-profile": "%prun sum(range(10))\n%time sum(range(10))\n%xmode Verbose\n%whos",
}


@pytest.mark.parametrize("code", HONEST.values(), ids=list(HONEST))
def test_odd_and_honest_cells_cost_nothing(target: Range, code: str) -> None:
    result = target.hand_in(before=(code,))
    assert result.earned == FULL
    assert not result.messages, result.messages


@pytest.mark.slow
def test_odd_names_of_folders_stop_nobody(tmp_path: Path) -> None:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "solutions/mlp", tmp_path / "solutions/mlp")
    odd = [b"a\xff", b"b\x1b[31mred", b"c\nd: graded, 15 of 15", b"[bold]e", b"f%s{0}", b"g" * 200]
    for name in (b"ada", *odd, b"zed"):
        folder = os.fsencode(tmp_path) + b"/submitted/" + name + b"/mlp"
        os.makedirs(folder)
        shutil.copy(ROOT / "solutions/mlp/mlp.ipynb", os.fsdecode(folder))
    course, lines = load_course(tmp_path), []
    grade(course, "mlp", "s", Options(workers=1, limits=SMALL), lambda r: lines.append(r.line()))
    marks = {result.student: result.earned for result in results(course, "mlp")}
    assert marks["ada"] == marks["zed"] == 15
    assert all(line.isprintable() for line in lines)

"""Compile kernels for named GPUs on a machine that need not have one, and look at the result.

Triton's compiler and NVIDIA's assembler run anywhere; only running the result needs the GPU. What
they say is known before the first run: registers a thread, what did not fit into them (spills),
shared memory a block, and which instructions multiply matrices. It also finds what Triton's
interpreter lets pass: ``break``, ``if`` on a block, a call of torch.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from course_utils.kernels.sources import UnusableNameError, gather, python_function

CHILD = Path(__file__).with_name("compiler_child.py")
# Bytes of shared memory that one block may have (CUDA C++ Programming Guide, compute capabilities).
SHARED_LIMITS = {75: 64 << 10, 80: 163 << 10, 86: 99 << 10, 89: 99 << 10, 90: 227 << 10}
SHARED_LIMITS |= {100: 227 << 10, 120: 99 << 10}
MATRIX_INSTRUCTIONS = ("HMMA", "HGMMA", "IMMA", "IGMMA", "QMMA", "QGMMA", "UTCHMMA", "UTCQMMA")


@dataclass(frozen=True)
class Compiled:
    """A kernel compiled for compute capability ``sm`` / 10, or why it could not be (``error``).

    ``registers`` are those of one thread, ``spill_stores`` and ``spill_loads`` bytes a thread
    writes and reads because its registers did not suffice, ``shared_bytes`` the shared memory of
    one block of ``warps`` warps. ``instructions`` counts the machine code, ``sass`` is its text,
    ``ptx`` that of the intermediate language.
    """

    name: str
    sm: int
    registers: int = 0
    spill_stores: int = 0
    spill_loads: int = 0
    shared_bytes: int = 0
    warps: int = 0
    instructions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    ptx: str = field(default="", repr=False)
    error: str | None = None
    sass: str = field(default="", repr=False)

    @property
    def tensor_core(self) -> int:
        """The number of instructions that multiply matrices on tensor cores."""
        return sum(self.instructions.get(name, 0) for name in MATRIX_INSTRUCTIONS)

    @property
    def spills(self) -> bool:
        """Whether registers did not suffice."""
        return bool(self.spill_stores or self.spill_loads)

    @property
    def fits(self) -> bool:
        """Whether its shared memory fits into a block's."""
        return self.shared_bytes <= SHARED_LIMITS[self.sm]


class _Compiler:
    """The process that compiles, started when first needed and kept."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None
        self.answers: Queue[str] = Queue()
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        """Start the process, with a cache of its own so that measured seconds are true."""
        self.folder = tempfile.TemporaryDirectory(prefix="compiler-", ignore_cleanup_errors=True)
        environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
        environment |= {"TRITON_CACHE_DIR": self.folder.name, "TRITON_DEFAULT_FP_FUSION": "1"}
        self.said = Path(self.folder.name, "said.txt")
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said.open("w"),
            text=True,
            env=environment,
        )
        self.answers = Queue()
        threading.Thread(target=self._read, args=(self.process, self.answers), daemon=True).start()
        return self.process

    @staticmethod
    def _read(process: subprocess.Popen[str], answers: Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)
        answers.put("")

    def stop(self) -> None:
        """End the process and remove its cache."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self.folder is not None:
            self.folder.cleanup()

    def ask(self, request: str, timeout: float) -> dict[str, Any]:
        """Return the answer to a request; a process that dies or hangs becomes an error."""
        with self.lock:
            process = self.process or self.start()
            assert process.stdin is not None
            try:
                process.stdin.write(request + "\n")
                process.stdin.flush()
                line = self.answers.get(timeout=timeout)
            except Empty:
                self.stop()
                return {"error": f"the compiler was stopped after {timeout:.0f} s"}
            except BrokenPipeError:
                line = ""
            if not line:
                last = self.said.read_text(errors="replace").strip().splitlines()[-3:]
                self.stop()
                return {"error": "the compiler's process ended: " + " ".join(last)[-400:]}
            return json.loads(line)


_COMPILER = _Compiler()
_KNOWN: dict[str, Compiled] = {}
atexit.register(_COMPILER.stop)


def compile_kernel(
    kernel: Any,
    signature: dict[str, str],
    constexprs: dict[str, Any],
    sm: int = 90,
    divisible: Collection[str] = (),
    num_warps: int = 4,
    num_stages: int = 3,
    timeout: float = 120.0,
    disassemble: bool = True,
) -> Compiled:
    """Compile ``kernel`` for compute capability ``sm`` / 10 and return what became of it.

    ``signature`` names the type of each argument (``"*fp16"`` a pointer, ``"i32"``, ``"fp32"``),
    ``constexprs`` the values known when compiling, ``divisible`` the arguments that are multiples
    of 16 (addresses and sizes; Triton finds this at a launch). Without ``disassemble``, which saves
    a quarter of the time, ``instructions`` and ``sass`` stay empty. A result is kept, and the same
    question answered at once. What is wrong with the kernel is in ``Compiled.error``; ValueError
    and TypeError are raised for a wrong question.
    """
    name = python_function(kernel).__name__
    try:
        request = compile_request(
            kernel, signature, constexprs, sm, divisible, num_warps, num_stages, disassemble
        )
    except UnusableNameError as error:
        return Compiled(name, sm, error=str(error))
    if request not in _KNOWN:
        _KNOWN[request] = Compiled(name, sm, **_COMPILER.ask(request, timeout))
    return _KNOWN[request]


def compile_request(
    kernel: Any,
    signature: dict[str, str],
    constexprs: dict[str, Any],
    sm: int = 90,
    divisible: Collection[str] = (),
    num_warps: int = 4,
    num_stages: int = 3,
    disassemble: bool = True,
) -> str:
    """Return what ``compile_kernel`` asks the compiler's process, as JSON.

    Raises UnusableNameError for a kernel that uses a name which no compiled kernel can use.
    """
    _check(python_function(kernel), signature, constexprs, sm, divisible)
    units, key, values = gather(kernel, constexprs)
    return json.dumps(
        {
            "units": units,
            "kernel": key,
            "signature": signature,
            "constexprs": values,
            "divisible": [name for name in divisible if name not in constexprs],
            "sm": sm,
            "disassemble": disassemble,
            "options": {"num_warps": num_warps, "num_stages": num_stages},
        }
    )


def _check(
    function: Any, signature: dict[str, str], constexprs: dict, sm: int, divisible: Collection[str]
) -> None:
    """Raise ValueError for arguments that do not belong together."""
    if sm not in SHARED_LIMITS:
        raise ValueError(f"sm must be one of {sorted(SHARED_LIMITS)}, got {sm!r}")
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    missing = [n for n in names if n not in signature and n not in constexprs]
    unknown = [n for n in (*signature, *constexprs, *divisible) if n not in names]
    if missing or unknown:
        raise ValueError(
            f"{function.__name__} takes {names}: no type or value for {missing}, unknown: {unknown}"
        )


def compile_launch(
    launch: Any, sm: int = 90, timeout: float = 120.0, disassemble: bool = True
) -> Compiled:
    """Compile what ``record_launches`` recorded: the same kernel, types, values and options."""
    return compile_kernel(
        launch.kernel, timeout=timeout, disassemble=disassemble, **_specified(launch, sm)
    )


def launch_request(launch: Any, sm: int = 90) -> str:
    """Return what ``compile_launch`` asks the compiler's process; raises as ``compile_request``."""
    return compile_request(launch.kernel, disassemble=False, **_specified(launch, sm))


def _specified(launch: Any, sm: int) -> dict[str, Any]:
    options = {k: v for k, v in launch.options.items() if k in ("num_warps", "num_stages")}
    return {
        "signature": launch.signature,
        "constexprs": launch.constexprs,
        "sm": sm,
        "divisible": tuple(launch.divisible),
        **options,
    }

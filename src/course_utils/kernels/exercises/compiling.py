"""The compile part of an exercise: what the interpreter lets pass and a GPU would not."""

# ruff: noqa: PLC0415 - torch and triton are imported only where a kernel is checked

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_utils.feedback.exercise import RefusalError
from course_utils.kernels.exercises.running import launched, refusals, tensor_of

TARGETS = {80: "an A100", 90: "an H100 or H200"}
SECONDS = 60.0  # that one kernel may take to compile: blocks far too large take minutes


@dataclass(frozen=True)
class CompilePart:
    """The compile part of an exercise: it calls the student's function with these arguments.

    Each kernel launched is compiled for every target. Called with a student's function, it raises
    RefusalError where a kernel does not compile or needs more shared memory than there is, and
    returns rows for the report. Where the student's function lives in another process, that one
    runs ``requests``, and whoever compiles them asks ``judge``.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __call__(self, student: Any) -> Mapping[str, str]:
        """Return a row for each target and one on memory, or raise RefusalError."""
        from course_utils.kernels.compiler import compile_launch

        kernels, log = self._launched(student)
        rows = {}
        for sm, gpu in TARGETS.items():
            facts = []
            for launch in kernels:
                try:
                    found = compile_launch(launch, sm, timeout=SECONDS)
                except (TypeError, ValueError) as error:  # an argument that cannot be described
                    facts.append(f"{launch.name}: not compiled here, {error}")
                    continue
                self.judge(launch.name, sm, found.error, found.shared_bytes)
                facts.append(_facts(launch.name, found))
            rows[f"On {gpu}"] = "; ".join(facts)
        if log is not None and log.accesses:
            rows["Memory"] = memory_row(log)
        return rows

    def _launched(self, student: Any) -> tuple[list[Any], Any]:
        with refusals():
            done = launched(student, tuple(map(tensor_of, self.args)), dict(self.kwargs))
        return list({_specification(launch): launch for launch in done.launches}.values()), done.log

    def requests(self, student: Any) -> list[tuple[str, int, str, str | None]]:
        """Return (kernel, target, question for the compiler, or why there is none) for each."""
        from course_utils.kernels.compiler import launch_request
        from course_utils.kernels.sources import UnusableNameError

        found: list[tuple[str, int, str, str | None]] = []
        for launch in self._launched(student)[0]:
            for sm in TARGETS:
                try:
                    found.append((launch.name, sm, launch_request(launch, sm), None))
                except UnusableNameError as error:
                    found.append((launch.name, sm, "", str(error)))
                except (TypeError, ValueError):  # an argument that cannot be described
                    continue
        return found

    def judge(self, name: str, sm: int, error: str | None, shared_bytes: int) -> None:
        """Raise RefusalError for what became of one kernel, where it cannot run on the target."""
        from course_utils.kernels.compiler import SHARED_LIMITS

        if error is not None:
            raise RefusalError(
                "does-not-compile",
                f"the results are right, but {name} does not compile for {TARGETS[sm]}, where "
                f"the rules are stricter than the interpreter's. {error}",
            )
        if shared_bytes > SHARED_LIMITS[sm]:
            raise RefusalError(
                "blocks-too-large",
                f"{name} needs {shared_bytes >> 10} KiB of shared memory a block on "
                f"{TARGETS[sm]}, which has {SHARED_LIMITS[sm] >> 10}: make its blocks smaller.",
            )


def compile_part(*args: Any, **kwargs: Any) -> CompilePart:
    """Return the compile part of an exercise, for these arguments of the student's function."""
    return CompilePart(args, kwargs)


def _specification(launch: Any) -> str:
    return repr(
        (
            launch.name,
            sorted(launch.signature.items()),
            sorted((name, repr(value)) for name, value in launch.constexprs.items()),
            sorted(launch.divisible),
            sorted((name, repr(value)) for name, value in launch.options.items()),
        )
    )


def _facts(name: str, found: Any) -> str:
    spilled = f"{found.spill_stores + found.spill_loads} bytes spilled" if found.spills else ""
    facts = [f"{found.registers} registers", spilled or "no spills"]
    facts += [f"{found.shared_bytes / 1024:.3g} KiB shared"] if found.shared_bytes else []
    facts += [f"{found.tensor_core} tensor-core instructions"] if found.tensor_core else []
    return f"{name}: {', '.join(facts)}"


def memory_row(log: Any) -> str:
    """Return how well loads and stores were coalesced, as text."""
    kinds = [kind for kind in ("load", "store", "atomic") if log.select(kind)]
    parts = [f"{log.sectors_per_warp(kind):.1f} by {kind}" for kind in kinds]
    best = "2 are best in float16, 4 in float32"
    return f"sectors of 32 bytes that a warp touches: {', '.join(parts)} ({best})"

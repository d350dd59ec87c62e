"""The compile part of an exercise: what the interpreter lets pass and a GPU would not."""

# ruff: noqa: PLC0415 - torch and triton are imported only where a kernel is checked

from collections.abc import Callable, Mapping
from typing import Any

from course_utils.feedback.exercise import RefusalError
from course_utils.kernels.exercises.running import launched, refusals, tensor_of

TARGETS = {80: "an A100", 90: "an H100 or H200"}
SECONDS = 60.0  # that one kernel may take to compile: blocks far too large take minutes


def compile_part(*args: Any, **kwargs: Any) -> Callable[[Any], Mapping[str, str]]:
    """Return the compile part of an exercise: it calls the student's function with these arrays.

    Each kernel launched is compiled for every target. Raises RefusalError where one does not
    compile or needs more shared memory than there is, and returns rows for the report.
    """

    def compiles(student: Any) -> Mapping[str, str]:
        with refusals():
            done = launched(student, tuple(map(tensor_of, args)), kwargs)
        kernels = list({_specification(launch): launch for launch in done.launches}.values())
        rows = {
            f"On {gpu}": "; ".join(_compiled(launch, sm) for launch in kernels)
            for sm, gpu in TARGETS.items()
        }
        if done.log is not None and done.log.accesses:
            rows["Memory"] = memory_row(done.log)
        return rows

    return compiles


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


def _compiled(launch: Any, sm: int) -> str:
    """Return what became of one kernel, as text. Raises RefusalError."""
    from course_utils.kernels.compiler import SHARED_LIMITS, compile_launch

    try:
        found = compile_launch(launch, sm, timeout=SECONDS)
    except (TypeError, ValueError) as error:  # an argument that this check cannot describe
        return f"{launch.name}: not compiled here, {error}"
    if found.error is not None:
        raise RefusalError(
            "does-not-compile",
            f"the results are right, but {launch.name} does not compile for {TARGETS[sm]}, where "
            f"the rules are stricter than the interpreter's. {found.error}",
        )
    if not found.fits:
        raise RefusalError(
            "blocks-too-large",
            f"{launch.name} needs {found.shared_bytes >> 10} KiB of shared memory a block on "
            f"{TARGETS[sm]}, which has {SHARED_LIMITS[sm] >> 10}: make its blocks smaller.",
        )
    spilled = f"{found.spill_stores + found.spill_loads} bytes spilled" if found.spills else ""
    facts = [f"{found.registers} registers", spilled or "no spills"]
    facts += [f"{found.shared_bytes / 1024:.3g} KiB shared"] if found.shared_bytes else []
    facts += [f"{found.tensor_core} tensor-core instructions"] if found.tensor_core else []
    return f"{launch.name}: {', '.join(facts)}"


def memory_row(log: Any) -> str:
    """Return how well loads and stores were coalesced, as text."""
    kinds = [kind for kind in ("load", "store", "atomic") if log.select(kind)]
    parts = [f"{log.sectors_per_warp(kind):.1f} by {kind}" for kind in kinds]
    best = "2 are best in float16, 4 in float32"
    return f"sectors of 32 bytes that a warp touches: {', '.join(parts)} ({best})"

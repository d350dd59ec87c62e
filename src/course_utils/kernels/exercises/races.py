"""Elements that two programs of a launch touch, one of them with a plain store."""

from typing import Any

from course_utils.kernels.exercises.hints import refusal


def refuse_races(done: Any, tensors: dict[str, Any]) -> None:
    """Raise RefusalError where programs of one launch race; a ``look`` of an exercise."""
    if found := done.log.races():
        details = ", ".join(f"{argument} of {kernel}" for kernel, argument in found)
        raise refusal("programs-race", details)

"""Elements that two programs of a launch touch, one of them with a plain store."""

from typing import Any

from course_utils.feedback.exercise import RefusalError

HINT = (
    "two programs of one launch meet at the same element, and one of them stores to it. The "
    "interpreter runs them one after the other; on a GPU the result depends on chance. Give each "
    "element to one program, or add with tl.atomic_add."
)


def refuse_races(done: Any, tensors: dict[str, Any]) -> None:
    """Raise RefusalError where programs of one launch race; a ``look`` of an exercise."""
    if found := done.log.races():
        details = ", ".join(f"{argument} of {kernel}" for kernel, argument in found)
        raise RefusalError("programs-race", HINT, details)

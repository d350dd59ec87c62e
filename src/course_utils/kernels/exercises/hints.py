"""What is said of answers that cannot count, by the kind of the refusal."""

from typing import Any

from course_utils.feedback.exercise import RefusalError
from course_utils.kernels import guard_errors

OWN = {
    "python-in-a-kernel": (
        "a kernel uses something of Python's, such as numpy, torch, a list, or a function without "
        "@triton.jit. The interpreter lets it pass, a GPU cannot: use tl, other kernels, and "
        "numbers that are parameters of the kernel or marked tl.constexpr."
    ),
    "borrowed-kernel": (
        "a kernel of course_utils did the work. The package holds the kernels of the book, to read "
        "and to compare with: here write one of your own."
    ),
    "cached": (
        "the function gave the same result for other numbers in the same tensors. A result "
        "that is kept from an earlier call is not computed."
    ),
    "programs-race": (
        "two programs of one launch meet at the same element, and one of them stores to it. The "
        "interpreter runs them one after the other; on a GPU the result depends on chance. Give "
        "each element to one program, or add with tl.atomic_add."
    ),
    "row-in-one-block": (
        "a program loads more than 1,024 columns at once. The online softmax reads a "
        "row in blocks, so that it may be of any length: loop over them and carry the running "
        "maximum and sum along."
    ),
    "row-read-three-times": (
        "each number is read more than twice. Maximum and sum come out of one pass when the "
        "sum is rescaled as the maximum grows; a second pass writes the result."
    ),
    "matrix-written": (
        "a kernel writes into a tensor with a number for each pair of a query and a key. "
        "Flash attention never writes this matrix: a tile of it lives in a program, is "
        "used, and is gone."
    ),
    "hidden-tiles-read": (
        "with causal=True every program reads all keys. Keys behind the last query of a "
        "program are hidden from all of its queries: end the loop there, which saves "
        "almost half of the work."
    ),
}
OF_THE_GUARD = {
    error.kind: error.hint
    for error in vars(guard_errors).values()
    if isinstance(error, type) and issubclass(error, guard_errors.GuardError)
}
HINTS = OF_THE_GUARD | OWN


def refusal(kind: str, details: str = "", value: Any = None) -> RefusalError:
    """Return the refusal of a kind, to be raised."""
    return RefusalError(kind, HINTS[kind], details, value)

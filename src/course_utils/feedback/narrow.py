"""numpy in a browser, where addresses have 32 bits: let it take 64-bit indices as elsewhere.

There ``np.bincount`` of an int64 array is a TypeError, which would fail right answers.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

# The functions that refuse them, with the place and the name of the argument.
REFUSING = {
    "bincount": (0, "x"),
    "repeat": (1, "repeats"),
    "take": (1, "indices"),
    "choose": (0, "a"),
    "put": (1, "ind"),
}
# What numpy says where no function can be replaced: methods of arrays and ufuncs.
REFUSED = "Cannot cast array data from dtype('int64') to dtype('int32')"
EXPLANATION = (
    "numpy in a browser refuses 64-bit indices in this call, which is right everywhere else: "
    "add .astype(int) to the indices, or check the function in the notebook."
)


def accept_wide_indices() -> None:
    """Replace numpy's functions that refuse int64 where addresses have 32 bits."""
    if np.dtype(np.intp) == np.int32:
        for name, (position, keyword) in REFUSING.items():
            setattr(np, name, accepting(getattr(np, name), position, keyword))


def accepting(function: Callable[..., Any], position: int, keyword: str) -> Callable[..., Any]:
    """Return ``function``, with int64 in one argument turned into int32 where all values fit."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        before, after = args[:position], args[position + 1 :]
        if len(args) > position:
            args = (*before, narrowed(args[position]), *after)
        elif keyword in kwargs:
            kwargs[keyword] = narrowed(kwargs[keyword])
        return function(*args, **kwargs)

    return call


def narrowed(value: Any) -> Any:
    """Return an int64 array, or a list of such numbers, as int32 if that changes no value."""
    array = np.asarray(value) if isinstance(value, list | tuple) else value
    if getattr(array, "dtype", None) != np.int64:
        return value
    short = np.asarray(array).astype(np.int32)
    return short if np.array_equal(short, array) else value


def explained(text: str) -> str:
    """Return why numpy refused a call that is right elsewhere, or nothing."""
    return EXPLANATION if REFUSED in text and np.dtype(np.intp) == np.int32 else ""

"""Chapter 3: checks of functions that draw at random.

Which numbers a function takes from its generator, and in which order, is its author's choice. So
the checks look at what holds for every right answer and every seed: facts that are exact, and
statistics of so many draws that the tolerance is six standard errors or more.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

CLOSE = 0.05  # the relative tolerance of a statistic


def drawn(
    program: str, result: str, draw: Callable[[np.random.Generator], Any], seed: int
) -> tuple[Any, ...]:
    """Return what ``program`` needs of results of ``draw``; None for what it does not need.

    For ``result`` "W" they are W, W_next (from the same generator, which has moved on) and W_again
    (from a new generator of the same seed).
    """
    rng = np.random.default_rng(seed)
    first = draw(rng)
    following = draw(rng) if f"{result}_next" in program else None
    again = draw(np.random.default_rng(seed)) if f"{result}_again" in program else None
    return first, following, again


def measured(results: tuple[Any, ...], program: str, result: str, names: Mapping[str, Any]) -> Any:
    """Return what ``program`` computes from ``drawn`` results; ``names`` are further values.

    A W that is no array of floats is returned as it is, for there is nothing to measure.
    """
    first, following, again = results
    if not is_floating(first):
        return first
    values = {result: first, f"{result}_next": following, f"{result}_again": again}
    found = eval(program, {"__builtins__": {}, "np": np, **names, **values})
    return bool(found) if isinstance(found, np.bool_) else found  # a message prints it


def is_floating(value: Any) -> bool:
    """Return whether ``value`` is an array of floats."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)

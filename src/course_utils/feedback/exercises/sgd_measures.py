"""Chapter 3: checks of functions that draw at random.

Which numbers a function takes from its generator, and in which order, is its author's choice. So
the checks look at what holds for every right answer and every seed: facts that are exact, and
statistics of so many draws that the tolerance is six standard errors or more.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

CLOSE = 0.05  # the relative tolerance of a statistic


def measured(
    program: str,
    result: str,
    draw: Callable[[np.random.Generator], Any],
    seed: int,
    names: Mapping[str, Any],
) -> Any:
    """Return what ``program`` computes from results of ``draw``.

    For ``result`` "W" they are W, W_next (from the same generator, which has moved on) and W_again
    (from a new generator of the same seed); ``names`` are further values. A W that is no array of
    floats is returned as it is, for there is nothing to measure.
    """
    rng = np.random.default_rng(seed)
    drawn = {result: draw(rng)}
    if not is_floating(drawn[result]):
        return drawn[result]
    if f"{result}_next" in program:
        drawn[f"{result}_next"] = draw(rng)
    if f"{result}_again" in program:
        drawn[f"{result}_again"] = draw(np.random.default_rng(seed))
    found = eval(program, {"__builtins__": {}, "np": np, **names, **drawn})
    return bool(found) if isinstance(found, np.bool_) else found  # a message prints it


def is_floating(value: Any) -> bool:
    """Return whether ``value`` is an array of floats."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)

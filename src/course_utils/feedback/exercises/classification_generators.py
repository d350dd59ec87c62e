"""What can be said of a function that draws from a generator, whatever the order of its draws."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception

RESULT, GENERATOR = "shapes and dtypes", "generator"
GENERATOR_FACTS = (
    "the same seed gives the same result",
    "a second call draws anew",
    "numpy's global generator is left alone",
)


def generator_results(call: Callable[[np.random.Generator], Any]) -> tuple[Any, ...]:
    """Return what ``call`` draws: first, from an equal generator, and from that one again.

    The last item says whether numpy's global generator was left alone.
    """
    before = np.random.get_state(legacy=False)
    try:
        first = call(np.random.default_rng(7))
        rng = np.random.default_rng(7)
        again, later = call(rng), call(rng)
        untouched = repr(np.random.get_state(legacy=False)) == repr(before)
    finally:
        np.random.set_state(before)
    return first, again, later, untouched


def generator_facts(results: tuple[Any, ...], like: Any) -> tuple[bool, ...]:
    """Return whether ``generator_results`` come from the generator that was given, and no other.

    A result that has not the shapes of ``like`` has none of these merits.
    """
    first, again, later, untouched = results
    if not fits(first, like):
        return False, False, False
    return same(first, again), not same(again, later), untouched is True


def same(a: Any, b: Any) -> bool:
    """Return whether two results, arrays or tuples of arrays, are equal."""
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(np.asarray(a), np.asarray(b))


def fits(result: Any, like: Any) -> bool:
    """Return whether a result has the shapes and the types that it should have."""
    if isinstance(like, tuple):
        return (
            isinstance(result, list | tuple)
            and len(result) == len(like)
            and all(map(fits, result, like))
        )
    return isinstance(result, np.ndarray) and result.shape == like.shape


def blank(result: Any) -> Any:
    """Return a result with zeros for its numbers: only shapes and dtypes are left to compare."""
    if isinstance(result, list | tuple):
        return tuple(map(blank, result))
    return np.zeros_like(result) if isinstance(result, np.ndarray) else result


def numbered(facts: Sequence[str]) -> str:
    """Return the note of a case: what each item of its result says."""
    if not facts:
        return "zeros stand for the numbers: shapes and dtypes are compared"
    return ", ".join(f"{number}: {fact}" for number, fact in enumerate(facts))


def of_batches(values: np.ndarray) -> tuple[int, bool]:
    """Return how many draws made ``values`` (calls, B), and whether each image had its own."""
    own = bool((values != values[:, :1]).any())
    return (values.size if own else len(values)), own


def fair(values: np.ndarray, outcomes: int) -> bool:
    """Return whether 0..outcomes-1 occur equally often in ``values``, within six deviations."""
    draws, _ = of_batches(values)
    share = 1 / outcomes
    found = np.bincount(values.ravel(), minlength=outcomes) / values.size
    bound = 6 * np.sqrt(share * (1 - share) / draws)
    return bool(len(found) == outcomes and found.min() > 0 and abs(found - share).max() < bound)


def generator_misconceptions(
    wrong: Callable[[Callable[[Any], Any]], Any],
) -> Sequence[Misconception]:
    """Return what goes wrong with generators; ``wrong`` makes an answer that draws from another."""
    return [
        Misconception(
            "global-generator",
            "the draws came from numpy's global generator. Call the methods of rng: a result "
            "can be repeated only then.",
            wrong(lambda rng: np.random.mtrand._rand),
        ),
        Misconception(
            "own-generator",
            "the draws did not come from rng. A generator made inside cannot be seeded by the "
            "caller.",
            wrong(lambda rng: np.random.default_rng()),
        ),
        Misconception(
            "same-draws-every-time",
            "every call drew the same numbers: a generator is seeded anew in each. Use the rng "
            "that comes in; it moves on by itself.",
            wrong(lambda rng: np.random.default_rng(0)),
        ),
    ]

"""Every wrong implementation is told its own mistake; every right one gets all the points."""

import pytest

from tests.bank import entries, verdict
from tests.exercises.assignment import EXERCISES

MUTANTS, SHORT_MUTANTS, VARIANTS, MISCONCEPTIONS = 8, 4, 3, 4
ONE_LINERS = {"mlp/count_parameters", "sgd/sgd_step"}
# Chains of 100,000 operations; hundreds of crops to find again: seconds for each version.
SLOW_CHECKS = {"autodiff/Value", "classification/random_crop_flip"}
# Kernels by an interpreter, and a compiler: seconds for each version.
KERNELS = {key for key in EXERCISES if key.startswith("triton_")}
SEEDS = [(key, seed) for key in EXERCISES for seed in ("1", "any text")[: 1 + (key not in KERNELS)]]
# The cases that a student sees, and those drawn from a seed, on which `make test` judges once more,
# as it does all but the first entry of each function.
CASES = [
    pytest.param(False, id="visible"),
    pytest.param(True, id="hidden", marks=pytest.mark.slow),
]
# Kinds of failure that are no misconception: what the code did, not what its author believes.
GENERAL = {
    *("none", "type", "length", "shape", "dtype", "nan", "value"),
    *("mutates", "exception", "time", "stub", "validation"),
    # Of kernels: what the guard, the compiler and the access log object to.
    *("no-kernel", "torch-did-the-work", "torch-in-a-kernel", "values-taken-out", "overwritten"),
    *("foreign-memory", "earlier-memory", "not-stored", "read-before-stored", "out-of-bounds"),
    *("input-changed", "cached", "programs-race", "does-not-compile", "blocks-too-large"),
    *("python-in-a-kernel", "borrowed-kernel"),
    *("row-in-one-block", "row-read-three-times", "matrix-written", "hidden-tiles-read"),
}


def bank(folder: str) -> list:
    return [
        pytest.param(
            key,
            entry,
            id=f"{key}-{entry.name}",
            marks=[pytest.mark.slow] if place or key in SLOW_CHECKS | KERNELS else [],
        )
        for key in EXERCISES
        for place, entry in enumerate(entries(folder, key))
    ]


@pytest.mark.parametrize("key", EXERCISES)
def test_the_bank_is_large_enough(key):
    assert len(entries("mutants", key)) >= (SHORT_MUTANTS if key in ONE_LINERS else MUTANTS)
    assert len(entries("variants", key)) >= VARIANTS


@pytest.mark.parametrize("key", EXERCISES)
def test_each_misconception_is_made_by_a_mutant(key):
    named = {misconception.name for misconception in EXERCISES[key].misconceptions}
    made = {entry.kind for entry in entries("mutants", key)}
    assert len(named) >= MISCONCEPTIONS
    assert named - made == set(), "named, but no mutant makes it"
    assert made - named - GENERAL == set(), "expected of a mutant, but no misconception"


@pytest.mark.parametrize("hidden", CASES)
@pytest.mark.parametrize(("key", "entry"), bank("mutants"))
def test_a_mutant_is_told_its_mistake(key, entry, hidden):
    report = verdict("mutants", key, entry.name, hidden)
    assert report.failure is not None, "survived"
    assert report.failure.kind == entry.kind, report.text()
    assert report.earned < report.points


@pytest.mark.parametrize("hidden", CASES)
@pytest.mark.parametrize(("key", "entry"), bank("variants"))
def test_a_variant_gets_all_points(key, entry, hidden):
    report = verdict("variants", key, entry.name, hidden)
    assert report.failure is None, report.text()
    assert report.earned == report.points


@pytest.mark.slow
@pytest.mark.parametrize(("key", "seed"), SEEDS)
def test_no_hidden_seed_changes_a_verdict(key, seed):
    """An instructor's seed must not fail a right answer, nor pass a wrong one."""
    for entry in entries("variants", key):
        assert verdict("variants", key, entry.name, hidden=True, seed=seed).passed, entry.name
    for entry in entries("mutants", key):
        report = verdict("mutants", key, entry.name, hidden=True, seed=seed)
        assert report.failure is not None, entry.name
        assert report.failure.kind == entry.kind, entry.name

"""The hidden check: the instructor's cases, and no word about them."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils.feedback import Case, examine
from tests.feedback.sample import ROW_MEANS, row_means

WRONGS = {
    "value": lambda x: x.mean(axis=1) + 0.123,
    "shape": lambda x: x.mean(axis=1, keepdims=True),
    "dtype": lambda x: x.astype(np.float16).mean(axis=1),
    "nan": lambda x: x.mean(axis=1) / 0,
    "type": lambda x: x.mean(axis=1).tolist(),
    "exception": lambda x: np.ones(7) + x.mean(axis=1),
    "mutates": lambda x: x.sort(axis=0) or x,
    "validation": lambda x: x.mean(axis=1),
}


@pytest.mark.parametrize("kind", WRONGS)
def test_a_hidden_report_shows_no_case(kind):
    """Two exercises that differ in their hidden cases only are reported in the same words."""
    other = replace(ROW_MEANS, draw=lambda rng: [Case((rng.normal(size=(9, 3)),), note="secret")])
    first, second = (examine(e, WRONGS[kind], hidden=True) for e in (ROW_MEANS, other))
    assert first.failure.kind == kind
    for report in (first, second):
        assert (report.failure.case, report.failure.got, report.failure.expected) == ("", "", "")
        assert not set("0123456789") & set(report.failure.hint)
        assert "secret" not in report.text()
    if kind not in ("dtype",):
        assert first.failure == second.failure


def test_a_hidden_report_says_nothing_of_what_the_visible_check_used():
    failure = examine(ROW_MEANS, WRONGS["value"], hidden=True).failure
    assert failure.hint == "Row means: the result is wrong for some input."


def test_the_hidden_seed_is_the_instructors(monkeypatch):
    seen = {}
    for seed in ("1", "1", "any text"):
        monkeypatch.setenv("COURSE_HIDDEN_SEED", seed)
        values = []
        examine(ROW_MEANS, lambda x, v=values: (v.append(x.sum()), row_means(x))[1], hidden=True)
        seen.setdefault(seed, []).append(values)
    assert seen["1"][0] == seen["1"][1]
    assert seen["1"][0] != seen["any text"][0]

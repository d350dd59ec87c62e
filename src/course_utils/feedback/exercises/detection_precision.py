"""Chapter 6: average precision of one ranked list."""

from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.detection_boxes import Array
from course_utils.feedback.exercises.detection_precision_mistakes import MISTAKES

SECTION, TITLE = "06_detection/02_average_precision", "Average precision"


def average_precision(scores: Array, is_true_positive: Array, num_ground_truth: int) -> float:
    """Add up, over the true positives, the best precision from there on."""
    if num_ground_truth == 0:
        return float("nan")
    values = scores.tolist()
    ranked = sorted(range(len(values)), key=lambda i: (-values[i], i))
    hits, precisions = 0, []
    for rank, index in enumerate(ranked, start=1):
        hits += bool(is_true_positive[index])
        precisions.append(hits / rank)
    steps = [max(precisions[k:]) for k, i in enumerate(ranked) if is_true_positive[i]]
    return sum(steps) / num_ground_truth


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(count: int, truth: int, note: str, kind: Any = bool) -> Case:
        flags = rng.permutation(np.arange(count) < count // 2).astype(kind)
        return Case((rng.uniform(size=count), flags, truth), note=note)

    missed = int(rng.integers(3, 9))
    tied = rng.integers(0, 4, size=24) / 4
    flags = rng.permutation(np.arange(24) % 2)
    return [
        case(12, 6, "all objects found"),
        case(24, 12 + missed, "some objects missed"),
        case(30, 60, "most objects missed"),
        case(15, 9, "flags of floats", np.float64),
        Case((rng.normal(size=20) - 1, flags[:20], 14), note="scores of any sign, flags of ints"),
        Case((tied, flags, 15), note="many equal scores"),
        Case((tied[::-2], flags[::-2] == 1, 14), note="views"),
        Case((rng.uniform(size=16).astype(np.float32), flags[:16], 11), note="float32"),
        Case((rng.uniform(size=5), np.zeros(5, bool), 4), note="nothing right"),
        Case((np.zeros(0), np.zeros(0, bool), 3), note="no predictions"),
        Case((rng.uniform(size=4), np.zeros(4, bool), 0), note="no true boxes"),
        Case((np.zeros(0), np.zeros(0, bool), 0), note="neither predictions nor true boxes"),
    ]


_S, _HITS = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])

AVERAGE_PRECISION = Exercise(
    key="detection/average_precision",
    points=3,
    concept="Average precision",
    section=SECTION,
    section_title=TITLE,
    reference=average_precision,
    worked=[
        # Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
        Case((_S, _HITS, 2), note="right, wrong, right", expected=0.5 + 0.5 * 2 / 3),
        # Precision 0, 1/2, 2/3: the envelope is 2/3 from the start.
        Case((_S, np.array([0, 1, 1]), 2), note="wrong, right, right", expected=2 / 3),
        Case(
            (_S[::-1], np.array([False, False, True]), 4), note="one of four found", expected=0.25
        ),
        Case((np.array([0.5, 0.5]), np.array([0, 1]), 1), note="equal scores", expected=0.5),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_S, _HITS[:2], 2), "fewer flags than scores"),
        BadInput((_S[None], _HITS[None], 2), "scores with two axes"),
        BadInput((_S, np.array([1, 0, 2]), 3), "a flag of 2"),
        BadInput((_S, _HITS, 1), "more true positives than true boxes"),
        BadInput((_S, _HITS, -1), "a negative number of true boxes"),
    ],
    misconceptions=MISTAKES,
    inputs=("scores", "is_true_positive", "num_ground_truth"),
)

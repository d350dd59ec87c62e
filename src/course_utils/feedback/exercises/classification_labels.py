"""Chapter 5: top-k accuracy and smoothed labels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

IMAGES, IMAGES_TITLE = "05_classification/01_images", "From images to classes"
RECIPES = "05_classification/06_recipes"
RECIPES_TITLE = "Training recipes and calibrated confidence"


def _rank(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Count the classes before the label: of a larger logit, or lower and of an equal one."""
    own = np.take_along_axis(logits, labels[:, None].astype(np.int64), axis=1)
    lower = np.arange(logits.shape[1]) < labels[:, None]
    return ((logits > own) | ((logits == own) & lower)).sum(axis=1)


def _top_k(logits: np.ndarray, labels: np.ndarray, k: int) -> float:
    return float(np.mean(_rank(logits, labels) < k))


def _listed(
    order: Callable[[np.ndarray], np.ndarray],
    hit: Callable[[np.ndarray, int], Any] = lambda found, k: found[:, :k].any(axis=1),
    gather: Callable[[np.ndarray], Any] = np.mean,
) -> Callable[[np.ndarray, np.ndarray, int], Any]:
    """Return the accuracy by the classes of each row in an order of their own."""

    def top_k_accuracy(logits: np.ndarray, labels: np.ndarray, k: int) -> Any:
        found = order(logits) == labels[:, None]
        return gather(hit(found, k))

    return top_k_accuracy


def _falling(logits: np.ndarray) -> np.ndarray:
    return np.argsort(-logits, axis=1, kind="stable")


def _rising(logits: np.ndarray) -> np.ndarray:
    return np.argsort(logits, axis=1, kind="stable")


def _ties_count(logits: np.ndarray, labels: np.ndarray, k: int) -> float:
    own = np.take_along_axis(logits, labels[:, None].astype(np.int64), axis=1)
    return float(((logits > own).sum(axis=1) < k).mean())


def _draw_top_k(rng: np.random.Generator) -> list[Case]:
    # Row i has the label at rank i % 4, so that every k between 1 and 4 counts other rows.
    logits = rng.normal(size=(12, 6))
    labels = _falling(logits)[np.arange(12), np.arange(12) % 4]
    tied = rng.integers(0, 3, size=(30, 5)).astype(np.float64)
    few = _falling(logits)[np.arange(12), np.array([0, 1, 3, 2, 0, 1, 5, 4, 3, 3, 2, 0])]
    return [
        Case((logits, labels, 1), note="k = 1: the accuracy"),
        Case((logits, few, 2), note="k = 2"),
        Case((logits, labels, 3), note="k = 3"),
        Case((logits.astype(np.float32), few.astype(np.uint8), 4), note="float32, labels of uint8"),
        Case((tied, rng.integers(0, 5, size=30), 2), note="many ties"),
        Case((tied[:, ::-2], rng.integers(0, 3, size=60)[::2], 1), note="views"),
        Case((logits, labels, 6), note="k = C: every row is a hit"),
    ]


_Z = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])

TOP_K_ACCURACY = Exercise(
    key="classification/top_k_accuracy",
    points=2,
    concept="Top-k accuracy",
    section=IMAGES,
    section_title=IMAGES_TITLE,
    reference=_top_k,
    worked=[
        Case((_Z, np.array([0, 2]), 1), note="the second is only second", expected=0.5),
        Case((_Z, np.array([0, 2]), 2), note="both among the best two", expected=1.0),
        Case((_Z, np.array([1, 0]), 2), note="both labels come last", expected=0.0),
        Case(
            (np.array([[1.0, 1.0, 0.0], [3.0, 3.0, 0.0], [0.0, 2.0, 2.0]]), np.array([0, 0, 2]), 1),
            note="ties: the lower class comes first",
            expected=2 / 3,
        ),
    ],
    draw=_draw_top_k,
    bad_inputs=[
        BadInput((_Z, np.array([0, 1]), 0), "a k below 1"),
        BadInput((_Z, np.array([0, 1]), 4), "a k above C"),
        BadInput((_Z, np.array([0, 3]), 1), "a label of C or more"),
        BadInput((_Z, np.array([0, -1]), 1), "a negative label"),
        BadInput((_Z, np.array([0.0, 1.0]), 1), "labels that are not integers"),
        BadInput((_Z, np.array([0, 1, 2]), 1), "a number of labels that is not B"),
        BadInput((_Z[0], np.array([0, 1, 2]), 1), "logits with one axis"),
        BadInput((_Z[:0], np.array([], dtype=np.int64), 1), "an empty batch"),
    ],
    misconceptions=[
        Misconception(
            "k-ignored",
            "k is not in it: only the largest logit counts. The label may be any of the first k.",
            _listed(_falling, lambda found, k: found[:, 0]),
        ),
        Misconception(
            "smallest-logits",
            "argsort goes up: the first k are the smallest logits. Take the last k, or sort -z.",
            _listed(_rising),
        ),
        Misconception(
            "ties-to-the-higher-class",
            "of two equal logits the higher class won. Sort -z with kind='stable': the order of "
            "equal ones is kept.",
            _listed(lambda z: _rising(z)[:, ::-1]),
        ),
        Misconception(
            "every-tie-counts",
            "a label that ties for the last place counts even where the place is taken. Equal "
            "logits of a lower class come first.",
            _ties_count,
        ),
        Misconception(
            "exactly-at-rank-k",
            "only labels in place k count. All places up to k do.",
            _listed(_falling, lambda found, k: found[:, k - 1]),
        ),
        Misconception(
            "one-place-too-many",
            "k + 1 places count. Ranks begin at 0, so that a hit has a rank below k.",
            _listed(_falling, lambda found, k: found[:, : k + 1].any(axis=1)),
        ),
        Misconception(
            "divided-by-k",
            "the hits were averaged over B k places. Each row is one hit or none: divide by B.",
            _listed(_falling, lambda found, k: found[:, :k]),
        ),
        Misconception(
            "hits-counted",
            "the hits were counted. Divide by the number of rows.",
            _listed(_falling, gather=lambda hits: int(hits.sum())),
        ),
        Misconception(
            "in-percent",
            "the accuracy came in percent. Return a share between 0 and 1.",
            _listed(_falling, gather=lambda hits: 100 * hits.mean()),
        ),
        Misconception(
            "error-for-accuracy",
            "that is the share of misses, the top-k error. The accuracy is 1 minus it.",
            _listed(_falling, gather=lambda hits: 1 - hits.mean()),
        ),
        Misconception(
            "a-hit-a-row",
            "a hit or miss for each row came back. Return their mean.",
            _listed(_falling, gather=lambda hits: hits),
        ),
    ],
    inputs=("logits", "labels", "k"),
)


def _onehot(labels: np.ndarray, num_classes: int) -> np.ndarray:
    return (labels[:, None] == np.arange(num_classes)).astype(np.float64)


def _smoothed(labels: np.ndarray, num_classes: int, eps: float) -> np.ndarray:
    """Fill in the two values that occur: eps / C, and 1 - eps + eps / C at the label."""
    table = np.full((len(labels), num_classes), eps / num_classes)
    for row, label in zip(table, labels, strict=True):
        row[label] = 1 - (num_classes - 1) * eps / num_classes
    return table


def _of(rule: Callable[[np.ndarray, int, float], np.ndarray]) -> Callable[..., np.ndarray]:
    """Return the labels that ``rule`` makes of the one-hot table, C and eps."""
    return lambda labels, num_classes, eps: rule(_onehot(labels, num_classes), num_classes, eps)


def _draw_labels(rng: np.random.Generator) -> list[Case]:
    eps = round(float(rng.uniform(0.05, 0.4)), 3)
    return [
        Case((rng.integers(0, 3, size=5), 3, eps), note="three classes"),
        Case((rng.permutation(4), 4, eps), note="as many rows as classes"),
        Case((rng.integers(0, 10, size=7).astype(np.uint8), 10, 0.1), note="labels of uint8"),
        Case((rng.integers(0, 5, size=8)[::-2], 5, eps), note="a view"),
        Case((rng.integers(0, 4, size=3), 4, 0.0), note="eps = 0: one-hot"),
        Case((rng.integers(0, 4, size=3), 4, 1.0), note="eps = 1: every class alike"),
    ]


LABEL_SMOOTHING = Exercise(
    key="classification/label_smoothing",
    points=1,
    concept="Label smoothing",
    section=RECIPES,
    section_title=RECIPES_TITLE,
    reference=_smoothed,
    worked=[
        Case(
            (np.array([1]), 4, 0.2),
            note="0.2 / 4 to every class, 0.8 more to the label",
            expected=np.array([[0.05, 0.85, 0.05, 0.05]]),
        ),
        Case(
            (np.array([0, 1]), 2, 0.5),
            note="two classes",
            expected=np.array([[0.75, 0.25], [0.25, 0.75]]),
        ),
    ],
    draw=_draw_labels,
    bad_inputs=[
        BadInput((np.array([0, 3]), 3, 0.1), "a label of C or more"),
        BadInput((np.array([0, -1]), 3, 0.1), "a negative label"),
        BadInput((np.array([0.0, 1.0]), 3, 0.1), "labels that are not integers"),
        BadInput((np.array([[0, 1]]), 3, 0.1), "labels with two axes"),
        BadInput((np.array([], dtype=np.int64), 3, 0.1), "an empty batch"),
        BadInput((np.array([0]), 3, -0.1), "a negative eps"),
        BadInput((np.array([0]), 3, 1.5), "an eps above 1"),
        BadInput((np.array([0]), 0, 0.1), "no classes"),
    ],
    misconceptions=[
        Misconception(
            "label-left-out",
            "the label got 1 - eps alone. The eps is spread over all classes, the label too.",
            _of(lambda hot, C, eps: np.where(hot > 0, 1 - eps, eps / C)),
        ),
        Misconception(
            "spread-over-the-others",
            "eps was spread over the other C - 1 classes. Here every class gets eps / C.",
            _of(lambda hot, C, eps: np.where(hot > 0, 1 - eps, eps / max(C - 1, 1))),
        ),
        Misconception(
            "label-not-lowered",
            "eps / C was added and nothing taken away: the rows sum to 1 + eps. Scale the one-hot "
            "row by 1 - eps.",
            _of(lambda hot, C, eps: hot + eps / C),
        ),
        Misconception(
            "not-divided-by-classes",
            "eps was added to every class. Share it among them: eps / C.",
            _of(lambda hot, C, eps: (1 - eps) * hot + eps),
        ),
        Misconception(
            "shares-swapped",
            "1 - eps and eps are swapped: the label keeps the share 1 - eps.",
            _of(lambda hot, C, eps: eps * hot + (1 - eps) / C),
        ),
        Misconception(
            "only-scaled",
            "the label was lowered and the others got nothing: the rows sum to 1 - eps.",
            _of(lambda hot, C, eps: (1 - eps) * hot),
        ),
        Misconception(
            "not-smoothed",
            "the labels are one-hot still: eps is not in it.",
            _of(lambda hot, C, eps: hot),
        ),
        Misconception(
            "eps-for-every-other",
            "every other class got eps itself. Together they get eps (C - 1) / C.",
            _of(lambda hot, C, eps: np.where(hot > 0, 1 - (C - 1) * eps, eps)),
        ),
    ],
    inputs=("labels", "num_classes", "eps"),
)

"""Chapter 1: the confusion matrix, precision, recall and F1."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

SECTION, TITLE = "01_mlp/07_measuring", "How good is it, and what does it cost?"


def _confusion(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """Number each pair (label, prediction) and count the numbers."""
    pairs = labels.astype(np.int64) * num_classes + predictions.astype(np.int64)
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _once(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    return np.minimum(_confusion(labels, predictions, num_classes), 1)


def _seen_classes(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    return _confusion(labels, predictions, int(max(labels.max(), predictions.max())) + 1)


def _changed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Return the confusion matrix with a last step that should not be there."""
    return lambda labels, predictions, num_classes: change(
        _confusion(labels, predictions, num_classes)
    )


def _rows(matrix: np.ndarray) -> np.ndarray:
    return matrix / matrix.sum(axis=1, keepdims=True)


def _draw_pairs(rng: np.random.Generator) -> list[Case]:
    labels = np.append(rng.permutation(np.arange(12) % 3), 0)
    predictions = np.where(rng.random(13) < 0.5, labels, rng.integers(0, 3, 13))
    predictions[-1] = 2  # at least one error
    four = rng.permutation(np.arange(20) % 4)
    return [
        Case((labels, predictions, 3), note="three classes"),
        Case((np.array([1]), np.array([0]), 2), note="one sample"),
        Case((labels, predictions, 5), note="the last two classes never occur"),
        Case((four.astype(np.uint8), rng.permutation(four).astype(np.int32), 4), note="uint8"),
        Case((np.repeat(four, 2)[::-2], rng.permutation(four)[::-1], 4), note="views"),
    ]


_L, _P = np.array([0, 1, 2]), np.array([0, 2, 2])

CONFUSION_MATRIX = Exercise(
    key="mlp/confusion_matrix",
    points=2,
    concept="Confusion matrix",
    section=SECTION,
    section_title=TITLE,
    reference=_confusion,
    worked=[
        Case(
            (np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 1, 0]), 2),
            note="five samples, two classes",
            expected=np.array([[1, 2], [1, 1]]),
        ),
        Case(
            (np.array([0, 2, 2, 0]), np.array([2, 2, 0, 2]), 4),
            note="classes 1 and 3 never occur",
            expected=np.array([[0, 0, 2, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]),
        ),
    ],
    draw=_draw_pairs,
    bad_inputs=[
        BadInput((_L, _P[:2], 3), "different numbers of labels and predictions"),
        BadInput((_L, _P, 2), "a class of num_classes or more"),
        BadInput((np.array([0, -1, 2]), _P, 3), "a negative label"),
        BadInput((_L, np.array([0, -1, 2]), 3), "a negative prediction"),
        BadInput((_L, np.array([0, 1, 3]), 3), "a prediction of num_classes or more"),
        BadInput((_L.astype(float), _P, 3), "labels that are not integers"),
        BadInput((_L[:0], _P[:0], 3), "an empty batch"),
        BadInput((_L, _P, 0), "fewer than one class"),
        BadInput((_L[None], _P[None], 3), "labels with two axes"),
    ],
    misconceptions=[
        Misconception(
            "transposed",
            "rows and columns are exchanged. Rows are the true classes, columns the predicted.",
            _changed(np.transpose),
        ),
        Misconception(
            "repeated-pairs-lost",
            "a pair that occurs twice counts once: m[i, j] += 1 with index arrays adds one to each "
            "place only once. Use np.add.at, bincount or a loop.",
            _once,
        ),
        Misconception(
            "float-counts",
            "the counts are floats: np.zeros makes float64 unless told dtype=int.",
            _changed(lambda matrix: matrix.astype(float)),
        ),
        Misconception(
            "rows-normalised",
            "rows were divided by their sums. Return the counts.",
            _changed(_rows),
        ),
        Misconception(
            "all-normalised",
            "the counts were divided by their total. Return the counts.",
            _changed(lambda matrix: matrix / matrix.sum()),
        ),
        Misconception(
            "classes-from-the-data",
            "the size follows the classes that occur. It must be num_classes, seen or not.",
            _seen_classes,
        ),
        Misconception(
            "only-the-correct",
            "only correct predictions are counted. Errors belong off the diagonal.",
            _changed(lambda matrix: np.diag(np.diag(matrix))),
        ),
        Misconception(
            "only-the-errors",
            "only errors are counted. Correct predictions belong on the diagonal.",
            _changed(lambda matrix: matrix - np.diag(np.diag(matrix))),
        ),
    ],
    inputs=("labels", "predictions", "num_classes"),
)

Scores = tuple[np.ndarray, np.ndarray, np.ndarray]


def _ratio(top: np.ndarray, bottom: np.ndarray, undefined: float = 0.0) -> np.ndarray:
    wide = np.broadcast_to(bottom, top.shape)
    with np.errstate(all="ignore"):
        return np.where(wide == 0, undefined, top / wide)


def _scores(matrix: np.ndarray) -> Scores:
    """Count hits, false alarms and misses class by class; F1 straight from the counts."""
    found = np.zeros((3, len(matrix)))
    for c in range(len(matrix)):
        hits = float(matrix[c, c])
        alarms = float(sum(matrix[i, c] for i in range(len(matrix)) if i != c))
        misses = float(sum(matrix[c, j] for j in range(len(matrix)) if j != c))
        if hits:  # without a hit all three are 0 or undefined
            found[:, c] = (
                hits / (hits + alarms),
                hits / (hits + misses),
                2 * hits / (2 * hits + alarms + misses),
            )
    return found[0], found[1], found[2]


def _f1(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    return _ratio(2 * p * r, p + r)


def _wrong(
    precision: Callable = lambda m: m.sum(axis=0),
    recall: Callable = lambda m: m.sum(axis=1),
    f1: Callable = _f1,
    undefined: float = 0.0,
) -> Callable[[np.ndarray], Scores]:
    """Return the three scores with other denominators or another F1."""

    def scores(matrix: np.ndarray) -> Scores:
        hits = np.diag(matrix).astype(np.float64)
        p = _ratio(hits, precision(matrix), undefined)
        r = _ratio(hits, recall(matrix), undefined)
        return p, r, f1(p, r)

    return scores


def _unguarded(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return 2 * p * r / (p + r)


def _averaged(matrix: np.ndarray) -> tuple[float, ...]:
    return tuple(float(score.mean()) for score in _scores(matrix))


def _accuracy(matrix: np.ndarray) -> Scores:
    p, r, _ = _scores(matrix)
    return p, r, np.full(len(matrix), np.trace(matrix) / matrix.sum())


def _draw_matrices(rng: np.random.Generator) -> list[Case]:
    full = rng.integers(1, 20, size=(4, 4))
    full[0, 1] += 20  # rows and columns differ
    never_predicted, never_hit = full[:3, :3].copy(), full[:3, :3].copy()
    never_predicted[:, 1] = 0
    never_hit[2, 2] = 0
    absent = full.copy()
    absent[3], absent[:, 3] = 0, 0
    return [
        Case((full[:2, :2].copy(),), note="two classes"),
        Case((full,), note="four classes"),
        Case((never_predicted,), note="a class that is never predicted"),
        Case((never_hit,), note="a class that is never right"),
        Case((absent,), note="a class that does not occur"),
        Case((full.T[::-1, ::-1],), note="a view"),
    ]


PRECISION_RECALL_F1 = Exercise(
    key="mlp/precision_recall_f1",
    points=3,
    concept="Precision, recall and F1",
    section=SECTION,
    section_title=TITLE,
    reference=_scores,
    worked=[
        # Class 0: column 4, row 6; class 1: column 6, row 4.
        Case(
            (np.array([[3, 3], [1, 3]]),),
            note="two classes",
            expected=(np.array([0.75, 0.5]), np.array([0.5, 0.75]), np.array([0.6, 0.6])),
        ),
        Case(
            (np.array([[4, 0, 1], [2, 0, 1], [2, 0, 2]]),),
            note="class 1 is never predicted",
            expected=(
                np.array([0.5, 0.0, 0.5]),
                np.array([0.8, 0.0, 0.5]),
                np.array([8 / 13, 0.0, 0.5]),
            ),
        ),
    ],
    draw=_draw_matrices,
    bad_inputs=[
        BadInput((np.array([[1, 2, 3], [4, 5, 6]]),), "a matrix that is not square"),
        BadInput((np.array([1, 2, 3, 4]),), "an array with one axis"),
        BadInput((np.array([[3, -1], [0, 2]]),), "a negative count"),
        BadInput((np.zeros((0, 0), dtype=np.int64),), "no classes"),
    ],
    misconceptions=[
        *(
            Misconception(
                "precision-and-recall-exchanged",
                "precision and recall are exchanged. Precision divides by what was predicted: "
                "columns.",
                _wrong(lambda m: m.sum(axis=1), lambda m: m.sum(axis=0), f1, undefined),
            )
            for f1, undefined in ((_f1, 0.0), (_unguarded, np.nan))
        ),
        Misconception(
            "undefined-left-nan",
            "0/0 gives nan for a class without predictions or samples. The course defines it as 0.",
            _wrong(f1=_unguarded, undefined=np.nan),
        ),
        Misconception(
            "f1-undefined-left-nan",
            "where precision and recall are both 0, F1 is 0/0. The course defines it as 0.",
            _wrong(f1=_unguarded),
        ),
        *(
            Misconception(
                "undefined-taken-as-one",
                "an undefined score was set to 1. The course defines it as 0.",
                _wrong(undefined=1.0, f1=f1),
            )
            for f1 in (_f1, lambda p, r: _ratio(2 * p * r, p + r, 1.0))
        ),
        Misconception(
            "arithmetic-mean",
            "F1 is the harmonic mean of precision and recall, not their average.",
            _wrong(f1=lambda p, r: (p + r) / 2),
        ),
        Misconception(
            "factor-two-lost",
            "the factor 2 of F1 is missing: 2 p r / (p + r).",
            _wrong(f1=lambda p, r: _ratio(p * r, p + r)),
        ),
        Misconception(
            "geometric-mean",
            "F1 is the harmonic mean of precision and recall, not the root of their product.",
            _wrong(f1=lambda p, r: np.sqrt(p * r)),
        ),
        Misconception(
            "divided-by-all-samples",
            "hits were divided by all samples. Divide by the class's column or row.",
            _wrong(precision=lambda m: m.sum(), recall=lambda m: m.sum()),
        ),
        Misconception(
            "averaged-over-the-classes",
            "one number a score was returned. Return one value a class.",
            _averaged,
        ),
        Misconception(
            "accuracy-instead",
            "the third result is the accuracy. F1 is computed for each class.",
            _accuracy,
        ),
    ],
    inputs=("matrix",),
    outputs=("precision", "recall", "F1"),
)

"""Chapter 1: softmax and cross-entropy."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

SECTION, TITLE = "01_mlp/05_losses", "Losses and outputs"


def _log_softmax(z: np.ndarray) -> np.ndarray:
    """Subtract the log-sum-exp, folded pair by pair by numpy's logaddexp, in float64."""
    wide = np.asarray(z, dtype=np.float64)
    return wide - np.logaddexp.reduce(wide, axis=-1, keepdims=True)


def _softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(_log_softmax(z)).astype(z.dtype)


def _naive(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z)
    return raised / raised.sum(axis=-1, keepdims=True)


def _over(axis: int) -> object:
    def softmax(z: np.ndarray) -> np.ndarray:
        raised = np.exp(z - z.max(axis=axis, keepdims=True))
        return raised / raised.sum(axis=axis, keepdims=True)

    return softmax


def _whole(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max())
    return raised / raised.sum()


def _one_maximum(z: np.ndarray) -> np.ndarray:
    return _naive(z - z.max())


def _no_keepdims(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1)


def _draw_softmax(rng: np.random.Generator) -> list[Case]:
    base = 1e4 * rng.choice([-1.0, 1.0], size=(2, 1))
    far = np.array([[-1e4, 0.0, 1e4], [-1e4, 1.0 - 1e4, -1e4]])  # rows far from each other
    return [
        Case((rng.normal(size=3),), note="one row"),
        Case((rng.normal(size=(1, 4)),), note="a batch of one"),
        Case((rng.normal(size=(3, 3)),), note="as many rows as classes"),
        Case((3 * rng.normal(size=(4, 3)),), note="a batch of four"),
        Case((rng.normal(size=(2, 3, 5)),), note="two leading axes"),
        Case((rng.normal(size=(4, 3)).astype(np.float32),), note="float32"),
        Case((base + rng.normal(size=(2, 4)),), note="logits near 10,000"),
        Case((far[:, rng.permutation(3)],), note="logits of 10,000 and -10,000"),
        Case((rng.normal(size=(8, 6))[::-2, ::2],), note="a view of a larger array"),
    ]


SOFTMAX = Exercise(
    key="mlp/softmax",
    points=2,
    concept="Softmax",
    section=SECTION,
    section_title=TITLE,
    reference=_softmax,
    worked=[
        Case((np.array([0.0, np.log(3.0)]),), note="odds 1:3", expected=np.array([0.25, 0.75])),
        Case(
            (np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]]),),
            note="two rows of odds",
            expected=np.array([[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]]),
        ),
    ],
    draw=_draw_softmax,
    bad_inputs=[
        BadInput((np.ones((2, 0)),), "no classes"),
        BadInput((np.array(1.0),), "a number without an axis"),
    ],
    misconceptions=[
        Misconception(
            "no-max-subtraction",
            "exp overflows for large logits. Subtract the row's maximum first: it cancels.",
            _naive,
        ),
        Misconception(
            "one-maximum-for-all",
            "one maximum for the whole array leaves rows that underflow to 0/0. Take each row's.",
            _one_maximum,
        ),
        Misconception(
            "normalised-over-everything",
            "the whole array sums to one. Each row must: keep the last axis apart.",
            _whole,
        ),
        Misconception(
            "normalised-over-the-batch",
            "columns sum to one: the first axis is the batch. Classes lie along the last one.",
            _over(0),
        ),
        Misconception(
            "second-axis",
            "axis=1 is the last one only for a matrix. Write axis=-1.",
            _over(1),
        ),
        Misconception(
            "no-keepdims",
            "the row sums meet the wrong axis when they broadcast. Keep it with keepdims=True.",
            _no_keepdims,
        ),
        Misconception(
            "sigmoid-instead",
            "each logit went through a sigmoid: the rows do not sum to one.",
            lambda z: 1 / (1 + np.exp(-z)),
        ),
        Misconception(
            "log-returned",
            "the result is the logarithm of the softmax. Return the probabilities.",
            lambda z: _log_softmax(z).astype(z.dtype),
        ),
        Misconception(
            "logits-clipped",
            "clipping large logits makes them equal. Subtract the row's maximum: nothing is lost.",
            lambda z: _naive(np.clip(z, -500, 500)),
        ),
        Misconception(
            "no-exponential",
            "the logits were divided by their sum. They may be negative: exponentiate first.",
            lambda z: z / z.sum(axis=-1, keepdims=True),
        ),
    ],
    inputs=("z",),
)


def _picked(table: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.take_along_axis(table, labels[:, None].astype(np.int64), axis=1)[:, 0]


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-_picked(_log_softmax(logits), labels).mean())


def _stable(logits: np.ndarray) -> np.ndarray:
    return np.exp(_log_softmax(logits))


def _per_class(logits: np.ndarray, labels: np.ndarray) -> float:
    p, hot = _stable(logits), np.eye(logits.shape[1])[labels]
    return float(-(hot * np.log(p) + (1 - hot) * np.log(1 - p)).sum(axis=1).mean())


def _brier(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(((_stable(logits) - np.eye(logits.shape[1])[labels]) ** 2).sum(axis=1).mean())


def _epsilon(eps: float) -> Misconception:
    return Misconception(
        "epsilon-inside-the-log",
        "an epsilon inside the log caps the loss of a confident mistake. Work from the logits: "
        "log-sum-exp minus the label's logit.",
        lambda logits, labels: -np.log(_picked(_stable(logits), labels) + eps).mean(),
    )


def _draw_cross_entropy(rng: np.random.Generator) -> list[Case]:
    logits = 2 * rng.normal(size=(5, 3))
    labels = rng.permutation([0, 1, 2, 0, 1])
    far = np.array([[1e4, -1e4, 0.0], [0.0, 1e4, -1e4]])
    return [
        Case((rng.normal(size=(1, 4)), rng.integers(0, 4, size=1)), note="a batch of one"),
        Case((logits, labels), note="a batch of five"),
        Case((logits.astype(np.float32), labels.astype(np.uint8)), note="float32, labels of uint8"),
        Case((far, rng.permutation([1, 2])), note="logits of 10,000 and -10,000"),
        Case((rng.normal(size=(8, 6))[::-2, ::2], rng.permutation(4)[::-1] % 3), note="views"),
    ]


_Z = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.5]])

CROSS_ENTROPY = Exercise(
    key="mlp/cross_entropy",
    points=3,
    concept="Cross-entropy",
    section=SECTION,
    section_title=TITLE,
    reference=_cross_entropy,
    worked=[
        # Probabilities 1/4 and 3/4, then 1/2 and 1/2: (log 4 + log 2) / 2.
        Case(
            (np.array([[0.0, np.log(3.0)], [0.0, 0.0]]), np.array([0, 1])),
            note="probabilities 1/4 and 1/2 at the labels",
            expected=1.5 * np.log(2.0),
        ),
        Case(
            (np.array([[1e4, 0.0, -1e4]]), np.array([2])),
            note="sure and wrong",
            expected=2e4,
        ),
    ],
    draw=_draw_cross_entropy,
    bad_inputs=[
        BadInput((_Z, np.array([0, 3])), "a label of C or more"),
        BadInput((_Z, np.array([0, -1])), "a negative label"),
        BadInput((_Z, np.array([0.0, 1.0])), "labels that are not integers"),
        BadInput((_Z, np.array([0, 1, 2])), "a number of labels that is not B"),
        BadInput((_Z, np.array([[0], [1]])), "labels with two axes"),
        BadInput((_Z[0], np.array([0, 1, 2])), "logits with one axis"),
        BadInput((_Z[:0], np.array([], dtype=np.int64)), "an empty batch"),
    ],
    misconceptions=[
        Misconception(
            "exp-overflow",
            "exp overflows for large logits. Use log-sum-exp with the row's maximum taken out.",
            lambda logits, labels: -np.log(_picked(_naive(logits), labels)).mean(),
        ),
        Misconception(
            "log-of-a-rounded-zero",
            "the softmax rounds to 0 and its log is infinite. Simplify log(softmax) on paper.",
            lambda logits, labels: -np.log(_picked(_stable(logits), labels)).mean(),
        ),
        *map(_epsilon, [1e-12, 1e-8, 1e-7, 1e-9, 1e-10, 1e-15, 1e-6]),
        Misconception(
            "softmax-applied-twice",
            "the loss of probabilities, not of logits: the softmax was applied twice.",
            lambda logits, labels: _cross_entropy(_stable(logits), labels),
        ),
        Misconception(
            "summed-not-averaged",
            "the losses are summed. Average them over the batch.",
            lambda logits, labels: _cross_entropy(logits, labels) * len(labels),
        ),
        Misconception(
            "divided-by-the-classes-too",
            "the mean runs over batch and classes. Sum over the classes, then average the batch.",
            lambda logits, labels: _cross_entropy(logits, labels) / logits.shape[1],
        ),
        Misconception(
            "not-averaged",
            "one loss a sample was returned. Average them to one number.",
            lambda logits, labels: -_picked(_log_softmax(logits), labels),
        ),
        Misconception(
            "sign-lost",
            "the sign is wrong: log-probabilities are negative, the loss is their negative.",
            lambda logits, labels: -_cross_entropy(logits, labels),
        ),
        Misconception(
            "bits-instead-of-nats",
            "log2 gives bits. The loss takes the natural logarithm.",
            lambda logits, labels: _cross_entropy(logits, labels) / np.log(2),
        ),
        Misconception(
            "all-pairs-indexed",
            "p[:, labels] takes every label for every row. Pair them: p[np.arange(B), labels].",
            lambda logits, labels: -_log_softmax(logits)[:, labels].mean(),
        ),
        Misconception(
            "binary-loss-a-class",
            "every class adds a binary cross-entropy. With softmax only the label's term counts.",
            _per_class,
        ),
        Misconception(
            "squared-error",
            "that is the squared error of the probabilities. Take -log of the label's.",
            _brier,
        ),
        Misconception(
            "predicted-instead-of-true",
            "-log of the largest probability: the labels are not used. Pick the label's class.",
            lambda logits, labels: float(-_log_softmax(logits).max(axis=1).mean()),
        ),
    ],
    inputs=("logits", "labels"),
)

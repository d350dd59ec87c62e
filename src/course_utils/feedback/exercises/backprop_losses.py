"""Chapter 2: the gradient of softmax cross-entropy in its logits."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

SECTION, TITLE = "02_autodiff/04_backprop", "Backpropagation in matrices"


def _gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Take p_j = 1 / sum_k exp(z_k - z_j) from all pairs of classes, in float64."""
    z = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # exp(20,000) is inf, and 1 / inf the right 0
        p = 1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)  # (B, C)
    truth = labels[:, None] == np.arange(z.shape[1])
    return ((p - truth) / len(z)).astype(logits.dtype)


def _softmax(z: np.ndarray, axis: int = 1) -> np.ndarray:
    raised = np.exp(z - z.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def _onehot(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.eye(logits.shape[1], dtype=logits.dtype)[labels]


def _naive(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    raised = np.exp(logits)
    p = raised / raised.sum(axis=1, keepdims=True)
    return (p - _onehot(logits, labels)) / len(logits)


def _of(
    rule: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the gradient that ``rule`` makes of the probabilities and the one-hot labels."""
    return lambda logits, labels: rule(_softmax(logits), _onehot(logits, labels))


def _all_columns(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    p = _softmax(logits)
    p[:, labels] -= 1
    return p / len(p)


def _over_batch(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (_softmax(logits, axis=0) - _onehot(logits, labels)) / len(logits)


def _logits_minus_onehot(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (logits - _onehot(logits, labels)) / len(logits)


def _jacobian_diagonal(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (p - y) * p * (1 - p) / len(p)


def _draw(rng: np.random.Generator) -> list[Case]:
    logits, labels = rng.normal(size=(5, 3)), rng.integers(0, 3, size=5)
    far = 1e4 * rng.choice([-1.0, 1.0], size=(3, 1)) + rng.normal(size=(3, 4))
    views = rng.normal(size=(8, 8))[::-2, ::2]  # (4, 4), steps of -2 and 2
    return [
        Case((rng.normal(size=(1, 4)), rng.integers(0, 4, size=1)), note="a batch of one"),
        Case((rng.normal(size=(3, 3)), rng.permutation(3)), note="as many rows as classes"),
        Case((3 * logits, labels), note="a batch of five"),
        Case((logits.astype(np.float32), labels.astype(np.int32)), note="float32"),
        Case((views, rng.integers(0, 4, size=8)[::2]), note="views of larger arrays"),
        Case((far, rng.integers(0, 4, size=3)), note="logits near 10,000"),
    ]


SOFTMAX_CROSS_ENTROPY_BACKWARD = Exercise(
    key="backprop/softmax_cross_entropy_backward",
    points=2,
    concept="Gradient of softmax cross-entropy",
    section=SECTION,
    section_title=TITLE,
    reference=_gradient,
    worked=[
        Case(
            (np.log([[1.0, 3.0]]), np.array([0])),
            note="odds 1:3, so p = (1/4, 3/4)",
            expected=np.array([[-0.75, 0.75]]),
        ),
        Case(
            (np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]]), np.array([2, 0])),
            note="two rows of odds",
            expected=np.array([[0.0625, 0.125, -0.1875], [-0.3125, 0.1875, 0.125]]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.ones((2, 3)), np.array([0, 3])), "a label that is no class"),
        BadInput((np.ones((2, 3)), np.array([0, -1])), "a negative label"),
        BadInput((np.ones((2, 3)), np.array([0.0, 1.0])), "labels that are not integers"),
        BadInput((np.ones((2, 3)), np.array([0, 1, 2])), "as many labels as classes, not rows"),
        BadInput((np.ones(3), np.array([0, 1, 2])), "logits without a batch axis"),
        BadInput((np.ones((0, 3)), np.zeros(0, dtype=np.int64)), "an empty batch"),
    ],
    misconceptions=[
        Misconception(
            "not-divided-by-batch",
            "the loss is a mean over the batch, so each row is divided by B.",
            _of(lambda p, y: p - y),
        ),
        Misconception(
            "divided-by-all-entries",
            "the mean is over the B rows, not over all B C entries.",
            _of(lambda p, y: (p - y) / p.size),
        ),
        Misconception(
            "divided-by-classes",
            "this divides by the number of classes. The mean of the loss is over the batch.",
            _of(lambda p, y: (p - y) / p.shape[1]),
        ),
        Misconception(
            "sign-swapped",
            "the sign is swapped: p - y, since raising a wrong class raises the loss.",
            _of(lambda p, y: (y - p) / len(p)),
        ),
        Misconception(
            "label-not-subtracted",
            "these are the probabilities alone. Subtract 1 at the label of each row.",
            _of(lambda p, y: p / len(p)),
        ),
        Misconception(
            "one-subtracted-everywhere",
            "1 was subtracted from every entry. Only the true class of a row gets it.",
            _of(lambda p, y: (p - 1) / len(p)),
        ),
        Misconception(
            "one-subtracted-in-whole-columns",
            "p[:, labels] picks whole columns. Pair each row with its own label: "
            "p[np.arange(B), labels].",
            _all_columns,
        ),
        Misconception(
            "only-the-true-class",
            "the other classes got 0. They share the denominator, so their gradient is p.",
            _of(lambda p, y: (p - 1) * y / len(p)),
        ),
        Misconception(
            "softmax-over-the-batch",
            "the softmax ran over the batch. Classes lie along the last axis.",
            _over_batch,
        ),
        Misconception(
            "logits-for-probabilities",
            "y was subtracted from the logits. It is the softmax that it is compared with.",
            _logits_minus_onehot,
        ),
        Misconception(
            "sigmoid-derivative-added",
            "a factor p (1 - p) is left in. Log and softmax together leave p - y.",
            _of(_jacobian_diagonal),
        ),
        Misconception(
            "onehot-in-float64",
            "np.eye and np.zeros make float64, and so does their difference with float32. Give "
            "them the dtype of the logits.",
            lambda z, y: (_softmax(z) - np.eye(z.shape[1])[y]) / len(z),
        ),
        Misconception(
            "no-max-subtraction",
            "exp overflows for large logits. Subtract each row's maximum first: it cancels.",
            _naive,
        ),
    ],
    inputs=("logits", "labels"),
)

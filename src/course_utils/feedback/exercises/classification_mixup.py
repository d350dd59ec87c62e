"""Chapter 5: mixup, checked by taking its results apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.classification_generators import (
    GENERATOR,
    GENERATOR_FACTS,
    RESULT,
    blank,
    fits,
    generator_facts,
    generator_misconceptions,
    generator_results,
    numbered,
    same,
)
from course_utils.feedback.exercises.classification_labels import RECIPES, RECIPES_TITLE

MIXTURES, WEIGHTS, PARTNERS = "mixtures", "weights", "partners"
FACTS = {
    MIXTURES: (
        "images are mixed of two",
        "labels are mixed of two",
        "rows of labels sum to one",
        "labels have the weight of their images",
        "labels have the partners of their images",
    ),
    WEIGHTS: (
        "one weight for the batch",
        "the weight changes from call to call",
        "the weight has the mean of Beta(alpha, alpha)",
        "the weight has the spread of Beta(alpha, alpha)",
    ),
    PARTNERS: ("each image is the partner of one", "partners change from call to call"),
    GENERATOR: GENERATOR_FACTS,
}
CALLS, CLEAR = 200, 1e-9


def draw_mixtures(
    student: Callable[..., Any], x: Any, y: Any, alpha: float, seed: int, asked: str
) -> Any:
    """Return the student's mixtures: those of one call, or of as many as ``asked`` needs."""
    if asked == GENERATOR:
        return generator_results(lambda rng: student(x, y, alpha, rng))
    rng = np.random.default_rng(seed)
    if asked == RESULT:
        return student(x, y, alpha, rng)
    return [student(x, y, alpha, rng) for _ in range(CALLS)]


def mixup_facts(results: Any, x: Any, y: Any, alpha: float, seed: int, asked: str) -> Any:
    """Return the facts that ``asked`` names about mixtures of ``x`` and ``y``."""
    if asked == GENERATOR:
        return generator_facts(results, (x, y))
    if asked == RESULT:
        return blank(results)
    right = len(results) == CALLS and all(fits(r, (x, y)) for r in results)
    if not right or all(same(results[0], r) for r in results):
        return (False,) * len(FACTS[asked])
    images, labels = (_shares(before, [r[i] for r in results]) for i, before in enumerate((x, y)))
    if asked == MIXTURES:
        return _mixtures(images, labels)
    if asked == WEIGHTS:
        return _weights(images, alpha)
    return _partners(images)


def _shares(before: np.ndarray, after: list[np.ndarray]) -> np.ndarray:
    """Return the matrices M, one a call, with ``after = M @ before`` (nan where there is none)."""
    rows = before.reshape(len(before), -1).astype(np.float64)
    mixed = np.stack([np.asarray(a, dtype=np.float64).reshape(len(a), -1) for a in after])
    shares = mixed @ np.linalg.pinv(rows)
    wrong = abs(shares @ rows - mixed).max(axis=(1, 2)) > CLEAR
    shares[wrong] = np.nan
    return shares


def _split(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each image (nan where it is alone), and its partner (or itself)."""
    size = shares.shape[1]
    own = np.diagonal(shares, axis1=1, axis2=2)
    others = np.abs(shares) * (1 - np.eye(size))
    alone = others.max(axis=2) <= CLEAR
    return np.where(alone, np.nan, own), np.where(alone, np.arange(size), others.argmax(axis=2))


def _of_two(shares: np.ndarray) -> bool:
    others = np.abs(shares) * (1 - np.eye(shares.shape[1]))
    few = ((others > CLEAR).sum(axis=2) <= 1).all()
    whole = abs(shares.sum(axis=2) - 1).max() < CLEAR
    return bool(few and whole and shares.min() > -CLEAR and others.max() > CLEAR)


def _mixtures(images: np.ndarray, labels: np.ndarray) -> tuple[bool, ...]:
    (weights, partners), (label_weights, label_partners) = _split(images), _split(labels)
    gaps = np.abs(weights - label_weights)
    return (
        _of_two(images),
        _of_two(labels),
        bool(abs(labels.sum(axis=2) - 1).max() < CLEAR),
        bool(not (gaps > CLEAR).any()),
        bool((partners == label_partners).all()),
    )


def _weights(images: np.ndarray, alpha: float) -> tuple[bool, ...]:
    weights, _ = _split(images)
    weights = weights[~np.isnan(weights).all(axis=1)]  # of the calls that mixed anything
    if len(weights) < CALLS // 2:
        return (False,) * len(FACTS[WEIGHTS])
    least = np.nanmin(weights, axis=1)
    one = bool((np.nanmax(weights, axis=1) - least < CLEAR).all())
    lam = least if one else weights[~np.isnan(weights[:, 0]), 0]
    if np.ptp(lam) < CLEAR:
        return one, False, False, False
    variance = 1 / (4 * (2 * alpha + 1))
    # The deviations of a mean and of a variance; the fourth moment is that of the distribution.
    mean_error = np.sqrt(variance / len(lam))
    spread_error = variance * np.sqrt((2 - 6 / (2 * alpha + 3)) / len(lam))
    mean = abs(lam.mean() - 0.5) < 6 * mean_error
    spread = abs(((lam - 0.5) ** 2).mean() - variance) < 6 * spread_error
    return one, True, bool(mean), bool(spread)


def _partners(images: np.ndarray) -> tuple[bool, ...]:
    _, partners = _split(images)
    permuted = (np.sort(partners, axis=1) == np.arange(images.shape[1])).all()
    return bool(permuted), len(np.unique(partners, axis=0)) > images.shape[1]


def _mix(
    draw: Callable[..., Any] = lambda rng, alpha, batch: rng.beta(alpha, alpha),
    pair: Callable[..., Any] = lambda rng, batch: rng.permutation(batch),
    other: Callable[[Any, Any], Any] = lambda lam, size: 1 - lam,
    labels: Callable[..., Any] | None = None,
    source: Callable[[Any], Any] = lambda rng: rng,
) -> Callable[..., Any]:
    """Return mixup with one of its steps changed; ``labels`` may mix them in another way."""

    def mixup(x: np.ndarray, y_onehot: np.ndarray, alpha: float, rng: Any) -> Any:
        rng = source(rng)
        lam = draw(rng, alpha, len(x))
        partner = pair(rng, len(x))

        def mixed(a: np.ndarray, lam: Any = lam, partner: Any = partner) -> np.ndarray:
            share = np.reshape(lam, (-1,) + (1,) * (a.ndim - 1))
            return (share * a + other(share, len(x)) * a[partner]).astype(a.dtype)

        again = labels(rng, alpha, lam, partner) if labels else (lam, partner)
        return mixed(x), mixed(y_onehot, *again)

    return mixup


def _case(x: np.ndarray, y: np.ndarray, alpha: float, seed: int, asked: str) -> Case:
    expected = blank((x, y)) if asked == RESULT else (True,) * len(FACTS[asked])
    part = MIXTURES if asked == RESULT else asked
    note = numbered(FACTS.get(asked, ()))
    return Case((x, y, alpha, seed, asked), note=note, expected=expected, part=part)


def _draw(rng: np.random.Generator) -> list[Case]:
    seed, batch = int(rng.integers(1000)), int(rng.integers(5, 8))
    x, y = rng.normal(size=(batch, 2, 3, 4)), np.eye(batch)[rng.permutation(batch)]
    flat = rng.normal(size=(12, 5)).T[:, ::2]  # (5, 6), a strided view
    soft = 0.9 * np.eye(5) + 0.02
    single = rng.normal(size=(3, 2)).astype(np.float32)
    return [
        _case(single, np.eye(4, dtype=np.float32)[[0, 3, 2]], 0.4, seed, RESULT),
        _case(single, np.eye(3), 0.4, seed, RESULT),
        _case(x, y, 2.0, seed, MIXTURES),
        _case(flat, soft, 1.0, seed, MIXTURES),
        _case(x, y, 0.3, seed, WEIGHTS),
        _case(x, y, 4.0, seed, WEIGHTS),
        _case(x, y, 1.0, seed, PARTNERS),
        _case(x, y, 0.5, seed, GENERATOR),
    ]


_X = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
_X4 = np.diag([1.0, 2.0, 3.0, 4.0])

MIXUP = Exercise(
    key="classification/mixup",
    points=3,
    concept="Mixup",
    section=RECIPES,
    section_title=RECIPES_TITLE,
    reference=_mix(),
    worked=[
        _case(_X, np.eye(3), 1.0, 0, RESULT),
        _case(_X, np.eye(3), 1.0, 0, MIXTURES),
        _case(_X4, np.eye(4), 0.5, 0, WEIGHTS),
        _case(_X4, np.eye(4), 1.0, 0, PARTNERS),
        _case(_X4, np.eye(4), 1.0, 0, GENERATOR),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_X, np.eye(3), 0.0, 0, RESULT), "an alpha of 0"),
        BadInput((_X, np.eye(3), -1.0, 0, RESULT), "a negative alpha"),
        BadInput((_X, np.eye(4), 1.0, 0, RESULT), "another number of labels than of images"),
        BadInput((_X, np.ones(3), 1.0, 0, RESULT), "labels that are not one-hot rows"),
        BadInput((_X[:0], np.zeros((0, 3)), 1.0, 0, RESULT), "an empty batch"),
    ],
    misconceptions=[
        Misconception(
            "labels-not-mixed",
            "the labels came back as they were. Mix them with the weight and the partners of the "
            "images: the loss asks for both classes.",
            _mix(labels=lambda rng, alpha, lam, partner: (1.0, partner)),
        ),
        Misconception(
            "other-weight-for-the-labels",
            "images and labels were mixed with different weights. One lam serves both, the same "
            "way round.",
            _mix(labels=lambda rng, alpha, lam, partner: (rng.beta(alpha, alpha), partner)),
        ),
        Misconception(
            "other-partners-for-the-labels",
            "images and labels were mixed with different partners. Draw one permutation for both.",
            _mix(labels=lambda rng, alpha, lam, partner: (lam, rng.permutation(len(partner)))),
        ),
        Misconception(
            "weight-for-each-image",
            "each image had a weight of its own. Here one lam serves the batch.",
            _mix(lambda rng, alpha, batch: rng.beta(alpha, alpha, batch)),
        ),
        Misconception(
            "uniform-weight",
            "the weight is uniform whatever alpha is. Draw it from Beta(alpha, alpha).",
            _mix(lambda rng, alpha, batch: rng.random()),
        ),
        Misconception(
            "beta-alpha-one",
            "the weight comes from Beta(alpha, 1), which leans to one side. Both parameters are "
            "alpha.",
            _mix(lambda rng, alpha, batch: rng.beta(alpha, 1.0)),
        ),
        Misconception(
            "larger-half",
            "the larger of lam and 1 - lam was taken. Here lam may be small, too.",
            _mix(lambda rng, alpha, batch: 0.5 + abs(rng.beta(alpha, alpha) - 0.5)),
        ),
        Misconception(
            "weight-fixed",
            "the weight is the same in every call. Draw it from Beta(alpha, alpha).",
            _mix(lambda rng, alpha, batch: 0.5),
        ),
        Misconception(
            "partners-with-repeats",
            "some image is the partner of two. rng.integers draws with repeats; a permutation "
            "uses each image once.",
            _mix(pair=lambda rng, batch: rng.integers(0, batch, batch)),
        ),
        *[
            Misconception(
                "partners-fixed",
                "an image has the same partner in every call. Draw a permutation.",
                _mix(pair=pair),
            )
            for pair in (
                lambda rng, batch: np.arange(batch)[::-1],
                lambda rng, batch: np.roll(np.arange(batch), 1),
            )
        ],
        Misconception(
            "shares-do-not-sum-to-one",
            "the two shares do not sum to one. The partner has 1 - lam.",
            _mix(other=lambda lam, size: lam),
        ),
        *generator_misconceptions(lambda source: _mix(source=source)),
    ],
    program=draw_mixtures,
    judge=mixup_facts,
    weights={MIXTURES: 0.35, WEIGHTS: 0.2, PARTNERS: 0.15, GENERATOR: 0.1, VALIDATION: 0.2},
    inputs=("x", "y_onehot", "alpha", "seed", "asked for"),
    outputs=("x", "y"),
)

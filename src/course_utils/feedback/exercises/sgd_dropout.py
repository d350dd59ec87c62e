"""Chapter 3: dropout."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.sgd_measures import CLOSE, drawn, measured

TRAINING, INDEPENDENCE, NOTHING = "training", "independence", "nothing dropped"
# What the checks compute from x, from the result y, from y_next (a second call with the same
# generator) and from y_again (a call with a new generator of the same seed).
SHAPE = "np.zeros_like(y)"
ZEROS = "np.mean(y == 0)"
SCALE = "np.median(y[y != 0] / x[y != 0])"
OTHERS = "np.mean((y != 0) & ~np.isclose(y, x / (1 - p)))"
SAME = "np.array_equal(y, x)"
RATIO = "np.median(y / x)"
ALIKE_ROWS = "np.mean((y[1:] == 0) == (y[:-1] == 0)) > 0.9"
ALIKE_COLUMNS = "np.mean((y[:, 1:] == 0) == (y[:, :-1] == 0)) > 0.9"
MOVED = "np.array_equal(y, y_next)"
REPEATED = "np.array_equal(y, y_again)"
NOTES = {
    ZEROS: "how many entries are 0?",
    SCALE: "by how much was scaled what was kept?",
    OTHERS: "how many entries are neither 0 nor x / (1 - p)?",
    SAME: "did x come back?",
    RATIO: "was anything scaled?",
    ALIKE_ROWS: "do neighbouring rows have the same mask?",
    ALIKE_COLUMNS: "do neighbouring columns have the same mask?",
    MOVED: "y_next: the same generator, called again",
    REPEATED: "y_again: a new generator of the same seed",
}


def draw_dropped(
    student: Callable[..., Any], x: np.ndarray, p: float, seed: int, program: str, **kwargs: Any
) -> Any:
    """Return the student's results that ``program`` needs."""
    return drawn(program, "y", lambda rng: student(x, p, rng, **kwargs), seed)


def dropped_facts(
    results: Any, x: np.ndarray, p: float, seed: int, program: str, **kwargs: Any
) -> Any:
    """Return what ``program`` computes from results."""
    return measured(results, program, "y", {"x": x, "p": p})


def _reference(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> np.ndarray:
    """Take one number an entry, in the order of the entries, and keep it or not."""
    y = x.astype(np.float64)
    if training:
        fates = [1 / (1 - p) if rng.uniform() >= p else 0.0 for _ in range(x.size)]
        y = y * np.reshape(fates, x.shape)
    return y.astype(x.dtype)


Mask = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _entries(x: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
    return rng.random(x.shape) >= p


def _wrong(
    mask: Mask = _entries,
    scale: Callable[[np.ndarray, float], Any] = lambda kept, p: 1 / (1 - p),
    at_test: Callable[..., np.ndarray] = lambda x, p, rng, y: x,
) -> Callable[..., np.ndarray]:
    """Return dropout with one line changed; ``y`` is what training would give."""

    def dropout(
        x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
    ) -> np.ndarray:
        kept = mask(x, p, rng)
        with np.errstate(all="ignore"):
            y = np.asarray(x * kept * scale(kept, p))
        return y if training else at_test(x, p, rng, y)

    return dropout


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(part: str, *shape: int, p: float, **kwargs: Any) -> Callable[..., Case]:
        size, seed = rng.uniform(0.5, 1.5, size=shape), int(rng.integers(1000))
        x = size * rng.choice([-1.0, 1.0], size=shape)

        def measuring(program: str, expected: Any) -> Case:
            return Case((x, p, seed, program), kwargs, NOTES[program], expected, part)

        return measuring

    def shape(x: np.ndarray, note: str, part: str = TRAINING, **kwargs: Any) -> Case:
        return Case((x, low, 7, SHAPE), kwargs, note, np.zeros(x.shape, x.dtype), part)

    low, high = float(rng.choice([0.3, 0.35, 0.4])), float(rng.choice([0.6, 0.65, 0.7]))
    rows = case(INDEPENDENCE, 151, 101, p=low)
    calls = case(INDEPENDENCE, 31, 20, p=low)
    little, much = (case(TRAINING, 251, 161, p=p) for p in (low, high))
    none = case(NOTHING, 251, 161, p=0.0)
    test = case(NOTHING, 251, 161, p=high, training=False)
    single = rng.normal(size=(2, 3, 4)).astype(np.float32)
    return [
        shape(rng.normal(size=5), "one axis"),
        shape(single, "float32, three axes"),
        shape(rng.normal(size=(6, 8))[::-2, ::2], "a view of a larger array"),
        shape(single[0], "float32, not in training", NOTHING, training=False),
        calls(REPEATED, True),
        calls(MOVED, False),
        rows(ALIKE_ROWS, False),
        rows(ALIKE_COLUMNS, False),
        little(SCALE, 1 / (1 - low)),
        little(ZEROS, low),
        little(OTHERS, 0.0),
        much(SCALE, 1 / (1 - high)),
        much(ZEROS, high),
        much(OTHERS, 0.0),
        none(SAME, True),
        test(ZEROS, 0.0),
        test(RATIO, 1.0),
        test(SAME, True),
    ]


_X = np.array([[1.0, 2.0, -3.0], [4.0, -5.0, 6.0]])

DROPOUT = Exercise(
    key="sgd/dropout",
    points=3,
    concept="Dropout",
    section="03_sgd/07_regularisation",
    section_title="Regularisation and the training protocol",
    reference=_reference,
    worked=[
        Case((_X, 0.6, 7, SHAPE), {}, "2 x 3", np.zeros((2, 3)), TRAINING),
        Case((_X, 0.6, 7, SAME), {"training": False}, "not in training", True, NOTHING),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_X, 1.0, 7, SHAPE), "p = 1, which leaves nothing to scale"),
        BadInput((_X, -0.1, 7, SHAPE), "a negative p"),
        BadInput((_X, 1.5, 7, SHAPE), "a p above 1"),
        BadInput((_X, 1.0, 7, SHAPE), "p = 1 where training is False", {"training": False}),
    ],
    misconceptions=[
        Misconception(
            "not-scaled",
            "what is kept came back as it was, so that the sum shrinks by 1 - p. Divide by 1 - p: "
            "then training and test have the same mean.",
            _wrong(scale=lambda kept, p: 1),
        ),
        Misconception(
            "scaled-at-test-time",
            "the scaling happens at test time. Here training divides by 1 - p, and without "
            "training x comes back as it was.",
            _wrong(scale=lambda kept, p: 1, at_test=lambda x, p, rng, y: x * (1 - p)),
        ),
        Misconception(
            "multiplied-by-the-chance-to-keep",
            "what is kept was multiplied by 1 - p. Divide by it: the survivors stand in for those "
            "that were dropped.",
            _wrong(scale=lambda kept, p: 1 - p),
        ),
        Misconception(
            "scaled-by-p",
            "what is kept was divided by p, the chance to be dropped. Divide by the chance to be "
            "kept, 1 - p.",
            _wrong(scale=lambda kept, p: np.divide(1.0, p)),
        ),
        Misconception(
            "p-for-the-chance-to-keep",
            "p was taken for the chance to be kept. It is the chance to be dropped.",
            _wrong(
                mask=lambda x, p, rng: rng.random(x.shape) < p,
                scale=lambda kept, p: np.divide(1.0, p),
            ),
        ),
        Misconception(
            "p-for-the-chance-to-keep",
            "p was taken for the chance to be kept, and nothing was scaled. It is the chance to be "
            "dropped, and what is kept is divided by 1 - p.",
            _wrong(
                mask=lambda x, p, rng: rng.random(x.shape) < p,
                scale=lambda kept, p: 1,
            ),
        ),
        Misconception(
            "mask-inverted",
            "the mask is inverted: a share of p is kept, not dropped.",
            _wrong(mask=lambda x, p, rng: rng.random(x.shape) < p),
        ),
        Misconception(
            "scaled-by-what-was-kept",
            "the scale is the share that happened to be kept. Divide by its chance, 1 - p: then "
            "entries do not depend on each other.",
            _wrong(scale=lambda kept, p: np.divide(kept.size, kept.sum())),
        ),
        Misconception(
            "one-number-for-all",
            "one random number decides over the whole of x. Each entry is dropped by itself: draw "
            "in the shape of x.",
            _wrong(mask=lambda x, p, rng: np.asarray(rng.random() >= p)),
        ),
        Misconception(
            "one-mask-for-all-rows",
            "all rows share one mask. Each entry is dropped by itself: draw in the shape of x.",
            _wrong(mask=lambda x, p, rng: rng.random(x.shape[1:]) >= p),
        ),
        Misconception(
            "whole-rows-dropped",
            "whole rows are dropped. Each entry is dropped by itself: draw in the shape of x.",
            _wrong(mask=lambda x, p, rng: rng.random((len(x), *[1] * (x.ndim - 1))) >= p),
        ),
        Misconception(
            "dropped-at-test-time",
            "entries are dropped although training is False. Then x comes back as it was.",
            _wrong(at_test=lambda x, p, rng, y: y),
        ),
        Misconception(
            "generator-ignored",
            "the mask does not come from rng: the same seed gives another one. Call the methods "
            "of rng, not those of np.random.",
            _wrong(mask=lambda x, p, rng: np.random.default_rng().random(x.shape) >= p),
        ),
        Misconception(
            "seeded-inside",
            "every call drops the same entries, so that some are never trained. Draw from rng as "
            "it came, and do not seed a generator inside.",
            _wrong(mask=lambda x, p, rng: np.random.default_rng(0).random(x.shape) >= p),
        ),
        Misconception(
            "mask-in-float64",
            "the mask is an array of float64 or of ints and turns float32 into float64. Multiply "
            "by booleans, or give the mask the dtype of x.",
            _wrong(mask=lambda x, p, rng: (rng.random(x.shape) >= p).astype(np.float64)),
        ),
    ],
    program=draw_dropped,
    judge=dropped_facts,
    weights={TRAINING: 0.4, INDEPENDENCE: 0.2, NOTHING: 0.2, VALIDATION: 0.2},
    inputs=("x", "p", "seed of rng", "measured"),
    rtol=CLOSE,
)

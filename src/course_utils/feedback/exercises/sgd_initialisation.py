"""Chapter 3: He's initialisation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import MAIN, VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.sgd_measures import CLOSE, drawn, is_floating, measured

GENERATOR = "generator"
# What the checks compute from the weights W, from W_next (a second call with the same generator)
# and from W_again (a call with a new generator of the same seed).
SHAPE = "np.zeros_like(W)"
VARIANCE = "fan_in * np.var(W)"
CENTRED = "np.abs(np.mean(W)) < 0.05 * np.std(W)"
BELL = "np.mean(np.abs(W) < np.std(W))"
WITHIN_ONE = 0.6827  # of a normal distribution; of a uniform one 0.577
DISTINCT = "np.unique(W).size > 0.9 * W.size"
MOVED = "np.array_equal(W, W_next)"
REPEATED = "np.array_equal(W, W_again)"


def draw_weights(
    student: Callable[..., Any], fan_in: int, fan_out: int, seed: int, program: str
) -> Any:
    """Return the student's weights that ``program`` needs."""
    return drawn(program, "W", lambda rng: student(fan_in, fan_out, rng), seed)


def weights_facts(results: Any, fan_in: int, fan_out: int, seed: int, program: str) -> Any:
    """Return what ``program`` computes from weights."""
    wide = tuple(W.astype(np.float64) if is_floating(W) else W for W in results)
    return measured(wide, program, "W", {"fan_in": fan_in})


def _reference(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Box and Muller: a random radius and a random angle make a normal point in the plane."""
    radius = np.sqrt(-2 * np.log(1 - rng.random((fan_out, fan_in))))
    return np.sqrt(2 / fan_in) * radius * np.cos(2 * np.pi * rng.random((fan_out, fan_in)))


def _normal(deviation: Callable[[int, int], float]) -> Callable[..., np.ndarray]:
    return lambda fan_in, fan_out, rng: (
        deviation(fan_in, fan_out) * rng.standard_normal((fan_out, fan_in))
    )


def _uniform(bound: Callable[[int], float]) -> Callable[..., np.ndarray]:
    return lambda fan_in, fan_out, rng: rng.uniform(-1, 1, (fan_out, fan_in)) * bound(fan_in)


_he = _normal(lambda fan_in, fan_out: np.sqrt(2 / fan_in))


def _clipped(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    bound = 2 * np.sqrt(2 / fan_in)
    return np.clip(_he(fan_in, fan_out, rng), -bound, bound)


def _draw(rng: np.random.Generator) -> list[Case]:
    def sizes() -> tuple[int, int, int]:
        return int(rng.integers(400, 600)), int(rng.integers(150, 250)), int(rng.integers(1000))

    def flat() -> tuple[int, int, int]:
        return int(rng.integers(40, 60)), int(rng.integers(1500, 2000)), int(rng.integers(1000))

    def case(args: tuple, program: str, expected: Any, note: str, part: str = MAIN) -> Case:
        return Case((*args, program), note=note, expected=expected, part=part)

    few, many = flat(), sizes()
    return [
        case((1, 4, 7), SHAPE, np.zeros((4, 1)), "one input"),
        case((6, 1, 7), SHAPE, np.zeros((1, 6)), "one neuron"),
        case(many, DISTINCT, True, "neurons that start equal stay equal", GENERATOR),
        case(many, REPEATED, True, "W_again: a new generator of the same seed", GENERATOR),
        case(many, MOVED, False, "W_next: the same generator, called again", GENERATOR),
        case(few, VARIANCE, 2.0, "the variance is 2 / fan_in"),
        case(many, VARIANCE, 2.0, "the variance is 2 / fan_in"),
        case(many, CENTRED, True, "the mean is 0"),
        case(sizes(), BELL, WITHIN_ONE, "within one standard deviation of a normal distribution"),
    ]


HE_NORMAL = Exercise(
    key="sgd/he_normal",
    points=2,
    concept="He initialisation",
    section="03_sgd/04_initialisation",
    section_title="Where to start",
    reference=_reference,
    worked=[
        Case((3, 5, 7, SHAPE), note="3 inputs, 5 neurons", expected=np.zeros((5, 3))),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((0, 5, 7, SHAPE), "fan_in = 0"),
        BadInput((3, 0, 7, SHAPE), "fan_out = 0"),
        BadInput((-3, 5, 7, SHAPE), "a negative fan_in"),
    ],
    misconceptions=[
        Misconception(
            "half-of-the-variance",
            "the variance is 1 / fan_in. ReLU sets half of the signal to 0: the factor 2 makes up "
            "for it.",
            _normal(lambda fan_in, fan_out: np.sqrt(1 / fan_in)),
        ),
        Misconception(
            "fan-out-for-fan-in",
            "the variance follows fan_out. A neuron sums over its inputs: divide by fan_in.",
            _normal(lambda fan_in, fan_out: np.sqrt(2 / fan_out)),
        ),
        Misconception(
            "glorot",
            "this is Glorot's variance, 2 / (fan_in + fan_out). He's is 2 / fan_in.",
            _normal(lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out))),
        ),
        Misconception(
            "variance-for-deviation",
            "2 / fan_in was used as the standard deviation. It is the variance: take the root.",
            _normal(lambda fan_in, fan_out: 2 / fan_in),
        ),
        Misconception(
            "root-of-two-only",
            "the deviation is sqrt(2) / fan_in. The root belongs over the whole of 2 / fan_in.",
            _normal(lambda fan_in, fan_out: np.sqrt(2) / fan_in),
        ),
        Misconception(
            "root-of-the-fan-only",
            "the deviation is 2 / sqrt(fan_in), twice the variance that is wanted. The root "
            "belongs over the 2 as well.",
            _normal(lambda fan_in, fan_out: 2 / np.sqrt(fan_in)),
        ),
        Misconception(
            "tails-cut-off",
            "weights beyond two standard deviations were cut, which lowers the variance. A normal "
            "distribution has tails.",
            _clipped,
        ),
        Misconception(
            "unscaled",
            "the weights have variance 1, and each layer makes the signal larger. Scale them by "
            "sqrt(2 / fan_in).",
            _normal(lambda fan_in, fan_out: 1.0),
        ),
        Misconception(
            "bound-for-deviation",
            "this is uniform within sqrt(2 / fan_in), whose variance is a third of what is "
            "wanted. Draw from a normal distribution with that standard deviation.",
            _uniform(lambda fan_in: np.sqrt(2 / fan_in)),
        ),
        Misconception(
            "uniform-of-the-right-variance",
            "the variance is right, the distribution uniform. Draw from a normal one.",
            _uniform(lambda fan_in: np.sqrt(6 / fan_in)),
        ),
        Misconception(
            "not-centred",
            "no weight is negative, so that all neurons push the same way. The mean must be 0.",
            lambda fan_in, fan_out, rng: np.abs(_he(fan_in, fan_out, rng)),
        ),
        Misconception(
            "not-centred",
            "the numbers of rng.random lie between 0 and 1, so that no weight is negative. Draw "
            "from a normal distribution of mean 0.",
            lambda fan_in, fan_out, rng: rng.random((fan_out, fan_in)) * np.sqrt(2 / fan_in),
        ),
        Misconception(
            "shape-transposed",
            "the shape is (fan_in, fan_out). Rows are neurons: (fan_out, fan_in).",
            lambda fan_in, fan_out, rng: _he(fan_in, fan_out, rng).T,
        ),
        Misconception(
            "neurons-start-equal",
            "the same numbers were used for every neuron. Equal neurons get equal gradients and "
            "stay equal: draw each entry.",
            lambda fan_in, fan_out, rng: np.tile(_he(fan_in, 1, rng), (fan_out, 1)),
        ),
        Misconception(
            "generator-ignored",
            "the numbers do not come from rng: the same seed gives other weights. Call the "
            "methods of rng, not those of np.random.",
            lambda fan_in, fan_out, rng: _he(fan_in, fan_out, np.random.default_rng()),
        ),
        Misconception(
            "seeded-inside",
            "every call gives the same numbers, so that all layers start equal. Draw from rng as "
            "it came, and do not seed a generator inside.",
            lambda fan_in, fan_out, rng: _he(fan_in, fan_out, np.random.default_rng(0)),
        ),
    ],
    program=draw_weights,
    judge=weights_facts,
    weights={MAIN: 0.6, GENERATOR: 0.2, VALIDATION: 0.2},
    inputs=("fan_in", "fan_out", "seed of rng", "measured"),
    rtol=CLOSE / 2,  # weights that are clipped at two deviations lose 8 % of the variance
)

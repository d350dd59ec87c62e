"""Chapter 3: one step of Adam."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.sgd_adam_mistakes import MISCONCEPTIONS
from course_utils.feedback.exercises.sgd_steps import MOMENTUM, MOMENTUM_TITLE


def _adam(
    theta: np.ndarray,
    grad: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[np.ndarray, ...]:
    """Divide by the sum of the weights that each average has handed out so far, in float64."""
    wide_m = np.average([m, grad], axis=0, weights=[beta1, 1 - beta1])
    wide_v = np.average([v, np.square(grad, dtype=np.float64)], axis=0, weights=[beta2, 1 - beta2])
    given = [sum((1 - beta) * beta**k for k in range(t)) for beta in (beta1, beta2)]
    step = lr * (wide_m / given[0]) / (np.sqrt(wide_v / given[1]) + eps)
    return (theta - step).astype(theta.dtype), wide_m.astype(m.dtype), wide_v.astype(v.dtype)


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(t: int, *shape: int, note: str, size: float = 1.0, **kwargs: float) -> Case:
        theta, grad, m = rng.normal(size=(3, *shape))
        v = size**2 * rng.uniform(0.5, 2.0, size=shape)
        args = (theta, size * grad, size * m, v, t, rng.uniform(0.1, 0.3))
        return Case(args, kwargs, note=note)

    theta, grad = rng.normal(size=(2, 4))
    grad[rng.integers(4)] = 0.0
    single = tuple(a.astype(np.float32) for a in case(3, 2, 3, note="").args[:4])
    wide, squares = rng.normal(size=(3, 6, 8)), rng.uniform(0.5, 2.0, size=(8, 6))
    views = (wide[0, ::-2, ::2], wide[1, ::2, ::-2], wide[2, 1::2, ::2], squares[::2, ::2].T)
    zeros = np.zeros(4)
    return [
        Case((theta, grad, zeros, zeros, 1, 0.1), note="the first step, one gradient of 0"),
        case(2, 5, note="the second step"),
        case(10, 3, 4, note="a matrix at t = 10"),
        case(5000, 4, note="t = 5000, where the first correction is over"),
        case(4, 3, note="tiny gradients", size=1e-8),
        case(3, 4, note="other averages", beta1=0.6, beta2=0.8),
        case(3, 4, note="a large eps", eps=0.3),
        Case((*single, 3, 0.2), note="float32"),
        Case((*views, 6, 0.2), note="views of larger arrays"),
        case(3, 4, note="beta1 = 0: m is the gradient", beta1=0.0, beta2=0.9),
        case(3, 4, note="beta2 = 0: v is the squared gradient", beta1=0.8, beta2=0.0),
        Case((*case(3, 4, note="").args[:5], 0.0), note="a learning rate of 0"),
    ]


_ONE = tuple(np.array([value]) for value in (1.0, 0.5, 0.0, 0.0))
_TWO = (np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.zeros(2), np.ones(2))

ADAM_STEP = Exercise(
    key="sgd/adam_step",
    points=3,
    concept="Adam",
    section=MOMENTUM,
    section_title=MOMENTUM_TITLE,
    reference=_adam,
    worked=[
        # The first step is lr long: 0.05 / 0.1 = 0.5 and sqrt(0.00025 / 0.001) = 0.5.
        Case(
            (*_ONE, 1, 0.25),
            note="the first step, from rest",
            expected=(np.array([0.75]), np.array([0.05]), np.array([0.00025])),
        ),
        # m = 3 and v = 7, corrected 3 / 0.75 = 4 and 7 / 0.4375 = 16: a step of 0.5 * 4 / (4 + 1).
        Case(
            (np.array([5.0]), np.array([4.0]), np.array([2.0]), np.array([4.0]), 2, 0.5),
            {"beta1": 0.5, "beta2": 0.75, "eps": 1.0},
            note="the second step, with numbers for paper",
            expected=(np.array([4.6]), np.array([3.0]), np.array([7.0])),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_TWO[0], np.ones(1), *_TWO[2:], 1, 0.1), "a grad that only broadcasts to theta"),
        BadInput((_TWO[0], np.ones(3), *_TWO[2:], 1, 0.1), "a grad longer than theta"),
        BadInput((*_TWO[:2], np.zeros(1), _TWO[3], 1, 0.1), "an m that only broadcasts to theta"),
        BadInput((*_TWO[:3], np.ones(1), 1, 0.1), "a v that only broadcasts to theta"),
        BadInput((*_TWO[:3], np.ones((2, 1)), 1, 0.1), "a v of as many entries as a column"),
        BadInput((*_TWO, 0, 0.1), "t = 0: the first step is t = 1"),
        BadInput((*_TWO, 1, -0.1), "a negative learning rate"),
        BadInput((*_TWO, 1, 0.1), "beta1 = 1", {"beta1": 1.0}),
        BadInput((*_TWO, 1, 0.1), "beta2 = 1", {"beta2": 1.0}),
        BadInput((*_TWO, 1, 0.1), "a negative beta1", {"beta1": -0.1}),
        BadInput((*_TWO, 1, 0.1), "a negative beta2", {"beta2": -0.1}),
    ],
    misconceptions=MISCONCEPTIONS,
    inputs=("theta", "grad", "m", "v", "t", "lr"),
    outputs=("theta", "m", "v"),
)

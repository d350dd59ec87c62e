"""Chapter 3: one step of gradient descent, without and with momentum."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

DESCENT, DESCENT_TITLE = "03_sgd/01_descent", "How far to step"
MOMENTUM, MOMENTUM_TITLE = "03_sgd/03_momentum", "Momentum, Adam and averages"
Pair = tuple[np.ndarray, np.ndarray]


def _step(theta: np.ndarray, grad: np.ndarray, lr: float) -> np.ndarray:
    """Go through the entries one by one, in Python's own numbers."""
    pairs = zip(theta.ravel().tolist(), grad.ravel().tolist(), strict=True)
    moved = [t - lr * g for t, g in pairs]
    return np.array(moved, dtype=theta.dtype).reshape(theta.shape)


def _draw_steps(rng: np.random.Generator) -> list[Case]:
    def case(*shape: int, note: str, dtype: type = np.float64) -> Case:
        theta, grad = rng.normal(size=(2, *shape)).astype(dtype)
        return Case((theta, grad, rng.uniform(0.05, 0.5)), note=note)

    wide = rng.normal(size=(2, 8, 6))
    return [
        case(5, note="a vector"),
        case(3, 4, note="a matrix"),
        case(2, 3, 3, 2, note="four axes"),
        case(4, note="float32", dtype=np.float32),
        Case((wide[0, ::-2, ::2], wide[1, ::2, ::-2], 0.3), note="views of larger arrays"),
        Case((rng.normal(size=3), rng.normal(size=3), 0.0), note="a learning rate of 0"),
    ]


_T, _G = np.array([1.0, -2.0]), np.array([0.5, 4.0])

SGD_STEP = Exercise(
    key="sgd/sgd_step",
    points=1,
    concept="Gradient step",
    section=DESCENT,
    section_title=DESCENT_TITLE,
    reference=_step,
    worked=[
        Case((np.array([3.0]), np.array([2.0]), 0.25), note="3 - 0.5", expected=np.array([2.5])),
        Case((_T, _G, 0.5), note="two parameters", expected=np.array([0.75, -4.0])),
    ],
    draw=_draw_steps,
    bad_inputs=[
        BadInput((_T, np.ones(3), 0.1), "a grad longer than theta"),
        BadInput((_T, np.ones(1), 0.1), "a grad that only broadcasts to theta"),
        BadInput((np.ones((2, 3)), np.ones((3, 2)), 0.1), "a grad of another shape"),
        BadInput((_T, _G[:, None], 0.1), "a grad of as many entries in another shape"),
        BadInput((_T, _G, -0.1), "a negative learning rate"),
    ],
    misconceptions=[
        Misconception(
            "uphill",
            "this climbs. The gradient points to where the loss grows: subtract it.",
            lambda theta, grad, lr: theta + lr * grad,
        ),
        Misconception(
            "rate-forgotten",
            "the whole gradient was subtracted. The learning rate says how far to go: lr * grad.",
            lambda theta, grad, lr: theta - grad,
        ),
        Misconception(
            "step-without-theta",
            "only the step came back. Return where it leads, theta - lr * grad.",
            lambda theta, grad, lr: -lr * grad,
        ),
        Misconception(
            "step-of-unit-length",
            "the gradient was divided by its norm. The step is shorter where the slope is gentle.",
            lambda theta, grad, lr: theta - lr * grad / np.linalg.norm(grad),
        ),
        Misconception(
            "sign-of-the-gradient",
            "only the signs of the gradient were used. Steep directions take longer steps.",
            lambda theta, grad, lr: theta - lr * np.sign(grad),
        ),
        Misconception(
            "theta-shrunk",
            "theta was scaled down too, which is weight decay. Subtract lr * grad alone.",
            lambda theta, grad, lr: theta - lr * (grad + theta),
        ),
    ],
    inputs=("theta", "grad", "lr"),
)


def _momentum(
    theta: np.ndarray, grad: np.ndarray, velocity: np.ndarray, lr: float, mu: float
) -> Pair:
    """Take theta and velocity as one state and multiply by the step's 2 x 3 matrix, in float64."""
    state = np.stack([theta, velocity, grad]).astype(np.float64)
    moved = np.tensordot([[1.0, mu, -lr], [0.0, mu, -lr]], state, axes=1)
    return moved[0].astype(theta.dtype), moved[1].astype(velocity.dtype)


def _wrong(
    fast: Callable[..., np.ndarray] = lambda v, g, lr, mu: mu * v - lr * g,
    move: Callable[..., np.ndarray] = lambda theta, new, old, g, lr, mu: theta + new,
    pack: Callable[..., Any] = lambda theta, velocity: (theta, velocity),
) -> Callable[..., Any]:
    """Return a step with momentum with one line changed."""

    def momentum_step(
        theta: np.ndarray, grad: np.ndarray, velocity: np.ndarray, lr: float, mu: float
    ) -> Any:
        new = fast(velocity, grad, lr, mu)
        return pack(move(theta, new, velocity, grad, lr, mu), new)

    return momentum_step


def _draw_momentum(rng: np.random.Generator) -> list[Case]:
    def case(*shape: int, note: str, dtype: type = np.float64) -> Case:
        arrays = rng.normal(size=(3, *shape)).astype(dtype)
        return Case((*arrays, rng.uniform(0.05, 0.3), rng.uniform(0.5, 0.95)), note=note)

    wide = rng.normal(size=(3, 6, 8))
    rest = rng.normal(size=(2, 3, 2))
    return [
        case(4, note="a vector"),
        case(3, 5, note="a matrix"),
        case(2, 3, note="float32", dtype=np.float32),
        Case((*rest, np.zeros((3, 2)), 0.2, 0.9), note="from rest"),
        Case((wide[0, ::-2, ::2], wide[1, ::2, ::-2], wide[2, 1::2, ::2], 0.1, 0.8), note="views"),
        Case((*rng.normal(size=(3, 3)), 0.2, 0.0), note="mu = 0, which is the plain step"),
        Case((*rng.normal(size=(3, 3)), 0.0, 0.9), note="a learning rate of 0: theta rolls on"),
    ]


_V = np.array([0.5, -1.0])

MOMENTUM_STEP = Exercise(
    key="sgd/momentum_step",
    points=1,
    concept="Momentum",
    section=MOMENTUM,
    section_title=MOMENTUM_TITLE,
    reference=_momentum,
    worked=[
        # Velocity 0.5 * 4 - 0.25 * 2 = 1.5.
        Case(
            (np.array([3.0]), np.array([2.0]), np.array([4.0]), 0.25, 0.5),
            note="one parameter",
            expected=(np.array([4.5]), np.array([1.5])),
        ),
        Case(
            (_T, _G, _V, 0.5, 0.75),
            note="two parameters",
            expected=(np.array([1.125, -4.75]), np.array([0.125, -2.75])),
        ),
    ],
    draw=_draw_momentum,
    bad_inputs=[
        BadInput((_T, np.ones(1), _V, 0.1, 0.9), "a grad that only broadcasts to theta"),
        BadInput((_T, np.ones(3), _V, 0.1, 0.9), "a grad longer than theta"),
        BadInput((_T, _G, np.zeros(1), 0.1, 0.9), "a velocity that only broadcasts to theta"),
        BadInput((_T, _G, _V[:, None], 0.1, 0.9), "a velocity of as many entries as a column"),
        BadInput((_T, _G, _V, -0.1, 0.9), "a negative learning rate"),
        BadInput((_T, _G, _V, 0.1, 1.0), "mu = 1, which never forgets"),
        BadInput((_T, _G, _V, 0.1, -0.5), "a negative mu"),
    ],
    misconceptions=[
        Misconception(
            "old-velocity-used",
            "theta moved by the old velocity. Update the velocity first, then move by the new one.",
            _wrong(move=lambda theta, new, old, g, lr, mu: theta + old),
        ),
        Misconception(
            "rate-outside-the-velocity",
            "the velocity holds gradients and lr multiplies the whole of it. Here lr belongs "
            "inside: velocity = mu * velocity - lr * grad, then theta + velocity.",
            _wrong(
                fast=lambda v, g, lr, mu: mu * v + g,
                move=lambda theta, new, old, g, lr, mu: theta - lr * new,
            ),
        ),
        Misconception(
            "velocity-averaged",
            "the gradient is weighted by 1 - mu, as in an average. Momentum adds all of lr * grad, "
            "so that steady slopes give steps up to 1 / (1 - mu) times as long.",
            _wrong(fast=lambda v, g, lr, mu: mu * v - (1 - mu) * lr * g),
        ),
        Misconception(
            "velocity-of-the-opposite-sign",
            "this velocity points uphill and is subtracted. Let it point where theta goes: "
            "mu * velocity - lr * grad, added to theta.",
            _wrong(
                fast=lambda v, g, lr, mu: mu * v + lr * g,
                move=lambda theta, new, old, g, lr, mu: theta - new,
            ),
        ),
        Misconception(
            "velocity-subtracted",
            "the velocity holds -lr * grad already: add it to theta.",
            _wrong(move=lambda theta, new, old, g, lr, mu: theta - new),
        ),
        Misconception(
            "uphill",
            "this climbs: the velocity gathers + lr * grad. Subtract the gradient.",
            _wrong(fast=lambda v, g, lr, mu: mu * v + lr * g),
        ),
        Misconception(
            "velocity-forgotten",
            "this is the plain step. Carry mu * velocity over from the last one.",
            _wrong(fast=lambda v, g, lr, mu: -lr * g),
        ),
        Misconception(
            "velocity-not-damped",
            "the old velocity was kept whole. Multiply it by mu, the part that survives a step.",
            _wrong(fast=lambda v, g, lr, mu: v - lr * g),
        ),
        Misconception(
            "complement-kept",
            "the old velocity was multiplied by 1 - mu. mu is the share that is kept.",
            _wrong(fast=lambda v, g, lr, mu: (1 - mu) * v - lr * g),
        ),
        Misconception(
            "gradient-damped-too",
            "mu multiplies the gradient too. It multiplies the old velocity alone.",
            _wrong(fast=lambda v, g, lr, mu: mu * (v - lr * g)),
        ),
        Misconception(
            "rate-used-twice",
            "lr multiplies the velocity again. It is in there already: theta + velocity.",
            _wrong(move=lambda theta, new, old, g, lr, mu: theta + lr * new),
        ),
        Misconception(
            "old-velocity-returned",
            "the velocity came back as it was given. Return the new one, for the next step.",
            lambda theta, grad, velocity, lr, mu: (theta + mu * velocity - lr * grad, velocity),
        ),
        Misconception(
            "nesterov",
            "this looks one step ahead (Nesterov's form). Here theta moves by the velocity alone.",
            _wrong(move=lambda theta, new, old, g, lr, mu: theta + mu * new - lr * g),
        ),
        Misconception(
            "rate-and-mu-exchanged",
            "lr and mu are exchanged: mu multiplies the velocity, lr the gradient.",
            _wrong(fast=lambda v, g, lr, mu: lr * v - mu * g),
        ),
        Misconception(
            "results-exchanged",
            "the pair is (velocity, theta). Return (theta, velocity).",
            _wrong(pack=lambda theta, velocity: (velocity, theta)),
        ),
        Misconception(
            "velocity-not-returned",
            "only theta came back. The next step needs the velocity: return both.",
            _wrong(pack=lambda theta, velocity: theta),
        ),
    ],
    inputs=("theta", "grad", "velocity", "lr", "mu"),
    outputs=("theta", "velocity"),
)

"""`XorPlayground`: the reader sets the weights of two hidden units and watches the plane split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure

POINTS = ((0, 0), (0, 1), (1, 0), (1, 1))
TARGETS = (0, 1, 1, 0)
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ReLU": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "identity": lambda z: z,
}
NAMES = ("w11", "w12", "b1", "w21", "w22", "b2", "v1", "v2")
LIMIT = 2.0


class XorPlayground(InteractiveFigure):
    """Two hidden units on two inputs; the browser redraws the decision while the sliders move.

    The network is ``f(x) = v1 g(w11 x1 + w12 x2 + b1) + v2 g(w21 x1 + w22 x2 + b2)``, and a point
    is put into class 1 where ``f(x) > 1/2``. It is scored on the four points of the exclusive or.

    Args:
        weights: the eight numbers shown first, in the order of `NAMES`, each in [-2, 2].
        activation: "ReLU", "tanh" or "identity".
        alt: see `InteractiveFigure`.

    Raises:
        ValueError: another number of weights, one outside [-2, 2], or an unknown activation.
    """

    module = "xor.js"
    weights = traitlets.List(trait=traitlets.Float()).tag(sync=True)
    activation = traitlets.Unicode().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)
    names: ClassVar[tuple[str, ...]] = NAMES

    def __init__(
        self,
        *,
        alt: str,
        weights: Sequence[float] = (1, -1, 0, 0.5, 1, 0, 1, 1),
        activation: str = "ReLU",
        caption: str = "",
    ) -> None:
        numbers = [float(w) for w in weights]
        if len(numbers) != len(NAMES) or any(not abs(w) <= LIMIT for w in numbers):
            raise ValueError(
                f"weights: got {list(weights)}, expected {len(NAMES)} numbers in [-2, 2]: "
                f"{', '.join(NAMES)}"
            )
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation: got {activation!r}, expected one of {list(ACTIVATIONS)}")
        start = {"weights": numbers, "activation": activation}
        super().__init__(
            alt=alt, caption=caption, weights=numbers, activation=activation, start=start
        )

    def outputs(self) -> np.ndarray:
        """f at (0,0), (0,1), (1,0), (1,1) for the weights shown now, shape (4,)."""
        w = np.asarray(self.weights)
        x = np.asarray(POINTS, dtype=float)  # (4, 2)
        z = x @ np.array([w[[0, 3]], w[[1, 4]]]) + w[[2, 5]]  # (4, 2)
        return ACTIVATIONS[self.activation](z) @ w[6:]

    @property
    def right(self) -> int:
        """How many of the four points are on their side of f = 1/2."""
        return int(np.sum((self.outputs() > 0.5) == np.asarray(TARGETS, dtype=bool)))

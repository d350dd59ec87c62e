"""`BackpropSteps`: forward and backward through a small network, one layer at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure, rounded_list

MAX_WIDTH = 6  # more units than that do not fit under each other
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class BackpropPass:
    """What the page's own functions computed for one sample, layers l = 1..L.

    `z[l-1]` (d_l,) are the pre-activations, `h[l]` (d_l,) the outputs with `h[0]` the input and
    `h[L]` what the loss is given, `deltas[l-1]` (d_l,) = dL/dz_l, `loss` the loss. `output_step`
    says in words or symbols where the first delta comes from.
    """

    z: Sequence[ArrayLike]
    h: Sequence[ArrayLike]
    deltas: Sequence[ArrayLike]
    loss: float
    output_step: str = "the gradient of the loss"


class BackpropSteps(InteractiveFigure):
    """A network whose forward and backward pass the reader steps through, with all numbers.

    z_l = W_l h_{l-1} + b_l, h_l = g(z_l) upwards; delta_{l-1} = W_l^T delta_l * g'(z_{l-1}),
    dW_l = delta_l h_{l-1}^T, db_l = delta_l downwards. The figure shows values and computes only
    the products it displays; section "Backpropagation in matrices" computes the rest.

    Args:
        params: [(W_1, b_1), ..., (W_L, b_L)], W_l (d_l, d_{l-1}), b_l (d_l,), every d_l <= 6.
        passes: name in the menu -> `BackpropPass`, at least one.
        slopes: g'(z_l) of the hidden layers, as a function of z (any shape).
        activation: the name of g, for the texts.
        alt, caption: see `InteractiveFigure`.

    Raises:
        ValueError: no layer, no pass, a layer wider than 6, or arrays whose shapes do not fit.
    """

    module = "backprop_steps.js"
    spec = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        params: Sequence[tuple[ArrayLike, ArrayLike]],
        passes: Mapping[str, BackpropPass],
        slopes: Callable[[np.ndarray], ArrayLike],
        alt: str,
        activation: str = "g",
        caption: str = "",
    ) -> None:
        layers = [(np.asarray(W, dtype=float), np.asarray(b, dtype=float)) for W, b in params]
        widths = _widths(layers)
        if not passes:
            raise ValueError("passes: got none, expected at least one BackpropPass")
        shown = [
            _Story(layers, widths, one, slopes, activation).encoded(name)
            for name, one in passes.items()
        ]
        weights = [[rounded_list(row) for row in W] for W, _ in layers]
        super().__init__(
            alt=alt, caption=caption, spec={"widths": widths, "weights": weights, "passes": shown}
        )


def _widths(layers: list[tuple[np.ndarray, np.ndarray]]) -> list[int]:
    """[d_0, ..., d_L]; ValueError where the layers do not fit each other or the figure."""
    if not layers:
        raise ValueError("params: got no layer, expected at least one (W, b)")
    widths = [int(layers[0][0].shape[-1])]
    for place, (W, b) in enumerate(layers, start=1):
        if W.ndim != 2 or W.shape[1] != widths[-1] or b.shape != W.shape[:1]:
            raise ValueError(
                f"params: layer {place} has W {W.shape} and b {b.shape}, "
                f"expected (d, {widths[-1]}) and (d,)"
            )
        widths.append(int(W.shape[0]))
    if max(widths) > MAX_WIDTH:
        raise ValueError(f"params: got widths {widths}, expected at most {MAX_WIDTH} units a layer")
    return widths


def _columns(name: str, values: Sequence[ArrayLike], widths: list[int]) -> list[np.ndarray]:
    arrays = [np.asarray(value, dtype=float) for value in values]
    if [array.shape for array in arrays] != [(width,) for width in widths]:
        raise ValueError(
            f"passes: {name} has shapes {[array.shape for array in arrays]}, "
            f"expected {[(width,) for width in widths]}"
        )
    return arrays


def _sub(layer: int) -> str:
    return str(layer).translate(SUBSCRIPTS)


def _matrix(label: str, values: np.ndarray) -> dict[str, Any]:
    """A term of an equation; a vector stands as a column, a row where it is given as (1, d)."""
    rows = values if values.ndim == 2 else values[:, None]
    return {"label": label, "rows": [rounded_list(row) for row in rows]}


class _Story:
    """The steps of one pass; `forward` is the last layer whose h is known, `back` the first whose
    delta is.
    """

    def __init__(
        self,
        layers: list[tuple[np.ndarray, np.ndarray]],
        widths: list[int],
        one: BackpropPass,
        slopes: Callable[[np.ndarray], ArrayLike],
        activation: str,
    ) -> None:
        self.layers, self.one, self.activation = layers, one, activation
        self.slopes, self.last = slopes, len(layers)
        self.z = _columns("z", one.z, widths[1:])
        self.h = _columns("h", one.h, widths)
        self.deltas = _columns("deltas", one.deltas, widths[1:])

    def encoded(self, name: str) -> dict[str, Any]:
        """The pass as JSON-able values: the numbers of the drawing and the list of steps."""
        steps = [_step("Input", "The input enters: h₀ = x.", [], "units", 0, 0)]
        for layer in range(1, self.last + 1):
            steps += self.upwards(layer)
        steps.append(self.turn())
        for layer in range(self.last, 0, -1):
            steps += self.downwards(layer)
        return {
            "name": name,
            "h": [rounded_list(v) for v in self.h],
            "deltas": [rounded_list(v) for v in self.deltas],
            "steps": steps,
        }

    def upwards(self, layer: int) -> list[dict[str, Any]]:
        n, below, g = _sub(layer), _sub(layer - 1), self.activation
        W, b = self.layers[layer - 1]
        z = _matrix(f"z{n}", self.z[layer - 1])
        affine = [_matrix(f"W{n}", W), "·", _matrix(f"h{below}", self.h[layer - 1])]
        affine += ["+", _matrix(f"b{n}", b), "=", z]
        text, terms = f"h{n} = {g}(z{n}); h and z are kept for the way back.", [g, z, "="]
        if layer == self.last:
            text, terms = f"The last layer stays linear: h{n} = z{n} goes to the loss.", []
        terms.append(_matrix(f"h{n}", self.h[layer]))
        linear = f"z{n} = W{n} h{below} + b{n}"
        return [
            _step(f"Forward: z{n}", linear, affine, "edges", layer, layer - 1),
            _step(f"Forward: h{n}", text, terms, "units", layer, layer),
        ]

    def turn(self) -> dict[str, Any]:
        n = _sub(self.last)
        terms = [_matrix(f"h{n}", self.h[-1]), "→", _matrix(f"δ{n}", self.deltas[-1])]
        text = f"The loss is {float(self.one.loss):.4f}. δ{n} = {self.one.output_step}."
        return _step(f"Loss and δ{n}", text, terms, "units", self.last, self.last, self.last)

    def downwards(self, layer: int) -> list[dict[str, Any]]:
        n, below = _sub(layer), _sub(layer - 1)
        delta, h = self.deltas[layer - 1], self.h[layer - 1]
        outer = [_matrix(f"δ{n}", delta), "·", _matrix(f"h{below}ᵀ", h[None]), "="]
        outer.append(_matrix(f"∂L/∂W{n}", np.outer(delta, h)))
        text = f"∂L/∂W{n} = δ{n} h{below}ᵀ, in the shape of W{n}; ∂L/∂b{n} = δ{n}."
        found = _step(f"Backward: W{n}, b{n}", text, outer, "edges", layer, self.last, layer)
        if layer == 1:
            return [found]
        slope = np.asarray(self.slopes(self.z[layer - 2]), dtype=float)
        back = [_matrix(f"W{n}ᵀ", self.layers[layer - 1][0].T), "·", _matrix(f"δ{n}", delta)]
        back += ["⊙", _matrix(f"g′(z{below})", slope), "="]
        back.append(_matrix(f"δ{below}", self.deltas[layer - 2]))
        text = f"δ{below} = W{n}ᵀ δ{n} ⊙ g′(z{below})"
        below_step = (layer - 1, self.last, layer - 1)
        return [found, _step(f"Backward: δ{below}", text, back, "units", *below_step)]


def _step(
    title: str,
    text: str,
    terms: list[Any],
    focus: str,
    layer: int,
    forward: int,
    back: int | None = None,
) -> dict[str, Any]:
    return {
        "title": title,
        "text": text,
        "terms": terms,
        "focus": focus,
        "layer": layer,
        "forward": forward,
        "back": back,
    }

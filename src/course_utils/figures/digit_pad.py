"""A pad on which the reader draws a digit that a small trained network reads at once."""

from collections.abc import Sequence

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure, rounded_list

SIDE = 14


class DigitPad(InteractiveFigure):
    """Draw on a pad; the network given by ``layers`` returns ten probabilities in the browser.

    ``layers`` is a list of ``(W, b)`` with ReLU between them and softmax after the last; the input
    is a 14x14 picture with values in [0, 1] (a 28x28 digit averaged over 2x2 blocks), flattened.
    ``samples`` are pictures ``(N, 14, 14)`` that a button puts on the pad. Raises ValueError where
    the shapes do not chain from 196 to 10.
    """

    module = "digit_pad.js"
    layers = traitlets.List().tag(sync=True)
    samples = traitlets.List().tag(sync=True)

    def __init__(
        self, layers: Sequence[tuple[np.ndarray, np.ndarray]], samples: np.ndarray, *, alt: str
    ) -> None:
        widths = [SIDE * SIDE, *(len(b) for _, b in layers)]
        for (W, b), d_in in zip(layers, widths, strict=False):
            if W.shape != (len(b), d_in):
                raise ValueError(f"layers: W must be {(len(b), d_in)}, got {W.shape}")
        if widths[-1] != 10 or samples.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"expected 10 outputs and samples (N, {SIDE}, {SIDE}), "
                f"got {widths[-1]} and {samples.shape}"
            )
        packed = [
            {"rows": len(b), "W": rounded_list(np.round(W, 3)), "b": rounded_list(b)}
            for W, b in layers
        ]
        pictures = [rounded_list(np.round(picture, 2)) for picture in samples]
        super().__init__(alt=alt, layers=packed, samples=pictures)

"""A confusion matrix whose entries show the pictures that they count."""

import base64
import io
from collections.abc import Sequence

import numpy as np
import traitlets
from numpy.typing import NDArray
from PIL import Image

from course_utils.figures.base import InteractiveFigure, rounded

COLUMNS = 10  # of the sheet on which all pictures travel


class ConfusionGallery(InteractiveFigure):
    """The confusion matrix of a classifier; an entry opens the surest of its pictures.

    ``images`` are ``(N, H, W)`` or ``(N, 3, H, W)`` with values in [0, 1], ``labels`` ``(N,)``
    integers, ``probabilities`` ``(N, C)``, ``names`` the C classes; ``each`` pictures an entry are
    kept at most. Rows are true classes, columns predicted ones. Raises ValueError where the shapes
    do not fit.
    """

    module = "confusion_gallery.js"
    names = traitlets.List().tag(sync=True)
    counts = traitlets.List().tag(sync=True)
    tiles = traitlets.List().tag(sync=True)
    sheet = traitlets.Unicode().tag(sync=True)
    side = traitlets.List().tag(sync=True)

    def __init__(
        self,
        images: NDArray,
        labels: NDArray,
        probabilities: NDArray,
        names: Sequence[str],
        *,
        alt: str,
        each: int = 4,
    ) -> None:
        count, classes = len(labels), len(names)
        fits = images.ndim == 3 or (images.ndim == 4 and images.shape[1] == 3)
        if len(images) != count or probabilities.shape != (count, classes) or not fits:
            raise ValueError(
                f"expected images (N, H, W) or (N, 3, H, W), probabilities (N, C) and C names, got "
                f"{images.shape}, {probabilities.shape}, {count} labels and {classes} names"
            )
        guesses = probabilities.argmax(1)
        counts = np.zeros((classes, classes), dtype=int)
        np.add.at(counts, (labels, guesses), 1)
        chosen = _surest(labels, guesses, probabilities.max(1), each)
        tiles = [
            {
                "row": int(labels[i]),
                "column": int(guesses[i]),
                "sure": rounded(probabilities[i].max()),
                "truth": rounded(probabilities[i, labels[i]]),
            }
            for i in chosen
        ]
        super().__init__(
            alt=alt,
            names=[str(name) for name in names],
            counts=counts.tolist(),
            tiles=tiles,
            sheet=_sheet(images[chosen]),
            side=list(images.shape[-2:]),
        )


def _surest(labels: NDArray, guesses: NDArray, sure: NDArray, each: int) -> list[int]:
    """Return for every entry of the matrix the indices of its surest samples, surest first."""
    order = np.argsort(-sure, kind="stable")
    left: dict[tuple[int, int], int] = {}
    chosen = []
    for i in map(int, order):
        entry = int(labels[i]), int(guesses[i])
        left[entry] = left.get(entry, each) - 1
        if left[entry] >= 0:
            chosen.append(i)
    return chosen


def _sheet(images: NDArray) -> str:
    """Return the pictures side by side, ten a row, as the address of one JPEG."""
    pixels = np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
    pixels = pixels.transpose(0, 2, 3, 1) if pixels.ndim == 4 else pixels
    height, width = pixels.shape[1:3]
    rows = -(-len(pixels) // COLUMNS)
    page = np.zeros((rows * height, COLUMNS * width, *pixels.shape[3:]), dtype=np.uint8)
    for place, picture in enumerate(pixels):
        top, left = place // COLUMNS * height, place % COLUMNS * width
        page[top : top + height, left : left + width] = picture
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG", quality=88, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"

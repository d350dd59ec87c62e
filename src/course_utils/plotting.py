"""The one figure style of the book: colours that colour-blind readers can tell apart, alt text."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from IPython.display import Image, display
from matplotlib.figure import Figure
from PIL import Image as Picture

# Okabe & Ito (2008), Color Universal Design; black last because text is black already.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

_STYLE: dict[Any, Any] = {
    "figure.figsize": (6.4, 3.4),
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.6,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "figure.constrained_layout.use": True,
}

MIN_ALT_WORDS = 10
PALETTE = 256  # colours of a stored picture: it weighs less than half of one in full colour


def use_style() -> None:
    """Set matplotlib's defaults to the book's style for this notebook."""
    plt.rcParams.update(_STYLE)


def show(figure: Figure, alt: str) -> None:
    """Display ``figure`` with the alternative text ``alt`` and close it: see `picture`."""
    display(picture(figure, alt))


def picture(figure: Figure, alt: str) -> Image:
    """Return ``figure`` as a picture with the alternative text ``alt`` and close it.

    ``alt`` is one sentence of at least ten words that says what the figure *shows*, for a reader
    who cannot see it. Raises ValueError if it is shorter.
    """
    words = len(alt.split())
    if words < MIN_ALT_WORDS:
        raise ValueError(
            f"alt must say in at least {MIN_ALT_WORDS} words what the figure shows, "
            f"got {words}: {alt!r}"
        )
    stored = _png(figure)
    plt.close(figure)
    return Image(stored, format="png", alt=alt)


def _png(figure: Figure) -> bytes:
    """Return ``figure`` as the bytes of a PNG picture with at most `PALETTE` colours."""
    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    colours = Picture.Quantize.MEDIANCUT
    picture = Picture.open(drawn).convert("RGB")
    picture.quantize(PALETTE, colours, dither=Picture.Dither.NONE).save(stored, "PNG")
    return stored.getvalue()


def image_grid(
    images: np.ndarray, titles: Sequence[str] | None = None, columns: int = 8, size: float = 0.9
) -> Figure:
    """Draw images ``(N, H, W)``, ``(N, 3, H, W)`` or ``(N, H, W, 3)`` with values in [0, 1].

    ``titles`` are N short labels; ``size`` is the side of one picture in inches. Raises ValueError
    for other shapes or a wrong number of titles.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[1] == 3 and images.shape[-1] != 3:
        images = images.transpose(0, 2, 3, 1)  # (N, 3, H, W) -> (N, H, W, 3)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] != 3):
        raise ValueError(f"images must be (N, H, W) or (N, 3, H, W), got shape {images.shape}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles must be {len(images)} strings, got {len(titles)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = size * (1.28 if titles is not None else 1.0)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * height), squeeze=False
    )
    for index, axis in enumerate(axes.flat):
        axis.axis("off")
        if index < len(images):
            axis.imshow(images[index], vmin=0, vmax=1)
            if titles is not None:
                axis.set_title(titles[index], fontsize=8)
    return figure

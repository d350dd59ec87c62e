"""`ZeroShot`: class names that the reader types, and which of them a picture is closest to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure, rounded_list


class ZeroShot(InteractiveFigure):
    """Pictures and phrases in one space: ``softmax(scale * phrases @ picture)`` over typed names.

    The reader chooses a picture and types class names, separated by commas. A name is read word by
    word, in any order: it is the phrase of the words that it holds of each group.

    Args:
        pictures: name -> (image ``(3, H, W)`` in [0, 1], vector ``(d,)``), at least one.
        groups: name -> words that exclude each other, in the order in which a phrase has them.
        phrases: phrase -> vector ``(d,)``; the words of a phrase, in the order of `groups`, joined
            by a space.
        names: the class names at the start, separated by commas.
        scale: what multiplies the products, above 0.
        alt: see `InteractiveFigure`.
        ignored: words that say nothing and are skipped.

    Raises:
        ValueError: no pictures or phrases, vectors of different lengths, images of a wrong shape,
            a word in two groups, or a scale that is not above 0.
    """

    module = "zero_shot.js"
    pictures = traitlets.List().tag(sync=True)
    groups = traitlets.List().tag(sync=True)
    phrases = traitlets.Dict().tag(sync=True)
    names = traitlets.Unicode().tag(sync=True)
    factor = traitlets.Float().tag(sync=True)
    ignored = traitlets.List().tag(sync=True)

    def __init__(
        self,
        pictures: Mapping[str, tuple[ArrayLike, ArrayLike]],
        groups: Mapping[str, Sequence[str]],
        phrases: Mapping[str, ArrayLike],
        *,
        names: str,
        scale: float,
        alt: str,
        ignored: Sequence[str] = ("a", "an", "the", "of", "picture", "something"),
        caption: str = "",
    ) -> None:
        vectors = [vector for _, vector in pictures.values()] + list(phrases.values())
        if not pictures or not phrases or len({np.shape(vector) for vector in vectors}) != 1:
            raise ValueError("expected pictures and phrases with vectors of one length")
        words = [word for group in groups.values() for word in group]
        if len(set(words)) < len(words):
            raise ValueError(f"a word may stand in one group only, got {words}")
        if not scale > 0:
            raise ValueError(f"scale must be above 0, got {scale}")
        super().__init__(
            alt=alt,
            caption=caption,
            pictures=[_packed(name, *pair) for name, pair in pictures.items()],
            groups=[{"name": name, "words": list(group)} for name, group in groups.items()],
            phrases={phrase: rounded_list(np.asarray(v)) for phrase, v in phrases.items()},
            names=names,
            factor=float(scale),
            ignored=list(ignored),
        )


def _packed(name: str, image: ArrayLike, vector: ArrayLike) -> dict:
    pixels = np.asarray(image, dtype=float)
    if pixels.ndim != 3 or pixels.shape[0] != 3:
        raise ValueError(f"the image of {name!r} must be (3, H, W), got {pixels.shape}")
    levels = np.rint(255 * pixels.clip(0, 1)).astype(int)
    return {
        "name": name,
        "width": pixels.shape[2],
        "levels": levels.transpose(1, 2, 0).ravel().tolist(),
        "vector": rounded_list(np.asarray(vector)),
    }

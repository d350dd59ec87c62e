"""What the loaders return: frozen dataclasses of arrays that belong to the caller alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def boxes_of(instances: Integers) -> Floats:
    """Tightest box around every instance of one label map.

    ``instances`` is (H, W), 0 the background and 1..n the instances. Returns (n, 4) float32, row
    ``k - 1`` the box (x0, y0, x1, y1) of instance ``k`` in pixels, half-open: the instance fills
    columns x0..x1-1 and rows y0..y1-1. ValueError where a number of 1..n has no pixel.
    """
    count = int(instances.max(initial=0))
    rows, columns = np.nonzero(instances)
    label = instances[rows, columns] - 1
    low = np.full((count, 2), np.iinfo(np.int64).max)
    high = np.full((count, 2), -1)
    for axis, position in enumerate((columns, rows)):
        np.minimum.at(low[:, axis], label, position)
        np.maximum.at(high[:, axis], label, position)
    missing = np.flatnonzero(high[:, 0] < 0) + 1
    if missing.size:
        raise ValueError(
            f"instances: got no pixel with the labels {missing.tolist()}, "
            f"expected every label of 1..{count} to have one"
        )
    return np.concatenate([low, high + 1], axis=1).astype(np.float32)


@dataclass(frozen=True)
class LabelledImages:
    """Images with one class each.

    ``images`` float32 in [0, 1], (N, H, W) grey or (N, 3, H, W) colour; ``labels`` int64 (N,),
    indices into ``class_names``.
    """

    images: Floats
    labels: Integers
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Sprites:
    """Drawings with transparency.

    ``images`` float32 in [0, 1], (N, 4, H, W): red, green, blue, alpha (not premultiplied);
    ``labels`` int64 (N,), indices into ``class_names``; ``names`` and ``code_points`` one a sprite.
    """

    images: Floats
    labels: Integers
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    code_points: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def over(self, grey: float = 1.0) -> Floats:
        """Lay the sprites on a plain ``grey`` in [0, 1]: alpha * colour + (1 - alpha) * grey.

        Returns (N, 3, H, W) float32 in [0, 1]. ValueError for a grey outside [0, 1].
        """
        if not 0 <= grey <= 1:
            raise ValueError(f"grey: got {grey}, expected a number in [0, 1]")
        colour, alpha = self.images[:, :3], self.images[:, 3:]
        return (alpha * colour + (1 - alpha) * grey).astype(np.float32, copy=False)


@dataclass(frozen=True)
class BoxedImages:
    """Images whose objects are marked by boxes.

    One entry an image in each tuple: ``images`` float32 in [0, 1], (3, H, W), sizes may differ;
    ``boxes`` float32 (n, 4), rows (x0, y0, x1, y1) in pixels, half-open, inside the image;
    ``labels`` int64 (n,), indices into ``class_names``; ``names`` says where the image comes from.
    """

    images: tuple[Floats, ...]
    boxes: tuple[Floats, ...]
    labels: tuple[Integers, ...]
    names: tuple[str, ...]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class SegmentedImages:
    """Grey images with a label map each.

    ``images`` float32 in [0, 1], (N, H, W); ``instances`` int64 (N, H, W), in each image 0 is the
    background and 1..n are its n instances (``instances > 0`` is the semantic mask).
    """

    images: Floats
    instances: Integers

    def __len__(self) -> int:
        return len(self.images)

    def boxes(self) -> tuple[Floats, ...]:
        """Box of every instance: for each image (n, 4) float32, xyxy in pixels, half-open."""
        return tuple(boxes_of(instances) for instances in self.instances)

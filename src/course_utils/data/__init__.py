"""Data of the course.

Sets that ship with the package load without a network: ``load_mnist``, ``load_bloodmnist``,
``load_emoji``, ``load_photo``, ``load_treecrowns``, ``load_nuclei``. Larger ones are downloaded the
first time: ``load_bccd``, ``load_grocery``, ``load_nuclei256``, or ``fetch(name)`` for the folder
itself; ``available()`` lists them. Images are float32 in [0, 1] with the channel before the rows,
boxes are (x0, y0, x1, y1) in pixels, half-open.
"""

from .large import load_bccd, load_grocery, load_nuclei256
from .loaders import (
    load_bloodmnist,
    load_emoji,
    load_mnist,
    load_nuclei,
    load_photo,
    load_treecrowns,
)
from .on_demand import DataUnavailable, fetch
from .registry import OnDemandSet, available
from .sets import BoxedImages, LabelledImages, SegmentedImages, Sprites, boxes_of
from .shipped import DamagedFileError

__all__ = [
    "BoxedImages",
    "DamagedFileError",
    "DataUnavailable",
    "LabelledImages",
    "OnDemandSet",
    "SegmentedImages",
    "Sprites",
    "available",
    "boxes_of",
    "fetch",
    "load_bccd",
    "load_bloodmnist",
    "load_emoji",
    "load_grocery",
    "load_mnist",
    "load_nuclei",
    "load_nuclei256",
    "load_photo",
    "load_treecrowns",
]

"""Data of the detectors: sets with one interface, random crops to train on, tiles to score on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from course_utils.data import BoxedImages, load_bccd, load_nuclei, load_treecrowns

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
SETS = ("nuclei", "treecrowns", "bccd")
SCALES, GAINS, SHIFTS = (0.75, 1.33), (0.8, 1.2), (-0.08, 0.08)
SLICE = 2  # a box is seen where this many pixels of it are


@dataclass(frozen=True)
class DetectionSet:
    """Images with boxes in three parts: ``train``, ``val``, ``test``; ``c_in`` colours an image.

    ``crops`` says how `random_crops` must cut it: what turns of the square leave the images as they
    could be, and whether an object that the edge cuts is marked on both sides of it.
    """

    name: str
    c_in: int
    class_names: tuple[str, ...]
    train: BoxedImages
    val: BoxedImages
    test: BoxedImages
    crops: dict[str, bool]


def detection_set(name: str) -> DetectionSet:
    """Load "nuclei" (grey, boxes of the masks), "treecrowns" or "bccd" (downloaded on demand).

    Raises ValueError for another name, DataUnavailable where a download is impossible.
    """
    if name not in SETS:
        raise ValueError(f"name must be one of {', '.join(SETS)}, got {name!r}")
    load = {"nuclei": _boxed_nuclei, "treecrowns": load_treecrowns, "bccd": load_bccd}[name]
    train, val, test = (load(split) for split in ("train", "val", "test"))
    crops = {"symmetries": name != "treecrowns", "slices": name == "nuclei"}
    return DetectionSet(name, len(train.images[0]), train.class_names, train, val, test, crops)


def _boxed_nuclei(split: str) -> BoxedImages:
    """Return the one band of nuclei as images with boxes."""
    found = load_nuclei(split)
    boxes = found.boxes()
    labels = tuple(np.zeros(len(b), np.int64) for b in boxes)
    return BoxedImages(tuple(found.images[:, None]), boxes, labels, (split,), ("nucleus",))


def random_crops(
    part: BoxedImages,
    batch: int,
    side: int,
    rng: np.random.Generator,
    *,
    symmetries: bool = True,
    slices: bool = True,
) -> tuple[Tensor, list[Floats], list[Integers]]:
    """Draw ``batch`` square crops: images ``(batch, C, S, S)`` with S = side, boxes and labels.

    Each has a random place (every pixel of the set is as likely), a scale of 0.75 to 1.33, with
    ``symmetries`` one of the eight positions of the square, and a gain and a shift of each colour.
    A box that the edge cuts is clipped; it belongs to the crop that holds its centre, with
    ``slices`` to every crop that shows `SLICE` pixels of it. Raises ValueError for sizes below 1 or
    a crop larger than an image.
    """
    smallest = min(min(image.shape[1:]) for image in part.images)
    if batch < 1 or not 1 <= side <= smallest:
        raise ValueError(f"expected batch >= 1, 1 <= side <= {smallest}, got {batch}, {side}")
    area = np.array([image[0].size for image in part.images], float)
    which = rng.choice(len(area), size=batch, p=area / area.sum())
    drawn = [_crop(part, n, side, rng, symmetries, slices) for n in which]
    return torch.stack([d[0] for d in drawn]), [d[1] for d in drawn], [d[2] for d in drawn]


def _crop(
    part: BoxedImages,
    n: int,
    side: int,
    rng: np.random.Generator,
    symmetries: bool,
    slices: bool,
) -> tuple[Tensor, Floats, Integers]:
    """Return one crop of image ``n``: pixels, boxes, labels."""
    image = part.images[n]
    scale = np.exp(rng.uniform(*np.log(SCALES)))
    taken = min(round(side * scale), *image.shape[1:])  # pixels of the image that become the side
    y, x = (int(rng.integers(size - taken + 1)) for size in image.shape[1:])
    pixels = torch.from_numpy(image[None, :, y : y + taken, x : x + taken])
    pixels = nn.functional.interpolate(pixels, (side, side), mode="bilinear")[0]
    boxes, labels = inside(part.boxes[n], part.labels[n], (x, y, x + taken, y + taken), slices)
    boxes = boxes * (side / taken)
    if symmetries:
        pixels, boxes = _turned(pixels, boxes, side, rng)
    gain, shift = (rng.uniform(*r, (len(image), 1, 1)) for r in (GAINS, SHIFTS))
    pixels = pixels * torch.from_numpy(gain).float() + torch.from_numpy(shift).float()
    return pixels, boxes.astype(np.float32), labels


def _turned(
    pixels: Tensor, boxes: Floats, side: int, rng: np.random.Generator
) -> tuple[Tensor, Floats]:
    """Return a square crop in one of its eight positions: transposed, mirrored, upside down."""
    if rng.random() < 0.5:
        pixels, boxes = pixels.transpose(1, 2), boxes[:, [1, 0, 3, 2]]
    if rng.random() < 0.5:
        pixels, boxes = pixels.flip(2), np.abs(boxes[:, [2, 1, 0, 3]] - [side, 0, side, 0])
    if rng.random() < 0.5:
        pixels, boxes = pixels.flip(1), np.abs(boxes[:, [0, 3, 2, 1]] - [0, side, 0, side])
    return pixels, boxes


def inside(
    boxes: Floats,
    labels: Integers,
    window: tuple[float, float, float, float],
    slices: bool = False,
) -> tuple[Floats, Integers]:
    """Return the boxes whose centre lies in ``window`` (x1, y1, x2, y2), moved and clipped to it.

    With ``slices`` all of which `SLICE` pixels show each way, wherever the centre is. Boxes
    ``(n, 4)`` are counted from the corner of the window afterwards.
    """
    x1, y1, x2, y2 = window
    low, high = np.array([x1, y1] * 2, np.float32), np.array([x2, y2] * 2, np.float32)
    clipped = np.clip(boxes, low, high)
    if slices:
        kept = (clipped[:, 2:] - clipped[:, :2] >= SLICE).all(axis=1)
    else:
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        kept = ((centre >= (x1, y1)) & (centre < (x2, y2))).all(axis=1)
    return clipped[kept] - low, labels[kept]


def tiles(part: BoxedImages, side: int) -> BoxedImages:
    """Cut every image into tiles of ``side`` pixels (smaller at the right and lower edge).

    A box belongs to the tile that holds its centre and is clipped to it. Raises ValueError for a
    side below 1.
    """
    if side < 1:
        raise ValueError(f"side must be at least 1, got {side}")
    images, boxes, labels, names = [], [], [], []
    for image, around, kind, name in zip(
        part.images, part.boxes, part.labels, part.names, strict=True
    ):
        height, width = image.shape[1:]
        for y in range(0, height, side):
            for x in range(0, width, side):
                window = (x, y, min(x + side, width), min(y + side, height))
                mine, kinds = inside(around, kind, window)
                images.append(image[:, y : y + side, x : x + side])
                boxes.append(mine)
                labels.append(kinds)
                names.append(f"{name} at ({x}, {y})")
    parts: Sequence = (images, boxes, labels, names)
    return BoxedImages(*(tuple(p) for p in parts), class_names=part.class_names)

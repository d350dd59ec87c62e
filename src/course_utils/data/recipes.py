"""How each downloaded archive becomes the set that a chapter reads.

Every step is fixed: files in sorted order, splits from the source or from a list that ships with
the course, Pillow's Lanczos filter. The labels, boxes and masks come out the same everywhere;
pixels come out the same wherever Pillow carries the same JPEG library, and may otherwise differ by
a grey level.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from .archive import Archive
from .shipped import FOLDER

if TYPE_CHECKING:
    from PIL import Image

SPLITS = ("train", "val", "test")
BCCD_CLASSES = ("RBC", "WBC", "Platelets")
NUCLEI_SIZE = 256


def build_bccd(source: Archive, target: Path) -> None:
    """Write ``images/*.jpg`` (320x240, quality 88), ``annotations.json`` and ``LICENSE``.

    Images and boxes are halved; boxes without area (two, slips of the annotators) are dropped.
    """
    split_of = {
        name: split
        for split in SPLITS
        for name in source.text(f"BCCD/ImageSets/Main/{split}.txt").split()
    }
    (target / "images").mkdir()
    items = []
    for path in source.paths("BCCD/JPEGImages/", ".jpg"):
        name = Path(path).stem
        small = _resized(_open(source.read(path)), (320, 240))
        (target / "images" / f"{name}.jpg").write_bytes(_jpeg(small, quality=88))
        boxes, labels = _voc_boxes(source.text(f"BCCD/Annotations/{name}.xml"))
        item = {"file": f"images/{name}.jpg", "split": split_of[name]}
        items.append(item | {"boxes": boxes, "labels": labels})
    sheet = {"classes": BCCD_CLASSES, "width": 320, "height": 240, "items": items}
    (target / "annotations.json").write_text(json.dumps(sheet), encoding="utf-8")
    (target / "LICENSE").write_bytes(source.read("LICENSE"))


def _voc_boxes(xml: str) -> tuple[list[list[float]], list[int]]:
    """Boxes (halved, xyxy) and class indices of one Pascal VOC annotation."""
    boxes, labels = [], []
    for thing in ElementTree.fromstring(xml).iter("object"):
        corners = (thing.findtext(f"bndbox/{key}", "") for key in ("xmin", "ymin", "xmax", "ymax"))
        x0, y0, x1, y1 = (float(corner) / 2 for corner in corners)
        if x1 > x0 and y1 > y0:
            boxes.append([x0, y0, x1, y1])
            labels.append(BCCD_CLASSES.index(thing.findtext("name", "")))
    return boxes, labels


def build_grocery(source: Archive, target: Path) -> None:
    """Write ``grocery64.zip`` (``<split>/0000.jpg``... 64x64, and ``index.json``) and ``LICENSE``.

    Centre square of each photograph, Lanczos to 64x64, JPEG quality 85; official splits.
    """
    items = []
    with zipfile.ZipFile(target / "grocery64.zip", "w", zipfile.ZIP_STORED) as packed:
        for split in SPLITS:
            lines = source.text(f"dataset/{split}.txt").strip().splitlines()
            for index, line in enumerate(lines):
                path, fine, coarse = line.split(", ")
                square = _centre_square(_open(source.read(f"dataset/{path}")))
                name = f"{split}/{index:04d}.jpg"
                packed.writestr(_stored(name), _jpeg(_resized(square, (64, 64)), quality=85))
                items.append([name, int(fine), int(coarse)])
        rows = [row.split(",") for row in source.text("dataset/classes.csv").splitlines()[1:]]
        fine_names = {int(row[1]): row[0] for row in rows}
        coarse_names = {int(row[3]): row[2] for row in rows}
        index_file = {
            "fine": [fine_names[key] for key in sorted(fine_names)],
            "coarse": [coarse_names[key] for key in sorted(coarse_names)],
            "items": items,
        }
        packed.writestr(_stored("index.json"), json.dumps(index_file))
    (target / "LICENSE").write_bytes(source.read("LICENSE"))


def build_nuclei(source: Archive, target: Path) -> None:
    """Write ``nuclei256.npz`` and ``README.rst`` (it states the licence).

    ``x_*`` and ``inst_*`` are (N, 256, 256) uint8, ``id_*`` the names of the source.
    Centre 256x256 of each of the 317 images in ``nuclei256_ids.json`` (a prefix of each id, by
    split); masks numbered 1..n in the order of their file names, counting those in the crop.
    """
    masks = defaultdict(list)
    for path in source.paths("stage1_train/", ".png"):
        _, identity, kind, _ = path.split("/")
        if kind == "masks":
            masks[identity].append(path)
    full = {identity[:10]: identity for identity in masks}
    arrays: dict[str, NDArray] = {}
    chosen = json.loads((FOLDER / "nuclei256_ids.json").read_text(encoding="ascii"))
    for split, prefixes in chosen.items():
        ids = [full[prefix] for prefix in prefixes]
        files = [f"stage1_train/{one}/images/{one}.png" for one in ids]
        arrays[f"x_{split}"] = np.stack([_grey_crop(source.read(file)) for file in files])
        arrays[f"inst_{split}"] = np.stack([_label_map(source, masks[one]) for one in ids])
        arrays[f"id_{split}"] = np.array(ids)
    np.savez_compressed(target / "nuclei256.npz", allow_pickle=False, **arrays)
    (target / "README.rst").write_bytes(source.read("README.rst"))


def _grey_crop(content: bytes) -> NDArray[np.uint8]:
    """Centre crop of the red channel: in these images red, green and blue differ by 1 at most."""
    pixels = np.asarray(_open(content))[..., 0]
    top, left = ((side - NUCLEI_SIZE) // 2 for side in pixels.shape)
    return pixels[top : top + NUCLEI_SIZE, left : left + NUCLEI_SIZE]


def _label_map(source: Archive, paths: list[str]) -> NDArray[np.uint8]:
    crops = (_grey_crop(source.read(path)) > 0 for path in sorted(paths))
    labels = np.zeros((NUCLEI_SIZE, NUCLEI_SIZE), dtype=np.uint8)
    for number, crop in enumerate((crop for crop in crops if crop.any()), start=1):
        labels[crop] = number
    return labels


def _open(content: bytes) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - only a set that is built needs pillow

    return Image.open(io.BytesIO(content)).convert("RGB")


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    from PIL import Image  # noqa: PLC0415

    return image.resize(size, Image.Resampling.LANCZOS)


def _centre_square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    return image.crop((left, top, left + side, top + side))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality, optimize=True)
    return packed.getvalue()


def _stored(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name)  # its fixed date makes two builds the same bytes


RECIPES: dict[str, Callable[[Archive, Path], None]] = {
    "bccd320": build_bccd,
    "grocery64": build_grocery,
    "nuclei256": build_nuclei,
}

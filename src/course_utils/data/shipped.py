"""The files that come with the package, each checked against ``SHA256SUMS`` before it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent


class DamagedFileError(RuntimeError):
    """A file that came with the package is missing or not what was shipped."""


@cache
def checksums() -> dict[str, str]:
    """Return sha256 by path (relative to this folder, "/" between parts) of every shipped file."""
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


# Once a process, because it is cheap (all the sets together hash in a few hundredths of a second)
# and because a file cut short by a full disk, or a pointer left in place of it by version control,
# otherwise shows up as an obscure error of zip, or worse, as wrong pixels and a poor accuracy.
@cache
def shipped(path: str) -> Path:
    """Return where the shipped file ``path`` lies, checked once a process.

    DamagedFileError where it is missing or its sha256 differs from ``SHA256SUMS``.
    """
    file = FOLDER / path
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        found = "no such file"
    if found != checksums()[path]:
        raise DamagedFileError(
            f"{file} is not the file that ships with course-utils: expected sha256 "
            f"{checksums()[path]}, found {found}. Install the course again, "
            f"or in a clone bring the file back: git checkout -- {file}"
        )
    return file


def read_arrays(path: str) -> dict[str, NDArray]:
    """Return the arrays of the shipped ``.npz`` file at ``path``, fresh at every call."""
    with np.load(shipped(path), allow_pickle=False) as archive:
        return dict(archive)


def read_image(file: Path | BinaryIO) -> NDArray[np.float32]:
    """Return an image file as float32 in [0, 1]: (H, W) grey or (3, H, W) colour (RGB)."""
    from PIL import Image  # noqa: PLC0415 - a chapter on arrays alone needs no pillow

    with Image.open(file) as image:
        pixels = np.asarray(image if image.mode == "L" else image.convert("RGB"))
    return unit_range(pixels if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def read_tiles(path: str, size: int) -> NDArray[np.uint8]:
    """Return the tiles of the shipped image at ``path``, row after row: (N, size, size, 3), RGB."""
    from PIL import Image  # noqa: PLC0415 - as above

    with Image.open(shipped(path)) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    rows, columns = pixels.shape[0] // size, pixels.shape[1] // size
    cut = pixels.reshape(rows, size, columns, size, 3)
    return cut.swapaxes(1, 2).reshape(rows * columns, size, size, 3)


def unit_range(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map 0..255 to [0, 1]: a new contiguous float32 array, ``pixels / 255``."""
    return np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(255)


def one_of(argument: str, value: object, accepted: Collection[str]) -> None:
    """Raise ValueError unless ``value`` is one of the ``accepted`` strings."""
    if not (isinstance(value, str) and value in accepted):
        raise ValueError(f"{argument}: got {value!r}, expected one of {', '.join(accepted)}")

"""Trained weights that ship with the package: half precision, each file with its checksum.

A file is an ``.npz`` of float16 arrays under the names of the model's ``state_dict``;
``SHA256SUMS`` in its folder says what it must be.
"""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

from course_utils.data import DamagedFileError


def store_weights(model: nn.Module, file: Path) -> int:
    """Write the floating-point state of ``model`` to ``file`` and its checksum beside it.

    Returns the size in bytes. Raises ValueError where half precision cannot hold a weight.
    """
    state = {k: v.detach().cpu() for k, v in model.state_dict().items() if v.is_floating_point()}
    arrays = {name: value.to(torch.float16).numpy() for name, value in state.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} does not fit into float16")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()
    sums = _checksums(file.parent) | {file.name: hashlib.sha256(content).hexdigest()}
    _replace(file, content)
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    _replace(file.parent / "SHA256SUMS", text.encode("ascii"))
    return len(content)


def load_weights(model: nn.Module, file: Path) -> None:
    """Fill ``model`` with the weights in ``file`` and put it into evaluation mode.

    Raises DamagedFileError where the file is missing or not what was shipped, and RuntimeError
    where its arrays are not those of the model.
    """
    content = file.read_bytes() if file.exists() else b""
    found = hashlib.sha256(content).hexdigest()
    expected = _checksums(file.parent).get(file.name)
    if found != expected:
        raise DamagedFileError(f"{file} is not what was shipped: expected sha256 {expected}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        state = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays}
    counters = {k: v for k, v in model.state_dict().items() if not v.is_floating_point()}
    model.load_state_dict(counters | state)
    model.eval()


def _checksums(folder: Path) -> dict[str, str]:
    file = folder / "SHA256SUMS"
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _replace(file: Path, content: bytes) -> None:
    scratch = file.with_name(file.name + ".part")
    scratch.write_bytes(content)
    os.replace(scratch, file)

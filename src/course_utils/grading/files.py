"""Files that are there whole or not at all."""

import os
from pathlib import Path


def write(path: Path, content: str | bytes) -> Path:
    """Write ``content`` to ``path`` in one step, text as UTF-8, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.part")
    scratch.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(scratch, path)
    return path

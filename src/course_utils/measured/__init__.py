"""Results of runs that are too long for a page, stored with the machine that made them.

Each ``<name>.json`` beside this file is written by ``benchmarks/<name>.py`` in the repository: the
same command makes it again. A page reads it, shows it, and says where it was measured.
"""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def load_measured(name: str) -> dict[str, Any]:
    """Return what ``benchmarks/<name>.py`` measured.

    The keys are ``date``, ``machine``, ``versions``, ``seconds`` and ``results``. Raises ValueError
    for a name without stored results.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in known:
        raise ValueError(f"name must be one of {known}, got {name!r}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def origin(measured: dict[str, Any]) -> str:
    """Return a line that says when and where a result was measured, and one that says with what."""
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    return f"{measured['date']}, {measured['machine']}, {measured['seconds']:.0f} s,\n  {versions}"


def store_measured(name: str, results: Any, seconds: float, packages: tuple[str, ...]) -> Path:
    """Write ``results`` (anything JSON can hold) under ``name`` in one step; return the file.

    ``packages`` are the distributions whose versions matter beside Python's.
    """
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores, {platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
        "seconds": round(seconds, 1),
        "results": results,
    }
    path = FOLDER / f"{name}.json"
    scratch = path.with_suffix(".json.part")
    scratch.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    os.replace(scratch, path)
    return path

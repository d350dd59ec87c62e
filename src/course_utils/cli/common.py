"""What the commands share: the course's folder, its address, and how a command fails."""

import sys
import tomllib
from pathlib import Path
from typing import NoReturn

import typer

USAGE_ERROR = 2


def course_root() -> Path:
    """Return the nearest folder above that holds a course: ``solutions`` and a project file."""
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (folder / "pyproject.toml").is_file() and (folder / "nbgrader_config.py").is_file():
            return folder
    fail("run this in the folder of the course, the one with nbgrader_config.py")


def address_of(root: Path) -> str:
    """Return the repository's address from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def fail(message: str) -> NoReturn:
    """Print a message and end the command with the code of a usage error."""
    print(f"course: {message}", file=sys.stderr)
    raise typer.Exit(USAGE_ERROR)

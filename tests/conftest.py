"""What all tests share: where things are, and the built book."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import course_utils.grading  # noqa: F401 - before nbformat, to which it spares a second

ROOT = Path(__file__).resolve().parent.parent
# One core a process, as the notebooks of the book have it: threads of torch that wait for a core
# which another process holds make tiny networks many times slower. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Kernels run by Triton's interpreter in every test; read when triton is imported.
os.environ.setdefault("TRITON_INTERPRET", "1")
# Submissions are graded on Linux only: elsewhere nothing could confine them.
collect_ignore = [] if sys.platform == "linux" else ["attacks", "grading"]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share what is costly share a process: the site, one function's verdicts.

    Attacks on the grader are timed, and so is what a browser shows: never two of them at once.
    """
    for item in items:
        site = "built_site" in getattr(item, "fixturenames", ())
        attack = "attacks" in item.path.parts
        if attack:
            item.add_marker(pytest.mark.slow)
        if attack or site or item.get_closest_marker("web"):
            item.add_marker(pytest.mark.xdist_group("site"))
        elif key := getattr(item, "callspec", None) and item.callspec.params.get("key"):
            item.add_marker(pytest.mark.xdist_group(key))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def repository() -> str:
    """Return the public address of the repository, from its one setting."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["project"]["urls"]["Repository"]


@pytest.fixture(scope="session")
def built_site() -> Path:
    """Build the book where it has changed and return the folder of its pages."""
    command = [sys.executable, str(ROOT / "tools" / "build_book.py")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail((result.stdout + result.stderr)[-6000:], pytrace=False)
    return ROOT / "_build" / "html"

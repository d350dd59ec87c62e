"""Any notebook taken alone into an empty folder runs where only Colab's packages are.

Colab is stood for by a fresh environment with the packages below and without the course. The
course's address is stood for by a local repository with the files of this tree: git is told to
read the one for the other. Notebooks run side by side, one core each.

The first notebooks run with the newest packages, as a reader in Colab gets them. Then the pins are
brought in, and what a page of the book prints is kept for the site: it is not run a second time.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import build_book
import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# The first of these tests waits for all notebooks.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
ROOT = Path(__file__).resolve().parents[2]
# What Colab has, of what the course may use. torch, and triton that comes with it, are linked and
# not installed a second time.
COLAB = [
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "matplotlib",
    "pillow",
    "requests",
    "tqdm",
    "ipykernel",
]
COLAB += ["ipywidgets"]
TORCH = ["torch", "torchgen", "functorch", "triton"]
TORCH_NEEDS = [
    "filelock",
    "typing-extensions",
    "sympy",
    "networkx",
    "jinja2",
    "fsspec",
    "setuptools",
]
NOTEBOOKS = sorted([*(ROOT / "book").rglob("*.ipynb"), *(ROOT / "exercises").rglob("*.ipynb")])
CELL_SECONDS = 300
# An exercise that nobody has written yet says so; everything else is an error.
NOT_WRITTEN = "NotImplementedError"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def git(*arguments: str, folder: Path) -> str:
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def clone(tmp_path_factory) -> Path:
    """A repository with one commit: the files of this tree as they are now."""
    folder = tmp_path_factory.mktemp("address") / "course"
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git("init", "--quiet", "--initial-branch=main", folder=folder)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message=the tree under test", folder=folder)
    return folder


@pytest.fixture(scope="session")
def colab(tmp_path_factory) -> Path:
    """The interpreter of a fresh environment that holds only what Colab has."""
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip(python, "install", "-c", str(ROOT / "requirements.txt"), *COLAB, *TORCH_NEEDS)
    here, there = (site_packages(Path(each)) for each in (sys.executable, python))
    described = [path.name for name in TORCH for path in here.glob(f"{name}-*.dist-info")]
    for package in [*TORCH, *described]:
        (there / package).symlink_to(here / package)
    return python


def site_packages(python: Path) -> Path:
    scheme = "import sysconfig; print(sysconfig.get_path('platlib'))"
    if str(python) == sys.executable:
        return Path(sysconfig.get_path("platlib"))
    answer = subprocess.run([python, "-c", scheme], capture_output=True, text=True, check=True)
    return Path(answer.stdout.strip())


def pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def has_course(python: Path) -> bool:
    code = "import importlib.util as u, sys; sys.exit(u.find_spec('course_utils') is None)"
    return subprocess.run([python, "-c", code], check=False, cwd="/").returncode == 0


@pytest.fixture(scope="session")
def kernels(tmp_path_factory, colab, clone, repository):
    """A context that gives a new kernel of Colab's stand-in, and ends it.

    Who is given a kernel leaves it running; eighty of them fill the memory of a small machine.
    """
    specs = tmp_path_factory.mktemp("kernels")
    (specs / "colab").mkdir()
    stand_in = {  # git reads the local repository for the address; the kernel sees one core
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": repository,
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(specs / "ipython"),
    }
    command = [str(colab), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "Colab", "language": "python", "env": stand_in}
    (specs / "colab" / "kernel.json").write_text(json.dumps(kernel))
    manager = KernelSpecManager(kernel_dirs=[str(specs)], ensure_native_kernel=False)

    @contextmanager
    def new() -> Iterator[AsyncKernelManager]:
        kernel = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=manager)
        try:
            yield kernel
        finally:
            if kernel.has_kernel:
                run_sync(kernel.shutdown_kernel)(now=True)

    return new


@pytest.fixture(scope="session")
def run_alone(tmp_path_factory, kernels):
    """A function that runs a copy of a notebook in an empty folder by Colab's stand-in."""

    def run(path: Path) -> str:
        folder = tmp_path_factory.mktemp("alone")
        shutil.copy2(path, folder)
        notebook = nbformat.read(folder / path.name, 4)
        with kernels() as kernel:
            client = NotebookClient(
                notebook, km=kernel, timeout=CELL_SECONDS, resources={"metadata": {"path": folder}}
            )
            client.allow_error_names = [NOT_WRITTEN] if "exercises" in path.parts else []
            try:
                client.execute()
            except CellExecutionError as error:
                return plain(str(error))
        return ""

    return run


def plain(error: str) -> str:
    """Return the end of an error without its colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", error)[-3000:]


@pytest.fixture(scope="session")
def installed(colab, run_alone) -> dict[str, str]:
    """The first chapter notebook and the first exercise, each run where the course is missing."""
    errors = {}
    for folder in ("book", "exercises"):
        first = next(path for path in NOTEBOOKS if folder in path.relative_to(ROOT).parts)
        if has_course(colab):
            pip(colab, "uninstall", "--yes", "course-utils")
        assert not has_course(colab)
        errors[name_of(first)] = run_alone(first)
        assert has_course(colab), f"{name_of(first)} did not install the course"
    return errors


@pytest.fixture(scope="session")
def pinned(colab, installed) -> None:
    """Bring what the course asks for to the versions that the site is made with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pip(colab, "install", "-c", str(ROOT / "requirements.txt"), *project["dependencies"])


@pytest.fixture(scope="session")
def outcomes(pinned, installed, run_alone, kernels) -> dict[str, str]:
    """What went wrong, or nothing, for every notebook; a page's result is kept for the site."""
    build_book.forget_what_is_stale()
    cache, lock, pages = get_cache(build_book.CACHE), threading.Lock(), build_book.notebooks()

    def run(path: Path) -> str:
        if path not in pages:
            return run_alone(path)
        with kernels() as kernel:
            return plain(build_book.execute(path, cache, lock, kernel))

    rest = [path for path in NOTEBOOKS if name_of(path) not in installed]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, build_book.MOST_WORKERS)) as pool:
        return installed | dict(zip(map(name_of, rest), pool.map(run, rest), strict=True))


def test_the_first_cell_installs_the_course(installed):
    assert len(installed) == 2


@pytest.mark.parametrize("name", [name_of(path) for path in NOTEBOOKS])
def test_a_notebook_runs_alone(name, outcomes):
    if outcomes[name]:
        pytest.fail(outcomes[name], pytrace=False)


def test_the_stand_in_has_its_own_course(colab, installed):
    """What ran was installed from the address, not read from this tree."""
    code = "import course_utils, importlib.metadata as m; print(course_utils.__file__); "
    code += "print(m.distribution('course-utils').read_text('direct_url.json'))"
    result = subprocess.run(
        [colab, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    file, origin = result.stdout.split("\n", 1)
    assert Path(file).is_relative_to(colab.parents[1])
    assert json.loads(origin)["vcs_info"]["vcs"] == "git"

"""The wheel: what `make dist` makes is small, whole, and works where only it is installed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "course_utils"
# Away from the tree, with the wheel before everything else that is installed.
TRY = """
import sys; sys.path.insert(0, sys.argv[1])
import course_utils
from course_utils.cli import app
from course_utils.data import load_mnist
from course_utils.figures import ConfusionGallery
assert len(load_mnist("train").images) > 0
print(course_utils.__file__)
"""


def run(*arguments: str, folder: Path) -> str:
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of a copy of the tracked files: a build leaves folders behind.

    A run leaves bytecode, which is no part of the course.
    """
    copy, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    names = run("git", "ls-files", "src", "pyproject.toml", "README.md", "LICENSE", folder=ROOT)
    for name in names.splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    bytecode = copy / "src" / "course_utils" / "data" / "__pycache__"
    bytecode.mkdir()
    (bytecode / "loaders.cpython-311.pyc").touch()
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(copy), folder=copy)
    (made,) = out.glob("*.whl")
    return made


def test_it_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 20e6  # of which the data sets are 14 and the weights 5


def test_it_holds_what_the_package_holds(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("course_utils")}
    tracked = run("git", "ls-files", "src/course_utils", folder=ROOT).splitlines()
    ours = {name.removeprefix("src/") for name in tracked if not name.endswith(".gitattributes")}
    assert ours - inside == set()
    assert {name for name in inside if ".dist-info/" not in name} == ours


def test_it_works_alone(wheel: Path, tmp_path: Path) -> None:
    install = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*install, "--target", str(tmp_path), str(wheel), folder=tmp_path)
    answer = run(sys.executable, "-c", TRY, str(tmp_path), folder=tmp_path)
    assert answer.strip() == str(tmp_path / "course_utils" / "__init__.py")

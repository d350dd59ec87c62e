"""The environment is the one that the requirement files name: no more, no less."""

import importlib.metadata
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import environment
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# pip makes the rest come true; the course itself is not pinned; NVIDIA's libraries are pinned by
# torch's GPU build.
NOT_OURS = re.compile(r"pip|course-utils|(nvidia|cuda)-.*")
LINES = [
    line.split("  #")[0].strip()
    for name in ("requirements.txt", "requirements-dev.txt")
    for line in (environment.ROOT / name).read_text(encoding="utf-8").splitlines()
    if line and not line.startswith(("#", "-r "))
]
REQUIREMENTS = [Requirement(line) for line in LINES]
PINS = {
    canonicalize_name(r.name): next(iter(r.specifier)).version
    for r in REQUIREMENTS
    if not r.marker or r.marker.evaluate()
}


def public(version: str) -> str:
    """Return a version without the local part that names a build: 2.13.0+cpu -> 2.13.0."""
    return version.partition("+")[0]


def differences(installed: dict[str, str]) -> list[str]:
    """Return what differs between installed packages and the pins, one line each."""
    ours = {name: public(v) for name, v in installed.items() if not NOT_OURS.fullmatch(name)}
    found = [
        f"{name} {v} is installed and not named" for name, v in ours.items() if name not in PINS
    ]
    found += [
        f"{name}=={v} is named and not installed" for name, v in PINS.items() if name not in ours
    ]
    found += [f"{n} is {ours[n]}, not {v}" for n, v in PINS.items() if ours.get(n, v) != v]
    return found


def installed_here() -> dict[str, str]:
    # Only this environment's folder: importing setuptools puts its vendored packages on sys.path.
    found = importlib.metadata.distributions(path=[sysconfig.get_path("purelib")])
    return {canonicalize_name(each.metadata["Name"]): each.version for each in found}


def pip(python: str | Path, *arguments: str) -> str:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_every_line_is_an_exact_pin_named_once():
    for requirement in REQUIREMENTS:
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
    names = [canonicalize_name(requirement.name) for requirement in REQUIREMENTS]
    assert len(names) == len(set(names))


def test_every_direct_requirement_says_why():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (environment.ROOT / name).read_text(encoding="utf-8")
        asked = text.split("# Asked for, and why\n")[1].split("\n\n")[0].splitlines()
        assert asked
        assert all(re.search(r"  # \w+", line) for line in asked), name


@pytest.mark.parametrize(
    ("system", "absent", "present"),
    [
        ({"sys_platform": "darwin", "platform_machine": "arm64"}, {"triton"}, {"torch", "appnope"}),
        ({"sys_platform": "darwin", "platform_machine": "x86_64"}, {"torch"}, {"numpy"}),
        ({"sys_platform": "win32", "platform_machine": "AMD64"}, {"triton", "pexpect"}, {"torch"}),
        (
            {"sys_platform": "linux", "platform_machine": "x86_64"},
            {"pywinpty"},
            {"torch", "triton"},
        ),
        (
            {"sys_platform": "linux", "platform_machine": "aarch64"},
            {"appnope"},
            {"torch", "triton"},
        ),
    ],
)
def test_each_system_gets_what_exists_for_it(system, absent, present):
    titles = {"darwin": "Darwin", "win32": "Windows", "linux": "Linux"}
    where = {**system, "platform_system": titles[system["sys_platform"]]}
    names = {r.name for r in REQUIREMENTS if not r.marker or r.marker.evaluate(where)}
    assert present <= names
    assert not absent & names


def test_differences_are_seen():
    right = dict(PINS)
    assert differences(right) == []
    assert differences({**right, "stray": "1.0"}) == ["stray 1.0 is installed and not named"]
    assert differences({**right, "numpy": "1.0"}) == [f"numpy is 1.0, not {PINS['numpy']}"]
    del right["numpy"]
    assert differences(right) == [f"numpy=={PINS['numpy']} is named and not installed"]


def test_this_environment_holds_exactly_the_pins():
    found = differences(installed_here())
    assert not found, "\n".join([*found, "`make clean`, then the same command, mends it."])


@pytest.mark.slow
def test_pip_finds_nothing_broken():
    assert "No broken requirements found" in pip(sys.executable, "check")


@pytest.mark.slow
def test_a_resolution_from_nothing_stays_within_the_pins(tmp_path):
    """What pip would install into an empty environment is what the files name."""
    report = tmp_path / "report.json"
    files = environment.ROOT / "requirements-dev.txt"
    arguments = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
    pip(sys.executable, "install", *arguments, "-r", str(files))
    items = json.loads(report.read_text(encoding="utf-8"))["install"]
    chosen = {canonicalize_name(i["metadata"]["name"]): i["metadata"]["version"] for i in items}
    assert differences(chosen) == []


@pytest.mark.slow
def test_a_fresh_environment_installs(tmp_path):
    """`make` notes when it made this environment from nothing and from these very files; any
    other environment is no evidence, and then a new one is made here (minutes)."""
    stamp = environment.read_stamp()
    here = Path(sys.prefix).resolve() == environment.VENV.resolve()
    if here and stamp.get("fresh") == environment.requirements_hash() and "dev" in stamp:
        return
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / environment.venv_python().relative_to(environment.VENV)
    pip(python, "install", "--quiet", "-r", str(environment.ROOT / "requirements-dev.txt"))
    pip(python, "check")
    rows = json.loads(pip(python, "list", "--format", "json"))
    assert differences({canonicalize_name(row["name"]): row["version"] for row in rows}) == []

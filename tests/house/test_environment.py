"""`make` sets itself up once, and says in one clear line what it cannot find."""

import os
import re
import shutil
import subprocess
import sys

import environment
import pytest


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A small repository whose environment counts as made; pip and venv only take notes."""
    venv, calls = tmp_path / ".venv", []
    venv.mkdir()
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    here = sys.version_info[:2]
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "STAMP", venv / "course.json")
    monkeypatch.setattr(environment, "version_of", lambda python: here)
    monkeypatch.setattr(environment, "make_venv", lambda: calls.append("venv"))
    monkeypatch.setattr(environment, "pip", lambda *a: calls.append(a[1] if a[0] == "-r" else "."))
    monkeypatch.setattr(environment, "announce_gpu", lambda: None)
    return tmp_path, calls


def run(calls, level):
    calls.clear()
    environment.main(level)
    return list(calls)


def test_nothing_is_installed_twice(made):
    _, calls = made
    assert run(calls, "student") == ["venv", "requirements.txt", "."]
    assert run(calls, "student") == []
    assert run(calls, "dev") == ["requirements-dev.txt", "."]
    assert run(calls, "dev") == []
    assert run(calls, "student") == []  # what tests need contains what a student needs
    assert environment.read_stamp()["fresh"] == environment.requirements_hash()


def test_changed_pins_are_installed_and_end_the_claim_to_be_fresh(made):
    folder, calls = made
    run(calls, "dev")
    (folder / "requirements.txt").write_text("other pins")
    assert run(calls, "student") == ["requirements.txt", "."]
    assert environment.read_stamp()["fresh"] != environment.requirements_hash()
    assert run(calls, "dev") == ["requirements-dev.txt", "."]


def test_a_moved_or_broken_environment_is_made_again(made, monkeypatch):
    _, calls = made
    run(calls, "student")
    stamp = environment.read_stamp()
    environment.write_stamp({**stamp, "root": "/elsewhere"})
    assert run(calls, "student")[0] == "venv"
    monkeypatch.setattr(environment, "version_of", lambda python: ())
    assert run(calls, "student")[0] == "venv"


@pytest.mark.usefixtures("made")
def test_an_interrupted_installation_is_not_taken_for_a_finished_one(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.main("student")
    assert "student" not in environment.read_stamp()


@pytest.mark.parametrize(("oldest", "newest"), [((3, 99), (3, 99)), ((3, 0), (3, 1))])
def test_an_unsupported_python_is_named(monkeypatch, oldest, newest):
    monkeypatch.setattr(environment, "OLDEST", oldest)
    monkeypatch.setattr(environment, "NEWEST", newest)
    with pytest.raises(SystemExit, match=r"Python 3\.11, 3\.12 or 3\.13 is needed, this is 3\."):
        environment.check_python()


def test_a_missing_venv_module_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    with pytest.raises(SystemExit, match=rf"venv module is missing.*\n\n *sudo apt.*{package}"):
        environment.check_python()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("... NewConnectionError ...\nERROR: No matching distribution", "cannot reach the package"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Could not build x\n", r"Could not build x\n.*pip\.log"),
    ],
)
def test_a_failed_installation_says_why(output, message):
    with pytest.raises(SystemExit, match=message):
        environment.explain(output)


@pytest.mark.parametrize(
    ("smi", "index", "told"),
    [(None, "", True), ("/usr/bin/nvidia-smi", "", False), (None, environment.CPU_INDEX, False)],
)
def test_only_linux_without_a_gpu_is_told_the_variable(monkeypatch, capsys, smi, index, told):
    monkeypatch.setattr(environment.sys, "platform", "linux")
    monkeypatch.setattr(environment.shutil, "which", lambda name: smi)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    environment.announce_gpu()
    assert (f"PIP_EXTRA_INDEX_URL={environment.CPU_INDEX}" in capsys.readouterr().out) is told


needs_make = pytest.mark.skipif(os.name == "nt", reason="Windows is set up without make")


def make(root, *arguments, **variables):
    command = [shutil.which("make") or "make", *arguments]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | variables
    return subprocess.run(
        command, cwd=root, env=surroundings, capture_output=True, text=True, check=False
    )


@needs_make
def test_make_alone_lists_the_targets(root):
    listed = re.findall(r"^make ([a-z-]+)", make(root).stdout, re.MULTILINE)
    usual = ["help", "site", "test", "check", "lab", "lint", "weights"]
    assert listed == [*usual, "bench-gpu", "grade-demo", "dist", "clean"]


@needs_make
def test_make_without_python_says_what_to_install(root):
    result = make(root, "site", "PYTHON=")
    assert result.returncode != 0
    assert "sudo apt-get install -y python3 python3-venv" in result.stdout
    assert result.stdout.count("\n") == 1


@needs_make
def test_make_without_chromium_or_git_says_what_to_install(root, tmp_path):
    for name in ("sh", "git", "id"):
        (tmp_path / name).symlink_to(shutil.which(name))
    result = make(root, "browser", "CHROMIUM=", PATH=str(tmp_path))
    assert result.returncode != 0
    assert "sudo apt-get install -y chromium" in result.stdout
    (tmp_path / "git").unlink()
    assert "sudo apt-get install -y git" in make(root, "browser", PATH=str(tmp_path)).stdout

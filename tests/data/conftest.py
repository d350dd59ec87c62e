import ipaddress
import socket
import sys
from pathlib import Path

import pytest

from course_utils.data import on_demand
from course_utils.data.transfer import Patience

sys.path.insert(0, str(Path(__file__).parent))  # for `loopback`, beside this file

import loopback


@pytest.fixture(autouse=True)
def stay_here(monkeypatch, tmp_path):
    """No test may reach beyond this machine, nor the user's own cache."""
    connect = socket.socket.connect

    def only_loopback(self, address):
        assert self.family == socket.AF_UNIX or ipaddress.ip_address(address[0]).is_loopback, (
            f"a test tried to reach {address}"
        )
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_loopback)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA_MIRROR", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr(
        on_demand, "PATIENCE", Patience(connect=1, stall=0.3, attempts=3, pause=0.01)
    )


@pytest.fixture(scope="session")
def archive() -> bytes:
    return loopback.tiny_bccd()


@pytest.fixture
def entry(monkeypatch, archive, tmp_path):
    """The tiny set under the name of bccd320, known to ``fetch`` for one test."""
    entry = loopback.entry_for("bccd320", archive, tmp_path)
    monkeypatch.setattr(on_demand, "available", lambda: {entry.name: entry})
    return entry


@pytest.fixture
def server(monkeypatch, archive, entry):
    with loopback.Loopback(archive) as running:
        monkeypatch.setenv("COURSE_DATA_MIRROR", running.address)
        yield running


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"

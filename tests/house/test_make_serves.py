"""`make site` and `make lab` end at an address that answers."""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytestmark = [
    pytest.mark.web,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.name == "nt", reason="Windows is set up without make"),
]


@contextmanager
def served(root, pattern: str, *arguments: str) -> Iterator[str]:
    """Run make, yield the address that it prints, and stop it with all that it has started."""
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    with subprocess.Popen(
        ["make", *arguments],
        cwd=root,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        said = []
        try:
            for line in process.stdout or []:
                said.append(line)
                if found := re.search(pattern, line):
                    yield found[0]
                    return
            pytest.fail("no address:\n" + "".join(said), pytrace=False)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # asked gently, JupyterLab asks back


def page(address: str) -> str:
    """Return what lies at an address; JupyterLab prints its own a moment before it listens."""
    for wait in (0.5, 1, 2, 4, 8):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(wait)
    pytest.fail(f"nothing listens at {address}", pytrace=False)


@pytest.mark.usefixtures("built_site")
def test_make_site_serves_the_book(root):
    with served(root, r"http://127\.0\.0\.1:\d+/", "site") as address:
        assert "Learning to See" in page(f"{address}book/index.html")


def test_make_lab_serves_jupyterlab_on_the_course(root):
    pattern = r"http://127\.0\.0\.1:\d+/lab\?token=\w+"
    with served(root, pattern, "lab", "LAB=--no-browser") as address:
        assert "JupyterLab" in page(address)
        listing = page(address.replace("/lab?", "/api/contents/exercises?"))
        assert '"path": "exercises/mlp"' in listing

"""``fetch`` in several processes, and in one that is killed."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from course_utils.data import fetch

SCRIPT = Path(__file__).with_name("one_fetch.py")


@pytest.fixture
def start(entry, tmp_path):
    described = tmp_path / "entry.json"
    described.write_text(json.dumps(asdict(entry)))
    running = []

    def one() -> subprocess.Popen:
        command = [sys.executable, str(SCRIPT), str(described)]
        running.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return running[-1]

    yield one
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_two_processes_share_one_download(server, start, cache):
    server.script = [("stall", 30_000)]  # the first holds the lock until the second waits for it
    first = start()
    assert server.stalled.wait(10)
    second = start()
    assert second.stdout.readline() == "asking\n"
    time.sleep(0.2)  # without the lock it would ask the server now
    server.hold.set()
    for process in (first, second):
        out, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")
        assert out.splitlines()[-1] == str(cache / "bccd320-v1")
    # one broken request and its continuation: the second process asked for nothing
    assert [request.range is None for request in server.requests] == [True, False]


def test_a_killed_process_leaves_its_part_to_the_next(server, start, cache):
    server.script = [("stall", 30_000)]
    process = start()
    assert server.stalled.wait(10)
    part = cache / "bccd320.zip.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size):
        pass
    process.kill()
    process.wait()
    assert not (cache / "bccd320-v1").exists()
    here = part.stat().st_size
    assert fetch("bccd320", progress=False).is_dir()
    assert server.requests[-1].range == f"bytes={here}-"

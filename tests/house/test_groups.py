"""Tests of one group run in one process: two that build the site at once would spoil it."""

import subprocess
import sys

import pytest

ONE_GROUP = """
import os
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_where(number):
    print("process", os.environ["PYTEST_XDIST_WORKER"])
"""


@pytest.mark.slow
def test_a_group_stays_in_one_process(tmp_path):
    (tmp_path / "test_group.py").write_text(ONE_GROUP)
    parallel = ["--numprocesses=2", "--dist=loadgroup", "-rP", "test_group.py"]
    command = [sys.executable, "-m", "pytest", "--rootdir=.", *parallel]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    where = [line for line in done.stdout.splitlines() if line.startswith("process gw")]
    assert len(where) == 6, done.stdout
    assert len(set(where)) == 1

"""The workflows parse, use fixed versions of known actions, and run what exists."""

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
NAMES = ["test.yml", "site.yml", "drift.yml"]


def load(name: str) -> dict:
    content = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    content["on"] = content.pop(True)  # YAML 1.1 reads the key `on` as a boolean
    return content


def steps(name: str) -> list[dict]:
    return [step for job in load(name)["jobs"].values() for step in job["steps"]]


def test_these_are_all_workflows():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_job_has_a_runner_a_limit_and_versioned_actions(name):
    for job in load(name)["jobs"].values():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 90
    for step in steps(name):
        assert ("uses" in step) != ("run" in step), step
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step["uses"]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_names_what_exists(name, root):
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE)
    for command in (step["run"] for step in steps(name) if "run" in step):
        for target in re.findall(r"\bmake ([a-z-]+)", command):
            assert target in targets
        for path in re.findall(r"(?:tools|tests|\.ci)/[\w./-]+", command):
            assert (root / path).exists(), path


def test_every_supported_python_is_tested_on_linux_and_other_systems_too():
    jobs = load("test.yml")["jobs"]
    assert jobs["everything"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert jobs["other-systems"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert {"push", "pull_request"} <= set(load("test.yml")["on"])


def test_drift_runs_on_a_schedule_and_the_site_is_deployed():
    assert load("drift.yml")["on"]["schedule"]
    assert load("site.yml")["jobs"]["deploy"]["permissions"]["pages"] == "write"


def test_ci_runs_make_test_and_nothing_after_it(root):
    script = (root / ".ci" / "run").read_text()
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script
    assert script.rstrip().splitlines()[-1] == "exec make test"
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", (root / "Makefile").read_text(), re.MULTILINE)
    assert recipe, "no recipe for `make test`"
    assert recipe[1].rstrip().splitlines()[-1].startswith("\t@$(PY) -m pytest ")

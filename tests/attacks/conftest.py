"""One stage for all attacks: a checker must stay sound whatever it has graded before."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from attacks.stage import SEED, Stage
from attacks.stage import stage as made_stage

from course_utils.grading import workers
from course_utils.grading.sandbox import abilities


@contextmanager
def temporary_stage(folder: Path, **options: Any) -> Iterator[Stage]:
    """Give a stage whose temporary files are its own, with a secret in the environment."""
    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        patch.setattr(workers, "GRACE", 0.5)
        patch.setenv("COURSE_HIDDEN_SEED", SEED)
        with made_stage(folder, **options) as made:
            yield made


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a stage with all the walls that the machine has."""
    with temporary_stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def landlock_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a stage without bubblewrap, as where a system forbids namespaces."""
    only = replace(abilities(), bubblewrap=False)
    with temporary_stage(tmp_path_factory.mktemp("landlock"), abilities=only) as made:
        yield made

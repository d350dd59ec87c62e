"""The secret from which hidden cases are drawn: made once for a course, never handed out."""

import os
import secrets
from pathlib import Path

FILE = ".course-seed"
VARIABLE = "COURSE_HIDDEN_SEED"


def make_seed(root: Path) -> bool:
    """Write a new secret, readable by its owner only; return False where there is one already."""
    path = root / FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True


def seed_of(root: Path) -> str:
    """Return the secret: the environment variable COURSE_HIDDEN_SEED, else the file of the course.

    Raises ValueError where there is neither, or the file is empty.
    """
    path = root / FILE
    seed = os.environ.get(VARIABLE) or (path.read_text().strip() if path.is_file() else "")
    if not seed:
        raise ValueError(
            f"the course has no secret seed for its hidden cases: run `course init` in {root}, "
            f"or set {VARIABLE}"
        )
    return seed

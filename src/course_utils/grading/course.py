"""Where a course keeps its files and its gradebook, as nbgrader is configured."""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from traitlets.config.loader import Config, JSONFileConfigLoader, PyFileConfigLoader

CONFIG = "nbgrader_config.py"
LONGEST_NAME = 128  # characters of a student or an assignment in nbgrader's tables
LONGEST_TIMESTAMP = 200


@dataclass(frozen=True)
class Course:
    """The folders of a course, its gradebook's address and the repository's ``address``.

    ``submitted``, ``autograded`` and ``feedback`` hold ``<student>/<assignment>/``, as nbgrader
    has it by default. Made by ``load_course``.
    """

    root: Path
    db_url: str = field(repr=False)  # may hold a password
    course_id: str
    submitted: Path
    autograded: Path
    feedback: Path
    solutions: Path
    address: str = ""

    def source(self, name: str) -> Path:
        """Return the instructor's notebook of the assignment ``name``.

        Raises ValueError where there is none.
        """
        path = self.solutions / plain_name("name", name) / f"{name}.ipynb"
        if not path.is_file():
            raise ValueError(f"name must be an assignment of {self.solutions.name}/, got {name!r}")
        return path

    def submitted_at(self, name: str, student: str) -> datetime | None:
        """Return the time in ``timestamp.txt`` beside a submission, in UTC without a zone.

        None where there is no such file or it holds no time: what a student hands in raises
        nothing.
        """
        path = self.submitted / student / name / "timestamp.txt"
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LONGEST_TIMESTAMP:
            return None
        try:
            return parse_utc(path.read_text(encoding="utf-8").strip())
        except (ValueError, OverflowError):
            return None

    @cached_property
    def config(self) -> Config:
        """The configuration that nbgrader has in this course."""
        return _configuration(self.root)


def load_course(root: Path, db: str | None = None) -> Course:
    """Return the course whose ``nbgrader_config.py`` is in ``root``.

    ``db`` is a SQLAlchemy URL that takes the place of the configured gradebook. Raises ValueError
    where the configuration is missing or wrong, or the URL is none.
    """
    root = root.resolve()
    config = _configuration(root)
    try:
        directory = CourseDirectory(config=config)
    except Exception as error:  # traitlets raises its own kinds for each wrong setting
        raise ValueError(f"{CONFIG} in {root} is wrong: {error}") from None
    if directory.directory_structure != CourseDirectory.directory_structure.default_value:
        raise ValueError(
            "CourseDirectory.directory_structure must be nbgrader's default, "
            f"got {directory.directory_structure!r}"
        )
    base = Path(directory.root)
    return Course(
        root=base,
        db_url=_database(db, Path.cwd()) if db else _database(directory.db_url, base),
        course_id=directory.course_id,
        submitted=base / directory.submitted_directory,
        autograded=base / directory.autograded_directory,
        feedback=base / directory.feedback_directory,
        solutions=base / directory.source_directory,
        address=_address(base),
    )


def plain_name(argument: str, name: str) -> str:
    """Return ``name`` where it can be a folder's and a column's; raise ValueError otherwise."""
    wrong = name in {"", ".", ".."} or any(sign in name for sign in "/\\\0")
    if wrong or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(
            f"{argument} must be a plain name of at most {LONGEST_NAME} characters, got {name!r}"
        )
    return name


def _configuration(root: Path) -> Config:
    """Merge the files that nbgrader reads: the machine's, the user's, the course's last."""
    if not (root / CONFIG).is_file():
        raise ValueError(f"root must be the folder of a course, with {CONFIG}, got {root}")
    config = Config()
    for folder in [*reversed(jupyter_config_path()), str(root)]:
        for loader in (PyFileConfigLoader, JSONFileConfigLoader):
            suffix = ".py" if loader is PyFileConfigLoader else ".json"
            path = Path(folder, f"nbgrader_config{suffix}")
            if not path.is_file():
                continue
            try:
                config.merge(loader(path.name, path=folder).load_config())
            except Exception as error:  # the file is Python: it may raise anything
                raise ValueError(f"{path} could not be read: {error}") from error
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(root)
    return config


def _database(url: str, base: Path) -> str:
    """Return the URL with SQLite's file made absolute, from ``base``."""
    try:
        parsed: URL = make_url(url)
    except ArgumentError:
        raise ValueError(
            "db must be a SQLAlchemy URL, as sqlite:///gradebook.db or "
            f"postgresql+psycopg://user@host/name, got {url!r}"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        return url
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError(f"db must name a file, got {url!r}")
    return parsed.set(database=str(base / str(parsed.database))).render_as_string(False)


def _address(root: Path) -> str:
    """Return the repository's address from pyproject.toml; empty where there is none."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return ""
    project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    return project.get("urls", {}).get("Repository", "")

"""Make the student's form of an assignment from the instructor's, with nbgrader's own tools."""

import json
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import Config, PyFileConfigLoader

from course_utils.grading import files
from course_utils.grading.course import CONFIG
from course_utils.notebooks import normalise


def released(root: Path, name: str, address: str) -> str:
    """Return the text of ``exercises/<name>/<name>.ipynb`` for the course in ``root``.

    nbgrader's generate_assignment runs on a copy in a scratch folder, with the course's own
    configuration but no database; ``address`` is that of the repository. Raises ValueError for an
    unknown assignment, or with nbgrader's message where it fails.
    """
    source = root / "solutions" / name
    if not (source / f"{name}.ipynb").is_file():
        raise ValueError(f"name must be an assignment of solutions/, got {name!r}")
    with tempfile.TemporaryDirectory() as scratch:
        course = Path(scratch)
        shutil.copytree(source, course / "solutions" / name)
        config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
        config.merge(_scratch_config(course))
        course_directory = CourseDirectory(config=config)
        api = NbGraderAPI(course_directory, config=config)
        result = api.generate_assignment(name, force=True, create=True)
        if not result["success"]:
            raise ValueError(f"nbgrader could not generate {name}:\n{_reason(result)}")
        made = json.loads((course / "exercises" / name / f"{name}.ipynb").read_text("utf-8"))
    return nbformat.writes(normalise(made, address)) + "\n"


def release(root: Path, name: str, address: str) -> bool:
    """Write ``exercises/<name>/<name>.ipynb``; return whether that changed it."""
    text = released(root, name, address)
    target = root / "exercises" / name / f"{name}.ipynb"
    if target.is_file() and target.read_text("utf-8") == text:
        return False
    files.write(target, text)
    return True


def assignments(root: Path) -> list[str]:
    """Return the names of the assignments that ``solutions/`` holds."""
    return sorted(path.stem for path in root.glob("solutions/*/*.ipynb") if _is_source(path))


def _is_source(path: Path) -> bool:
    return path.stem == path.parent.name


def _scratch_config(course: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(course)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False  # would write to the database
    return config


def _reason(result: dict) -> str:
    return (result.get("error") or result.get("log") or "no message").strip()

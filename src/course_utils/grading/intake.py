"""Read what a student handed in: untrusted bytes to a sound notebook of the assignment.

The result holds the student's code and words; everything else is the assignment's. Outputs,
execution counts and settings of the student are dropped.
"""

import hashlib
from copy import deepcopy
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.config.loader import Config, PyFileConfigLoader

from course_utils.grading.course import CONFIG
from course_utils.grading.decode import decode, read_bytes
from course_utils.grading.notes import Notes, RefusedError
from course_utils.grading.repair import MAJOR, MINOR, parts_of
from course_utils.grading.restore import belongs, restored, wanted_cells
from course_utils.grading.results import Message, Submission
from course_utils.grading.stubs import NamedStubs

KERNEL = ("kernelspec", "language_info")


def source_notebook(path: Path, config: Config | None = None) -> NotebookNode:
    """Return the instructor's notebook at ``path`` as nbgrader's database stores it.

    Hidden tests are in it, reference solutions are replaced by what students find in their place,
    and each named cell has its checksum. Without ``config`` the settings are those of the course
    that holds ``path`` as ``solutions/<name>/<name>.ipynb``. Raises ValueError where ``path`` is no
    notebook.
    """
    try:
        source = nbformat.read(path, as_version=MAJOR)
        nbformat.validate(source)
    except Exception as error:  # nbformat raises whatever the wrong structure leads to
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"path must be an instructor's notebook, got {path}: {reason}") from None
    stubs = NamedStubs(config=_settings(path) if config is None else config)
    source, _ = stubs.preprocess(source, ResourcesDict())
    MetadataValidator().upgrade_notebook_metadata(source)
    for cell in source.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's, of no use in a notebook
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.cell_type = cell.cell_type
            cell.metadata.nbgrader.checksum = utils.compute_checksum(cell)
    return source


def read_submission(path: Path, source: NotebookNode) -> Submission:
    """Return the submission at ``path`` with the assignment's cells as in ``source``.

    ``source`` is what ``source_notebook`` returned. Whatever ``path`` is or holds leads to a
    Submission; a message says what was repaired and why one was refused.
    """
    notes, digest = Notes(), ""
    try:
        raw = read_bytes(path)
        digest = hashlib.sha256(raw).hexdigest()
        notebook = _sound(raw, source, notes)
    except FileNotFoundError:
        text = "No notebook was handed in under the name that the assignment has."
        return Submission(None, (Message("missing", text),))
    except RefusedError as refused:
        return Submission(None, (*notes.messages(), refused.message), digest)
    except Exception as error:  # one submission that nobody thought of must not stop the others
        text = f"The notebook could not be read ({type(error).__name__}); show it to a person."
        return Submission(None, (*notes.messages(), Message("unreadable", text)), digest)
    return Submission(notebook, notes.messages(), digest)


def _sound(raw: bytes, source: NotebookNode, notes: Notes) -> NotebookNode:
    parts, wanted = parts_of(decode(raw, notes), notes), wanted_cells(source)
    cells = restored(parts, wanted, notes)
    if not belongs(parts, wanted):
        text = "The notebook has no cells of this assignment, or more of another one."
        raise RefusedError("another-notebook", text)
    metadata = {key: deepcopy(source.metadata[key]) for key in KERNEL if key in source.metadata}
    notebook = NotebookNode(
        nbformat=MAJOR, nbformat_minor=MINOR, metadata=NotebookNode(metadata), cells=cells
    )
    nbformat.validate(notebook)
    return notebook


def _settings(path: Path) -> Config:
    root = path.resolve().parent.parent.parent
    if not (root / CONFIG).is_file():
        return Config()
    return PyFileConfigLoader(CONFIG, path=str(root)).load_config()

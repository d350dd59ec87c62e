"""The command ``course``: check a notebook, make the exercises, fetch data."""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from course_utils.grading.scoring import Score

# ruff: noqa: PLC0415 - each command imports what it needs, so that `course --help` answers at once
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
data_app = typer.Typer(no_args_is_help=True, help="Sets that are downloaded on demand.")
notebooks_app = typer.Typer(no_args_is_help=True, help="Care of the notebooks, for authors.")
app.add_typer(data_app, name="data")
app.add_typer(notebooks_app, name="notebooks")

USAGE_ERROR = 2


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="An exercise, as exercises/mlp/mlp.ipynb.")],
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that a cell may take.")] = 120,
) -> None:
    """Run a notebook in a fresh Python and print its score so far.

    The file stays as it is. Exit code 0: every check passed; 1: points are missing; 2: the
    notebook could not be run.
    """
    from course_utils.grading.scoring import NotebookError, score

    try:
        result = score(notebook, timeout)
    except NotebookError as error:
        _fail(str(error))
    _print_score(notebook, result)
    raise typer.Exit(0 if result.complete else 1)


@app.command()
def release(
    names: Annotated[list[str] | None, typer.Argument(help="Assignments; all by default.")] = None,
) -> None:
    """Make the students' notebooks of exercises/ from the instructor's of solutions/."""
    root = _course_root()
    try:
        from course_utils.grading.release import assignments, release
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is missing: pip install -r requirements.txt")
    for name in names or assignments(root):
        try:
            changed = release(root, name, _address(root))
        except ValueError as error:
            _fail(str(error))
        print(f"exercises/{name}/{name}.ipynb {'written' if changed else 'is up to date'}")


@notebooks_app.command("fix")
def fix(paths: Annotated[list[Path], typer.Argument(help="Notebooks to bring into form.")]) -> None:
    """Remove outputs, add cell ids and the first cell, in place."""
    from course_utils.notebooks import normalise_file

    address = _address(_course_root())
    for path in paths:
        try:
            changed = normalise_file(path, address)
        except FileNotFoundError:
            _fail(f"there is no file {path}")
        except ValueError as error:
            _fail(f"{path} is not a Jupyter notebook: {error}")
        print(f"{path} {'changed' if changed else 'is in form'}")


@data_app.command("list")
def data_list() -> None:
    """List the sets that can be fetched, with their size and licence."""
    from rich.console import Console
    from rich.table import Table

    from course_utils.data import available

    table = Table("name", "what", "download", "licence")
    for name, entry in available().items():
        table.add_row(name, entry.title, f"{entry.download_bytes / 1e6:.0f} MB", entry.licence)
    Console().print(table)


@data_app.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="A name of `course data list`.")]) -> None:
    """Download a set once and print the folder that it is kept in."""
    from course_utils.data import DataUnavailable, fetch

    try:
        print(fetch(name))
    except (ValueError, DataUnavailable) as error:
        _fail(str(error))


@app.command()
def version() -> None:
    """Print the version of the course."""
    from course_utils import __version__

    print(__version__)


def _print_score(notebook: Path, result: "Score") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("function", "points", "verdict", "first thing to mend", title=notebook.name)
    for row in result.rows:
        full = row.earned == row.points
        verdict = Text("passed", "green") if full else Text("not yet", "red")
        # Text, not str: what a student's code says must not be read as rich's markup.
        table.add_row(row.function, f"{row.earned:g}/{row.points:g}", verdict, Text(row.hint))
    console = Console()
    console.print(table)
    console.print(f"Total: {result.earned:g} of {result.points:g} points.")
    if result.manual:
        console.print(f"Another {result.manual:g} points are given by your instructor.")
    if result.stopped:
        console.print(Text(result.stopped, "red"))


def _course_root() -> Path:
    """Return the nearest folder above that holds a course: ``solutions`` and a project file."""
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (folder / "pyproject.toml").is_file() and (folder / "nbgrader_config.py").is_file():
            return folder
    _fail("run this in the folder of the course, the one with nbgrader_config.py")


def _address(root: Path) -> str:
    """Return the repository's address from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def _fail(message: str) -> NoReturn:
    print(f"course: {message}", file=sys.stderr)
    raise typer.Exit(USAGE_ERROR)

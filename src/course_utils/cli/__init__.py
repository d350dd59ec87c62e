"""The command ``course``: check a notebook, make the exercises, fetch data, grade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_utils.cli import instructors
from course_utils.cli.common import address_of, course_root, fail

if TYPE_CHECKING:
    from course_utils.grading.scoring import Score

# ruff: noqa: PLC0415 - each command imports what it needs, so that `course --help` answers at once
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
data_app = typer.Typer(no_args_is_help=True, help="Sets that are downloaded on demand.")
notebooks_app = typer.Typer(no_args_is_help=True, help="Care of the notebooks, for authors.")
app.add_typer(data_app, name="data")
app.add_typer(notebooks_app, name="notebooks")
for command in instructors.COMMANDS:
    app.command()(command)


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

    beside = Path("exercises", notebook.stem, notebook.name)  # a terminal of JupyterLab opens above
    if notebook == Path(notebook.name) and not notebook.exists() and beside.exists():
        notebook = beside
    try:
        result = score(notebook, timeout)
    except NotebookError as error:
        fail(str(error))
    _print_score(notebook, result)
    raise typer.Exit(0 if result.complete else 1)


@app.command()
def release(
    names: Annotated[list[str] | None, typer.Argument(help="Assignments; all by default.")] = None,
) -> None:
    """Make the students' notebooks of exercises/ from the instructor's of solutions/."""
    root = course_root()
    try:
        from course_utils.grading.release import assignments, release
    except ModuleNotFoundError as error:
        fail(f"{error.name} is missing: pip install -r requirements.txt")
    for name in names or assignments(root):
        try:
            changed = release(root, name, address_of(root))
        except ValueError as error:
            fail(str(error))
        print(f"exercises/{name}/{name}.ipynb {'written' if changed else 'is up to date'}")


@notebooks_app.command("fix")
def fix(paths: Annotated[list[Path], typer.Argument(help="Notebooks to bring into form.")]) -> None:
    """Remove outputs, add cell ids and the first cell, in place."""
    from course_utils.notebooks import normalise_file

    address = address_of(course_root())
    for path in paths:
        try:
            changed = normalise_file(path, address)
        except FileNotFoundError:
            fail(f"there is no file {path}")
        except ValueError as error:
            fail(f"{path} is not a Jupyter notebook: {error}")
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
        fail(str(error))


@app.command()
def version() -> None:
    """Print the version of the course."""
    from course_utils import __version__

    print(__version__)


def _print_score(notebook: Path, result: "Score") -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from course_utils.feedback.report import counted

    function = Column("function", overflow="fold")
    table = Table(function, "points", "verdict", "first thing to mend", title=notebook.name)
    for row in result.rows:
        full = row.earned == row.points
        verdict = Text("passed", "green") if full else Text("not yet", "red")
        # Text, not str: what a student's code says must not be read as rich's markup.
        table.add_row(row.function, f"{row.earned:g}/{row.points:g}", verdict, Text(row.hint))
    console = Console()
    console.print(table)
    console.print(f"Total: {result.earned:g} of {counted(f'{result.points:g}', 'point')}.")
    if result.manual:
        console.print(f"Your instructor gives up to {counted(f'{result.manual:g}', 'more point')}.")
    if result.stopped:
        console.print(Text(result.stopped, "red"))

"""The instructor's commands: from the first secret to marks for the learning platform."""

import logging
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from course_utils.cli.common import course_root, fail

if TYPE_CHECKING:
    from course_utils.grading.course import Course
    from course_utils.grading.results import Result

# ruff: noqa: PLC0415 - each command imports what it needs, so that `course --help` answers at once
INTERRUPTED = 130
Name = Annotated[str, typer.Argument(metavar="NAME", help="An assignment, as mlp.")]
Database = Annotated[str, typer.Option("--db", help="SQLAlchemy URL of another gradebook.")]


def init() -> None:
    """Make the secret seed from which hidden cases are drawn. Once for a course."""
    from course_utils.grading.seed import FILE, make_seed

    root = course_root()
    if make_seed(root):
        print(f"{FILE} holds the secret of this course. Keep a copy; never commit or show it.")
    else:
        print(f"{FILE} is there already and stays as it is.")


def grade(
    name: Name,
    student: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one a processor.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="What is graded, too.")] = False,
    db: Database = "",
    scheduler: Annotated[str, typer.Option(help="A Dask scheduler, as tcp://host:8786.")] = "",
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' programs with your rights.")
    ] = False,
) -> None:
    """Grade what was handed in; again and again, each submission once.

    Programs run confined, results are compared outside of them, marks go into the gradebook. Stop
    with Ctrl-C: the same command goes on where it stopped.
    """
    from course_utils.grading.pipeline import Grading, Options
    from course_utils.grading.sandbox import NoSandboxError
    from course_utils.grading.seed import seed_of

    course = _course(db)
    options = Options(student or (), workers, force, not no_sandbox, scheduler)
    count = 0
    try:
        run = Grading(course, name, seed_of(course.root), options)
        with _progress(len(run.everyone())) as (tell, leave_out):
            run.watch, run.done_before = tell, leave_out
            count = run.run()
    except (ValueError, NoSandboxError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        print("Stopped. What is graded is in the gradebook; the same command grades the rest.")
        raise typer.Exit(INTERRUPTED) from None
    for folder in run.unusable:
        print(f"left out, a folder that cannot be a student's name: submitted/{folder!a}")
    print(f"{count} graded. Pages for students: course feedback {name}")


@contextmanager
def _progress(total: int) -> Any:
    """Show a bar with rate and time left; give what prints a result, and what expects one less."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    columns = [BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}")]
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn()) as bar:
        task = bar.add_task("grading", total=total, rate="")

        def tell(result: "Result") -> None:
            bar.console.print(Text(result.line()), soft_wrap=True)
            speed = bar.tasks[task].speed  # none before the second result
            bar.update(task, advance=1, rate=f"{60 * speed:.0f} a minute" if speed else "")

        def leave_out() -> None:
            bar.update(task, total=(bar.tasks[task].total or 1) - 1)

        yield tell, leave_out


def feedback(name: Name, db: Database = "") -> None:
    """Write a page for every student below feedback/, and print a line on each.

    What was collected from Moodle or Canvas goes into an archive that it takes back.
    """
    from course_utils.grading.by_hand import by_hand, penalties
    from course_utils.grading.feedback_pages import summary_lines, write_feedback
    from course_utils.grading.giving_back import write_archives

    course = _course(db)
    results = _results(course, name)
    try:
        late = penalties(course, name)
        written = write_feedback(course, results, by_hand(course, name), late)
        archives = write_archives(course, name, [result.student for result in results])
    except (ValueError, OSError) as error:
        fail(str(error))
    print("\n".join(summary_lines(results)))
    print(f"{len(written)} pages below {course.feedback}")
    for path in archives:
        print(f"To give back: {path}")


def report(name: Name, db: Database = "") -> None:
    """Write reports/NAME.html: how the class did, by question and by mistake."""
    from course_utils.grading.report_page import write_report

    course = _course(db)
    try:
        print(write_report(course, _results(course, name), name))
    except (ValueError, OSError) as error:
        fail(str(error))


def _results(course: "Course", name: str) -> list["Result"]:
    from course_utils.grading.gradebook import results

    try:
        course.source(name)
        found = results(course, name)
    except ValueError as error:
        fail(str(error))
    if not found:
        fail(f"nothing is graded yet: course grade {name}")
    return found


def _course(db: str) -> "Course":
    """Return the course of this folder, without nbgrader's chatter."""
    from course_utils.grading.course import load_course

    logging.getLogger("traitlets").setLevel(logging.WARNING)
    try:
        return load_course(course_root(), db or None)
    except ValueError as error:
        fail(str(error))


def collect(
    name: Name,
    path: Annotated[Path, typer.Argument(help="The download: a zip archive or a folder.")],
    platform: Annotated[str, typer.Option(help="moodle or canvas; found by itself.")] = "",
    db: Database = "",
) -> None:
    """Sort what Moodle or Canvas gives into submitted/; a line for every file and student.

    The same download may be collected again: newer submissions replace older ones, which are kept.
    """
    from rich.console import Console
    from rich.text import Text

    from course_utils.grading.collect import collect as collected

    console = Console(soft_wrap=True)
    try:
        rows = collected(_course(db), name, path, platform)
    except (ValueError, OSError) as error:
        fail(str(error))
    for what, messages in rows:
        said = " ".join(message.text for message in messages) or "collected."
        console.print(Text(f"{what}: {said}"))


def export(
    names: Annotated[list[str] | None, typer.Argument(help="Assignments; all by default.")] = None,
    platform: Annotated[
        str, typer.Option("--for", help="moodle, canvas, or plain: a line a mark.")
    ] = "plain",
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("marks.csv"),
    db: Database = "",
) -> None:
    """Write the marks as CSV, for a learning platform or a spreadsheet."""
    from course_utils.grading.export import export as exported

    try:
        files, messages = exported(_course(db), platform, output, names or ())
    except (ValueError, OSError) as error:
        fail(str(error))
    for message in messages:
        print(message.text)
    for path in files:
        print(path)


def warm_kernel(
    name: Annotated[str, typer.Option(help="What Jupyter calls the kernel.")] = "course-warm",
) -> None:
    """Install a kernel for `nbgrader autograde` that starts with numpy and torch imported.

    For assignments of your own that are graded by nbgrader itself. No wall is around it: it runs
    programs with your rights.
    """
    from course_utils.grading.provisioner import install_kernelspec

    print(install_kernelspec(name))
    print(f"nbgrader autograde NAME --Execute.kernel_name={name}")


COMMANDS: tuple[Callable[..., None], ...] = (
    *(init, collect, grade, feedback, report, export),
    warm_kernel,
)

"""A class of synthetic students, from the download of a learning platform to marks and a report.

``make grade-demo``: makes the class in a folder of its own, collects, grades, writes the students'
pages and the report, exports the marks, and compares each with the one that is known.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from course_utils.grading.course import load_course
from course_utils.grading.demo import make_class
from course_utils.grading.gradebook import results

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "_build" / "grade-demo"
NAME, STUDENTS = "mlp", 40
NEEDED = ("nbgrader_config.py", "pyproject.toml", f"solutions/{NAME}", f"exercises/{NAME}")


def lay_out(root: Path) -> None:
    """Copy what a course needs into a folder."""
    for name in NEEDED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


def download(folder: Path) -> dict[str, float]:
    """Write ``moodle.zip`` as Moodle would; return what each student's notebook is worth."""
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(Path(scratch))
        course = load_course(Path(scratch))
        known = make_class(course, NAME, STUDENTS)
        with zipfile.ZipFile(folder / "moodle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number, student in enumerate(sorted(known)):
                place = f"{student}_{10_000 + number}_assignsubmission_file_"
                for path in sorted((course.submitted / student / NAME).glob("*.ipynb")):
                    archive.write(path, f"{place}/{path.name}")
    return known


def run(*arguments: str) -> None:
    """Show a command of the course and run it in the demo's folder."""
    print(f"\n$ course {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-c", "from course_utils.cli import app; app()", *arguments]
    subprocess.run(command, cwd=TARGET, check=True)


def main() -> None:
    """Run the demonstration; exit code 1 where a mark is not the known one."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    lay_out(TARGET)
    known = download(TARGET)
    run("init")
    run("collect", NAME, "moodle.zip")
    run("grade", NAME)
    run("feedback", NAME)
    run("report", NAME)
    run("export", NAME, "--for", "plain", "--output", "marks.csv")
    marks = {result.student: result.earned for result in results(load_course(TARGET), NAME)}
    wrong = {s: (marks.get(s), k) for s, k in known.items() if s in marks and marks[s] != k}
    unseen = sorted(s for s, points in known.items() if s not in marks and points)
    print(
        f"\n{len(marks)} of {len(known)} students have a mark, {len(wrong)} another than known;",
        end=" ",
    )
    print(f"{len(unseen)} marks are missing.")
    print(f"The class in pictures: {TARGET / 'reports' / f'{NAME}.html'}")
    if wrong or unseen:
        sys.exit(f"not as known: {wrong or unseen}")


if __name__ == "__main__":
    main()

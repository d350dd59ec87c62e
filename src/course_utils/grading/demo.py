"""A class of synthetic students whose marks are known, to try and to test grading with.

Each student's notebook is the one that is handed out, with the instructor's solution in some
places, nothing in others, and wrong versions that students write in the rest. What a wrong version
earns is in its table; a test proves every row of it against the checks themselves.
"""

import ast
import json
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import nbformat

from course_utils.feedback import Exercise, exercises_of
from course_utils.feedback.exercise import MAIN, VALIDATION
from course_utils.grading import files
from course_utils.grading.course import Course

MARKER = "### BEGIN SOLUTION"
MARKERS = (MARKER, "### END SOLUTION")
EVERYTHING = (MAIN, VALIDATION)


@dataclass(frozen=True)
class Version:
    """What a student wrote: the solution with ``old`` replaced; ``lost`` parts of the mark."""

    name: str
    old: str = ""
    new: str = ""
    lost: tuple[str, ...] = EVERYTHING

    def earned(self, exercise: Exercise) -> float:
        """Return the points that this version of an exercise earns."""
        kept = sum(weight for part, weight in exercise.parts().items() if part not in self.lost)
        return round(exercise.points * kept, 2) if self.lost != EVERYTHING else 0.0

    def written(self, solution: str) -> str:
        """Return the cell's source. Raises ValueError where ``old`` is not in the solution."""
        if self.old not in solution:
            raise ValueError(f"solution must hold {self.old!r}, got:\n{solution}")
        lines = solution.replace(self.old, self.new).splitlines()
        return "\n".join(line for line in lines if line.strip() not in MARKERS)


RIGHT = Version("right", lost=())
PRINTS = Version("a print in the middle", MARKER, 'print("so far, so good")', ())
UNWRITTEN = Version("unwritten")
ENDLESS = Version("an endless loop", MARKER, "while True:\n        pass")
CRASHES = Version("a crash", MARKER, "import os\n\n    os._exit(1)")
SILENT = Version("a print instead of a ValueError", "raise ValueError(", "print(", (VALIDATION,))

VERSIONS = {
    "mlp/dense": (
        Version("weights not transposed", "x @ W.T", "x @ W"),
        Version("the bias forgotten", " + b", ""),
        Version("a float64 result", "x @ W.T", "x.astype(float) @ W.T"),
        SILENT,
    ),
    "mlp/softmax": (
        Version("no subtraction of the maximum", "z - z.max(axis=-1, keepdims=True)", "z"),
        Version("the first axis for the last", "axis=-1", "axis=0"),
        Version("a float64 result", "np.exp(z", "np.exp(z.astype(float)"),
    ),
    "mlp/cross_entropy": (
        Version("a sum for a mean", ".mean()", ".sum()"),
        Version("the sign turned around", "log_sums - shifted", "shifted - log_sums"),
        SILENT,
    ),
    "mlp/mlp_forward": (
        Version("ReLU also at the end", "dense(x, *last)", "np.maximum(dense(x, *last), 0)"),
        Version("no ReLU", "np.maximum(dense(x, W, b), 0)", "dense(x, W, b)"),
    ),
    "mlp/count_parameters": (
        Version("biases forgotten", "(widths[i - 1] + 1)", "widths[i - 1]"),
        SILENT,
    ),
    "mlp/confusion_matrix": (
        Version("rows predicted", "(labels, predictions), 1", "(predictions, labels), 1"),
        Version("repeated pairs lost", "np.add.at(matrix, (labels, predictions), 1)",
                "matrix[labels, predictions] += 1"),
        SILENT,
    ),
    "mlp/precision_recall_f1": (
        Version("precision and recall changed over", "return precision, recall",
                "return recall, precision"),
        Version("nan for a class that never occurs", "np.maximum(matrix.sum(axis=1), 1)",
                "matrix.sum(axis=1)"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Assignment:
    """The notebook that is handed out, its solutions by ``grade_id``, and what can be varied.

    ``needs`` names, for each exercise that can be varied, the others that its solution calls.
    """

    stub: dict[str, Any]
    solutions: Mapping[str, str]
    needs: Mapping[str, frozenset[str]]

    def notebook(self, versions: Mapping[str, Version]) -> dict[str, Any]:
        """Return the notebook of a student who wrote these versions, and the rest right."""
        made = deepcopy(self.stub)
        for cell in made["cells"]:
            name = grade_id(cell)
            version = versions.get(name, RIGHT)
            if name in self.solutions and version != UNWRITTEN:
                cell["source"] = version.written(self.solutions[name])
        return made


def make_class(course: Course, name: str, students: int = 40, seed: int = 0) -> dict[str, float]:
    """Write ``students`` submissions of ``name`` into the course and return each student's mark.

    The same ``seed`` makes the same class. In every twenty there is one endless loop and one crash;
    every fifth submission is broken in one of the ways of BREAKAGES. A mark holds what the checks
    give, not what an instructor gives by hand. Raises ValueError for an unknown assignment, or one
    that was not released.
    """
    assignment, exercises = load(course, name), exercises_of(name)
    rng = random.Random(f"{name} {seed}")
    marks: dict[str, float] = {}
    for number in range(1, students + 1):
        student = f"student-{number:03d}"
        versions = _drawn(rng, assignment, name, number)
        marks[student] = round(
            sum(versions.get(e.function, RIGHT).earned(e) for e in exercises.values()), 2
        )
        breakage = BREAKAGES[(number // 5 - 1) % len(BREAKAGES)] if number % 5 == 0 else _as_it_is
        content = breakage(assignment.notebook(versions))
        folder = course.submitted / student / name
        folder.mkdir(parents=True, exist_ok=True)
        if content is None:
            marks[student] = 0.0
            (folder / f"{name}.ipynb").unlink(missing_ok=True)
        else:
            files.write(folder / f"{name}.ipynb", content)
    return marks


def load(course: Course, name: str) -> Assignment:
    """Return what a class can be made of; see ``make_class`` for the errors."""
    exercises = exercises_of(name)
    path = course.root / "exercises" / name / f"{name}.ipynb"
    if not path.is_file():
        raise ValueError(f"name must be an assignment that was released, got {name!r}: no {path}")
    source = json.loads(course.source(name).read_text(encoding="utf-8"))
    solutions = {
        grade_id(cell): "".join(cell["source"])
        for cell in source["cells"]
        if cell["cell_type"] == "code" and settings(cell).get("solution")
    }
    uses = {cell: _reached(cell, solutions) for cell in solutions}
    simple = {e.function for e in exercises.values() if _is_one_function(solutions, e.function)}
    # What something else is built on stays right, so that every mark can be known.
    fixed = {used for cell, names in uses.items() if cell not in simple for used in names}
    fixed |= {used for cell in fixed & uses.keys() for used in uses[cell]}
    varied = {name: uses[name] & (simple - fixed) for name in solutions if name in simple - fixed}
    return Assignment(json.loads(path.read_text(encoding="utf-8")), solutions, varied)


def settings(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return nbgrader's settings of a cell."""
    return cell["metadata"].get("nbgrader", {})


def grade_id(cell: Mapping[str, Any]) -> str:
    """Return nbgrader's name of a cell; empty where it has none."""
    return settings(cell).get("grade_id", "")


def _is_one_function(solutions: Mapping[str, str], name: str) -> bool:
    source = solutions.get(name, "")
    body = ast.parse(source).body
    defined = [part.name for part in body if isinstance(part, ast.FunctionDef)]
    return defined == [name] and len(body) == 1 and source.count(MARKER) == 1


def _reached(start: str, solutions: Mapping[str, str]) -> frozenset[str]:
    """Return the other cells whose names the code of a cell uses, by way of others as well."""
    found, waiting = set(), [start]
    while waiting:
        tree = ast.parse(solutions[waiting.pop()])
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        fresh = {name for name in solutions if name in used} - found
        found |= fresh
        waiting += fresh
    return frozenset(found - {start})


def _drawn(
    rng: random.Random, assignment: Assignment, name: str, number: int
) -> dict[str, Version]:
    """Return the versions that student ``number`` wrote, by function."""
    rare = {7: ENDLESS, 13: CRASHES}.get(number % 20)
    rare_place = rng.choice(sorted(assignment.needs)) if assignment.needs else ""
    versions: dict[str, Version] = {}
    for function, needed in assignment.needs.items():
        luck, choice = rng.random(), rng.choice([*VERSIONS.get(f"{name}/{function}", ()), PRINTS])
        if any(versions[other].lost for other in needed):
            versions[function] = UNWRITTEN  # what is built on a wrong function has no known mark
        elif rare and function == rare_place:
            versions[function] = rare
        elif luck < 0.6:
            versions[function] = RIGHT
        else:
            versions[function] = UNWRITTEN if luck < 0.7 else choice
    return versions


def _as_it_is(notebook: dict[str, Any]) -> bytes:
    return json.dumps(notebook, indent=1).encode()


def _with_bom(notebook: dict[str, Any]) -> bytes:
    return b"\xef\xbb\xbf" + _as_it_is(notebook)


def _as_utf16(notebook: dict[str, Any]) -> bytes:
    return json.dumps(notebook).encode("utf-16")


def _with_a_cell_twice(notebook: dict[str, Any]) -> bytes:
    cells = notebook["cells"]
    place = next(n for n, cell in enumerate(cells) if settings(cell).get("solution"))
    cells.insert(place + 1, cells[place])
    return _as_it_is(notebook)


def _without_a_test(notebook: dict[str, Any]) -> bytes:
    cells = notebook["cells"]
    cells.remove(next(c for c in cells if settings(c).get("grade") and c["cell_type"] == "code"))
    return _as_it_is(notebook)


def _in_format_3(notebook: dict[str, Any]) -> bytes:
    joined = nbformat.reads(json.dumps(notebook), as_version=4)
    return nbformat.v3.writes_json(nbformat.convert(joined, 3)).encode()


def _missing(notebook: dict[str, Any]) -> None:
    """Hand in nothing."""


BREAKAGES: tuple[Callable[[dict[str, Any]], bytes | None], ...] = (
    _with_bom,
    _with_a_cell_twice,
    _without_a_test,
    _missing,
    _in_format_3,
    _as_utf16,
)

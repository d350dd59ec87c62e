"""Attacks through the notebook's own JSON: settings, tests, outputs."""

from collections.abc import Callable
from typing import Any

from attacks.stage import POINTS, Attack, Stage, code_cell, name_of, named, repelled, right, table

Notebook = dict[str, Any]
TESTS = (
    "dense softmax cross_entropy mlp_forward count_parameters confusion_matrix precision_recall_f1"
)


def cells_of_tests(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if name_of(cell).startswith("test_")]


def settings(**values: Any) -> Callable[[Notebook], None]:
    """Change nbgrader's settings of all tests."""

    def change(notebook: Notebook) -> None:
        for cell in cells_of_tests(notebook):
            cell["metadata"]["nbgrader"].update(values)

    return change


def of_tests(**values: Any) -> Callable[[Notebook], None]:
    """Change other metadata of all tests."""

    def change(notebook: Notebook) -> None:
        for cell in cells_of_tests(notebook):
            cell["metadata"].update(values)

    return change


def sources(text: str, **values: Any) -> Callable[[Notebook], None]:
    """Replace the source of all tests, and settings."""

    def change(notebook: Notebook) -> None:
        settings(**values)(notebook)
        for cell in cells_of_tests(notebook):
            cell["source"] = text

    return change


def without(*kept: str) -> Callable[[Notebook], None]:
    """Leave out tests but those that are named."""

    def change(notebook: Notebook) -> None:
        gone = [cell for cell in cells_of_tests(notebook) if name_of(cell) not in kept]
        notebook["cells"] = [cell for cell in notebook["cells"] if cell not in gone]

    return change


def exchanged(notebook: Notebook) -> None:
    """Exchange the names of the tests of most and of fewest points."""
    one, other = named(notebook, "test_count_parameters"), named(notebook, "test_cross_entropy")
    name = name_of(one)
    one["metadata"]["nbgrader"]["grade_id"] = name_of(other)
    other["metadata"]["nbgrader"]["grade_id"] = name


def another_check(notebook: Notebook) -> None:
    for cell in cells_of_tests(notebook):
        cell["source"] = 'check("mlp/count_parameters", count_parameters)'


def twice(notebook: Notebook) -> None:
    notebook["cells"] += [named(notebook, "test_count_parameters")] * 5


def own_test(notebook: Notebook) -> None:
    claim = {**named(notebook, "test_dense")["metadata"]["nbgrader"], "grade_id": "test_extra"}
    claim["points"] = 100
    cell = code_cell('check("mlp/count_parameters", count_parameters)', nbgrader=claim)
    notebook["cells"].append(cell)


def as_words(notebook: Notebook) -> None:
    for cell in cells_of_tests(notebook):
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


def words_as_test(notebook: Notebook) -> None:
    """Make a test of the answer in words, which a person is to read."""
    cell = named(notebook, "linear_collapse")
    cell.update(cell_type="code", outputs=[], execution_count=None)
    cell["source"] = 'check("mlp/count_parameters", count_parameters)'
    cell["metadata"]["nbgrader"].update(locked=True, solution=False)


def full_marks_shown(notebook: Notebook) -> None:
    for cell in cells_of_tests(notebook):
        points = cell["metadata"]["nbgrader"]["points"]
        data = {"text/plain": [str(points)], "text/html": ["<b>passed</b>"]}
        shown = {"output_type": "execute_result", "data": data, "metadata": {}}
        cell["outputs"], cell["execution_count"] = [{**shown, "execution_count": 1}], 1


def set_up_changed(notebook: Notebook) -> None:
    named(notebook, "setup")["source"] += "\ncheck = lambda *a, **k: 3\n"


def about_the_notebook(notebook: Notebook) -> None:
    evil = {"display_name": "x", "name": "evil", "argv": ["/bin/sh", "-c", "true"]}
    notebook["metadata"] = {
        "kernelspec": evil,
        "celltoolbar": "x",
        "nbgrader": {"score": 15, "max_score": 15},
    }


def nonsense(notebook: Notebook) -> None:
    values: list[Any] = [None, [], "all", 7, {"grade_id": ["x"]}, {"points": "1e9"}]
    for cell, value in zip(cells_of_tests(notebook), values, strict=False):
        cell["metadata"]["nbgrader"] = value


NOTED = ("metadata",)


@table(
    Attack("skip-tag", change=of_tests(tags=["skip-execution"]), messages=NOTED),
    right("skip-tag-beside-right", change=of_tests(tags=["skip-execution"]), messages=NOTED),
    right("points-raised", change=settings(points=1000), messages=NOTED),
    right("points-negative", change=settings(points=-5), messages=NOTED),
    right("points-no-number", change=settings(points="1e9"), messages=NOTED),
    right("not-graded", change=settings(grade=False), messages=NOTED),
    right("task", change=settings(task=True), messages=NOTED),
    right("unlocked", change=settings(locked=False), messages=NOTED),
    Attack("a-solution", change=sources("2", solution=True), messages=("metadata", "changed-test")),
    Attack(
        "unlocked-number", change=sources("2", locked=False), messages=("metadata", "changed-test")
    ),
    Attack("test-changed", change=sources("check = None"), messages=("changed-test",)),
    Attack("test-emptied", change=sources(""), messages=("changed-test",)),
    Attack("no-tests", change=without(), messages=("missing-test",)),
    Attack("one-test", change=without("test_dense"), messages=("missing-test",)),
    right("no-tests-beside-right", change=without(), messages=("missing-test",)),
    Attack(
        "points-exchanged",
        answers="right",
        earned=14,  # the test of one now stands above its answer
        change=exchanged,
        messages=("changed-test", "metadata"),
    ),
    Attack(
        "another-check",
        answers={name: "pass" for name in TESTS.split() if name != "count_parameters"},
        earned=1,
        change=another_check,
        messages=("changed-test",),
    ),
    right("test-copied", change=twice, messages=("duplicate-cell",)),
    right("own-test", change=own_test, messages=("unknown-cell",)),
    Attack("tests-as-words", change=as_words, messages=("cell-type",)),
    right("words-as-test", change=words_as_test, messages=("cell-type", "metadata")),
    Attack("outputs-forged", change=full_marks_shown),
    Attack("set-up-changed", change=set_up_changed, messages=("locked-cell",)),
    right("kernel", change=about_the_notebook, messages=("notebook-metadata", "kernelspec")),
    right("nonsense", change=nonsense, messages=("lost-name", "metadata", "unknown-cell")),
    right("checksum", change=settings(checksum="0" * 32)),
)
def test_settings_change_no_mark(stage: Stage, attack: Attack) -> None:
    result = repelled(stage, attack)
    assert {verdict.grade_id: verdict.points for verdict in result.verdicts} == POINTS_OF


POINTS_OF = dict(
    zip((f"test_{name}" for name in TESTS.split()), (2, 2, 3, 2, 1, 2, 3), strict=True)
)
assert sum(POINTS_OF.values()) == POINTS

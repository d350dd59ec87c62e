"""Both forms of each assignment: the instructor's is complete, the student's is made from it."""

import re

import pytest

from course_utils.feedback import ASSIGNMENTS, exercises_of
from course_utils.grading.release import assignments, released
from course_utils.grading.scoring import score
from tests.exercises.assignment import ROOT, cells, edited, notebook_path, settings, test_cells


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def name(request):
    return request.param


def test_solutions_and_registry_agree():
    assert assignments(ROOT) == sorted(ASSIGNMENTS)


def test_each_exercise_has_one_check_with_its_points(name):
    exercises = exercises_of(name)
    checks = test_cells("solutions", name)
    assert [f"{name}/{function}" for function in checks] == list(exercises)
    for function, cell in checks.items():
        key = f"{name}/{function}"
        assert settings(cell)["points"] == exercises[key].points
        assert settings(cell)["locked"]
        assert "raises-exception" in cell.metadata.tags
        assert re.search(
            rf'\ncheck\("{key}", .*, hidden=True\)\n### END HIDDEN TESTS$', cell.source
        )
        assert f'check("{key}", ' in cell.source.split("### BEGIN HIDDEN TESTS")[0]


def test_each_function_has_text_a_cell_and_a_hint(name):
    found = cells("solutions", name)
    for function in test_cells("solutions", name):
        place = [settings(c).get("grade_id") for c in found].index(function)
        text, hint = found[place - 1].source, found[place + 1].source
        assert text.startswith(f"## {function}"), "a heading above the solution cell"
        assert re.search(r"\]\(\.\./\.\./book/[\w/]+\.ipynb\)", text), "a link to the section"
        assert hint.startswith("<details>"), "a hint below the solution cell"
        assert '"""' in found[place].source


def test_links_lead_to_pages(name):
    folder = notebook_path("exercises", name).parent
    links = re.findall(r"\]\((\.\./[^)#]+)", "\n".join(c.source for c in cells("exercises", name)))
    missing = {link for link in links if not (folder / link).resolve().exists()}
    assert links
    assert not missing


def test_the_sections_of_the_exercises_are_pages(name):
    for exercise in exercises_of(name).values():
        page = ROOT / "book" / f"{exercise.section}.ipynb"
        assert f"# {exercise.section_title}" in page.read_text(encoding="utf-8"), exercise.section


def test_the_students_form_is_in_step(name, repository):
    """`course release` makes it; this fails when solutions/ was changed and it was not run."""
    text = notebook_path("exercises", name).read_text(encoding="utf-8")
    assert text == released(ROOT, name, repository)


def test_the_students_form_holds_no_solution(name):
    text = notebook_path("exercises", name).read_text(encoding="utf-8")
    assert not re.search(r"HIDDEN|hidden=True|SOLUTION|MARK SCHEME|[Rr]ubric", text)
    ours = {cell.id: cell.source for cell in cells("solutions", name)}
    for cell in cells("exercises", name):
        if not settings(cell).get("solution"):
            continue
        solution = re.findall(
            r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", ours[cell.id], re.DOTALL
        )
        lines = {line.strip() for part in solution for line in part.splitlines()}
        shared = {line.strip() for line in cell.source.splitlines()} & lines
        assert {line for line in shared if len(line) > 15} == set()
        assert cell.cell_type != "code" or "not written yet" in cell.source


@pytest.mark.slow
def test_an_untouched_notebook_scores_nothing(name):
    result = score(notebook_path("exercises", name))
    assert [row.earned for row in result.rows] == [0] * len(exercises_of(name))
    assert all("not written yet" in row.hint for row in result.rows), result.rows
    assert result.points == sum(e.points for e in exercises_of(name).values())


@pytest.mark.slow
def test_the_reference_scores_everything(name):
    result = score(notebook_path("solutions", name))
    assert result.complete, result
    assert result.earned == result.points > 0


@pytest.mark.slow
def test_the_reference_in_the_students_form_scores_everything(name, tmp_path):
    """As a student would hand it in: visible checks only, locked cells as released."""
    ours = {settings(c).get("grade_id"): c.source for c in cells("solutions", name)}
    graded = [settings(c) for c in cells("exercises", name) if settings(c).get("solution")]
    answers = {s["grade_id"]: ours[s["grade_id"]] for s in graded}
    path = edited(notebook_path("exercises", name), tmp_path / f"{name}.ipynb", answers)
    assert score(path).complete

"""What a student is called: by the gradebook, else by Moodle."""

from types import SimpleNamespace

import pytest
from nbgrader.api import Student

from course_utils.grading.collect import collect
from course_utils.grading.database import writing
from course_utils.grading.names import full_name, names_of
from tests.grading.a_course import make_course

ADA, BOB = "Ada Lovelace_1_assignsubmission_file", "Bob Müller_2_assignsubmission_file"


def enrol(course, student, **more):
    with writing(course) as session:
        session.add(Student(id=student, **more))


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("Ada", "Lovelace", "Ada Lovelace"), ("Ada", None, "Ada"), (None, "B", "B"), (None, "", "")],
)
def test_a_name_is_made_of_what_there_is(first, last, name):
    assert full_name(SimpleNamespace(first_name=first, last_name=last)) == name


def test_the_gradebook_comes_before_the_platform(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    enrol(course, "ada", first_name="Ada", last_name="Lovelace")
    enrol(course, "cy")
    for folder in (ADA, BOB):
        path = tmp_path / "moodle" / folder / "mlp.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"{}")
    collect(course, "mlp", tmp_path / "moodle")
    assert names_of(course, "mlp") == {"ada": "Ada Lovelace", "Bob_Müller": "Bob Müller"}
    enrol(course, "Bob_Müller", first_name="Robert", last_name="Müller")
    assert names_of(course, "mlp")["Bob_Müller"] == "Robert Müller"
    assert names_of(course, "sgd") == {"ada": "Ada Lovelace", "Bob_Müller": "Robert Müller"}


def test_a_name_of_canvas_is_no_better_than_the_folder(tmp_path):
    course = make_course(tmp_path / "course", "mlp")
    (tmp_path / "canvas").mkdir()
    (tmp_path / "canvas" / "lovelaceada_123_456_mlp.ipynb").write_bytes(b"{}")
    collect(course, "mlp", tmp_path / "canvas")
    assert names_of(course, "mlp") == {}

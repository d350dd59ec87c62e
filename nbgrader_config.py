"""nbgrader's settings for this course: run `nbgrader` in this folder."""

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

from course_utils.grading.stubs import NamedStubs

c = get_config()  # noqa: F821 - nbgrader defines it where it reads this file

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "learning-to-see"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.NbGrader.logfile = ""

# A stub names its function: `raise NotImplementedError("softmax: not written yet")`.
c.GenerateAssignment.preprocessors = [
    NamedStubs if step is ClearSolutions else step
    for step in GenerateAssignment.preprocessors.default()
]
c.ClearSolutions.text_stub = "*Write your answer here.*"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("not written yet")'}

# A check stops by itself after ten seconds a part. This limit is for everything else.
c.Execute.timeout = 120

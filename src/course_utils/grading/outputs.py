"""The verdicts as outputs of a notebook, where nbgrader and its formgrader look for them."""

from collections.abc import Mapping
from copy import deepcopy

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_utils.feedback import Report


def with_reports(notebook: NotebookNode, reports: Mapping[str, Report]) -> str:
    """Return the text of ``notebook`` with the report on each graded cell as its output.

    The number as which a report reads is what nbgrader takes for the points of a cell.
    """
    marked = deepcopy(notebook)
    for number, cell in enumerate(cell for cell in marked.cells if cell.cell_type == "code"):
        report = reports.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if report is None:
            continue
        cell.execution_count = number + 1
        points = float(cell.metadata.nbgrader.points)
        data = {
            "text/html": report.html(),
            "text/plain": f"{points * report.earned / report.points:g}",
        }
        cell.outputs = [new_output("execute_result", data, execution_count=number + 1)]
    return nbformat.writes(marked)

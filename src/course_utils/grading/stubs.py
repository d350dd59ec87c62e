"""What stands in a student's notebook where the reference solution was."""

import re

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

_DEFINITION = re.compile(r"( *)(?:async )?(?:def|class) (\w+)")


class NamedStubs(ClearSolutions):
    """nbgrader's ClearSolutions with stubs that say which function is not written yet."""

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        if cell.cell_type == "code":
            default = cell.metadata.get("nbgrader", {}).get("grade_id", "this cell")
            cell.source = named_stubs(
                cell.source, default, self.begin_solution_delimeter, self.end_solution_delimeter
            )
        return super()._replace_solution_region(cell, language) or "not written yet" in cell.source


def named_stubs(source: str, default: str, begin: str, end: str) -> str:
    """Return ``source`` with each region from ``begin`` to ``end`` replaced by its stub.

    The stub raises ``NotImplementedError("name: not written yet")``; the name is that of the
    enclosing function, ``Class.method`` for a method, or ``default`` outside of any.
    """
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        if begin in line:
            indent = len(line) - len(line.lstrip())
            name = _enclosing(kept, indent) or default
            kept.append(f'{" " * indent}raise NotImplementedError("{name}: not written yet")')
            inside = True
        elif end in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _enclosing(lines: list[str], indent: int) -> str:
    """Return the dotted name of the definitions around a line that ``indent`` spaces precede."""
    names: list[str] = []
    for line in reversed(lines):
        found = _DEFINITION.match(line)
        if found and len(found[1]) < indent:
            indent = len(found[1])
            names.insert(0, found[2])
    return ".".join(names)

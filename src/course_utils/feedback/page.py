"""Run the cells of a student's notebook without a kernel: what a page of the website does.

The cells come as texts and the verdict goes back as plain values, so that nothing which a student's
code makes is ever taken for markup.
"""

import ast
import contextlib
import io
import linecache
import traceback
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

from course_utils.feedback.compare import brief
from course_utils.feedback.narrow import explained
from course_utils.feedback.report import Report

Namespace = dict[str, Any]
ONLY_NUMPY = "A page has numpy and Python's standard library, and nothing else."


def check_cells(
    setup: Sequence[str], earlier: Sequence[Mapping[str, str]], cell: Mapping[str, str], test: str
) -> dict[str, Any]:
    """Run the cells of a notebook up to ``test``, whose last expression is a Report.

    ``setup`` are the notebook's own cells; ``earlier`` the answers before this one and ``cell``
    this one, as {"name": ..., "code": ...}. What ``cell`` prints goes to standard output; an
    earlier answer that fails is left out, as it is in a notebook. Returns "notes" (sentences to
    read first) and either "error" ("text", "line" and "source", of ``cell``) or
    "passed" and "rows" (pairs of label and text).
    """
    space: Namespace = {"__name__": "__main__"}
    for text in setup:
        exec(_compiled(text, "<setup>"), space)
    notes = [note for each in earlier if (note := _left_out(each, space))]
    try:
        _run(cell, space)
        with contextlib.redirect_stdout(io.StringIO()):
            report = _last_value(test, space)
        rows = [list(row) for row in report.lines()]
    except (Exception, SystemExit) as error:
        found = _located(error, cell)
        notes += [ONLY_NUMPY] if isinstance(error, ModuleNotFoundError) else []
        return {"notes": _explained(notes, found["text"]), "error": found}
    notes = _explained(notes, *(text for _, text in rows))
    return {"notes": notes, "passed": report.passed, "rows": rows}


def _explained(notes: list[str], *texts: str) -> list[str]:
    return notes + [note for note in dict.fromkeys(map(explained, texts)) if note]


def _left_out(cell: Mapping[str, str], space: Namespace) -> str:
    """Run an earlier answer in silence; return why it was left out, or nothing."""
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            _run(cell, space)
    except (Exception, SystemExit) as error:
        found = _located(error, cell)
        place = f" in line {found['line']}" if found["line"] else ""
        return f"Your {cell['name']} was left out: {found['text']}{place}."
    return ""


def _run(cell: Mapping[str, str], space: Namespace) -> None:
    """Run a student's cell; its lines are kept, so that a report can quote them."""
    name, code = _file(cell), cell["code"]
    lines = code.splitlines(keepends=True)
    linecache.cache[name] = (len(code), None, lines, name)
    exec(_compiled(code, name), space)


def _last_value(test: str, space: Namespace) -> Report:
    """Run a cell and return the value of its last line, which a notebook would show."""
    *before, last = ast.parse(test).body
    if not isinstance(last, ast.Expr):
        raise ValueError(f"test must end in an expression, got {test!r}")
    exec(compile(ast.Module(before, []), "<test>", "exec"), space)
    return eval(compile(ast.Expression(last.value), "<test>", "eval"), space)


def _compiled(code: str, name: str) -> CodeType:
    return compile(code, name, "exec", dont_inherit=True)


def _file(cell: Mapping[str, str]) -> str:
    return f"<{cell['name']}>"


def _located(error: BaseException, cell: Mapping[str, str]) -> dict[str, Any]:
    """Return the error as text, and the line of the student's cell that it comes from."""
    text = brief(error).removesuffix(": ")
    if isinstance(error, SyntaxError) and error.filename == _file(cell):
        text, line = f"{type(error).__name__}: {error.msg}", error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == _file(cell)), None)
    lines = cell["code"].splitlines()
    source = lines[line - 1].strip() if line and line <= len(lines) else ""
    return {"text": text, "line": line, "source": source}

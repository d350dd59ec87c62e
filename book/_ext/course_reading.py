"""What a page says of the time that it takes: minutes to read, seconds to run.

The minutes are counted from the page: `WORDS_A_MINUTE` words, `LINE_SECONDS` for a line of code
that the page shows, `FORMULA_SECONDS` for a displayed formula. What cells print is not counted,
so the minutes are the same whether the notebooks were run or not. The seconds are those that the
cache of executed notebooks noted; a page whose notebook was not run states its budget alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

WORDS_A_MINUTE, LINE_SECONDS, FORMULA_SECONDS = 200, 2, 6
# A page of the course, as against one that is looked things up in; progress.js asks the same.
COURSE_PAGE = re.compile(r"book/(\d\d_\w+/\w+|roadmap)")
BUDGET = re.compile(r"Budget: (?P<budget>.*?)\.")
NOT_READ = (nodes.comment, nodes.raw, nodes.image, nodes.system_message)


@dataclass(frozen=True)
class Effort:
    """What there is to read: words, lines of code, displayed formulas."""

    words: int = 0
    lines: int = 0
    formulas: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.words + other.words, self.lines + other.lines, self.formulas + other.formulas
        )

    @property
    def minutes(self) -> int:
        """Whole minutes, at least one."""
        seconds = self.lines * LINE_SECONDS + self.formulas * FORMULA_SECONDS
        return max(1, round(self.words / WORDS_A_MINUTE + seconds / 60))


def effort(node: nodes.Node) -> Effort:
    """Count what a reader of `node` sees before any cell has run."""
    if isinstance(node, nodes.Text):
        return Effort(words=len(node.split()))
    if isinstance(node, nodes.math):
        return Effort(words=1)
    if isinstance(node, nodes.math_block):
        return Effort(formulas=1)
    if isinstance(node, nodes.literal_block):
        return Effort(lines=sum(1 for line in node.astext().splitlines() if line.strip()))
    if isinstance(node, NOT_READ) or _is_output_or_hidden(node):
        return Effort()
    return sum((effort(child) for child in node.children), Effort())


def _is_output_or_hidden(node: nodes.Node) -> bool:
    names = getattr(node, "attributes", {})
    hidden = any(re.match("tag_(hide|remove)", name) for name in names.get("classes", ()))
    return hidden or names.get("nb_element") == "cell_code_output"


def sentence(minutes: int, seconds: float | None = None, budget: str = "") -> str:
    """One line of what a page costs; without a measured run, the budget stands for it."""
    parts = [f"{_counted(minutes, 'minute')} to read"]
    if seconds is not None:
        measured = _counted(max(1, round(seconds)), "second")
        parts.append(f"{measured} to run when this page was built")
    if budget:
        parts.append(f"budget {budget}" if seconds is not None else f"to run, at most {budget}")
    return " · ".join(parts)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'s' * (number != 1)}"


def state_times(app: Sphinx, doctree: nodes.document) -> None:
    """Put the line under the title, in the place of the budget that the source states.

    It stays in italics: `course_site.describe` knows from these that it is not the page's subject.
    """
    page = app.env.docname
    title = next(iter(doctree.findall(nodes.title)), None)
    if not COURSE_PAGE.fullmatch(page) or title is None:
        return
    stated, budget = next(filter(None, map(_budget, doctree.findall(nodes.paragraph))), (None, ""))
    text = sentence(effort(doctree).minutes, seconds_of(app, page), budget)
    line = nodes.paragraph("", "", nodes.emphasis(text, text), classes=["course-times"])
    if stated:
        stated.replace_self(line)
    else:
        title.parent.insert(title.parent.index(title) + 1, line)


def _budget(paragraph: nodes.paragraph) -> tuple[nodes.paragraph, str] | None:
    """The paragraph and the budget that it states, if it does."""
    found = BUDGET.fullmatch(" ".join(paragraph.astext().split()))
    return (paragraph, found["budget"]) if found else None


def seconds_of(app: Sphinx, page: str) -> float | None:
    """Seconds of the page's last run, out of what myst-nb read in the cache; None without a run."""
    kept: dict[str, Any] = getattr(app.env, "nb_metadata", {}).get(page, {})
    return (kept.get("exec_data") or {}).get("runtime")


def setup(app: Sphinx) -> None:
    """Connect this part; `course_site` calls it."""
    app.connect("doctree-read", state_times)
    app.add_css_file("print.css", media="print", priority=900)  # after the styles of the screen

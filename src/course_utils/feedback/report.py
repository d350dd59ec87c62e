"""The verdict on one exercise, as text for a terminal and as a short panel for a notebook."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

REPORT_MIME = "application/vnd.course.report+json"

_PANEL = (
    "border-left:4px solid {edge};padding:.5em .9em;margin:.3em 0;"
    "background:rgba(128,128,128,.09);line-height:1.45;max-width:46em;font-family:inherit"
)
_PASS_EDGE, _FAIL_EDGE = "#009E73", "#D55E00"


@dataclass(frozen=True)
class Failure:
    """What went wrong: its ``kind`` (or the misconception's name), the hint, and the case."""

    kind: str
    hint: str
    case: str = ""
    got: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Report:
    """The verdict on one function: points earned of ``points``, and the first thing to mend.

    ``notes`` are rows that tell more about an answer that passed.
    """

    key: str
    points: float
    earned: float
    section: str
    failure: Failure | None = None
    parts: dict[str, bool] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every part of the mark was earned."""
        return self.failure is None

    def lines(self) -> list[tuple[str, str]]:
        """Return the report as pairs of a label and its text, in reading order."""
        if self.failure is None:
            all_points = counted(f"{self.points:g}", "point")
            passed = f"{self._title()} passed: {self.earned:g} of {all_points}."
            return [("", passed), *((label, _plain(text)) for label, text in self.notes.items())]
        found = self.failure
        rows = [("", found.hint)]
        rows += [("Case", found.case), ("Got", found.got), ("Expected", found.expected)]
        if len(self.parts) > 1:
            rows.append(("Parts", ", ".join(f"{p} {_mark(ok)}" for p, ok in self.parts.items())))
        rows.append(("Points", f"{self.earned:g} of {self.points:g}"))
        rows.append(("Read again", self.section))
        return [(label, _plain(text)) for label, text in rows if text]

    def text(self) -> str:
        """Return the report for a terminal."""
        head, *rest = self.lines()
        mark = "PASS" if self.passed else "FAIL"
        return "\n".join([f"[{mark}] {head[1]}", *(_indent(label, text) for label, text in rest)])

    def html(self) -> str:
        """Return the report as a panel without scripts; everything from a student is escaped."""
        head, *rest = self.lines()
        edge = _PASS_EDGE if self.passed else _FAIL_EDGE
        sign = "✔" if self.passed else "✘"
        # The values stand in one column: the longest label is at most this wide.
        width = max([6, *(0.65 * len(label) for label, _ in rest)])
        rows = "".join(
            f'<div style="display:flex;gap:.8em"><span style="min-width:{width:g}em;opacity:.75">'
            f"{escape(label)}</span>{_value(label, text)}</div>"
            for label, text in rest
        )
        return (
            f'<div class="course-check" role="status" style="{_PANEL.format(edge=edge)}">'
            f'<div><span aria-hidden="true" style="color:{edge}">{sign}</span> '
            f"{escape(head[1])}</div>{rows}</div>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        """Show the panel in a notebook; the text/plain form is the mark, which nbgrader reads."""
        return {
            "text/html": self.html(),
            "text/plain": f"{self.earned:g}",
            REPORT_MIME: self.record(),
        }

    def record(self) -> dict[str, str | float]:
        """Return what ``course check`` tabulates: key, points, earned, kind and hint."""
        found = self.failure
        return {
            "key": self.key,
            "points": self.points,
            "earned": self.earned,
            "kind": found.kind if found else "",
            "hint": _plain(found.hint) if found else "",
        }

    def __repr__(self) -> str:
        return self.text()

    def _title(self) -> str:
        return self.key.split("/")[1]


def counted(shown: str, one: str, many: str = "") -> str:
    """Return a number as it is shown with its noun: "1 point", "0.5 points", "3 more points"."""
    return f"{shown} {one if shown == '1' else many or one + 's'}"


def show_in_terminal(report: Report) -> None:
    """Print the report where no notebook front end will render it."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        print(report.text())


def _plain(text: str) -> str:
    """Return ``text`` with control characters spelt out: a terminal would obey them."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _mark(passed: bool) -> str:
    return "✔" if passed else "✘"


def _value(label: str, text: str) -> str:
    if label in ("Case", "Got", "Expected"):
        return f'<code style="white-space:pre-wrap;background:none;padding:0">{escape(text)}</code>'
    return f"<span>{escape(text)}</span>"


def _indent(label: str, text: str) -> str:
    return f"  {label + ':':<11} " + text.replace("\n", "\n" + " " * 14)

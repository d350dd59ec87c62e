"""What the grader's pages share: the template, the style, text that cannot act, a safe write."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from course_utils.feedback import Exercise, exercise_for
from course_utils.feedback.exercise import COMPILES, MAIN, VALIDATION
from course_utils.feedback.report import counted
from course_utils.grading.results import Verdict

LONGEST = 400  # characters of one text; the longest hint of the course has 242
LONGEST_NAME = 60

# In a verdict: "01_mlp/05_losses", or as a report has it, "Losses and outputs (book/01_mlp/...)".
_SECTION = re.compile(r"(?:(?P<title>.*) \()?(?:book/)?(?P<page>[\w-]+/[\w-]+)\)?", re.ASCII)
_ADDRESS = re.compile(r"https://[\w.-]+(/[\w.-]+)+", re.ASCII)
_BREAKS = {" ": Markup(" "), "_": Markup("_<wbr>")}
_PARTS = {MAIN: "right results", VALIDATION: "bad input refused", COMPILES: "it compiles"}


@dataclass(frozen=True)
class Section:
    """A page of the book to read again: its title and its address, empty where it has none."""

    title: str
    address: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a mark: its name, its points, and whether it was earned."""

    name: str
    points: float
    earned: bool


def plain(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` on one line, cut to ``longest`` characters, unprintable ones spelt out.

    Control characters, those that change the direction of writing, and lone surrogates become
    escapes such as ``\\u202e``: they would act on the page or the terminal that shows them.
    """
    start = text[: longest + 1].replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    spelt = "".join(c if c.isprintable() else repr(c)[1:-1] for c in start)
    return spelt if len(spelt) <= longest else spelt[: longest - 1] + "…"


def number(value: float) -> str:
    """Return points as text, without zeros at the end: 2, 1.6, 0.25."""
    return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.0f}"


def percent(share: float) -> str:
    """Return a share as a length for SVG, never outside 0 % to 100 %."""
    return f"{100 * min(max(share, 0.0), 1.0):.4g}%"


def count(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 student", "3 students"."""
    return counted(f"{n:,}", one, many)


def render(template: str, **values: object) -> str:
    """Return the page that the template ``<template>.html`` of this folder makes of ``values``.

    Every text is escaped and goes through ``plain``. The page may load nothing and run nothing:
    its content security policy allows its own style alone.
    """
    css = _environment().get_template("page.css").render()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    page = _environment().get_template(f"{template}.html")
    return page.render(css=Markup(css), style_hash=digest, **values) + "\n"


def checked_address(address: str) -> str:
    """Return the repository's address; empty: pages have no links. Raises ValueError."""
    if address and not _ADDRESS.fullmatch(address):
        raise ValueError(f"address must be an https URL of a repository, got {address!r}")
    return address


def section_of(verdict: Verdict, address: str) -> Section:
    """Return the page of the book that a verdict names, in the repository at ``address``."""
    found = _SECTION.fullmatch(verdict.section)
    if not found:
        return Section(verdict.section)
    page, exercise = found["page"], exercise_of(verdict.key)
    title = found["title"] or page
    if exercise and exercise.section == page:
        title = exercise.section_title
    return Section(title, f"{address}/blob/main/book/{page}.ipynb" if address else "")


def parts_of(verdict: Verdict) -> list[Part]:
    """Return the parts of a verdict's mark with their points; none where there is but one."""
    weights = _weights(verdict.key)
    if len(verdict.parts) < 2 or not verdict.parts.keys() <= weights.keys():
        return []
    return [
        Part(_PARTS.get(name, name), verdict.points * weights[name], earned)
        for name, earned in verdict.parts.items()
    ]


def function_of(verdict: Verdict) -> str:
    """Return the name of the function that a verdict is about."""
    return verdict.key.split("/")[-1] or verdict.grade_id


def concept_of(verdict: Verdict) -> str:
    """Return the idea that a question tests, in a few words; empty where it is not known."""
    exercise = exercise_of(verdict.key)
    return exercise.concept if exercise else ""


@cache
def exercise_of(key: str) -> Exercise | None:
    """Return the exercise with this key, or None where the course has it no more."""
    try:
        return exercise_for(key)
    except (ValueError, ImportError):  # ImportError: triton is not everywhere
        return None


@cache
def _weights(key: str) -> dict[str, float]:
    exercise = exercise_of(key)
    return exercise.parts() if exercise else {}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("course_utils.grading", "."),
        autoescape=lambda name: name != "page.css",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What a template prints is made plain here, so that no place can forget it.
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    filters: dict[str, Any] = {
        "number": number,
        "percent": percent,
        "count": count,
        "points": lambda value, one="point": counted(number(value), one),
        "name": lambda text: plain(text, LONGEST_NAME),
        "whole": _whole,
        "short": lambda text: plain(text, 140),
        "paragraphs": _paragraphs,
    }
    environment.filters |= filters
    return environment


def _whole(text: str) -> Markup:
    """Return a name that may be broken between words and after underscores, not at hyphens."""
    pieces = re.split("([ _])", plain(text, LONGEST_NAME))
    return Markup("").join(_BREAKS.get(each) or _word(each) for each in pieces)


def _word(text: str) -> Markup:
    """Return a word that the style keeps on one line where there is room for it."""
    # With a hyphen that is another sign, a name copied from the page would not be found.
    return Markup('<span class="whole">{}</span>').format(text) if "-" in text else escape(text)


def _paragraphs(text: str, longest: int = 4000) -> Markup:
    lines = [escape(plain(line)) for line in text[:longest].splitlines() if line.strip()]
    return Markup("<br>").join(lines)

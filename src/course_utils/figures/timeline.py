"""A timeline: one button a year, and the story of the chosen one."""

from dataclasses import asdict, dataclass

import traitlets

from course_utils.figures.base import InteractiveFigure


@dataclass(frozen=True)
class Event:
    """One entry: ``year``, a ``title``, two or three sentences of ``text``.

    ``page`` is the page of the book that teaches it (``01_mlp/01_learning``) or empty, and
    ``page_title`` the text of the link.
    """

    year: int
    title: str
    text: str
    page: str = ""
    page_title: str = ""


class Timeline(InteractiveFigure):
    """Show ``events`` in the order of their years; the reader opens one at a time.

    Raises ValueError for fewer than two events or years out of order.
    """

    module = "timeline.js"
    events = traitlets.List().tag(sync=True)

    def __init__(self, events: list[Event], *, alt: str, caption: str = "") -> None:
        years = [event.year for event in events]
        if len(events) < 2 or years != sorted(years):
            raise ValueError(f"events must be two or more in the order of years, got {years}")
        super().__init__(alt=alt, caption=caption, events=[asdict(event) for event in events])

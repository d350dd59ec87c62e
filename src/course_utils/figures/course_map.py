"""A map of what depends on what in the course; every node leads to its page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import traitlets

from course_utils.figures.base import InteractiveFigure


@dataclass(frozen=True)
class Node:
    """One idea: its ``name``, place (``column`` from the left, ``row`` from the top) and pages.

    ``text`` says in a sentence what the reader finds there; ``page`` is empty where the chapter is
    not part of the book yet.
    """

    name: str
    column: int
    row: int
    text: str
    page: str = ""


class CourseMap(InteractiveFigure):
    """Draw ``nodes`` and the ``needs`` of each (names of the nodes that must be read before it).

    Raises ValueError for a need that is not a node.
    """

    module = "course_map.js"
    nodes = traitlets.List().tag(sync=True)
    needs = traitlets.Dict().tag(sync=True)

    def __init__(
        self, nodes: Sequence[Node], needs: Mapping[str, Sequence[str]], *, alt: str
    ) -> None:
        names = {node.name for node in nodes}
        unknown = {*needs, *(n for before in needs.values() for n in before)} - names
        if unknown:
            raise ValueError(f"needs name {sorted(unknown)}, expected nodes: {sorted(names)}")
        super().__init__(
            alt=alt,
            nodes=[asdict(node) for node in nodes],
            needs={name: list(before) for name, before in needs.items()},
        )

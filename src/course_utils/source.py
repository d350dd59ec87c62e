"""Show the source of a function or class of the course in a page, from where it lives."""

import inspect
from typing import Any

from IPython.display import Code, display


def show_source(*things: Any) -> None:
    """Display the source of functions or classes of the course, highlighted.

    Each is shown as it stands in ``course_utils``, its docstring included. Raises TypeError for
    something without Python source, such as a number or a built-in function.
    """
    for thing in things:
        display(Code(inspect.getsource(thing).rstrip(), language="python"))

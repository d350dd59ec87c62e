"""What the result of a notebook depends on, beyond its own code: files of the helper package.

These are the modules that it imports, those that they import, and the data that lie beside them.
Where a module imports by a name that is found only as it runs, the whole package counts.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

PACKAGE = "course_utils"
MEASURED = "measured"  # whose results are read by the name of their file
SITE = {".js", ".css"}  # of figures: the pages take them as they are now
DYNAMIC = {"import_module", "__import__"}
MAGIC = re.compile(r"^\s*[%!]|=\s*[%!]|\?\s*$", re.MULTILINE)  # a line that may be no Python


@dataclass(frozen=True)
class Facts:
    """What a source says: its imports of the package, its strings, whether it imports by those."""

    names: frozenset[str]
    words: frozenset[str]
    dynamic: bool


def files_of(notebook: Path, package: Path) -> list[Path]:
    """Return the files of ``package`` that the notebook uses, sorted."""
    cells = [c.source for c in nbformat.read(notebook, 4).cells if c.cell_type == "code"]
    own = _facts("\n\n".join(map(_python, cells)))
    found: dict[Path, Facts] = {}
    waiting = set(_modules(own, package))
    while waiting:
        module = waiting.pop()
        inside = ".".join((PACKAGE, *module.parent.relative_to(package).parts))
        found[module] = _facts(module.read_text(encoding="utf-8"), inside)
        waiting |= set(_modules(found[module], package)) - set(found)
    if any(facts.dynamic for facts in found.values()):
        return sorted(path for path in package.rglob("*") if _counts(path))
    words = own.words.union(*(facts.words for facts in found.values()))
    folders = {path.parent for path in found if path.parent != package}
    beside = {path for folder in folders for path in folder.rglob("*") if _counts(path)}
    data = {path for path in beside if path.suffix != ".py"}
    return sorted({*found, *(p for p in data if p.parent.name != MEASURED or p.stem in words)})


def _python(cell: str) -> str:
    """The cell with its magics written as Python; IPython takes its time, so only where one is."""
    return TransformerManager().transform_cell(cell) if MAGIC.search(cell) else cell


@cache
def _facts(source: str, inside: str = "") -> Facts:
    names, words, dynamic = set(), set(), False
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=name, level=level):
                module = resolve_name("." * level + (name or ""), inside)
                names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
            case ast.Constant(value=str(word)):
                words.add(word)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                dynamic |= name in DYNAMIC
    ours = frozenset(name for name in names if name.split(".")[0] == PACKAGE)
    return Facts(ours, frozenset(words), dynamic)


def _modules(facts: Facts, package: Path) -> Iterator[Path]:
    """The files of the package that are imported, and those of the packages around them."""
    for name in facts.names:
        yield from _files(name, package)


@cache
def _files(name: str, package: Path) -> tuple[Path, ...]:
    parts = name.split(".")[1:]
    places = [package.joinpath(*parts[:length]) for length in range(len(parts) + 1)]
    paths = [path for place in places for path in (place / "__init__.py", place.with_suffix(".py"))]
    return tuple(path for path in paths if path.is_file() and path.is_relative_to(package))


def _counts(path: Path) -> bool:
    return path.is_file() and path.suffix not in SITE | {".pyc"}

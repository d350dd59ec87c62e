"""The text of a kernel and of everything that it uses, so that another process can compile it.

Triton decides when it is imported whether kernels are interpreted or compiled. A process that
interprets them therefore has to send their text to one that compiles, and with the text the names
that it uses: other kernels, numbers marked ``tl.constexpr``, parts of Triton.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

PACKAGE = Path(__file__).parents[1]
PLAIN = (bool, int, float, str, type(None))
Unit = dict[str, Any]


class UnusableNameError(TypeError):
    """A kernel uses a name that a compiled kernel cannot use."""


def python_function(kernel: Any) -> FunctionType:
    """Return the function under ``@triton.jit``, ``@autotune`` and whatever else wraps it.

    Raises TypeError for something that is no kernel.
    """
    found = kernel
    while not isinstance(found, FunctionType) and hasattr(found, "fn"):
        found = found.fn
    if not isinstance(found, FunctionType) or found is kernel:
        raise TypeError(f"a kernel decorated with @triton.jit is needed, got {kernel!r}")
    return found


def gather(kernel: Any, constexprs: dict[str, Any]) -> tuple[list[Unit], str, dict[str, Any]]:
    """Return (units, key of ``kernel``, encoded ``constexprs``): all that the compiler needs.

    A unit is one function: its key, its source without decorators, and its names, encoded. A
    function stands after those that it calls, so that equal kernels make equal units. Raises
    UnusableNameError for a name such as ``torch``.
    """
    units: dict[FunctionType, Unit] = {}
    key = _add(python_function(kernel), units)
    values = {n: _encode(value, n, "an argument", units) for n, value in constexprs.items()}
    return list(units.values()), key, values


def functions_of(kernel: Any) -> list[FunctionType]:
    """Return the functions of a kernel and of all kernels that it calls; raises as ``gather``."""
    units: dict[FunctionType, Unit] = {}
    _add(python_function(kernel), units)
    return list(units)


def of_the_package(function: FunctionType) -> bool:
    """Return whether a function's code, or the source that Triton reads of it, is the course's.

    By files, since ``__module__`` is a text that anybody may change.
    """
    read = inspect.unwrap(function)
    files = (each.__code__.co_filename for each in (function, read) if hasattr(each, "__code__"))
    return any(Path(file).is_relative_to(PACKAGE) for file in files)


def _add(function: FunctionType, units: dict[FunctionType, Unit]) -> str:
    """Put ``function`` and what it calls into ``units``; return its key."""
    if function not in units:
        text = _text_of(function)
        names = {
            name: _encode(value, name, f"line {line}", units)
            for name, (value, line) in _used(function, text.names).items()
        }
        unit = {"name": function.__name__, "source": text.source, "names": names}
        units[function] = unit | {"key": f"{function.__name__}-{len(units)}"}
    return units[function]["key"]


@dataclass(frozen=True)
class _Text:
    """A function's source without decorators, and each name in it with its line, in order."""

    code: CodeType | None
    source: str
    names: list[tuple[str, int]]


# Reading and parsing a source takes longer than a small launch, and a check launches many.
_TEXTS: WeakKeyDictionary[Callable[..., Any], _Text] = WeakKeyDictionary()


def _text_of(function: FunctionType) -> _Text:
    """Return the text of a function, read once for as long as its code is the same object."""
    read = inspect.unwrap(function)
    code = getattr(read, "__code__", None)
    known = _TEXTS.get(read)
    if known is None or known.code is not code:
        source = textwrap.dedent(inspect.getsource(read))
        definition = ast.parse(source).body[0]
        if not isinstance(definition, ast.FunctionDef):
            raise TypeError(f"{function.__name__} must be made by `def`")
        first = definition.lineno - 1
        nodes = (node for part in [definition.args, *definition.body] for node in ast.walk(part))
        names = [(node.id, node.lineno - first) for node in nodes if isinstance(node, ast.Name)]
        lines = source.splitlines()[first:]
        known = _TEXTS[read] = _Text(code, "\n".join(lines) + "\n", names)
    return known


def _used(function: FunctionType, names: list[tuple[str, int]]) -> dict[str, tuple[Any, int]]:
    """Return every global or enclosing name that ``function`` reads, with value and line."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = function.__globals__ | {name: cell.cell_contents for name, cell in cells}
    own = set(function.__code__.co_varnames)
    found: dict[str, tuple[Any, int]] = {}
    for name, line in names:
        if name in known and name not in own:
            found.setdefault(name, (known[name], line))
    return found


def _encode(value: Any, name: str, place: str, units: dict[FunctionType, Unit]) -> dict[str, Any]:
    """Return ``value`` as JSON from which the compiler's process can make it again."""
    jitted = python_function(value) if hasattr(value, "fn") else None
    borrowed = jitted is not None and of_the_package(jitted)  # whatever its __module__ says
    module = "" if borrowed else getattr(jitted or value, "__module__", None) or ""
    if isinstance(value, ModuleType):
        if value.__name__.partition(".")[0] in ("triton", "math"):
            return {"module": value.__name__}
    elif isinstance(value, PLAIN):
        return {"value": value}
    elif type(value).__name__ == "constexpr":
        return {"constexpr": _encode(value.value, name, place, units)}
    elif type(value).__name__ == "dtype" and type(value).__module__.startswith("triton."):
        return {"dtype": value.name}
    elif module.startswith("triton.") and hasattr(jitted or value, "__name__"):
        return {"attribute": [module, (jitted or value).__name__]}
    elif jitted is not None:
        return {"kernel": _add(jitted, units)}
    kind = "module" if isinstance(value, ModuleType) else type(value).__name__
    raise UnusableNameError(
        f"{place}: `{name}` is a {kind} of Python's; a compiled kernel can use only tl, other "
        "kernels, and numbers marked tl.constexpr"
    )

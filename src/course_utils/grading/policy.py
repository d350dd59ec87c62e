"""Which cells are run where the verdict relies on a guard that lives in the student's process.

The guard over Triton kernels watches from inside: code that could reach it could switch it off. So
in these assignments a student's cell may use what a kernel and its launch need, and no part of
Python from which other modules, frames or the guard can be reached. A cell that goes beyond is
left out, with a message; what it defines is then missing.
"""

import ast
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, ModuleType
from typing import Any

# Names that reach beyond what is written: code from text, other namespaces, new kinds of objects.
NAMES = frozenset(
    {
        *("eval", "exec", "compile", "open", "input", "breakpoint", "globals", "locals", "vars"),
        *("dir", "getattr", "setattr", "delattr", "type", "object", "super", "classmethod"),
        *("staticmethod", "property", "memoryview", "help", "get_ipython", "In", "Out"),
    }
)
# Attributes that lead from an object to frames, namespaces, or the inside of a kernel.
ATTRIBUTES = re.compile(
    r"_.*|(gi|cr|ag|tb|f|co|func)_\w+|mro|with_traceback|get_capture_scope|used_global_vals"
    r"|add_pre_run_hook|pre_run_hooks|rewrite\w*|rewritten_fn|apply_|map_|map2_|register_\w*hook"
)
TRITON = frozenset(
    {"jit", "autotune", "heuristics", "Config", "cdiv", "next_power_of_2", "language"}
)
TORCH_CLASSES = frozenset({"Tensor", "Size", "Generator", "device", "dtype", "finfo", "iinfo"})
# Functions of torch in C that load something, or change how it works for everybody.
TORCH_LEFT_OUT = re.compile(
    r"set_.*|init_.*|import_.*|parse_.*|merge_type.*|unify_type.*|from_file|from_numpy|frombuffer|fork"
)
MODULES = (
    *("triton.language", "triton.language.math"),
    *("triton.language.extra", "triton.language.extra.libdevice"),
)
# Modules of which a cell may import these names, and nothing that leads elsewhere.
PARTLY: Mapping[str, frozenset[str]] = {
    "course_utils.kernels.device": frozenset({"DEVICE", "INTERPRETED", "tl", "triton", "torch"}),
    "course_utils.feedback": frozenset({"check"}),
    "collections.abc": frozenset({"Callable", "Iterable", "Mapping", "Sequence"}),
    "typing": frozenset({"Any", "Literal"}),
}
USUAL = {"torch": "torch", "triton": "triton", "tl": "triton.language"}


class BeyondError(Exception):
    """A cell uses something that this assignment does not need; the text says what."""


@dataclass
class Policy:
    """Judges the cells of one notebook in their order.

    ``allowed`` are the modules that a cell may import; ``modules`` the names that stand for
    modules so far: a name given in one cell is there in the next.
    """

    allowed: Sequence[str]
    modules: dict[str, str] = field(default_factory=lambda: dict(USUAL))

    def objection(self, source: str) -> str:
        """Return what in a cell goes beyond, or nothing.

        A cell that is not plain Python (a magic, a syntax error) goes beyond.
        """
        try:
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    self._import(node)
                elif isinstance(node, ast.ImportFrom):
                    self._import_from(node)
            self._visit(tree)
        except (SyntaxError, ValueError, MemoryError):
            return "is not plain Python"
        except RecursionError:
            return "is nested too deeply"
        except BeyondError as error:
            return str(error)
        return ""

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name not in self.allowed:
                raise BeyondError(f"imports {alias.name}")
            if alias.asname is None and "." in alias.name:
                raise BeyondError(f"imports {alias.name} without `as`")
            self.modules[alias.asname or alias.name] = alias.name

    def _import_from(self, node: ast.ImportFrom) -> None:
        module, names = node.module or "", [alias.name for alias in node.names]
        for alias in node.names:
            known = alias.name != "*" and not node.level and self._may_import(module, alias.name)
            if not known:
                raise BeyondError(f"imports {', '.join(names)} from {module or '.'}")
            place = USUAL.get(alias.name, f"{module}.{alias.name}")
            if alias.name in USUAL or place in MODULES:
                self.modules[alias.asname or alias.name] = place

    def _may_import(self, module: str, name: str) -> bool:
        if module not in self.allowed:
            return name in PARTLY.get(module, ())
        _resolve(module, [name, "*"] if f"{module}.{name}" in MODULES else [name])
        return True

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef | ast.Await | ast.Global):
            raise BeyondError(f"uses {type(node).__name__}")
        if isinstance(node, ast.Attribute):
            self._attribute(node)
            return
        if isinstance(node, ast.Name):
            self._name(node)
        for name in _written_names(node):
            if name.startswith("__"):
                raise BeyondError(f"uses {name}")
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _name(self, node: ast.Name) -> None:
        if node.id in NAMES or node.id.startswith("__"):
            raise BeyondError(f"uses {node.id}")
        if node.id in self.modules:
            raise BeyondError(f"uses {node.id} other than for its parts")

    def _attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            raise BeyondError(f"sets .{node.attr}")
        if ATTRIBUTES.fullmatch(node.attr):
            raise BeyondError(f"uses .{node.attr}")
        chain, base = [node.attr], node.value
        while isinstance(base, ast.Attribute) and self._begins_at_a_module(base):
            chain.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id in self.modules:
            _resolve(self.modules[base.id], chain)
        else:
            self._visit(node.value)

    def _begins_at_a_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.modules


def _written_names(node: ast.AST) -> list[str]:
    """Return the names that a node writes down other than as ``Name``."""
    found: list[Any] = [getattr(node, key, None) for key in ("name", "arg", "rest")]
    found += getattr(node, "kwd_attrs", [])
    return [name for name in found if isinstance(name, str)]


def _resolve(module: str, chain: Sequence[str]) -> None:
    """Follow parts of a module. Raises BeyondError where one is not for a cell.

    A chain that ends at a module makes it an object to pass around; ``*`` stands for any part.
    """
    importlib.import_module("course_utils.kernels.device")  # sets Triton up, before its import
    found: Any = importlib.import_module(module)
    place = module
    for part in chain:
        if part == "*":
            return
        found = getattr(found, part, None)
        if not _usable(place, part, found):
            raise BeyondError(f"uses {place}.{part}")
        place = f"{place}.{part}"
        if not isinstance(found, ModuleType):
            return
    raise BeyondError(f"uses {place} other than for its parts")


def _usable(module: str, name: str, found: Any) -> bool:
    if name.startswith("_"):
        return False
    if isinstance(found, ModuleType):
        return f"{module}.{name}" in MODULES
    if module == "triton":
        return name in TRITON
    if module == "torch":
        plain = type(found).__name__ in ("dtype", "layout", "memory_format", "float", "NoneType")
        in_c = isinstance(found, BuiltinFunctionType) and not TORCH_LEFT_OUT.fullmatch(name)
        return plain or in_c or name in TORCH_CLASSES
    return name != "builtin"

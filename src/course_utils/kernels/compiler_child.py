"""The process that compiles: reads one request a line, answers one line, never interprets.

Started by ``compiler.py`` without ``TRITON_INTERPRET``; not for import. A request holds the text
of a kernel (see ``sources.py``), its signature and a target. The answer holds what the assembler
said of the result, the PTX, the machine code and the counts of its instructions.
"""

import collections
import contextlib
import importlib
import io
import json
import linecache
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import triton
import triton.language as tl
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import get_ptxas, get_ptxas_version
from triton.compiler import ASTSource

OPCODE = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9]+)", re.MULTILINE)
SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")


def decode(value: dict[str, Any], kernels: dict[str, Any]) -> Any:
    """Return the object that ``sources.py`` encoded."""
    (kind, content), *_ = value.items()
    match kind:
        case "module":
            return importlib.import_module(content)
        case "constexpr":
            return tl.constexpr(decode(content, kernels))
        case "dtype":
            return tl.dtype(content)
        case "attribute":
            return getattr(importlib.import_module(content[0]), content[1])
        case "kernel":
            return kernels[content]
        case _:
            return content


def kernels_of(units: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the jitted function of every unit by its key."""
    made: dict[str, Any] = {}
    for unit in units:
        file = f"<kernel {unit['key']}>"
        source = unit["source"]
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        namespace = {name: decode(value, made) for name, value in unit["names"].items()}
        namespace["__name__"] = f"kernel_{unit['name']}"
        exec(compile(source, file, "exec", dont_inherit=True), namespace)
        made[unit["key"]] = triton.jit(namespace[unit["name"]])
    return made


def build(request: dict[str, Any]) -> tuple[Any, float, str]:
    """Compile; return (Triton's result, seconds, what the assembler said)."""
    made = kernels_of(request["units"])
    kernel = made[request["kernel"]]
    names = kernel.arg_names
    constants = {name: decode(value, made) for name, value in request["constexprs"].items()}
    signature = {n: "constexpr" if n in constants else request["signature"][n] for n in names}
    attributes = {(names.index(n),): [["tt.divisibility", 16]] for n in request["divisible"]}
    source = ASTSource(kernel, signature, constants, attributes)
    target = GPUTarget("cuda", request["sm"], 32)
    said, start = io.StringIO(), time.perf_counter()
    with contextlib.redirect_stdout(said):
        result = triton.compile(source, target=target, options=request["options"])
    return result, time.perf_counter() - start, said.getvalue()


def inspected(result: Any, sm: int, said: str, disassemble: bool) -> dict[str, Any]:
    """Return what the assembler and the disassembler say of a compiled kernel."""
    ptx = result.asm["ptx"]
    with tempfile.TemporaryDirectory() as folder:
        text, binary = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        text.write_text(ptx)
        binary.write_bytes(result.asm["cubin"])
        if not (SPILLS.search(said) and REGISTERS.search(said)):
            found = re.search(r"\.target\s+(sm_\w+)", ptx)
            name = found[1] if found else f"sm_{sm}"
            command = [get_ptxas(sm).path, "-v", f"-arch={name}", text, "-o", f"{folder}/again"]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        command, sass = [knobs.nvidia.cuobjdump.path, "-sass", binary], ""
        if disassemble:
            sass = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    stores, loads = (
        sum(int(n) for n in column) for column in zip(*SPILLS.findall(said), strict=True)
    )
    metadata = result.metadata
    return {
        "registers": max(int(n) for n in REGISTERS.findall(said)),
        "spill_stores": stores,
        "spill_loads": loads,
        "shared_bytes": metadata.shared,
        "warps": getattr(metadata, "num_warps", None),
        "instructions": dict(collections.Counter(OPCODE.findall(sass)).most_common()),
        "ptx": ptx,
        "sass": sass,
    }


def shortened(error: BaseException) -> str:
    """Return a compiler's error in the few lines that help: the line of the kernel and why."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    reason = str(getattr(chain[-1], "error_message", None) or chain[-1])
    wrapped = re.fullmatch(r"""(\w+Error)\(["'](.*)["']\)""", reason, re.DOTALL)
    reason = wrapped[2] if wrapped else reason or type(chain[-1]).__name__
    reason = " ".join(reason.partition("Note that this is different")[0].split())[:400]
    places = [(getattr(e, "src", None), getattr(e, "node", None)) for e in chain]
    known = [(text, getattr(node, "lineno", None)) for text, node in places if text]
    known = [(text, line) for text, line in known if line]
    if not known:
        return f"{type(chain[-1]).__name__}: {reason}"
    source, line = known[-1]
    return f"line {line}: `{source.splitlines()[line - 1].strip()}`: {reason}"


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one request: results, or ``error``."""
    try:
        result, seconds, said = build(request)
        found = inspected(result, request["sm"], said, request["disassemble"])
        return found | {"seconds": seconds, "error": None}
    except Exception as error:
        return {"error": shortened(error)}


def translated(request: dict[str, Any]) -> dict[str, Any]:
    """Return whether a kernel can be translated, without starting the assembler.

    For a process that may start no other: ``warm`` has asked for what Triton wants to know. The
    answer holds ``error`` and ``shared_bytes``.
    """
    runtime: Any = knobs.runtime
    runtime.add_stages_inspection_hook = _without_assembler
    try:
        return {"error": None, "shared_bytes": build(request)[0].metadata.shared}
    except Exception as error:
        return {"error": shortened(error)}
    finally:
        runtime.add_stages_inspection_hook = None


def _without_assembler(_backend: Any = None, stages: Any = None, *_: Any) -> Any:
    if stages is None:  # Triton asks for the key of this hook in its cache
        return "without assembler", "without assembler"
    stages["cubin"] = lambda _source, _metadata: b"not assembled"
    return None


def warm(targets: tuple[int, ...] = (80, 90)) -> None:
    """Ask the assemblers for their versions: Triton remembers them, and forks inherit it."""
    for target in targets:
        get_ptxas_version(target)


def main() -> None:
    """Answer requests until the other end closes."""
    with contextlib.suppress(AttributeError):
        knobs.nvidia.dump_ptxas_log = True
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

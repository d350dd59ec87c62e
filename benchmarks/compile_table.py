"""Compile every configuration of every reference kernel for sm_80 (A100) and sm_90 (H100, H200).

``python benchmarks/compile_table.py`` needs no GPU and stores, for each, registers a thread, bytes
spilled, shared memory a block, warps and matrix instructions; some minutes on one core.
``python benchmarks/compile_table.py matmul`` compiles again what begins so.
"""

import sys
import time
from typing import Any

from course_utils.kernels.catalogue import Entry, entries
from course_utils.measured import load_measured, store_measured

KEPT = ("HMMA", "HGMMA", "FFMA", "LDGSTS", "UTMALDG", "UTMASTG", "SYNCS", "LDL", "STL")


def row(entry: Entry, sm: int) -> dict[str, Any]:
    """Return what became of one configuration on one target."""
    found = entry.compiled(sm)
    if found.error:
        raise RuntimeError(f"{entry.name}, {entry.config}, sm_{sm}: {found.error}")
    about = {
        "function": entry.name, "kernel": entry.kernel, "config": entry.config,
        "dtype": entry.dtype, "sm": sm,
    }  # fmt: skip
    numbers = {
        "registers": found.registers, "spill stores": found.spill_stores,
        "spill loads": found.spill_loads, "shared bytes": found.shared_bytes,
        "warps": found.warps, "fits": found.fits, "tensor core": found.tensor_core,
    }  # fmt: skip
    counts = {name: found.instructions[name] for name in KEPT if name in found.instructions}
    machine_code = {"instructions": sum(found.instructions.values()), "of these": counts}
    return about | numbers | machine_code | {"seconds": round(found.seconds, 2)}


def main(names: tuple[str, ...]) -> None:
    """Compile the functions that begin with ``names``, or all, and store the table."""
    start, rows, seconds = time.perf_counter(), [], 0.0
    if names:
        stored = load_measured("compile_table")
        rows = [row for row in stored["results"] if not row["function"].startswith(names)]
        seconds = stored["seconds"]
    for entry in entries():
        for sm in entry.targets if entry.name.startswith(names or ("",)) else ():
            rows.append(row(entry, sm))
            print(rows[-1], flush=True)
    seconds += time.perf_counter() - start
    store_measured("compile_table", rows, seconds, ("torch", "triton"))


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))

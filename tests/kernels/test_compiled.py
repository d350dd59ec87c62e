"""Every configuration of every reference kernel compiles, and spills only where the table says."""

import re

import pytest

from course_utils.kernels.catalogue import entries
from course_utils.measured import load_measured

ENTRIES = list(entries())
TABLE = {
    (row["function"], row["kernel"], row["config"], row["dtype"], row["sm"]): row
    for row in load_measured("compile_table")["results"]
}
KEYS = [(e.name, e.kernel, e.config, e.dtype, sm) for e in ENTRIES for sm in e.targets]


def test_the_table_has_every_configuration_and_no_other():
    assert sorted(TABLE) == sorted(KEYS)
    assert len(set(KEYS)) == len(KEYS)


def test_most_configurations_do_not_spill():
    assert sum(row["spill stores"] > 0 for row in TABLE.values()) <= 0.05 * len(TABLE)
    assert all(row["fits"] for row in TABLE.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "index", range(len(ENTRIES)), ids=[f"{e.name}-{e.config}" for e in ENTRIES]
)
def test_it_compiles_as_the_table_says(index):
    entry = ENTRIES[index]
    for sm in entry.targets:
        found = entry.compiled(sm, disassemble=False)
        row = TABLE[entry.name, entry.kernel, entry.config, entry.dtype, sm]
        assert found.error is None
        assert found.fits
        assert found.spills <= (row["spill stores"] > 0)
        assert bool(re.search(r"\b(wgmma\.mma_async|mma\.sync)", found.ptx)) == bool(
            row["tensor core"]
        )
        assert found.shared_bytes == row["shared bytes"]

"""The sets that are downloaded on demand, as ``registry.toml`` lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from .shipped import FOLDER


@dataclass(frozen=True)
class OnDemandSet:
    """One set of ``registry.toml``, whose comments explain each field."""

    name: str
    title: str
    version: int
    home: str
    url: str
    commit: str
    download_bytes: int
    built_bytes: int
    select: tuple[str, ...]
    files: int
    bytes: int
    sha256: str
    licence: str
    citation: str

    @property
    def archive(self) -> str:
        """File name of the archive, in the cache and on a mirror."""
        return f"{self.name}.zip"

    @property
    def folder(self) -> str:
        """Folder of the built set in the cache."""
        return f"{self.name}-v{self.version}"


@cache
def _registry() -> dict[str, OnDemandSet]:
    tables: dict[str, dict[str, Any]] = tomllib.loads(
        (FOLDER / "registry.toml").read_text(encoding="utf-8")
    )
    return {
        name: OnDemandSet(name=name, select=tuple(table.pop("select")), **table)
        for name, table in tables.items()
    }


def available() -> dict[str, OnDemandSet]:
    """Return what ``fetch`` can download: name to title, home, sizes in bytes, licence, citation.

    Reads the registry only: nothing is downloaded, and no set's presence is checked.
    """
    return dict(_registry())

"""Reading a repository's zip archive, and proving that its contents are the expected ones.

A host packs the archive of a commit when it is asked for, and may pack it otherwise next year, so
the file itself has no checksum to hold it to. What is checked instead is every file that is used:
the sha256 of the lines ``<sha256 of the file>  <path>``, sorted by path, equals the registry's.
Any archive with those files passes, however it was packed.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from .registry import OnDemandSet


class DamagedArchiveError(Exception):
    """The archive is not a zip, lacks files, or holds other bytes than expected."""


class Archive:
    """The files of one archive that a set is built from; a context manager.

    Paths are relative to the archive's single top folder (``<repository>-<commit>/``). Nothing is
    extracted by name, so a path in the archive cannot write outside the cache.
    DamagedArchiveError where ``path`` is not a zip file.
    """

    def __init__(self, path: Path, entry: OnDemandSet) -> None:
        self.entry = entry
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError) as error:
            raise DamagedArchiveError(
                "it is not a zip archive, or only a part of one "
                "(a network's login page instead of the file is a usual cause)"
            ) from error
        inside = {info.filename.partition("/")[2]: info for info in self._zip.infolist()}
        self._files = {
            path: info
            for path, info in sorted(inside.items())
            if path.startswith(entry.select) and not info.is_dir()
        }

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._zip.close()

    def paths(self, start: str = "", end: str = "") -> list[str]:
        """Return the sorted paths that start with ``start`` and end with ``end``."""
        return [path for path in self._files if path.startswith(start) and path.endswith(end)]

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; DamagedArchiveError where it does not unpack."""
        try:
            return self._zip.read(self._files[path])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise DamagedArchiveError(f"{path} in it cannot be unpacked: {error}") from error

    def text(self, path: str) -> str:
        """Return one UTF-8 file as text."""
        return self.read(path).decode("utf-8")

    def verify(self) -> None:
        """Raise DamagedArchiveError unless the files are exactly the registry's."""
        count, size = len(self._files), sum(info.file_size for info in self._files.values())
        if (count, size) != (self.entry.files, self.entry.bytes):  # also: never unpack a bomb
            raise DamagedArchiveError(
                f"it holds {count} of the expected files with {size} bytes, "
                f"expected {self.entry.files} files with {self.entry.bytes} bytes"
            )
        found = self.digest()
        if found != self.entry.sha256:
            raise DamagedArchiveError(
                f"its files have sha256 {found}, expected {self.entry.sha256}"
            )

    def digest(self) -> str:
        """Return the sha256 of the lines ``<sha256>  <path>``, as ``sha256sum`` prints them."""
        lines = (f"{hashlib.sha256(self.read(path)).hexdigest()}  {path}\n" for path in self._files)
        return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()

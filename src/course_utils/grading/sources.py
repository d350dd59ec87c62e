"""The files of a download, from a folder or a zip archive, whatever is in it."""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from course_utils.grading.decode import open_regular
from course_utils.grading.notes import RefusedError
from course_utils.grading.results import Message

LARGEST = 50_000_000  # bytes of one file
MOST_FILES = 20_000
LEFTOVERS = {"__MACOSX", "Thumbs.db", "desktop.ini"}
LONGEST_NAME = 1_000
# What Python raises for a damaged or an encrypted member of a zip, and for a method it lacks.
_UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile)
_UNREADABLE += (zlib.error, lzma.LZMAError)
_EXTENDED_TIME = 0x5455  # the extra field of a zip that holds times in UTC


@dataclass(frozen=True)
class Entry:
    """One file of a download: ``name`` is its path in it, ``modified`` in UTC without a zone.

    ``problem`` says why the file must not be read.
    """

    name: str
    open: Callable[[], BinaryIO]
    modified: datetime | None = None
    problem: Message | None = None

    def read(self) -> bytes:
        """Return the content. Raises RefusedError where it is too large or cannot be read."""
        try:
            with self.open() as file:
                content = file.read(LARGEST + 1)  # what a header says of the size may be wrong
        except _UNREADABLE as error:
            text = f"The file could not be read ({type(error).__name__})."
            raise RefusedError("unreadable", text) from None
        if len(content) > LARGEST:
            text = f"The file is larger than {LARGEST // 1_000_000} MB."
            raise RefusedError("too-large", text)
        return content


@contextmanager
def opened(path: Path) -> Iterator[list[Entry]]:
    """Give the files in the folder or zip archive at ``path``; nothing is unpacked or followed.

    Raises ValueError where ``path`` is neither, or holds more than MOST_FILES files.
    """
    if path.is_dir():
        yield _counted(path, _in_folder(path, ""))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"path must be a folder or a zip archive, got {path}: {error}") from None
    with archive:
        files = (info for info in archive.infolist() if not info.is_dir())
        yield _counted(path, (_in_archive(archive, info) for info in files))


def _counted(path: Path, entries: Iterator[Entry]) -> list[Entry]:
    found = []
    for entry in entries:
        found.append(entry)
        if len(found) > MOST_FILES:
            raise ValueError(f"path must hold at most {MOST_FILES} files, got more in {path}")
    return sorted(found, key=lambda entry: entry.name)


def _in_folder(folder: Path, above: str) -> Iterator[Entry]:
    for item in os.scandir(folder):
        name, path = f"{above}{item.name}", Path(item.path)
        if item.is_dir(follow_symlinks=False):
            yield from _in_folder(path, f"{name}/")
            continue
        status = item.stat(follow_symlinks=False)
        modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None, microsecond=0)
        problem = _not_regular(status.st_mode) or _wrong_name(name)
        yield Entry(name, lambda path=path: open_regular(path), modified, problem)


def _in_archive(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name, kind = info.filename.replace("\\", "/"), info.external_attr >> 16
    problem = (_not_regular(kind) if stat.S_IFMT(kind) else None) or _wrong_name(name)
    return Entry(name, lambda: _member(archive, info), _time(info), problem)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    if info.file_size > LARGEST:
        text = f"The file is larger than {LARGEST // 1_000_000} MB."
        raise RefusedError("too-large", text)
    return archive.open(info)  # pyrefly: ignore[bad-return] - an IO[bytes]


def _not_regular(mode: int) -> Message | None:
    if stat.S_ISREG(mode):
        return None
    return Message("link", "This is a link or a device, not a file: it was left out.")


def _wrong_name(name: str) -> Message | None:
    parts = name.split("/")
    if any(part.startswith(".") and part != ".." for part in parts) or LEFTOVERS & {*parts}:
        return Message("hidden-file", "A hidden file of some program was left out.", True)
    unsafe = ".." in parts or name.startswith("/") or ":" in parts[0] or "\0" in name
    if unsafe or len(name) > LONGEST_NAME:
        return Message("unsafe-name", "The name is no safe one, or too long: left out.")
    return None


def _time(info: zipfile.ZipInfo) -> datetime | None:
    """Return when the file was changed: in UTC where the archive says so, else by local time."""
    extra, place = info.extra, 0
    try:
        while place + 4 <= len(extra):
            kind, size = struct.unpack_from("<HH", extra, place)
            if kind == _EXTENDED_TIME and extra[place + 4] & 1:
                seconds = struct.unpack_from("<i", extra, place + 5)[0]
                return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
            place += 4 + size
        local = datetime(*info.date_time)
        return None if local.year <= 1980 else local.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, IndexError, struct.error, OverflowError):
        return None

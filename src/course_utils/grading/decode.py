"""From bytes that anybody may have written to the object that their JSON describes."""

import codecs
import json
import os
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO

from course_utils.grading.notes import Notes, RefusedError

LARGEST = 20_000_000  # bytes of a file; pictures in outputs are most of a large one
# What the JSON may hold, each an object in memory: quotes count inside strings too.
MOST_CONTAINERS, MOST_ITEMS, MOST_QUOTES = 300_000, 2_000_000, 2_000_000
ENCODINGS = {"utf-16": "UTF-16", "utf-32": "UTF-32"}

# Possessive, and a string without its end runs to the end of the text: time is linear.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)


def read_bytes(path: Path) -> bytes:
    """Return what the regular file at ``path`` holds, and one byte more than LARGEST at most.

    No link is followed: neither the file nor the two folders above it, which nbgrader names after
    the student and the assignment, may be one. Raises RefusedError for everything else,
    FileNotFoundError for no file.
    """
    if any(folder.is_symlink() for folder in list(path.absolute().parents)[:2]):
        raise RefusedError("not-a-file", "The submission's folder is a link: it was not followed.")
    with open_regular(path) as file:
        return file.read(LARGEST + 1)


def open_regular(path: Path) -> BinaryIO:
    """Return the regular file at ``path``, open to read; see ``read_bytes`` for the errors."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise RefusedError("not-a-file", "The submission is a link to a file: not followed.")
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except (OSError, ValueError) as error:
        text = f"The file could not be opened: {_reason(error)}."
        raise RefusedError("unreadable", text) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RefusedError("not-a-file", "The submission is no file but a folder or a device.")
    return os.fdopen(descriptor, "rb")


def decode(raw: bytes, notes: Notes) -> Any:
    """Return the object that ``raw`` describes; what was repaired goes to ``notes``.

    Raises RefusedError for what is too large, no JSON, or nested too deeply.
    """
    if len(raw) > LARGEST:
        limit = LARGEST // 1_000_000
        raise RefusedError(
            "too-large", f"The file is larger than {limit} MB. Clear its outputs first."
        )
    if not raw.strip(b"\0 \t\r\n"):
        raise RefusedError("empty-file", "The file is empty.")
    text = _text(raw, notes)
    _refuse_many_parts(text)
    try:
        return _parse(text, notes)
    except RecursionError:
        raise RefusedError("not-json", "The file is nested too deeply to be a notebook.") from None
    except ValueError as error:
        raise RefusedError("not-json", _describe(text, error)) from None


def _text(raw: bytes, notes: Notes) -> str:
    encoding = json.detect_encoding(raw)
    if encoding == "utf-8-sig":
        notes.add("byte-order-mark")
        raw, encoding = raw.removeprefix(codecs.BOM_UTF8), "utf-8"
    wide = next((name for start, name in ENCODINGS.items() if encoding.startswith(start)), "")
    if wide:
        notes.add("encoding", wide)
        return raw.decode(encoding, "replace")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp1252")
        notes.add("encoding", "Windows-1252 or Latin-1")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        notes.add("encoding", "Latin-1")
    return text


def _refuse_many_parts(text: str) -> None:
    """Refuse a small file that would be huge in memory, as 20 MB of ``[],[],`` are."""
    raw = text.encode("utf-8", "replace")
    if not _many_parts(raw):
        return
    if raw.count(b'"') > MOST_QUOTES or _many_parts(_STRING.sub(b"", raw)):
        raise RefusedError(
            "too-large", "The file has more parts than a notebook has. Clear its outputs first."
        )


def _many_parts(raw: bytes) -> bool:
    containers = raw.count(b"{") + raw.count(b"[")
    return containers > MOST_CONTAINERS or raw.count(b",") > MOST_ITEMS


def _parse(text: str, notes: Notes) -> Any:
    odd: set[str] = set()  # NaN, Infinity: adding one to a set returns None, which stands for it
    try:
        content = json.loads(text, parse_constant=odd.add)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more digits than Python converts
        odd.add("an integer of thousands of digits")
        content = json.loads(text, parse_constant=odd.add, parse_int=_short_int)
    for name in sorted(odd):
        notes.add("numbers", name)
    return content


def _short_int(digits: str) -> int:
    return int(digits[:20])


def _describe(text: str, error: ValueError) -> str:
    start = text.lstrip("\ufeff \t\r\n")[:200].lower()
    if start.startswith("<"):
        return "The file is a web page, not a notebook. Download the notebook itself (raw)."
    if start.startswith("pk\x03\x04"):
        return "The file is a zip archive with another name, not a notebook."
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    if isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()):
        return f"The file ends in the middle{where}: it was not stored or uploaded completely."
    return f"The file is not JSON, and so not a notebook{where}."


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__

"""One file over HTTP: resumed, timed out, tried again a bounded number of times, checked.

Pooch, which gives the cache folder and the hashes, starts a broken download again from the first
byte and checks a file only against a hash known beforehand, which the archive of a commit has not.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import DamagedArchiveError

if TYPE_CHECKING:
    from requests import Response

CHUNK = 16 * 1024  # bytes: also the most that a broken connection can lose
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, seconds without a byte, tries, seconds of the first pause (doubled)."""

    connect: float = 10.0
    stall: float = 30.0
    attempts: int = 4
    pause: float = 1.0


class TransferError(Exception):
    """What happened, in words for the user; trying again at once would not help."""


class _PassingError(Exception):
    """What happened, in words; it may go better at the next try."""


class Transfer:
    """Downloads one address to one file.

    What has arrived is kept in ``part`` between tries and between processes, with the address and
    the server's ETag or date beside it; the next try asks for the rest of that very version, and
    starts again where the server sends the whole file or the version changed. ``check`` gets the
    complete file and raises DamagedArchiveError if it is not the right one; it is then thrown away
    and fetched again. Only a checked file is renamed to its final name. ``limit`` (bytes) stops a
    server that sends without end. TransferError says what happened.
    """

    def __init__(
        self,
        part: Path,
        check: Callable[[Path], None],
        *,
        limit: int,
        patience: Patience,
        progress: bool,
    ) -> None:
        self.part, self.note = part, part.with_name(part.name + ".json")
        self.check, self.limit = check, limit
        self.patience, self.progress = patience, progress

    def run(self, url: str, output: Path) -> None:
        """Fetch ``url`` to ``output``."""
        tries = self.patience.attempts
        happened = ""
        for attempt in range(tries):
            if attempt:
                time.sleep(self.patience.pause * 2 ** (attempt - 1))
            try:
                self._attempt(url)
                self.check(self.part)
            except _PassingError as error:
                happened = str(error)
            except DamagedArchiveError as error:
                happened = f"the download was damaged: {error}"
                self._discard()
            else:
                os.replace(self.part, output)
                self.note.unlink(missing_ok=True)
                return
        raise TransferError(f"{happened} (tried {tries} times)")

    def _attempt(self, url: str) -> None:
        """One request, appended to ``part``; returns when the body is complete."""
        import requests  # noqa: PLC0415 - only a download needs it

        start, version = self._resume_point(url)
        try:
            with requests.get(
                url,
                headers=_headers(start, version),
                stream=True,
                timeout=(self.patience.connect, self.patience.stall),
            ) as response:
                if self._is_complete(response, start):
                    return
                start = self._begin(response, url, start)
                self._receive(response, start)
        except requests.exceptions.RequestException as error:
            raise _PassingError(self._in_words(error)) from error

    def _resume_point(self, url: str) -> tuple[int, str]:
        """Bytes of ``url`` that are here, and their version; another address's are dropped."""
        try:
            known = json.loads(self.note.read_text(encoding="utf-8"))
            if known["url"] == url:
                return self.part.stat().st_size, known["version"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass  # no note, or one cut short: what lies there cannot be trusted
        self._discard()
        return 0, ""

    def _is_complete(self, response: Response, start: int) -> bool:
        """Whether the server has nothing beyond what is here; raises on any error status."""
        status = response.status_code
        if status == 416 and start:
            if response.headers.get("Content-Range") == f"bytes */{start}":
                return True
            self._discard()
            raise _PassingError("what was here is longer than the file at the server")
        if status in TEMPORARY:
            raise _PassingError(f"the server answered {status} {response.reason}")
        if status not in (200, 206):
            raise TransferError(f"the server answered {status} {response.reason}")
        return False

    def _begin(self, response: Response, url: str, start: int) -> int:
        """Return where to write: at ``start`` for the rest that was asked for, otherwise at 0."""
        if response.status_code == 206:
            if response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                return start
            self._discard()
            raise _PassingError("the server sent another part of the file than was asked for")
        etag = response.headers.get("ETag", "")
        strong = "" if etag.startswith("W/") else etag  # a weak one does not promise equal bytes
        version = strong or response.headers.get("Last-Modified", "")
        self._discard()
        self.note.write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")
        return 0

    def _receive(self, response: Response, start: int) -> None:
        from tqdm.auto import tqdm  # noqa: PLC0415 - only a download needs it

        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with (
            self.part.open("ab") as file,
            tqdm(
                total=total,
                initial=start,
                unit="B",
                unit_scale=True,
                desc=self.part.stem,
                disable=not self.progress,
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > self.limit:
                    raise TransferError(
                        f"the server sent more than {self.limit} bytes, far more than expected"
                    )

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def _in_words(self, error: Exception) -> str:
        from requests import exceptions  # noqa: PLC0415

        if isinstance(error, exceptions.ConnectTimeout):
            return f"no connection: no answer within {self.patience.connect:g} s"
        if isinstance(error, exceptions.ReadTimeout) or _timed_out(error):
            return f"the server stalled: no byte for {self.patience.stall:g} s"
        if isinstance(error, exceptions.ChunkedEncodingError):
            arrived = self.part.stat().st_size if self.part.exists() else 0
            return f"the connection broke off after {arrived} bytes"
        if isinstance(error, exceptions.ConnectionError):
            return f"no connection (is this machine offline?): {error}"
        return f"{type(error).__name__}: {error}"


def _headers(start: int, version: str) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # a range of compressed bytes would be useless
    if start:
        headers["Range"] = f"bytes={start}-"
    if start and version:
        headers["If-Range"] = version  # another version is sent whole
    return headers


def _timed_out(error: Exception) -> bool:
    """Whether requests wraps a time-out in the middle of a body, as a ConnectionError."""
    from urllib3.exceptions import ReadTimeoutError  # noqa: PLC0415

    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)

"""A web server on this machine that misbehaves on demand, and tiny archives for it to serve."""

from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.data.archive import Archive
from course_utils.data.registry import OnDemandSet, available

XML = (
    "<annotation>"
    "<object><name>WBC</name><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>111</xmax>"
    "<ymax>80</ymax></bndbox></object>"
    "<object><name>RBC</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>9</xmax>"
    "<ymax>9</ymax></bndbox></object>"
    "</annotation>"
)


def picture(width: int, height: int, kind: str, seed: int = 0) -> bytes:
    """A random smooth picture as a file; noise of 1/8 of the size, enlarged."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    packed = io.BytesIO()
    Image.fromarray(coarse).resize((width, height)).save(packed, kind)
    return packed.getvalue()


def zipped(files: dict[str, bytes], top: str = "repository-0123/") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(top + path, content)
    return packed.getvalue()


def tiny_bccd() -> bytes:
    """An archive like the home of bccd320, with three images."""
    files = {
        "LICENSE": b"MIT",
        "README.md": b"not selected",
        "BCCD/ImageSets/Main/trainval.txt": b"",
    }
    for number, split in enumerate(("train", "val", "test")):
        name = f"BloodImage_{number:05d}"
        files[f"BCCD/ImageSets/Main/{split}.txt"] = f"{name}\n".encode()
        files[f"BCCD/JPEGImages/{name}.jpg"] = picture(640, 480, "JPEG", number)
        files[f"BCCD/Annotations/{name}.xml"] = XML.encode()
    return zipped(files)


def entry_for(name: str, archive: bytes, folder: Path) -> OnDemandSet:
    """The registry's entry of ``name``, as it would read if ``archive`` were its home's."""
    path = folder / f"{name}.measured"
    path.write_bytes(archive)
    values = asdict(available()[name]) | {"download_bytes": len(archive)}
    with Archive(path, OnDemandSet(**values)) as source:
        contents = [source.read(path) for path in source.paths()]
        values |= {"files": len(contents), "bytes": sum(map(len, contents))}
        values["sha256"] = source.digest()
    return OnDemandSet(**values)


@dataclass
class Request:
    path: str
    range: str | None
    if_range: str | None
    sent: int = 0


@dataclass
class Loopback:
    """Answers the first requests as ``script`` says, all later ones well.

    A step is a status (503), or ("cut", n): n bytes of the answer, then the connection breaks;
    ("stall", n): n bytes, then silence; ("whole",): a Range header is ignored;
    ("body", bytes): something else; ("endless",): bytes without end.
    """

    content: bytes
    script: list = field(default_factory=list)
    etag: str = '"v1"'
    ranges: bool = True
    requests: list[Request] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Loopback:
        handler = type("Handler", (_Handler,), {"loopback": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"


class _Handler(BaseHTTPRequestHandler):
    loopback: Loopback

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        home = self.loopback
        self.record = Request(self.path, self.headers["Range"], self.headers["If-Range"])
        home.requests.append(self.record)
        step = home.script.pop(0) if home.script else ("serve",)
        if isinstance(step, int):
            self.send_error(step)
        elif step[0] == "body":
            self._send(step[1], 200)
        elif step[0] == "endless":
            self._endless()
        else:
            self._file(step)

    def _file(self, step: tuple) -> None:
        home, total = self.loopback, len(self.loopback.content)
        start = 0
        asked = self.record.range and home.ranges and step[0] != "whole"
        if asked and self.record.if_range in (None, home.etag):
            start = int(self.record.range.removeprefix("bytes=").rstrip("-"))
        if start >= total:
            self._send(b"", 416, {"Content-Range": f"bytes */{total}"})
            return
        body = home.content[start:]
        headers = {"ETag": home.etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        self._send(body, 206 if start else 200, headers, step)

    def _send(
        self, body: bytes, status: int, headers: dict | None = None, step: tuple = ()
    ) -> None:
        self.send_response(status)
        for key, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        limited = step and step[0] in ("cut", "stall")
        part = body[: step[1]] if limited else body
        self.wfile.write(part)
        self.wfile.flush()
        self.record.sent = len(part)
        if limited and step[0] == "stall":
            self.loopback.stalled.set()
            self.loopback.hold.wait(20)

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.loopback.hold.is_set():
                self.wfile.write(bytes(1 << 16))
        except ConnectionError:
            pass

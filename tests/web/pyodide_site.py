"""The built site with Pyodide in it, served on this machine; nothing else can be reached."""

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Overlay(SimpleHTTPRequestHandler):
    """Serves the site, with Pyodide under `_static/pyodide` and the page told so."""

    pyodide: Path

    def translate_path(self, path: str) -> str:
        """Take what belongs to Pyodide from its own folder."""
        name = path.partition("?")[0].partition("/_static/pyodide/")[2]
        return str(self.pyodide / name) if name else super().translate_path(path)

    def do_GET(self) -> None:
        """Answer as the site does that was built with PYODIDE_DIR."""
        if self.path.partition("?")[0] != "/_static/checks/runtime.json":
            super().do_GET()
            return
        facts = json.loads(Path(super().translate_path(self.path)).read_text(encoding="utf-8"))
        body = json.dumps({**facts, "address": "../pyodide/"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path, pyodide: Path) -> Iterator[str]:
    """The address of the site with Pyodide, while the block runs."""
    handler = type("Handler", (Overlay,), {"pyodide": pyodide})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()

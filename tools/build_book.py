"""Build the book into `_build/html`: run what has changed, write the pages, pack them for offline.

Notebooks are run side by side into Jupyter Book's own cache, keyed there on their code. What
the cache cannot see is watched here: the package that the notebooks import and the site's own
parts.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from filelock import FileLock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_client.manager import KernelManager
from offline import pack
from sphinx_external_toc.parsing import parse_toc_yaml
from uses import files_of

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
PAGES = (BUILD / "html", BUILD / ".doctrees")
PACKAGE = Path("src", "course_utils")
SITE_PARTS = ("_config.yml", "_toc.yml", "book/_ext", "site_assets", PACKAGE / "figures")
FILES = ("_config.yml", "_toc.yml", "requirements.txt", "pyproject.toml", "CHANGELOG.md")
INPUTS = (*FILES, "book", "exercises", "site_assets", PACKAGE, "tools")
CELL_SECONDS = 300
QUIET = ["--log-level=ERROR"]  # each kernel would warn that it speaks over a local socket
MOST_WORKERS = 4  # a notebook that trains holds up to a gigabyte


def digest(paths: Iterable[Path]) -> str:
    """Return one hash of the names and contents of files and folders."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                total.update(str(file.relative_to(ROOT)).encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def kept(name: str) -> str:
    """Return what the last build stored under `name`; nothing where there was none."""
    path = BUILD / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def keep(name: str, value: str) -> None:
    """Store `value` under `name` for the next build."""
    scratch = BUILD / f"{name}.part"
    scratch.write_text(value, encoding="utf-8")
    os.replace(scratch, BUILD / name)


def forget(*folders: Path) -> None:
    """Delete built folders."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def forget_what_is_stale() -> None:
    """Delete what an earlier build made from other code or another site."""
    BUILD.mkdir(exist_ok=True)
    used = {
        str(path.relative_to(ROOT)): digest(
            [*files_of(path, ROOT / PACKAGE), ROOT / "requirements.txt"]
        )
        for path in notebooks()
    }
    before = json.loads(kept("uses.json") or "{}")
    stale = [ROOT / name for name, value in used.items() if before.get(name) != value]
    if stale:
        forget_runs(stale)
        forget(*PAGES)
    site = digest(ROOT / part for part in SITE_PARTS)
    if kept("site.sha256") != site:
        forget(*PAGES)
    keep("uses.json", json.dumps(used, indent=1))
    keep("site.sha256", site)


def forget_runs(paths: Iterable[Path]) -> None:
    """Delete the kept results of these notebooks."""
    cache: Any = get_cache(CACHE)  # to the type checker, the key of a record is no number
    for path in paths:
        with contextlib.suppress(KeyError):  # it was never run
            cache.remove_cache(cache.match_cache_notebook(nbformat.read(path, 4)).pk)


def notebooks() -> list[Path]:
    """Return the notebooks of the table of contents, in its order."""
    site_map = parse_toc_yaml(ROOT / "_toc.yml")
    paths = [ROOT / f"{name}.ipynb" for name in site_map]
    return [path for path in paths if path.exists()]


def is_cached(cache: JupyterCacheAbstract, path: Path) -> bool:
    """Return whether the notebook's code has been run already."""
    try:
        cache.match_cache_notebook(nbformat.read(path, 4))
    except KeyError:
        return False
    return True


def execute(
    path: Path,
    cache: JupyterCacheAbstract,
    lock: threading.Lock,
    kernel: KernelManager | None = None,
) -> str:
    """Run one notebook in an empty folder, keep the result, return the error or nothing.

    ``kernel`` says which Python runs it; by default the one of the environment.
    """
    notebook = nbformat.read(path, 4)
    with tempfile.TemporaryDirectory() as folder:
        result = single_nb_execution(
            notebook, folder, CELL_SECONDS, allow_errors=False, km=kernel, extra_arguments=QUIET
        )
    name = path.relative_to(ROOT)
    print(f"  {name}  {result.time:.1f} s{'  FAILED' if result.err else ''}", flush=True)
    if result.err:
        return f"{name}\n{result.exc_string}"
    seconds = {"execution_seconds": result.time}
    with lock:
        bundle = CacheBundleIn(notebook, str(path), data=seconds)
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return ""


def execute_all() -> None:
    """Run every notebook that the cache lacks; stop with the errors if one fails."""
    cache, lock = get_cache(CACHE), threading.Lock()
    missing = [path for path in notebooks() if not is_cached(cache, path)]
    if not missing:
        return
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core a notebook: the same digits everywhere
    # Kernels are forked with numpy, torch and matplotlib in them, where the system can do that.
    os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm-provisioner")
    print(f"Running {len(missing)} notebooks, {workers} at a time", flush=True)
    with ThreadPoolExecutor(workers) as pool:
        errors = list(pool.map(lambda path: execute(path, cache, lock), missing))
    if any(errors):
        sys.exit("\n".join(error for error in errors if error))


def write_pages() -> None:
    """Let Jupyter Book write the pages; a warning is an error, also the next time."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [str(jupyter_book), "build", ".", "-W", "--keep-going", "-q"]
    print("Writing the pages", flush=True)
    # Warnings and errors come by stderr; what is said on stdout is only that it went well.
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        forget(*PAGES)  # or the next build would skip the pages that it has warned about
        sys.exit("The book was not built: see the warnings above.")


def build() -> None:
    """Build the book, unless the last build was of the same files."""
    start = time.monotonic()
    inputs = digest(ROOT / part for part in INPUTS) + os.environ.get("PYODIDE_DIR", "")
    if kept("inputs.sha256") == inputs and (BUILD / "html" / "index.html").is_file():
        print("The book is in _build/html: nothing has changed")
        return
    keep("inputs.sha256", "")  # until this build has succeeded
    forget_what_is_stale()
    execute_all()
    write_pages()
    pack(BUILD / "html")
    keep("inputs.sha256", inputs)
    print(f"The book is in _build/html ({time.monotonic() - start:.0f} s)", flush=True)


def main() -> None:
    """Build the book, after any other build of it in this folder has ended."""
    BUILD.mkdir(exist_ok=True)
    with FileLock(BUILD / "build.lock"):
        build()


if __name__ == "__main__":
    main()

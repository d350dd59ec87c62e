"""Sets that are downloaded when asked for, checked, built on this machine, and kept in a cache."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .archive import Archive, DamagedArchiveError
from .recipes import RECIPES
from .registry import OnDemandSet, available
from .shipped import one_of
from .transfer import Patience, Transfer, TransferError

CACHE_VARIABLE = "COURSE_DATA_DIR"
MIRROR_VARIABLE = "COURSE_DATA_MIRROR"
SUMS = "SHA256SUMS"
PATIENCE = Patience()


class DataUnavailable(RuntimeError):  # noqa: N818 - the name that the book uses
    """A set could not be had; the message says from where, what happened and what to do."""


def fetch(
    name: str, *, cache_dir: str | os.PathLike[str] | None = None, progress: bool = True
) -> Path:
    """Return the folder of an on-demand set, downloading and building it the first time.

    ``name`` is a key of ``available()``. The folder lies in ``cache_dir``, or in the folder that
    the environment variable COURSE_DATA_DIR names, or in the user's cache folder, and its files
    are checked by sha256 at every call. The archive comes from the set's home, or from
    ``$COURSE_DATA_MIRROR/<name>.zip``, or is read from ``<cache>/<name>.zip`` where a person put
    it. Processes that ask at once share one download. ``progress=False`` shows nothing.

    ValueError for another name; DataUnavailable where the set cannot be had.
    """
    one_of("name", name, available())
    entry = available()[name]
    cache = _cache(cache_dir)
    folder = cache / entry.folder
    try:
        if not _is_whole(folder):
            cache.mkdir(parents=True, exist_ok=True)
            with _locked(cache / f"{entry.folder}.lock"):
                if not _is_whole(folder):  # another process may have built it meanwhile
                    _obtain(entry, cache, folder, progress)
    except (TransferError, DamagedArchiveError) as error:
        raise _unavailable(entry, cache, str(error)) from error
    except OSError as error:
        raise _unavailable(entry, cache, f"the cache folder cannot be used: {error}") from error
    return folder


def _cache(cache_dir: str | os.PathLike[str] | None) -> Path:
    import pooch  # noqa: PLC0415 - only an on-demand set needs it

    default = os.environ.get(CACHE_VARIABLE) or pooch.os_cache("learning-to-see")
    return Path(cache_dir or default).expanduser().absolute()


def _source(entry: OnDemandSet) -> str:
    mirror = os.environ.get(MIRROR_VARIABLE)
    return f"{mirror.rstrip('/')}/{entry.archive}" if mirror else entry.url


def _obtain(entry: OnDemandSet, cache: Path, folder: Path, progress: bool) -> None:
    """Build ``folder`` from an archive that a person put into the cache, or download one."""
    archive = cache / entry.archive
    placed = archive.exists()
    _check_room(entry, cache, 0 if placed else entry.download_bytes)
    if placed:
        try:
            _verify(entry, archive)
        except DamagedArchiveError as error:
            raise DamagedArchiveError(
                f"{archive} is not the right file: {error}. Delete it"
            ) from error
    else:
        _download(entry, archive, progress)
    if progress:
        print(f"building {folder} (up to half a minute)", file=sys.stderr)
    _build(entry, archive, folder)
    if not placed:
        archive.unlink()


def _check_room(entry: OnDemandSet, cache: Path, download: int) -> None:
    needed, free = download + 2 * entry.built_bytes, shutil.disk_usage(cache).free
    if free < needed:
        raise OSError(f"{free / 1e6:.0f} MB are free there, {needed / 1e6:.0f} MB are needed")


def _download(entry: OnDemandSet, archive: Path, progress: bool) -> None:
    transfer = Transfer(
        archive.with_name(f"{archive.name}.part"),
        lambda path: _verify(entry, path),
        limit=2 * entry.download_bytes,
        patience=PATIENCE,
        progress=progress,
    )
    transfer.run(_source(entry), archive)


def _verify(entry: OnDemandSet, archive: Path) -> None:
    with Archive(archive, entry) as source:
        source.verify()


def _build(entry: OnDemandSet, archive: Path, folder: Path) -> None:
    """Run the recipe in a folder beside ``folder``, then rename it: never half a set."""
    for stale in folder.parent.glob(f".{folder.name}-*"):  # a killed process left it; we hold
        shutil.rmtree(stale)  # the lock, so nobody works in it
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with Archive(archive, entry) as source:
            RECIPES[entry.name](source, work)
        (work / SUMS).write_text(_sums(work), encoding="utf-8", newline="\n")
        work.chmod(0o755)  # mkdtemp's 0700 would shut others out of a shared cache
        if folder.exists():
            shutil.rmtree(folder)  # it was found damaged
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sums(folder: Path) -> str:
    """One line ``<sha256>  <path>`` a file, sorted: what ``sha256sum -c`` reads."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def _sha256(path: Path) -> str:
    import pooch  # noqa: PLC0415

    return pooch.file_hash(str(path), alg="sha256")


def _is_whole(folder: Path) -> bool:
    """Whether every file that was built is there and unchanged; others may have been added."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        pairs = (line.split("  ", 1) for line in lines)
        return all(_sha256(folder / path) == digest for digest, path in pairs)
    except FileNotFoundError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` alone. The system frees it when a process dies, so no lock outlives its owner.

    Where a network folder knows no locks two processes both download and the rename decides.
    """
    with path.open("a+b") as handle:
        _wait_for(handle)
        yield


def _wait_for(handle: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        while True:
            with suppress(OSError):  # gives up after ten seconds: ask again
                msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                return
    else:
        import fcntl  # noqa: PLC0415

        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)


def _unavailable(entry: OnDemandSet, cache: Path, happened: str) -> DataUnavailable:
    source = _source(entry)
    return DataUnavailable(
        f"the data set {entry.name!r} ({entry.title}) could not be had.\n"
        f"  from: {source}\n"
        f"  to: {cache / entry.folder}\n"
        f"  what happened: {happened}\n"
        "  what to do: check the network and the disk, and run this again (what has arrived is "
        f"kept). Or download {source} ({entry.download_bytes / 1e6:.0f} MB) in another way and "
        f"put it to {cache / entry.archive}. Or set {CACHE_VARIABLE} to a folder that has it, "
        f"or {MIRROR_VARIABLE} to the address of a mirror."
    )

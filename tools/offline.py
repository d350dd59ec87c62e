"""Pack the built site into one zip file, the offline edition, and link it on the start page.

The same site gives the same bytes: names are sorted, and times and permissions are fixed.
"""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

ARCHIVE = "learning-to-see.zip"
FOLDER = "learning-to-see"
START = "book/index.html"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that the format knows
PLACE = re.compile(
    r'(<div class="course-offline\b[^>]*>)(?:<p class="course-download">.*?</p>)?', re.DOTALL
)


def files_of(site: Path) -> Iterator[Path]:
    """Yield what belongs into the archive, in the order of names."""
    for path in sorted(site.rglob("*"), key=lambda path: path.relative_to(site).parts):
        if path.is_file() and path != site / ARCHIVE and path.suffix != ".part":
            yield path


def pack(site: Path) -> Path:
    """Write the archive of ``site`` into it and return its path.

    Raises ValueError where ``site`` has no start page.
    """
    if not (site / START).is_file():
        raise ValueError(f"site: got {site}, expected a built site with {START}")
    link(site, "")  # what is unpacked must not offer itself
    target, scratch = site / ARCHIVE, site / f"{ARCHIVE}.part"
    with zipfile.ZipFile(scratch, "w") as archive:
        for path in files_of(site):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(site).as_posix()}", EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(scratch, target)
    megabytes = max(1, round(target.stat().st_size / 10**6))
    offer = f'<a href="../{ARCHIVE}" download>Download the offline edition</a> ({megabytes} MB).'
    link(site, f'<p class="course-download">{offer}</p>')
    return target


def link(site: Path, paragraph: str) -> None:
    """Put ``paragraph`` at its place on the start page, instead of an earlier one."""
    start = site / START
    before = start.read_text(encoding="utf-8")
    after = PLACE.sub(lambda found: found[1] + paragraph, before)
    if after != before:
        scratch = start.with_suffix(".part")
        scratch.write_text(after, encoding="utf-8")
        os.replace(scratch, start)

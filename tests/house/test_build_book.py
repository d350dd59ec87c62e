"""The build runs what has changed, once, and never hides a failure behind an earlier success."""

import sys
import threading
import time
from pathlib import Path

import build_book
import nbformat
import pytest
from build_book import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """A book of one notebook, which leaves a line in a file each time that it runs."""
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    for name, folder in (("BUILD", "_build"), ("CACHE", "_build/.jupyter_cache")):
        monkeypatch.setattr(build_book, name, tmp_path / folder)
    pages = (tmp_path / "_build/html", tmp_path / "_build/.doctrees")
    monkeypatch.setattr(build_book, "PAGES", pages)
    for folder in (PACKAGE / "measured", "book", "site_assets"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("")
    for name in ("__init__.py", "cli.py", "plotting.py", "measured/__init__.py"):
        (tmp_path / PACKAGE / name).write_text("")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    write(tmp_path)
    return tmp_path


def write(tree: Path, prose: str = "Prose.", code: str = "") -> None:
    count = f"with open({str(tree / 'runs')!r}, 'a') as log:\n    log.write('run ')\n{code}"
    cells = [nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell(count)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tree / "book/page.ipynb")


def runs(tree: Path) -> int:
    """Build without writing pages and return how often the notebook has run until now."""
    build_book.forget_what_is_stale()
    build_book.execute_all()
    return (tree / "runs").read_text().count("run")


def test_only_what_changes_the_result_runs_again(tree):
    write(tree, code="from course_utils import plotting\n'focal'")
    assert runs(tree) == 1
    assert runs(tree) == 1
    write(tree, prose="Other prose.", code="from course_utils import plotting\n'focal'")
    (tree / PACKAGE / "cli.py").write_text("# no notebook imports this")
    (tree / PACKAGE / "weights.py").write_text("# this one imports nothing of it")
    assert runs(tree) == 1
    write(tree, code="from course_utils import plotting\n'focal', 1")
    assert runs(tree) == 2
    (tree / PACKAGE / "plotting.py").write_text("from course_utils.measured import load_measured")
    assert runs(tree) == 3
    (tree / PACKAGE / "measured/vit.json").write_text("{}")
    assert runs(tree) == 3
    (tree / PACKAGE / "measured/focal.json").write_text("{}")
    assert runs(tree) == 4
    (tree / PACKAGE / "measured/__init__.py").write_text("# imported by what is imported")
    assert runs(tree) == 5


def test_an_import_by_a_string_counts_as_all_of_the_package(tree):
    write(tree, code="from course_utils import plotting")
    (tree / PACKAGE / "plotting.py").write_text("importlib.import_module(name)")
    before = build_book.files_of(tree / "book/page.ipynb", tree / PACKAGE)
    assert tree / PACKAGE / "cli.py" in before
    (tree / PACKAGE / "plotting.py").write_text("")
    after = build_book.files_of(tree / "book/page.ipynb", tree / PACKAGE)
    assert after == [tree / PACKAGE / "__init__.py", tree / PACKAGE / "plotting.py"]


@pytest.mark.parametrize(
    "line", ["from .inner import a", "from . import inner", "from .. import cli"]
)
def test_a_relative_import_counts(tree, line):
    write(tree, code="from course_utils import part")
    (tree / PACKAGE / "part").mkdir()
    (tree / PACKAGE / "part/inner.py").write_text("")
    (tree / PACKAGE / "part/__init__.py").write_text(line)
    used = build_book.files_of(tree / "book/page.ipynb", tree / PACKAGE)
    wanted = "cli.py" if ".." in line else "part/inner.py"
    assert tree / PACKAGE / wanted in used


def test_every_notebook_uses_the_figures_that_it_imports():
    used = build_book.files_of(ROOT / "book/gallery.ipynb", ROOT / PACKAGE)
    names = {path.relative_to(ROOT / PACKAGE).as_posix() for path in used}
    assert {"figures/xor.py", "figures/base.py", "__init__.py"} <= names
    assert not any(name.endswith((".js", ".css")) or "grading/" in name for name in names)


def test_a_changed_site_is_written_anew_and_runs_nothing(tree):
    runs(tree)
    (tree / "_build/html").mkdir()
    (tree / "site_assets/custom.css").write_text("a {}")
    assert runs(tree) == 1
    assert not (tree / "_build/html").exists()


def test_a_failing_notebook_is_named_each_time(tree):
    write(tree, code="raise RuntimeError('the cell says why')")
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"book/page.ipynb\n(?s:.*)the cell says why"):
            runs(tree)


def test_pages_with_warnings_are_not_left_behind(tree, monkeypatch):
    for folder in build_book.PAGES:
        folder.mkdir(parents=True)
    fake = tree / "jupyter-book"
    fake.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(1)\n")
    fake.chmod(0o755)
    monkeypatch.setattr(build_book.sys, "executable", str(tree / "python"))
    with pytest.raises(SystemExit, match="was not built"):
        build_book.write_pages()
    assert not any(folder.exists() for folder in build_book.PAGES)


def pages_written(tree, monkeypatch) -> list[Path]:
    """Stand in for Jupyter Book; return the list of the start pages that it has written."""
    written: list[Path] = []

    def write_pages() -> None:
        written.append(tree / "_build/html/index.html")
        written[-1].parent.mkdir(exist_ok=True)
        written[-1].write_text("")

    monkeypatch.setattr(build_book, "write_pages", write_pages)
    monkeypatch.setattr(build_book, "pack", lambda site: None)
    return written


def test_the_same_files_are_not_built_twice(tree, monkeypatch):
    built = pages_written(tree, monkeypatch)
    build_book.main()
    build_book.main()
    assert len(built) == 1
    write(tree, prose="Other prose.")
    build_book.main()
    assert len(built) == 2
    (tree / "_build/html/index.html").unlink()
    build_book.main()
    assert len(built) == 3


def test_two_builds_do_not_mix(tree, monkeypatch):
    written, busy = pages_written(tree, monkeypatch), []

    def pack(site: Path) -> None:
        busy.append(len(written))
        time.sleep(0.3)

    monkeypatch.setattr(build_book, "pack", pack)
    builds = [threading.Thread(target=build_book.main) for _ in range(2)]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    assert busy == [1], "the second waits, and then has nothing to do"


def test_after_a_failure_nothing_counts_as_built(tree, monkeypatch):
    pages_written(tree, monkeypatch)
    build_book.main()
    write(tree, code="raise RuntimeError('no')")
    with pytest.raises(SystemExit):
        build_book.main()
    write(tree)
    assert not build_book.kept("inputs.sha256")

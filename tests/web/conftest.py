"""The built site, served on this machine, and one Chromium for all tests.

    COURSE_SITE  the site; default `_build/html`, built first where it is not up to date
    CHROMIUM     the browser; default `chromium` or `google-chrome` on the PATH

A page is loaded once: `records` keeps everything that the tests ask about it.
"""

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from site_pages import Record, observe

from course_utils.figures import InteractiveFigure

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Renders the module of a figure from its text, as a page's host does.
MOUNT = """async ([text, state]) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const figure = (await import(address)).default;
  figure.render({ model: { get: name => state[name] }, el: document.getElementById("host") });
}"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def serve(folder: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Path:
    given = os.environ.get("COURSE_SITE")
    folder = Path(given) if given else request.getfixturevalue("built_site")
    if not (folder / "index.html").is_file():
        pytest.fail(
            f"no site in {folder}: run `make site` first, or set COURSE_SITE", pytrace=False
        )
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    yield from serve(site)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not program or not Path(program).exists():
        pytest.fail(
            "no Chromium: `apt install chromium`, or set CHROMIUM to the path of a browser",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Page]:
    """The one tab that visits all pages of the site."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.fixture
def mount(browser: Browser) -> Iterator[Callable[[InteractiveFigure], Page]]:
    """Shows one figure alone on a narrow page without motion."""
    page = browser.new_page(viewport={"width": 390, "height": 900}, reduced_motion="reduce")

    def mounted(figure: InteractiveFigure) -> Page:
        state = {k: v for k, v in figure.get_state().items() if not k.startswith("_")}
        state.pop("layout", None)
        page.set_content(f'<style>{figure._css}</style><div id="host"></div>')
        page.evaluate(MOUNT, [figure._esm, state])
        return page

    yield mounted
    page.close()


@pytest.fixture(scope="session")
def record(site: Path, address: str, tab: Page) -> Callable[[str], Record]:
    """What happened when a page (such as "book/index") was loaded."""

    @functools.cache
    def load(name: str) -> Record:
        return observe(tab, address, name)

    return load


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser in which nothing has been read, and which asks nobody but this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
    here = (address, "file:", "blob:", "data:")
    context.route(lambda url: not url.startswith(here), lambda route: route.abort())
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext) -> Page:
    """A page of that browser."""
    return reader.new_page()

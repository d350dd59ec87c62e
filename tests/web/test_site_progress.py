"""What a reader has read and solved: kept in the browser, shown, carried away and forgotten."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from site_pages import ROOT, goto, pages

from course_utils.figures import CourseMap, Node

pytestmark = pytest.mark.web

CHAPTER = "book/04_cnn/02_convolution"
COURSE = [name for name in pages() if re.fullmatch(r"book/(\d\d_\w+/\w+|roadmap)", name)]
SCRIPTS = ("progress.js", "previews.js")
READ = "() => JSON.parse(localStorage.getItem('course:read') ?? '{}')"
SOLVE = """key => {
  localStorage.setItem("course:solved", JSON.stringify({ [key]: "2026-11-28" }));
  document.dispatchEvent(new CustomEvent("course:solved"));
}"""
NODES = [Node("learning", 0, 0, "Fits.", "01_mlp/01_learning"), Node("losses", 1, 0, "Minimise.")]
ALT = "A map of two stops for the test, the second of which rests on the first one."


def test_the_end_of_a_page_marks_it_and_the_reader_has_the_last_word(page: Page) -> None:
    goto(page, f"{CHAPTER}.html")
    assert page.evaluate(READ) == {}
    button = page.locator(".course-end button")
    expect(button).to_have_text("Mark as read")
    current = page.locator(".bd-links a.current")
    button.scroll_into_view_if_needed()
    expect(button).to_have_text("Not read yet")
    assert list(page.evaluate(READ)) == [CHAPTER]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", page.evaluate(READ)[CHAPTER])
    expect(current).to_contain_text("✓")
    expect(current.locator(".visually-hidden")).to_have_text(", read")
    button.press("Enter")
    expect(button).to_have_text("Mark as read")
    expect(current).not_to_contain_text("✓")
    page.evaluate("scrollTo(0, 0)")
    button.scroll_into_view_if_needed()
    expect(button).to_have_text("Mark as read")
    assert page.evaluate(READ) == {}


@pytest.mark.parametrize("name", ["book/index", "book/roadmap"])
def test_progress_is_summed_up(name: str, reader: BrowserContext, page: Page) -> None:
    kept = json.dumps({COURSE[1]: "2026-11-20", "book/glossary": "2026-11-20"})
    reader.add_init_script(f"localStorage.setItem('course:read', {json.dumps(kept)})")
    goto(page, f"{name}.html")
    total = page.locator(".course-sum")
    expect(total).to_contain_text(f"1 of {len(COURSE)} pages read")
    expect(page.locator(".course-progress")).to_contain_text("nothing of it is sent anywhere")
    expect(page.locator(".course-progress a")).to_have_count(1)
    known = page.evaluate("Object.values(window.courseExercises).flat()")
    if known:
        page.evaluate(SOLVE, known[0])
        expect(total).to_contain_text(f", 1 of {len(known)} exercises solved")
        home = page.evaluate("Object.keys(window.courseExercises)[0]").removeprefix("book/")
        mark = page.locator(f'.bd-links a[href$="{home}.html"] .visually-hidden')
        expect(mark).to_contain_text("exercises solved")


def test_progress_goes_to_another_browser_by_a_file(
    browser: Browser, address: str, page: Page, tmp_path: Path
) -> None:
    goto(page, "book/index.html")
    page.evaluate(f"localStorage.setItem('course:read', '{{\"{COURSE[0]}\": \"2026-11-20\"}}')")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)
    assert json.loads(file.read_text()) == {"read": {COURSE[0]: "2026-11-20"}, "solved": {}}

    other = browser.new_page(base_url=address)
    goto(other, "book/index.html")
    other.set_input_files(".course-progress input", file)
    expect(other.locator(".course-sum")).to_contain_text(f"1 of {len(COURSE)} pages")
    expect(other.locator(".course-progress [role=status]")).to_contain_text("Loaded")
    file.write_text('{"read": ["a"], "solved": {}}')
    other.set_input_files(".course-progress input", file)
    expect(other.locator(".course-progress [role=status]")).to_contain_text("Nothing was changed")
    assert list(other.evaluate(READ)) == [COURSE[0]]
    other.on("dialog", lambda dialog: dialog.accept())
    other.get_by_role("button", name="Forget everything").click()
    expect(other.locator(".course-sum")).to_contain_text(f"0 of {len(COURSE)} pages")
    assert other.evaluate(READ) == {}
    other.close()


def test_solved_exercises_go_along_in_the_file(
    browser: Browser, address: str, page: Page, tmp_path: Path
) -> None:
    goto(page, "book/index.html")
    exercises: dict[str, list[str]] = page.evaluate("window.courseExercises")
    home, keys = next(iter(exercises.items()))
    page.evaluate(SOLVE, keys[0])
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)

    other = browser.new_page(base_url=address)
    goto(other, "book/index.html")
    mark = other.locator(f'.bd-links a[href$="{home.removeprefix("book/")}.html"]')
    expect(mark).not_to_contain_text("solved")
    other.set_input_files(".course-progress input", file)
    total = sum(map(len, exercises.values()))
    expect(other.locator(".course-sum")).to_contain_text(f"1 of {total} exercises solved")
    expect(mark).to_contain_text(f"1 of {len(keys)} exercises solved")
    goto(other, f"{home}.html")
    expect(other.locator(".course-end")).to_contain_text(f"1 of {len(keys)} exercises solved")
    solved = other.locator(f'details.check[data-key="{keys[0]}"]')
    expect(solved.locator("summary")).to_contain_text("solved")
    expect(other.locator("details.check summary", has_text="solved")).to_have_count(1)
    other.close()


@pytest.mark.parametrize("kept", ["nonsense", "null", "[]", '{"book/roadmap": 7}'])
def test_what_is_not_ours_in_the_store_is_nothing_read(
    reader: BrowserContext, page: Page, kept: str
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    reader.add_init_script(f"localStorage.setItem('course:read', {json.dumps(kept)})")
    goto(page, "book/index.html")
    expect(page.locator(".course-sum")).to_contain_text(f"0 of {len(COURSE)} pages")
    assert errors == []


def test_a_browser_that_keeps_nothing_says_so(reader: BrowserContext, page: Page) -> None:
    refuse = "Storage.prototype.setItem = () => { throw new DOMException('full'); }"
    reader.add_init_script(refuse)
    goto(page, f"{CHAPTER}.html")
    page.locator(".course-end button").scroll_into_view_if_needed()
    expect(page.locator(".course-end")).to_contain_text("does not let the page remember")


def test_scripts_are_small_and_loaded_once(site: Path) -> None:
    assert sum((ROOT / "site_assets" / name).stat().st_size for name in SCRIPTS) < 14 * 1024
    for name in SCRIPTS:
        assert (site / f"{CHAPTER}.html").read_text("utf-8").count(f"_static/{name}") == 1


def test_the_map_ticks_what_was_read(page: Page) -> None:
    goto(page, "book/index.html")
    page.evaluate("localStorage.setItem('course:read', '{\"book/01_mlp/01_learning\": \"2026\"}')")
    figure = CourseMap(NODES, {"losses": ["learning"]}, alt=ALT)
    state = {key: value for key, value in figure.get_state().items() if not key.startswith("_")}
    state.pop("layout")
    page.evaluate(
        """async ([text, state]) => {
          const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
          const el = document.querySelector("article"), model = { get: name => state[name] };
          (await import(url)).default.render({ model, el });
        }""",
        [figure._esm, state],
    )
    expect(page.get_by_role("button", name="learning, read")).to_contain_text("✓")
    expect(page.get_by_role("button", name="losses", exact=True)).not_to_contain_text("✓")
    page.evaluate("localStorage.clear(); document.dispatchEvent(new CustomEvent('course:read'))")
    expect(page.get_by_role("button", name="learning", exact=True)).not_to_contain_text("✓")


def test_the_map_works_where_nothing_is_kept_and_by_the_keyboard(
    mount: Callable[[CourseMap], Page],
) -> None:
    page = mount(CourseMap(NODES, {"losses": ["learning"]}, alt=ALT))  # a page without a store
    node = page.get_by_role("button", name="losses")
    node.press("Enter")
    expect(node).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_contain_text("Rests on: learning.")


def test_every_page_of_the_map_exists() -> None:
    source = (ROOT / "book" / "roadmap.ipynb").read_text(encoding="utf-8")
    found = re.findall(r'\\"(\d\d_\w+/\w+)\\"', source)
    assert len(found) >= 24
    assert [page for page in found if f"book/{page}" not in pages()] == []

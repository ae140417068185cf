"""The HTML page in a browser: what is seen, with keyboard and pointer, at the width of a desk and of a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shown import EVIDENCE, FIX, finding, odd, run

from tensorlint.finding import Confidence, Evidence, Observed, Sight
from tensorlint.report import html

playwright = pytest.importorskip("playwright.sync_api")
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 800}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it, else playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # who has no sandbox
    with playwright.sync_playwright() as driver:
        if found is None and not Path(driver.chromium.executable_path).exists():
            pytest.skip("there is no browser: playwright install chromium")
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"] if root else [])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a page with findings of each kind, with files of odd names and long lines among them."""
    across = (Evidence("lib/net.py", 3, 1, "made in another file", 3, 4), *EVIDENCE)
    found = [
        finding(evidence=EVIDENCE, fix=FIX),
        finding(path="a/deeply/nested/folder/with/a/very_long_name_of_a_module_in_it.py", evidence=across),
        finding(path="b.py", code="TSL102", name="device-to-numpy", confidence=Confidence.LIKELY, message="`x` " * 60),
        finding(path="c.py", code="TSL102", name="device-to-numpy", confidence=Confidence.POSSIBLE),
        finding(path="r.py", code="TSL103", name="conj-to-numpy", observed=Observed(Sight.CONFIRMED, "`x` " * 60)),
        finding(path="s.py", code="TSL103", name="conj-to-numpy", observed=Observed(Sight.CLEARED, "ran 2 times")),
        *odd(),
    ]
    file = tmp_path_factory.mktemp("page") / "report.html"
    source = "".join(f"{'    ' * (line % 3)}value_{line} = {'long(' * 30}\n" for line in range(20))
    file.write_text("".join(html.render(run(*found, source=source))), encoding="ascii")
    return file.as_uri()


@pytest.fixture
def page(browser: Browser, report: str) -> Iterator[Page]:
    """The page at a desk, which has said nothing and asked for nothing when it is closed."""
    opened = browser.new_page(viewport=DESK)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    opened.on("request", lambda request: complaints.append(request.url) if request.url != report else None)
    opened.goto(report)
    yield opened
    opened.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    """The codes of the findings that are seen."""
    return [each.get_attribute("data-code") for each in page.locator(".finding:visible").all()]


def test_the_filters(page: Page) -> None:
    everything = len(shown(page))
    status = page.locator("output")
    assert status.inner_text() == f"{everything} of {everything} shown"
    page.get_by_label("Rule").select_option("TSL102")
    assert shown(page) == ["TSL102", "TSL102"]
    page.get_by_role("checkbox", name="likely").uncheck()
    assert shown(page) == ["TSL102"]
    assert page.locator("h2:visible").all_inner_texts() == ["c.py", "Rules"]
    assert page.locator("nav li:visible").all_inner_texts() == ["c.py\n1"]
    assert status.inner_text() == f"1 of {everything} shown"
    page.get_by_role("button", name="Reset").click()
    playwright.expect(status).to_have_text(f"{everything} of {everything} shown")
    page.get_by_role("searchbox", name="Text").fill("NN.module  very_long_name")  # words in any order, in either case
    assert shown(page) == ["TSL101"]
    page.get_by_role("searchbox", name="Text").fill("nothing is like this")
    assert shown(page) == []
    assert page.get_by_text("No finding is like that.").is_visible()


def test_what_was_seen_in_a_run_is_a_filter(page: Page) -> None:
    everything = len(shown(page))
    page.get_by_role("checkbox", name="cleared").uncheck()
    assert len(shown(page)) == everything - 1
    assert page.get_by_role("heading", name="s.py").count() == 0
    assert page.get_by_role("heading", name="r.py").count() == 1
    page.get_by_role("button", name="Reset").click()
    playwright.expect(page.locator("output")).to_have_text(f"{everything} of {everything} shown")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    assert page.evaluate(f"{focused}.textContent") == "Skip to the findings"
    assert page.evaluate(f"{focused}.getBoundingClientRect().left") >= 0  # it can be seen now
    for wanted in ("text", "rule", "confidence"):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.name") == wanted
        assert page.evaluate(f"{focused}.matches(':focus-visible')")
    before = len(shown(page))
    page.keyboard.press("Space")
    assert 0 < len(shown(page)) < before
    page.keyboard.press("Space")
    page.locator("#finding-1 .chain a").first.focus()
    assert page.locator("#finding-1 .lit").count() > 0
    page.locator("#finding-1 .source").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)  # scrolling is smooth
    assert page.evaluate(f"{focused}.scrollLeft") > 0  # what is cut off can be reached


def test_a_step_shows_its_place(page: Page) -> None:
    page.locator("#finding-1 .chain a").nth(1).hover()
    lit = page.locator(".lit")
    assert {each.get_attribute("data-steps") for each in lit.all()} == {"2"}
    page.locator("h1").hover()
    assert lit.count() == 0
    page.locator("#finding-1 .chain a").nth(1).click()
    assert page.evaluate("location.hash") == "#finding-1-2"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_is_wider_than_the_screen(size: Any, page: Page) -> None:
    page.set_viewport_size(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    wide = page.evaluate(
        "[...document.querySelectorAll('body *')].filter((each) => !each.closest('.source') &&"
        " each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_lines_are_as_high_as_the_drawing_takes_them_to_be(page: Page) -> None:
    """Each disc is at the height of the line that it stands for."""
    off = page.evaluate(
        """[...document.querySelectorAll(".frame circle")].map((disc) => {
          const step = disc.parentElement.dataset.steps;
          const marks = [...disc.closest(".frame").querySelectorAll("mark")];
          const row = marks.find((each) => each.dataset.steps.split(" ").includes(step)).closest(".row");
          const [one, other] = [disc, row].map((each) => each.getBoundingClientRect());
          return Math.abs(one.top + one.height / 2 - other.top - other.height / 2);
        })"""
    )
    assert len(off) > 10
    assert max(off) <= 1


def test_light_and_dark(browser: Browser, report: str) -> None:
    backgrounds = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(report)
        backgrounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.close()
    assert backgrounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}


def test_it_can_be_read_without_its_script(browser: Browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator(".finding:visible").count() == page.locator(".finding").count() > 10
    assert not page.locator("form").is_visible()  # what would do nothing is not there
    assert page.locator("svg:visible").count() > 10
    context.close()


def test_a_script_that_got_in_would_not_run(browser: Browser, report: str) -> None:
    page = browser.new_page()
    page.goto(report)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">')")
    page.wait_for_timeout(100)
    assert page.evaluate("window.broken") is None
    page.close()

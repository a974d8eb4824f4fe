"""The page in Chromium. Skipped where there is none: `apt-get install chromium`, or CHROMIUM=/path/to/it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from piiguard.formats import html
from piiguard.model import Report

from .builders import HOSTILE, hostile_report, rich_report

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium, or set CHROMIUM)")

PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='http://picture.example/'/></svg>"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two pages."""
    made = tmp_path_factory.mktemp("pages")
    for name, report in (("rich", with_references(rich_report())), ("hostile", hostile_report())):
        page = html.render(report, {app.id: PICTURE for app in report.subject.apps})
        (made / f"{name}.html").write_text(page, encoding="utf-8")
    return made


def with_references(report: Report) -> Report:
    """The rules have references: links to other sites, which nothing follows by itself."""
    rules = {
        name: msgspec.structs.replace(rule, references=("https://reference.example/",))
        for name, rule in report.rules.items()
    }
    return msgspec.structs.replace(report, rules=rules)


def opened(browser: Browser, file: Path, **options: Any) -> tuple[Page, list[str]]:
    """The page, and a list that grows with every complaint of the browser and every request but that for the file."""
    page = browser.new_context(**options).new_page()
    trouble: list[str] = []
    page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.goto(file.as_uri())
    return page, trouble


def shown(page: Page, kind: str) -> int:
    return page.locator(f"[data-item={kind}]:visible").count()


@pytest.mark.parametrize(
    ("name", "scheme", "viewport"),
    [("rich", "light", DESKTOP), ("rich", "dark", DESKTOP), ("rich", "dark", PHONE), ("hostile", "light", PHONE)],
)
def test_axe_finds_nothing(
    browser: Browser, axe: str, folder: Path, name: str, scheme: str, viewport: dict[str, int]
) -> None:
    page, _ = opened(browser, folder / f"{name}.html", color_scheme=scheme, viewport=viewport, bypass_csp=True)
    page.get_by_role("button", name="Open all").click()
    page.add_script_tag(content=axe)
    violations = page.evaluate("axe.run()")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []


@pytest.mark.parametrize("name", ["rich", "hostile"])
def test_no_request_leaves_the_page_and_nothing_is_blocked(browser: Browser, folder: Path, name: str) -> None:
    page, trouble = opened(browser, folder / f"{name}.html")
    page.get_by_role("button", name="Open all").click()
    page.get_by_role("searchbox").fill("kvs")
    page.emulate_media(media="print")
    page.wait_for_load_state("networkidle")
    assert trouble == []


def test_hostile_names_are_text(browser: Browser, folder: Path) -> None:
    page, trouble = opened(browser, folder / "hostile.html")
    assert page.locator("img:not([src^='data:image/svg'])").count() == 0
    assert page.title().count("apps") == 1
    assert "<img src=x>" in HOSTILE
    assert "<img src=x>" in page.locator("main").inner_text()
    assert trouble == []


@pytest.mark.parametrize(
    ("filters", "claims", "observations"),
    [
        ({}, 8, 24),
        ({"answer": "contradicted"}, 2, 23),
        ({"answer": "missing"}, 1, 0),
        ({"category": "pii-egress"}, 2, 1),
        ({"confidence": "likely"}, 2, 1),
        ({"category": "browser-storage"}, 0, 1),
        ({"answer": "supported", "category": "pii-egress"}, 0, 0),
    ],
)
def test_filters(browser: Browser, folder: Path, filters: dict[str, str], claims: int, observations: int) -> None:
    page, _ = opened(browser, folder / "rich.html")
    for name, value in filters.items():
        page.locator(f"select[name={name}]").select_option(value)
    assert (shown(page, "claim"), shown(page, "observation")) == (claims, observations)
    assert f"{claims}" in page.locator("#shown").inner_text()
    assert page.locator("[data-group]:visible").count() == page.locator("[data-group]:has([data-item]:visible)").count()
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.querySelectorAll('[data-item][hidden]').length === 0")


def test_search_takes_all_words_wherever_they_stand(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "rich.html")
    search = page.get_by_role("searchbox")
    search.fill("EMAIL fetch(URL")
    assert (shown(page, "claim"), shown(page, "observation")) == (0, 1)
    search.fill("no such words")
    assert (shown(page, "claim"), shown(page, "observation")) == (0, 0)
    assert page.locator("#shown").inner_text() == "0 of 8 claims, 0 of 24 observations"
    search.fill("")
    assert (shown(page, "claim"), shown(page, "observation")) == (8, 24)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_to_an_observation_opens_it(browser: Browser, folder: Path, scripts: bool) -> None:
    page, _ = opened(browser, folder / "rich.html", java_script_enabled=scripts)
    code = page.locator("#o-aaaa1111 pre")
    assert not code.is_visible()
    page.locator("#claim-1-3-no-personal-data a[href='#o-aaaa1111']").click()
    code.wait_for(state="visible")
    page.locator("#o-aaaa1111 a[href='#claim-1-3-no-personal-data']").click()
    assert page.url.endswith("#claim-1-3-no-personal-data")


def test_a_link_leads_to_what_is_filtered_out(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "rich.html")
    page.locator("select[name=category]").select_option("browser-storage")
    page.evaluate("location.hash = '#o-bbbb2222'")
    page.locator("#o-bbbb2222 pre").wait_for(state="visible")
    assert page.locator("select[name=category]").input_value() == ""


def test_without_scripts_everything_is_there_and_no_dead_control(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "rich.html", java_script_enabled=False)
    assert (shown(page, "claim"), shown(page, "observation")) == (8, 24)
    assert page.locator("form:visible").count() == 0


def test_everything_can_be_reached_with_the_keyboard(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "rich.html")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the verdicts"
    page.keyboard.press("Enter")
    page.locator(".observation summary").first.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator(".observation[open]").count() == 1


@pytest.mark.parametrize("name", ["rich", "hostile"])
def test_nothing_is_wider_than_a_phone(browser: Browser, folder: Path, name: str) -> None:
    page, _ = opened(browser, folder / f"{name}.html", viewport=PHONE)
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_on_paper_everything_is_open_and_controls_are_gone(browser: Browser, folder: Path, scripts: bool) -> None:
    page, _ = opened(browser, folder / "rich.html", java_script_enabled=scripts)
    page.emulate_media(media="print")
    assert page.locator("#o-aaaa1111 pre").bounding_box() is not None
    assert page.locator("nav:visible, form:visible").count() == 0
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed  # A4 in points

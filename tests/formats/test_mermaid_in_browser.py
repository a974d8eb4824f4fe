"""Mermaid itself reads and draws what is written for it. Skipped without `npm install mermaid`, or without Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from playwright.sync_api import Page, sync_playwright

from piiguard.formats.diagram import mermaid
from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.places import LaneId
from piiguard.formats.plain import printable

from .test_diagram import FLOWS, HOSTILE
from .test_html_in_browser import CHROMIUM

SCRIPT = Path(__file__).parents[2] / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium, or set CHROMIUM)"),
    pytest.mark.skipif(not SCRIPT.exists(), reason="mermaid is not installed (npm install mermaid)"),
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page()
        made.set_content("<main></main>")
        made.add_script_tag(path=SCRIPT)
        made.evaluate("mermaid.initialize({startOnLoad: false})")
        yield made
        browser.close()


@settings(max_examples=25, deadline=None)
@given(FLOWS)
def test_it_parses_whatever_the_names_are(page: Page, flow: DataFlow) -> None:
    assert page.evaluate("text => mermaid.parse(text)", mermaid(flow))["diagramType"].startswith("flowchart")


def test_names_are_shown_as_they_are_and_make_nothing_else(page: Page) -> None:
    lanes: tuple[LaneId, ...] = ("customer", "vendor", "other")  # each with so few that none share a box
    nodes = tuple(
        Node(f"d{n}", "destination", name, lane=lanes[n % 3], untold=f"way {n}") for n, name in enumerate(HOSTILE)
    )
    edges = tuple(Edge("a1", node.id) for node in nodes)
    flow = DataFlow(".", "x", (Node("a1", "part", "Back end"), *nodes), edges)
    drawn = "mermaid.render('g', text).then(made => document.querySelector('main').innerHTML = made.svg)"
    page.evaluate(f"text => {drawn}", mermaid(flow))
    shown = [" ".join(text.split()) for text in page.locator("main .node").all_text_contents()]
    assert sorted(shown) == sorted(["Back end", *(" ".join(printable(name).split()) for name in HOSTILE)])
    ways = [text.strip() for text in page.locator("main .edgeLabels .edgeLabel").all_text_contents()]
    assert {node.untold for node in nodes} <= set(ways)
    assert page.locator("main b, main code, main ul, main ol").count() == 0

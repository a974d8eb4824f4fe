"""Pages and style sheets: the fixtures, channels, and odd markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.engines import markup
from piiguard.model import CATEGORIES, App, EngineReport, Language, Manifest, Side, Source, Subject

from .fixture_marks import LANGUAGES, actual, expected, files, rule_of

RULE_IDS = [rule.id for rule in markup.RULES]
CASES = list(files("markup"))


def run(
    text: str, language: Language = "html", path: str = "static/index.html", side: Side = "frontend"
) -> EngineReport:
    source = Source(path=path, app=".", language=language, text=text.encode(), side=side)
    app = App(id=".", name="a", root=".", manifest=Manifest(path="manifest.yml"), sources=(source,))
    return markup.run(Subject(root=".", apps=(app,)))


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_rule_has_fixtures_with_both_marks(rule: str) -> None:
    texts = [path.read_text() for path in CASES if rule_of(path, "markup") == rule]
    for word in ("ruleid", "ok"):
        assert any(named == rule for text in texts for _, named in expected(text, word)), f"no `{word}: {rule}`"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    rule, text = rule_of(path, "markup"), path.read_text()
    found = actual(run(text, LANGUAGES[path.suffix], path.name), path.name, rule)
    assert found == expected(text, "ruleid")
    assert not found & expected(text, "ok")


def test_categories_are_known() -> None:
    assert all(rule.category in CATEGORIES and rule.why and rule.fix for rule in markup.RULES)


@pytest.mark.parametrize(
    ("text", "language", "channel"),
    [
        ('<script src="https://a.example/x.js"></script>', "html", "scripts"),
        ('<img src="https://a.example/x.png">', "html", "images"),
        ('<link rel="shortcut icon" href="https://a.example/x.ico">', "html", "images"),
        ('<link rel="preload" as="style" href="https://a.example/x.css">', "html", "styles"),
        ('<iframe src="https://a.example/"></iframe>', "html", "frames"),
        ('<audio src="https://a.example/x.mp3"></audio>', "html", "media"),
        ("@import 'https://a.example/x.css';", "css", "styles"),
        ("@font-face { src: url(https://a.example/x.woff2) }", "css", "fonts"),
        ("@font-face { src: local(x) } p { background: url(https://a.example/x.png) }", "css", "images"),
    ],
)
def test_channel_and_host(text: str, language: Language, channel: str) -> None:
    (mark,) = run(text, language).marks
    assert mark.host == "a.example"
    assert mark.attributes["channel"] == channel


@pytest.mark.parametrize(("side", "kind"), [("frontend", None), ("backend", "template"), ("either", "template")])
def test_a_page_that_no_front_end_shows_is_told_apart(side: Side, kind: str | None) -> None:
    (mark,) = run('<img src="https://a.example/x.png">', side=side).marks
    assert mark.attributes.get("path_kind") == kind


def test_place_is_that_of_the_tag() -> None:
    (mark,) = run('<p>\n  <img\n    src="https://a.example/x.png">').marks
    assert (mark.location.start_line, mark.location.start_column) == (2, 3)


def test_place_inside_a_style_element() -> None:
    (mark,) = run("<style>\n\n  @import 'https://a.example/x.css';\n</style>").marks
    assert (mark.location.start_line, mark.location.start_column) == (3, 3)


def test_a_load_from_a_tracker_is_both() -> None:
    marks = run('<script src="https://static.hotjar.com/x.js"></script>').marks
    assert {mark.rule for mark in marks} == {"html-external-script", "html-recorder"}


ODD = [
    "",
    "<",
    "<script",
    "<script src=",
    "<style>@import",
    "<!--",
    "<img src='//'>",
    "<img src='https://${host}/'>",
    "</p>" * 999,
    "<a " * 50_000,
    "<!--" * 50_000,
]
"""The last ones take minutes where each unclosed tag is read to the end of the page."""


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_markup_does_no_harm(text: str) -> None:
    assert not run(text).marks
    assert not run(text, "css").marks

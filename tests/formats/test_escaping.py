"""Whatever the scanned repository calls its files, the formats print it as text. For any string, not for examples."""

from __future__ import annotations

import html
import json
import unicodedata

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from piiguard.formats import FORMATS, markdown, text
from piiguard.formats.plain import UNPRINTABLE, encodable, printable
from piiguard.model import Judgement, Location

from .builders import observation, report, verdict

ANYTHING = st.text(st.characters(), max_size=40) | st.text("`|*_[]()<>!#@&\\~-+.=:/ a1\x1b\udc80\u202e", max_size=20)


def controls(said: str) -> set[str]:
    return {character for character in said if unicodedata.category(character) in UNPRINTABLE}


def visible(said: str) -> str:
    return " ".join(html.unescape(said).replace("\u200b", "").split())


@given(ANYTHING)
def test_printable_has_no_controls_and_is_stable(said: str) -> None:
    shown = printable(said)
    assert not controls(shown)
    assert printable(shown) == shown


@given(ANYTHING)
def test_escaped_markdown_reads_as_the_text(said: str) -> None:
    page = MarkdownIt("commonmark", {"html": True}).render("x " + markdown.escape(said))
    assert page.startswith("<p>x")
    assert "<" not in page.removeprefix("<p>").removesuffix("</p>\n")
    assert visible(page.removeprefix("<p>x").removesuffix("</p>\n")) == visible(html.escape(printable(said)))


@given(ANYTHING)
def test_code_span_is_one_span(said: str) -> None:
    page = MarkdownIt("commonmark", {"html": True}).render("x " + markdown.code(said) + " y")
    assert page.startswith("<p>x <code>")
    assert page.endswith("</code> y</p>\n")
    assert page.count("<") == 4


@given(ANYTHING)
def test_encodable_can_be_encoded(said: str) -> None:
    json.dumps(encodable({said: [said, (said,)]}), ensure_ascii=False).encode()


@settings(deadline=None)
@given(ANYTHING)
def test_every_format_survives(said: str) -> None:
    found = observation("f1", location=Location(said, 3, 1, 3, 5), message=said, host=said, attributes={"a": said})
    judgement = Judgement((verdict(3, "no-x", "contradicted", reason=said, observations=("f1",)),), findings=("f1",))
    hostile = msgspec.structs.replace(report((found,), judgement), snippets={"f1": (said, said, said)})
    for name, render in FORMATS.items():
        written = render(hostile)
        assert not controls(written) - {"\n"}, name
        assert written.endswith("\n")
    assert not controls(text.render(hostile, text.View(width=40))) - {"\n"}

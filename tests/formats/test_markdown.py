"""Markdown: complete, within the size of a comment, and nothing of the scanned repository is markup in it."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from piiguard.formats import markdown, overview
from piiguard.model import Gap, Judgement, Report

from .builders import HOSTILE, hostile_report, observation, place, report, rich_report, verdict

OURS = re.compile(r"</?(details|summary|code)>|<br>")


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_every_finding_and_gap_is_named_with_its_place() -> None:
    given = rich_report()
    said = markdown.render(given)
    for finding in overview.findings(given):
        assert f"- `{finding.location.path}:{finding.location.start_line}` " in said
    for gap in given.gaps:
        assert gap.path in said
        assert gap.why in said


def test_verdict_comes_first() -> None:
    assert markdown.render(rich_report()).startswith("## ✗ 2 of 7 claims contradicted by 22 findings")


def test_section_table_has_a_row_per_section() -> None:
    table = [line for line in markdown.render(rich_report()).splitlines() if line.startswith("|")]
    assert len(table) == 2 + 5
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in table)


def test_open_claims_are_listed_with_their_reason() -> None:
    assert "- ? **3. Minimal scopes**: a call could not be resolved" in markdown.render(rich_report())


def test_hostile_names_are_text() -> None:
    page = rendered(markdown.render(hostile_report()))
    assert "<img" not in page
    assert "<a " not in page
    without = OURS.sub("", re.sub(r"<(h\d|p|li|ul|ol|table|thead|tbody|tr|t[hd]|strong|pre|hr)\b[^>]*>", "", page))
    without = re.sub(r"</(h\d|p|li|ul|ol|table|thead|tbody|tr|t[hd]|strong|pre)>", "", without)
    assert "<" not in without


def test_no_mention_outside_of_code() -> None:
    page = rendered(markdown.render(hostile_report()))
    prose = re.sub(r"<code>.*?</code>", "", page, flags=re.S)
    assert not re.search(r"@\w", prose)


@pytest.mark.parametrize(
    "text",
    [
        "*a*",
        "_a_",
        "`a`",
        "[a](b)",
        "<b>",
        "# a",
        "- a",
        "1. a",
        "> a",
        "a|b",
        "https://a.example",
        "~~a~~",
        "![a](b)",
        "\\*a*",
        "&lt;",
    ],
)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    page = rendered(markdown.escape(text)).removeprefix("<p>").removesuffix("</p>\n")
    entities = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&", "\u200b": ""}
    for entity, character in entities.items():
        page = page.replace(entity, character)
    assert page == text


def test_nothing_that_github_makes_a_link_of_by_itself() -> None:
    said = html.unescape(markdown.escape("https://a.example www.a.example me@a.example #12 @team"))
    for linking in ("://", "www.", "@", "#"):
        assert not re.search(re.escape(linking) + r"\w", said)


@pytest.mark.parametrize("text", ["a", "`", "``a`", " a", "a|b", "<b>", "`a``", HOSTILE])
def test_code_span_reads_as_it_was(text: str) -> None:
    page = rendered(markdown.code(text))
    assert page.count("<code>") == 1
    assert page.startswith("<p><code>")
    assert page.endswith("</code></p>\n")


def test_code_block_cannot_be_left() -> None:
    page = rendered(markdown.fenced(["```", "````", "</code></pre><img>"]))
    assert page.count("<pre>") == 1
    assert "<img" not in page


def many(count: int) -> Report:
    found = tuple(
        observation(f"id{n:06d}", location=place(f"src/some/folder/file{n}.js", n + 1), data=("account-id",))
        for n in range(count)
    )
    ids = tuple(item.id for item in found)
    broken = verdict(3, "no-personal-data", "contradicted", observations=ids)
    gaps = tuple(Gap(f"src/gap{n}.js", "does not parse") for n in range(count))
    return report(found, Judgement(verdicts=(broken,), findings=ids), gaps)


def test_size_is_limited_and_the_note_adds_up() -> None:
    said = markdown.render(many(2000))
    assert len(said) <= markdown.LIMIT
    note = said.strip().splitlines()[-1]
    assert note.startswith("**Cut short.**")
    shown = said.count("- `src/some/folder/")
    missing = int(re.search(r"([\d,]+) findings", note)[1].replace(",", ""))  # type: ignore[index]
    assert shown + missing == 2000


def test_small_report_has_no_note() -> None:
    assert "Cut short" not in markdown.render(rich_report())

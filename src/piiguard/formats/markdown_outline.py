"""Where a Markdown document has its headings, tables and drawings, as CommonMark reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

from piiguard.errors import UsageError

_FRONT_MATTER = re.compile(r"\A---\n(?:.*\n)*?(?:---|\.\.\.)(?:\n|\Z)")
_NUMBERED = re.compile(r"^\d{1,2}\.[ \t]+(\S[^.:!?]{0,60})$")
"""A heading of a document that has no other kind."""
_NUMBER = re.compile(r"^[\d.]+[.)]?\s+")
_UNTIL = (
    (re.compile(r" {0,3}<!--"), "-->", "comment"),
    (re.compile(r" {0,3}<\?"), "?>", "instruction"),
    (re.compile(r" {0,3}<!\[CDATA\["), "]]>", "CDATA section"),
    (re.compile(r" {0,3}<![A-Za-z]"), ">", "declaration"),
    (re.compile(r" {0,3}<(?:script|pre|style|textarea)(?=[\s>]|$)", re.IGNORECASE), "</", "element"),
)
"""HTML that only its own end closes: how it begins, how it ends, what it is called."""

Lines = tuple[int, int]
"""First line and the line after the last, from 0."""


class Section(msgspec.Struct, frozen=True):
    """A heading's title without its number, and the lines below it, subsections included."""

    title: str
    start: int
    end: int
    level: int = 1


class Outline(msgspec.Struct, frozen=True):
    """The parts of a document that stand in no list, quotation or other container."""

    literal: frozenset[int]
    """Lines of code blocks and of HTML, where a marker or heading is none. One-line comments are not among them."""
    sections: tuple[Section, ...]
    tables: tuple[Lines, ...]
    drawings: tuple[Lines, ...]
    """Mermaid blocks, with their fences."""


def outline(lines: list[str]) -> Outline:
    """The outline of a document. Raises UsageError for a code block or HTML that nothing closes: what would be added
    after it, would be part of it.
    """
    text = "\n".join(line.rstrip("\r").replace("\r", " ") for line in lines)
    text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), text)
    tokens = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").parse(text)
    for token in tokens:
        _refuse_open(token, lines)
    spans = [(token, token.map[0], token.map[1]) for token in tokens if token.map]
    literal = {
        number
        for token, start, end in spans
        if token.type in ("fence", "code_block") or (token.type == "html_block" and not _is_comment(token))
        for number in range(start, end)
    }
    fences = [(start, end) for token, start, end in spans if token.type == "fence" and _is_mermaid(token)]
    tables = [(start, end) for token, start, end in spans if token.type == "table_open" and token.level == 0]
    return Outline(frozenset(literal), tuple(_sections(tokens, lines)), tuple(tables), tuple(fences))


def _is_comment(token: Token) -> bool:
    return bool(re.fullmatch(r"\s*<!--.*-->\s*", token.content)) and "\n" not in token.content.strip()


def _is_mermaid(token: Token) -> bool:
    return token.level == 0 and token.info.strip().split(" ")[0].lower() == "mermaid"


def _refuse_open(token: Token, lines: list[str]) -> None:
    """A block of the document itself that runs to its end for want of a closing line."""
    if token.level or token.map is None or token.type not in ("fence", "html_block"):
        return
    what = ""
    if token.type == "fence":
        last = lines[token.map[1] - 1].strip()
        closed = token.map[1] - token.map[0] > 1 and last.startswith(token.markup) and not last.strip(token.markup[0])
        what = "" if closed else "code fence"
    else:
        for begins, end, name in _UNTIL:
            if found := begins.match(token.content):
                what = "" if end in token.content[found.end() :] else name
                break
    if what:
        raise UsageError(f"the {what} that begins on line {token.map[0] + 1} is never closed", todo="Close it")


def _sections(tokens: list[Token], lines: list[str]) -> Iterator[Section]:
    heads = [
        (token.map, int(token.tag[1]), tokens[index + 1].content)
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    if not heads:
        found = ((number, _NUMBERED.match(line)) for number, line in enumerate(lines))
        heads = [([number, number + 1], 1, match[1]) for number, match in found if match]
    for place, ((_, below), level, title) in enumerate(heads):
        end = next((other[0] for other, deep, _ in heads[place + 1 :] if deep <= level), len(lines))
        yield Section(_NUMBER.sub("", title.strip(" *_#")), below, end, level)

"""Markdown: CommonMark with tables; HTML inside it is read as HTML, and indented text as plain text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from piiguard.claims.document.html import read_html
from piiguard.claims.document.pieces import Piece, comma_table, labelled_lines, table
from piiguard.claims.document.plain import read_plain
from piiguard.claims.document.text import Gathered
from piiguard.trustcenter import Text

_FRONT_MATTER = re.compile(r"\A---\r?\n.*?\r?\n(?:---|\.\.\.)\r?\n", re.DOTALL)
_TAG = re.compile(r"\s*</?[a-zA-Z][\w-]*[\s>/]")
"""What an indented line of HTML begins with, after an empty line in the middle of its page."""
_DEEPEST = 40
"""Levels of lists and quotes; what is nested deeper is read as text without structure."""
_MARKERS = re.compile(r"^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])(?=\s)[\s>]*)*")
_TEXT_FENCES = frozenset({"", "csv", "text", "txt", "markdown", "md"})


def read_markdown(text: str) -> Iterator[Piece]:
    """The pieces of a Markdown text."""
    front = _FRONT_MATTER.match(text)
    if front:
        text = "\n" * front[0].count("\n") + text[front.end() :]
    tokens = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table").parse(text)
    lines = text.split("\n")
    index = 0
    while index < len(tokens):
        token = tokens[index]
        first = (token.map[0] if token.map else 0) + 1
        if token.type == "table_open":
            end = _closing(tokens, index, "table_close")
            yield table(_rows(tokens[index:end]))
            index = end
        elif token.type == "heading_open":
            body = _body(tokens[index + 1], first)
            if body:
                yield Piece("heading", body, int(token.tag[1]))
            index += 2
        elif token.type == "html_block" or (token.type == "code_block" and _TAG.match(token.content)):
            yield from read_html(token.content, first)
        elif token.type == "code_block" or (token.type == "fence" and token.info.strip() in _TEXT_FENCES):
            yield from read_plain(textwrap.dedent(token.content), first + (token.type == "fence"))
        elif token.type == "inline":
            inside = tokens[index - 2].type == "list_item_open" or (index > 1 and _in_item(tokens, index))
            yield from _paragraph(token, first, "item" if inside else "paragraph")
        elif token.type in ("blockquote_open", "list_item_open") and token.level + 1 >= _DEEPEST and token.map:
            deep = lines[slice(*token.map)]
            yield from read_plain("\n".join(_MARKERS.sub("", line) for line in deep), first)
        index += 1


def _closing(tokens: Sequence[Token], index: int, kind: str) -> int:
    while tokens[index].type != kind:
        index += 1
    return index


def _in_item(tokens: Sequence[Token], index: int) -> bool:
    """Whether the paragraph is the first of a list item; later ones are its prose."""
    return tokens[index - 1].type == "paragraph_open" and tokens[index - 2].type == "list_item_open"


def _rows(tokens: Sequence[Token]) -> Iterator[tuple[int, list[str]]]:
    cells: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "tr_open":
            cells, line = [], (token.map[0] if token.map else 0) + 1
        elif token.type == "inline":
            body = _body(token, line)
            cells.append(body.text if body else "")
        elif token.type == "tr_close":
            yield line, cells


def _paragraph(token: Token, first: int, kind: str) -> Iterator[Piece]:
    lines = token.content.split("\n")
    found = comma_table(list(enumerate(lines, first)))
    if found:
        yield found
    elif labelled_lines(lines):
        for part in _lines_of(token):
            body = _body_of(part, first)
            first += 1
            if body:
                yield Piece("paragraph", body)
    else:
        body = _body(token, first)
        if body:
            bold = kind == "paragraph" and token.content.startswith(("**", "__")) and _all_bold(token)
            depth = token.level // 2 if kind == "item" else 0
            yield Piece("item" if kind == "item" else "paragraph", body, depth, bold=bold)


def _all_bold(token: Token) -> bool:
    depth = 0
    for child in token.children or ():
        if child.type == "strong_open":
            depth += 1
        elif child.type == "strong_close":
            depth -= 1
        elif child.content.strip(" :") and not depth:
            return False
    return True


def _lines_of(token: Token) -> Iterator[list[Token]]:
    part: list[Token] = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            yield part
            part = []
        else:
            part.append(child)
    yield part


def _body(token: Token, first: int) -> Text | None:
    return _body_of(token.children or (), first)


def _body_of(children: Sequence[Token], line: int) -> Text | None:
    gathered = Gathered()
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
            gathered.add(" ", line)
        elif child.type == "html_inline" and child.content.lower().startswith("<br"):
            gathered.add(" ", line)
        elif child.type in ("text", "code_inline") or child.type == "image":
            gathered.add(child.content, line)
    return gathered.done()

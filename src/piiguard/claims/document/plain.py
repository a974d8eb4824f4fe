"""Plain text, as a page looks when it is copied from a browser: numbered titles, dashes, pipes, and lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from piiguard.claims.document.pieces import Piece, comma_table, pipe_cells, runs, table
from piiguard.claims.document.sections import section_of
from piiguard.claims.document.text import Gathered
from piiguard.trustcenter import Text

_BULLET = re.compile(r"^\s*(?:[-*•◦▪‣·–—✓✔✗✘❌✅]|\(?[a-z]\)|\d{1,2}[.)])\s+(?=\S)")
_DASHED = re.compile(r"^\s*(?:[-*•◦▪‣·–—✓✔✗✘❌✅]|\(?[a-z]\))\s+(?=\S)")
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,3})[.)]?\s+\S")
_HASHES = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_UNDERLINE = re.compile(r"^\s*(={3,}|-{3,}|~{3,})\s*$")
_WRAPPED = 60
"""A line shorter than this ends its paragraph: nobody wraps there."""
_ONE_LABEL = re.compile(r"^[^\d][^:|]*:\s+\S")
_MARKS = re.compile(r"\*\*|__|(?<!\w)[*_`]|[*_`](?!\w)")


def read_plain(text: str, first_line: int = 1) -> Iterator[Piece]:
    """The pieces of a text."""
    for run in runs(enumerate(text.split("\n"), first_line)):
        yield from _run(run)


def _run(lines: list[tuple[int, str]]) -> Iterator[Piece]:
    found = comma_table(lines)
    if found:
        yield found
        return
    index = 0
    while index < len(lines):
        taken, pieces = _next(lines, index)
        yield from pieces
        index += taken


def _next(lines: list[tuple[int, str]], index: int) -> tuple[int, list[Piece]]:
    """How many lines the next piece takes, and the piece."""
    number, line = lines[index]
    rows = _pipe_rows(lines, index)
    if rows:
        return len(rows), [table([row for row in rows if row[1]])]
    if _UNDERLINE.match(line):
        return 1, []
    hashes = _HASHES.match(line)
    if hashes:
        return 1, [Piece("heading", _text(hashes[2], number), len(hashes[1]))]
    after = lines[index + 1][1] if index + 1 < len(lines) else ""
    title = _title(line.strip(), after)
    if title:
        return 1, [Piece("heading", _text(line, number), title)]
    bullet = _BULLET.match(line)
    gathered = Gathered()
    gathered.add(_MARKS.sub("", line[bullet.end() :] if bullet else line), number)
    taken = 1
    while index + taken < len(lines) and _continues(lines[index + taken - 1][1], lines[index + taken][1]):
        gathered.add("\n" + _MARKS.sub("", lines[index + taken][1]), lines[index + taken][0] - 1)
        taken += 1
    body = gathered.done()
    return taken, [Piece("item" if bullet else "paragraph", body)] if body else []


def _pipe_rows(lines: list[tuple[int, str]], index: int) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    for number, line in lines[index:]:
        cells = pipe_cells(line)
        if cells is None:
            break
        rows.append((number, cells))
    return rows if len(rows) > 1 else []


def _continues(line: str, after: str) -> bool:
    """Whether the text of a line goes on in the next one."""
    if _BULLET.match(after) or _HASHES.match(after) or pipe_cells(after) is not None or _UNDERLINE.match(after):
        return False
    indented = after[:1].isspace()
    if _title(after.strip(), "") and after[:1].isupper():
        return False
    ended = line.rstrip()[-1:] in ".:!?;" and not indented
    return not ended and (len(line) >= _WRAPPED or indented or after[:1].islower())


def _title(line: str, after: str) -> int:
    """Level of a line that is a title, or 0. A numbered title is above one without a number, unless it is a section."""
    words = line.split()
    if _UNDERLINE.match(after):
        return 1 if "=" in after else 2
    if len(words) > 12 or line[-1] in ".,;:!" or _DASHED.match(line) or len(line) > 90:
        return 0
    if _ONE_LABEL.match(line):
        return 0
    numbered = _NUMBERED.match(line)
    if numbered:
        return 2 + numbered[1].count(".")
    telling = [word for word in words if len(word) > 3 and word[0].isalpha()]
    if not telling or not words[0][0].isupper() or len(words) > 9:
        return 0
    capitals = sum(word[0].isupper() for word in telling)
    if capitals * 2 < len(telling):
        return 0
    return 2 if section_of(line, strict=True) else 5


def _text(line: str, number: int) -> Text:
    gathered = Gathered()
    gathered.add(_MARKS.sub("", line).strip(), number)
    return gathered.done() or Text("", ((0, number),))

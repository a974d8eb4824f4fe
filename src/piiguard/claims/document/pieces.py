"""From what a reader saw in a row (headings, paragraphs, items, tables) to blocks that know their place.

Every format's reader yields pieces; what a document means by its shape is decided here, once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from piiguard.trustcenter import Block, Heading, Row, Table, Text

Kind = Literal["heading", "paragraph", "item", "term", "definition", "table"]
_SUBHEADING = 7
"""Level of a line in bold that stands alone: below every real heading."""
_NUMBER = re.compile(r"^(?:(?:section|§)\s*)?(\d{1,2}(?:\.\d{1,2}){0,3})(?:[.):]|\s|$)[\s\-–—:]*", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?P<label>[^\s:.!?][^:.!?|]{0,78}?)\s*:\s+(?=\S)|^(?P<dashed>[A-Z][^:.!?|,]{0,40}?)\s+[–—-]\s+(?=\S)"
)
_ONE_LABEL = re.compile(r"^[\w\"'(&/][^:.!?|]{0,60}:\s+\S")
_QUESTION = re.compile(r"^(?:Q(?:uestion)?\s*\d*\s*[:.)]\s*)?(.{5,300}\?)$")
_ANSWER = re.compile(r"^A(?:nswer)?\s*\d*\s*[:.)]\s+")
_INLINE_QUESTION = re.compile(
    r"^(?:Q\s*\d*[:.)]\s*)?((?:do|does|is|are|can|will|did|has|have|may)\b[^?.]{5,200}\?)\s+", re.I
)
_OPEN = re.compile(
    r"\b(?:not|never|to|with|by|from|no|only|is|are|stor(?:e|es|ed)|collect(?:s|ed)?|us(?:e|es|ed)|keeps?|shares?|requests?|logs?|sends?|access(?:es)?"
    r"|process(?:es)?|remov(?:es|ing)|deletes?|without|doesn't|don't|following|for|can|may)\s*:$",
    re.IGNORECASE,
)
"""A sentence that its list completes: `The apps do not:`."""
_OPEN_TITLE = re.compile(
    r"\b(?:what|which|things?|data|information)\b.*(?:\b(?:not|never)\b|n't\b|n'T\b)|^(?:what "
    r"|which )?(?:data|information)?\s*(?:that )?(?:we|the app|the apps)\b.*"
    r"\b(?:store|collect|keep|send|share|log|process)s?\b",
    re.IGNORECASE,
)
"""A title that its list completes: `What the app does not do`."""
_LISTING = re.compile(
    r"\b(?:following|includes?|including|such as|namely|sub-?processors|providers|third[- ]part(?:y|ies))\b"
    r"|\b(?:(?:meta)?data|information|contents?|details|fields|records|items)\b.*\b(?:stor|collect|keep|kept|log|access|process|retain|persist|send|sent)\w*"
    r"|\b(?:stor|collect|keep|kept|retain|persist|log)\w*\b.*\b(?:(?:meta)?data|information|contents?|details|fields|records|items)\b",
    re.IGNORECASE,
)
"""A sentence before a list that says what is done with each of its items: `We store this data in Forge:`."""
_NOT_DONE = re.compile(
    r"^(?:what(?:'s| is| are| was)? |data |information )?(?:we |the app |it )?(?:is |are )?(?:not|never)"
    r" (?:being |ever )?(?:stored?|collect(?:ed)?|logged|log|shared?|sent|send|transmit(?:ted)?|captured?"
    r"|recorded?|persist(?:ed)?|included?|kept|processed)$",
    re.IGNORECASE,
)
"""A name of a list that says what is left undone: `NOT stored`."""
_LONGEST_LEAD = 400
_SUBJECT = re.compile(r"^(?:the|our|your|all|these|this|each)(?: [\w'-]+){1,4}:$", re.IGNORECASE)
"""A subject of which each item of a list says something: `The API token:`."""
_BARE_VERB = re.compile(
    r"^(?:collect|stor|sav|keep|retain|shar|sell|send|transmit|transfer|us|track|perform|access|read|process|log|record|requir|request|ask|call|expos|set|creat|train)e?\b",
    re.IGNORECASE,
)
"""A line without a subject completes the sentence before it, with or without a bullet."""
_ADDRESS = re.compile(r"^(?:https?|mailto|ftp)$", re.IGNORECASE)


class Piece(msgspec.Struct, frozen=True):
    """One thing that a reader saw.

    `level` of a heading: 1 is the highest, 0 unknown; of an item: how deep it is nested, 1 or more.
    """

    kind: Kind
    body: Text
    level: int = 0
    bold: bool = False
    """The whole of it is in bold."""
    rows: tuple[Row, ...] = ()


class Arranged(msgspec.Struct, frozen=True):
    """Blocks and tables in document order, and every heading, whether something stands under it or not."""

    parts: tuple[Block | Table, ...]
    headings: tuple[Heading, ...]


def arrange(pieces: Iterable[Piece]) -> Arranged:
    """What the pieces are, each in its place."""
    arranged = _Arranger()
    for piece in pieces:
        arranged.take(piece)
    return Arranged(tuple(arranged.blocks), tuple(arranged.headings))


class _Arranger:
    def __init__(self) -> None:
        self.blocks: list[Block | Table] = []
        self.headings: list[Heading] = []
        self._path: tuple[Heading, ...] = ()
        self._leads: list[tuple[int, str]] = []
        """Depth of the items below a lead, and the lead; the innermost last."""
        self._question = ""
        self._term = ""

    def take(self, piece: Piece) -> None:
        if piece.kind == "table":
            self._table(piece)
            return
        text = piece.body.text
        asked = _QUESTION.match(text)
        if piece.kind == "heading" or (piece.bold and len(text) < 90 and text[-1] not in ".!"):
            level = piece.level if piece.kind == "heading" else _SUBHEADING
            self._heading(piece.body, level)
            self._question = asked[1] if asked else ""
            self._begin(_title_lead(text) if not asked else "")
        elif asked and piece.kind != "item" and len(text) < 200:
            self._question, self._term = asked[1], ""
            self._begin("")
        elif piece.kind == "term":
            self._term, self._question = text.rstrip(":"), ""
            self._begin("")
        else:
            self._prose(piece)

    def _heading(self, body: Text, level: int) -> None:
        number = _NUMBER.match(body.text)
        title = body.text[number.end() :] if number else body.text
        heading = Heading(number[1] if number else "", title.rstrip(":").strip(), body.line, level)
        self._path = (*(each for each in self._path if each.level < level), heading)
        self.headings.append(heading)
        self._term = ""

    def _begin(self, lead: str, depth: int = 0) -> None:
        """From here on, items deeper than `depth` complete this lead; without one, those of the outer lists go on."""
        self._leads = [each for each in self._leads if depth and each[0] <= depth]
        if lead:
            self._leads.append((depth + 1, lead))

    def _prose(self, piece: Piece) -> None:
        body = piece.body
        item = piece.kind == "item" or bool(self._leads and _BARE_VERB.match(body.text))
        depth = max(piece.level, 1) if item else 0
        if item or piece.kind != "definition":
            self._begin("", depth)
        lead = self._leads[-1][1] if item and self._leads else ""
        if piece.kind != "definition":
            self._term = ""
        if answer := _ANSWER.match(body.text):
            body = body.part(answer.end(), len(body.text))
        question = self._question
        if inline := _INLINE_QUESTION.match(body.text):
            question, body = inline[1], body.part(inline.end(), len(body.text))
        label, body = (self._term, body) if self._term else _split_label(body)
        self.blocks.append(Block(body, self._path, label, lead, question))
        if body.text.endswith(":"):
            self._begin(_lead(body.text), depth)
        if not item:
            self._question = ""

    def _table(self, piece: Piece) -> None:
        if piece.rows:
            head, *rows = piece.rows
            self.blocks.append(Table(head.line, head.cells, tuple(rows), self._path))
        self._begin("")


def _split_label(body: Text) -> tuple[str, Text]:
    """`Cookies: none` -> its name and the rest."""
    found = _LABEL.match(body.text)
    if not found:
        return "", body
    label = found["label"] or found["dashed"]
    if len(label.split()) > (9 if found["label"] else 4) or _ADDRESS.match(label):
        return "", body
    return label.strip(), body.part(found.end(), len(body.text))


def _lead(text: str) -> str:
    """The last sentence of a text, when a list has to complete it."""
    last = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)[-1]
    if len(last) > _LONGEST_LEAD:
        return ""
    named = last.endswith(":") and (_LISTING.search(last) or _NOT_DONE.match(last[:-1]))
    return last if named or _OPEN.search(last) or _SUBJECT.match(last) else ""


def _title_lead(text: str) -> str:
    """A title, when a list has to complete it."""
    bare = text.rstrip(": ")
    return _lead(text) or (f"{bare}:" if _OPEN_TITLE.search(bare) or _NOT_DONE.match(bare) else "")


def labelled_lines(lines: list[str]) -> bool:
    """Whether lines that follow each other are `Label: value` each, and no running text."""
    return len(lines) > 1 and all(_ONE_LABEL.match(re.sub(r"[*_`]", "", line).strip()) for line in lines)


def comma_table(lines: list[tuple[int, str]]) -> Piece | None:
    """Lines of comma-separated values as a table: three columns or more, all rows alike, no sentences."""
    if len(lines) < 2 or lines[0][1].count(",") < 2 or lines[0][1].rstrip().endswith((".", ":", ",")):
        return None
    try:
        parsed = [next(iter(csv.reader([line], skipinitialspace=True, strict=True))) for _, line in lines]
    except (csv.Error, StopIteration):
        return None
    if len({len(cells) for cells in parsed}) != 1 or any(len(cell.split()) > 4 for cell in parsed[0]):
        return None
    return table([(number, cells) for (number, _), cells in zip(lines, parsed, strict=True)])


def table(rows: Iterable[tuple[int, Iterable[str]]]) -> Piece:
    """A table from lines and cells; the first row is its header."""
    kept = tuple(Row(line, tuple(" ".join(cell.split()) for cell in cells)) for line, cells in rows)
    return Piece("table", Text("", ((0, kept[0].line if kept else 0),)), rows=kept)


def pipe_cells(line: str) -> list[str] | None:
    """The cells of a row of a pipe table, or None; the row of dashes gives []."""
    stripped = line.strip()
    if stripped.count("|") < 1 or (not stripped.startswith("|") and stripped.count("|") < 2):
        return None
    cells = [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", stripped.strip("|"))]
    return [] if all(re.fullmatch(r":?-+:?", cell) for cell in cells) else cells


def runs(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Groups of lines with no empty line between them."""
    group: list[tuple[int, str]] = []
    for number, line in lines:
        if line.strip():
            group.append((number, line))
        elif group:
            yield group
            group = []
    if group:
        yield group

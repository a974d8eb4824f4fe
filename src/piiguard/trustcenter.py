"""The types of a Trust Center document: what was read, how it was judged. Lines are 1-based, those of the file.

They stand beside `model.py` because both the judge (claims/document) and the writers (formats) use them.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

import msgspec

from piiguard.model import Answer

Polarity = Literal["promise", "disclosure"]
Checkable = Literal["code", "manifest", "person"]
Anchors = tuple[tuple[int, int], ...]
"""Offsets into a text at which a line begins, each with that line's number; the first offset is 0."""


class Text(msgspec.Struct, frozen=True):
    """Words of the document and the lines that they stand on. White space is single spaces."""

    text: str
    lines: Anchors = ((0, 0),)

    @property
    def line(self) -> int:
        """Line of the first word."""
        return self.lines[0][1]

    def line_at(self, offset: int) -> int:
        """Line of the character at `offset`."""
        return self.lines[max(bisect_right(self.lines, (offset, 1 << 60)) - 1, 0)][1]

    def part(self, start: int, end: int) -> Text:
        """The words from `start` to `end`, without outer spaces, still knowing their lines."""
        while start < end and self.text[start].isspace():
            start += 1
        inner = [(offset - start, line) for offset, line in self.lines if start < offset < end]
        return Text(self.text[start:end].rstrip(), ((0, self.line_at(start)), *inner))


class Heading(msgspec.Struct, frozen=True):
    """A heading: `number` as the vendor gives it, or empty."""

    number: str
    title: str
    line: int
    level: int = 1


class Block(msgspec.Struct, frozen=True):
    """A paragraph, list item or answer, in its place."""

    body: Text
    headings: tuple[Heading, ...] = ()
    label: str = ""
    """The name before a colon (`Cookies: none`), or a term that the text defines."""
    lead: str = ""
    """The sentence that introduces the list (`The apps do not:`)."""
    question: str = ""
    """The question that this answers."""
    quote: str = ""
    """What a report shows, where the body was put together from a table's cells."""


class Row(msgspec.Struct, frozen=True):
    """A row of a table."""

    line: int
    cells: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """A table with its header row."""

    line: int
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    headings: tuple[Heading, ...] = ()


class Sentence(msgspec.Struct, frozen=True):
    """A sentence in its context."""

    body: Text
    block: Block
    first: bool = True
    """Whether it begins its block."""

    @property
    def quote(self) -> str:
        """What a report shows: with the words that the sentence needs to be understood."""
        if self.block.quote:
            return self.block.quote
        before = self.block.question or (f"{self.block.label}:" if self.block.label else self.block.lead)
        return f"{before} {self.body.text}".strip() if before and (self.first or self.block.lead) else self.body.text


class Statement(msgspec.Struct, frozen=True):
    """A claim as the document makes it."""

    line: int
    section: str
    """Number of the vendor's own section, else the catalogue's."""
    path: tuple[str, ...]
    quote: str
    kind: str
    polarity: Polarity
    apps: tuple[str, ...] = ()
    """Names of the apps that it is about; empty: all."""
    checkable: Checkable = "code"
    exceptions: tuple[str, ...] = ()
    """Names from promises.yaml, or the words of one that it does not know."""
    pattern: str = ""
    """What recognised it: a pattern of promises.yaml, or the kind of table."""


class Loose(msgspec.Struct, frozen=True):
    """A sentence that reads like a promise and that no pattern knows."""

    line: int
    section: str
    quote: str


OPEN = "To be stated"
"""What a table says where a person has not said it yet."""


class Cell(msgspec.Struct, frozen=True):
    """The services that a cell names."""

    providers: tuple[str, ...] = ()
    none: bool = False
    """The cell says that there are none."""
    customer: bool = False
    """The customer configures them, with their own credentials."""
    unknown: tuple[str, ...] = ()
    """Names that no table maps to a host."""
    hosts: tuple[str, ...] = ()
    """Hosts that the cell writes out: such a host is named by itself."""
    open: bool = False
    """A person must still say whose they are."""


class AppRow(msgspec.Struct, frozen=True):
    """What an overview says about an app."""

    line: int
    app: str
    platform: str = ""
    stores_pii: bool | None = None
    calls: Cell | None = None
    quote: str = ""


class ProviderRow(msgspec.Struct, frozen=True):
    """A service that the document lists."""

    line: int
    apps: tuple[str, ...]
    """Empty: all."""
    names: Cell
    """`open`: the row's type is not said yet."""
    kind: str
    """`customer-configured`, `subprocessor` or `atlassian`."""
    purpose: str = ""
    location: str = ""
    quote: str = ""


class TableRead(msgspec.Struct, frozen=True):
    """A table and what it is taken for: `overview`, `subprocessors`, `certifications`, `answers` or `other`.

    Also what `trust-center render` drew: `data-flow`.
    """

    line: int
    kind: str
    section: str
    columns: dict[str, int] = {}
    """Meaning -> column; none where the meanings stand in the first column, and the apps in the header."""
    rows: int = 0


class Contradiction(msgspec.Struct, frozen=True):
    """Two places of the document that cannot both be true, or one and the platform."""

    lines: tuple[int, int]
    """Two sentences may stand on the same line."""
    why: str
    quotes: tuple[str, str]
    kinds: tuple[str, str] = ("", "")
    """The claims of the two places; empty: a row of a table, or the platform."""
    apps: tuple[str, ...] = ()
    rule: str = ""

    @property
    def with_platform(self) -> bool:
        """Whether the other side is what the platform does."""
        return self.lines[0] == self.lines[1] and not self.kinds[1]


class Document(msgspec.Struct, frozen=True):
    """What a document says."""

    name: str
    title: str
    vendor: str
    apps: tuple[str, ...]
    updated: str | None
    """ISO date, or None where the document gives none."""
    reviewed: str | None
    statements: tuple[Statement, ...]
    unrecognised: tuple[Loose, ...]
    overview: tuple[AppRow, ...]
    providers: tuple[ProviderRow, ...]
    tables: tuple[TableRead, ...]
    headings: tuple[tuple[Heading, int | None], ...]
    """Each heading with the number of the catalogue's section that it is about."""
    contradictions: tuple[Contradiction, ...] = ()
    dates: tuple[tuple[int, str], ...] = ()
    """Line and ISO date of the dates that `updated` and `reviewed` come from."""
    gaps: tuple[Remark, ...] = ()
    """What of it could not be read, so that it may promise more than is listed."""
    blank: bool = False
    """It holds no text at all."""

    @property
    def recognised(self) -> float:
        """Share of the promising sentences that became a claim, 0 to 1."""
        known = len({(each.line, each.quote) for each in self.statements})
        return known / (known + len(self.unrecognised)) if known or self.unrecognised else 1.0


class Reply(msgspec.Struct, frozen=True):
    """The answer to one statement for one app."""

    app: str
    """The app's id."""
    answer: Answer
    reason: str
    observations: tuple[str, ...] = ()


class Judged(msgspec.Struct, frozen=True):
    """A statement with its answers."""

    statement: Statement
    replies: tuple[Reply, ...] = ()
    """One for each app that it is about; none where no code was looked at."""
    answer: Answer | None = None
    """The worst of the replies. Where no code was looked at: `contradicted` by the document itself, or None."""


class CellFinding(msgspec.Struct, frozen=True, order=True):
    """What is wrong with a cell of a table, or what could not be told about it."""

    line: int
    app: str
    column: str
    state: Literal["contradicted", "missing", "stale", "open"]
    reason: str
    observations: tuple[str, ...] = ()


class Predicted(msgspec.Struct, frozen=True):
    """What the platform will probably say about an app."""

    app: str
    topic: str
    answer: Answer
    reason: str


class Match(msgspec.Struct, frozen=True):
    """An app of the document and the scanned app that it is."""

    name: str
    app: str
    """Id, or empty where none fits."""
    how: str


class Remark(msgspec.Struct, frozen=True):
    """Something beside the answers. `line`: of the document; 0 where it is about none."""

    line: int
    says: str


class Checked(msgspec.Struct, frozen=True):
    """A document held against itself and, where there is some, against code."""

    document: Document
    judged: tuple[Judged, ...]
    cells: tuple[CellFinding, ...] = ()
    predictions: tuple[Predicted, ...] = ()
    matches: tuple[Match, ...] = ()
    scanned: tuple[str, ...] = ()
    """Ids of the apps that were scanned; none: the document alone."""
    gaps: tuple[Remark, ...] = ()
    """What could not be looked at beside the code, and why. It leaves no answer open."""
    notes: tuple[Remark, ...] = ()
    """What a reader should know."""

    @property
    def exit_code(self) -> int:
        """1: contradicted by the code or by itself; 3: something could not be looked at; else 0."""
        answers = {each.answer for each in self.judged}
        states = {each.state for each in self.cells}
        if "contradicted" in answers or self.document.contradictions or states - {"open"}:
            return 1
        return 3 if "not-shown" in answers or states or self.document.gaps else 0

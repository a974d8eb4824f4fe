"""Rows of tables that stand for sentences: inventories of data, questions, certificates, and labels with values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from piiguard.claims.document.clauses import is_negated, reply
from piiguard.claims.document.language import has
from piiguard.trustcenter import Block, Row, Table, Text

_KINDS: dict[str, dict[str, str]] = {
    "questions": {
        "question": r"^(?:question|control question|question text|requirement|control)s?$",
        "answer": r"^(?:answer|response|our (?:answer|response)|reply|yes ?/ ?no|vendor (?:answer|response))s?$",
        "more": r"^(?:notes?|comments?|details|explanation|implementation.*|notes ?/ ?comments?)$",
    },
    "inventory": {
        "data": (
            r"^(?:data|item|element|field|information|record|what|personal data|categor(?:y|ies)|content"
            r"|(?:type|category|class|kind)s? of (?:personal )?data"
            r"|(?:stored |personal )?data (?:type|category|element|item|field|class|stored)"
            r"|what (?:is|we) stored?|what data)s?$"
        ),
        "where": r"^where|\bstored?\b|\bstorage\b|location|persisted",
        "retention": r"retention|retained|kept|how long|delet|lifetime|\bttl\b",
        "recipient": r"shared|(?:sent|handed|given|goes) to|recipient|transmitted|disclosed|third[- ]part|leaves",
        "encrypted": r"encrypt",
        "contents": r"^(?:contents?|examples?|fields?|description|details|what it holds)$",
    },
    "certifications": {
        "certificate": r"certif|standard|framework|attestation|^report",
        "status": r"status|state|certified|held|valid|level|achieved",
        "holder": r"holder|who|by|scope|owner|applies|covers|inherited|responsib",
    },
}
_NEEDS = {"questions": ("question", "answer"), "inventory": ("data",), "certifications": ("certificate",)}
_TELLING = {"where", "retention", "recipient", "encrypted"}
_EMPTY = re.compile(r"^\W*$|^(?:tbd|unknown|see .*)$", re.I)
_NOT_STORED = re.compile(
    r"^\W*(?:not (?:stored|persisted|retained|kept|saved)|in[- ]?memory|memory|transient|ephemeral|never)\b", re.I
)
_NOT_YET = re.compile(r"\b(?:in progress|planned|not|pending|aligned only|future|on (?:the|our) roadmap)\b", re.I)
_SENTENCE = re.compile(
    r"^(?=(?:\S+ ){2})(?:.*[.!]$"
    r"|(?:we|it|they|(?:the|this|our|all|every|each|no) \S+(?: \S+){0,3}?) (?:(?:stor|us|shar)es?|sends?|runs?|keeps?"
    r"|collects?|sells?|sets?|logs?|leaves?)\b"
    r"|(?!(?:what|which|where|who|whom|whose|how|why|when|if)\b|\S+(?: \S+)? (?:that|which|who)\b)"
    r"\S.* (?:is|are|was|were|does|do|did|will|can|cannot|must|have|never|\w+n't) )",
    re.I,
)
"""What names no column: a cell of a first row that says something."""
_BARE_ANSWER = re.compile(r"^\W*(?:yes|no|none|never|n/a|nothing|not \w+)\W*$", re.I)
_PLATFORM = re.compile(r"\b(?:atlassian|forge|platform|inherited)\b", re.I)


def kind_of_rows(header: tuple[str, ...]) -> str:
    """What the rows under a header stand for: `questions`, `inventory`, `certifications`, or none of these (empty)."""
    for kind, needs in _NEEDS.items():
        columns = _columns(header, kind)
        if columns.keys() >= set(needs) and (kind != "inventory" or columns.keys() & _TELLING):
            return kind
    return ""


def rows_read(kind: str, table: Table) -> Iterator[Block]:
    """The sentences that the rows of a table stand for."""
    read = _READERS.get(kind)
    columns = _columns(table.header, kind) if read else {}
    for row in table.rows:
        if read:
            cells = {name: row.cells[index] for name, index in columns.items() if index < len(row.cells)}
            yield from read(table, row, cells)
        else:
            yield from _labelled(table, row)


def header_read(table: Table) -> Iterator[Block]:
    """The cells of a first row that say something instead of naming a column: not every table has a header."""
    for index, cell in enumerate(table.header):
        answer = bool(index and _BARE_ANSWER.match(cell))
        alone = len(table.header) == 1 and is_negated(cell.lower())
        if (answer or alone or _SENTENCE.match(cell)) and not cell.endswith("?"):
            first = table.header[0] if index else ""
            label = first if answer or not _SENTENCE.match(first) else ""
            yield Block(Text(cell, ((0, table.line),)), table.headings, label=label)


def _columns(header: tuple[str, ...], kind: str) -> dict[str, int]:
    """Meaning -> column; each column and each meaning once."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        words = cell.lower().strip(" :*?#")
        name = next((name for name, fits in _KINDS[kind].items() if name not in found and re.search(fits, words)), None)
        if name:
            found[name] = index
    return found


def _questions(table: Table, row: Row, cells: Mapping[str, str]) -> Iterator[Block]:
    asked = re.match(r"[^?]{5,}\?", cells["question"])
    said = (cells.get(name, "").strip(" .") for name in ("answer", "more"))
    answer = ". ".join(each for each in said if each)
    body = Text(answer, ((0, row.line),))
    if not answer:
        return
    if asked:
        yield Block(body, table.headings, question=asked[0].strip())
    else:
        yield Block(body, table.headings, label=cells["question"])


def _inventory(table: Table, row: Row, cells: Mapping[str, str]) -> Iterator[Block]:
    data = cells["data"].strip(" .*")
    if not data:
        return
    contents = cells.get("contents", "")
    named = f"{data} ({contents})" if contents and not _EMPTY.match(contents) else data
    for sentence in filter(None, dict.fromkeys(_said_of(named, table, cells))):
        yield Block(Text(sentence, ((0, row.line),)), table.headings, quote=" | ".join(row.cells))


def _said_of(data: str, table: Table, cells: Mapping[str, str]) -> Iterator[str]:
    """What the cells say of a kind of data, each as a sentence."""
    told = {name: cell for name, cell in cells.items() if not _EMPTY.match(cell)}
    if "where" in told:
        yield _stored(data, told["where"])
    if "retention" in told:
        cell = told["retention"]
        if _NOT_STORED.match(cell) or reply(cell) is False:
            yield f"The app does not store {data}"
        else:
            yield f"{data} is retained: retention {cell}"
    if "recipient" in told:
        yield _sent(data, told["recipient"])
    if "encrypted" in told:
        denied = reply(told["encrypted"]) is False
        yield f"Storage of {data} is {'not ' if denied else ''}encrypted ({told['encrypted']})"


def _stored(data: str, cell: str) -> str:
    if _NOT_STORED.match(cell) or reply(cell) is False:
        return f"The app does not store {data}"
    return f"The app stores {data}" if reply(cell) else f"The app stores {data} in {cell}"


def _sent(data: str, cell: str) -> str:
    """Where a kind of data goes. That it goes nowhere says nothing about the other rows, and is no claim."""
    if reply(cell) is False:
        return ""
    if _PLATFORM.match(cell):
        return f"{data} is sent only to Atlassian"
    return f"{data} is sent to {'third parties' if reply(cell) else cell}"


def _certificates(table: Table, row: Row, cells: Mapping[str, str]) -> Iterator[Block]:
    name = cells["certificate"].strip(" .*")
    rest = " ".join(cell for cell in row.cells if cell.strip(" .*") != name)
    if not name:
        return
    if _PLATFORM.search(f"{name} {rest}"):
        sentence = f"The {name} certification is inherited from Atlassian"
    else:
        denied = reply(cells.get("status", "")) is False or bool(_NOT_YET.search(rest))
        verb = "comply with" if has(name.lower(), "gdpr") else "are certified for certification"
        sentence = f"We {_denied(verb) if denied else verb} {name}"
    yield Block(Text(sentence, ((0, row.line),)), table.headings, quote=" | ".join(row.cells))


def _denied(verb: str) -> str:
    return f"do not {verb}" if verb.startswith("comply") else verb.replace("are", "are not", 1)


_READERS: dict[str, Callable[[Table, Row, Mapping[str, str]], Iterator[Block]]] = {
    "questions": _questions,
    "inventory": _inventory,
    "certifications": _certificates,
}


def _labelled(table: Table, row: Row) -> Iterator[Block]:
    """A row as labelled sentences: its first cell and the header name what the others say."""
    filled = [index for index, cell in enumerate(row.cells) if cell]
    if not filled:
        return
    first = row.cells[filled[0]]
    for index in filled[1:]:
        head = table.header[index] if len(table.header) > 2 and index < len(table.header) else ""
        label = f"{first}, {head}" if head else first
        yield Block(Text(row.cells[index], ((0, row.line),)), table.headings, label=label)
    if len(filled) == 1:
        yield Block(Text(first, ((0, row.line),)), table.headings)

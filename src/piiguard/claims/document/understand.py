"""A document's bytes to what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from piiguard.claims.document.contradictions import contradictions
from piiguard.claims.document.dates import dates
from piiguard.claims.document.names import names_of
from piiguard.claims.document.normal import Names
from piiguard.claims.document.place import Places
from piiguard.claims.document.promises import statements
from piiguard.claims.document.providers import Directory
from piiguard.claims.document.reading import read
from piiguard.claims.document.sentences import is_endless, sentences, unread_lines
from piiguard.claims.document.tables import Taken, take
from piiguard.claims.document.tongues import tongue_of, unread
from piiguard.claims.hosts import is_atlassian
from piiguard.claims.policy import Host
from piiguard.errors import UsageError
from piiguard.trustcenter import Block, Document, Loose, ProviderRow, Remark, Statement, Table, Text

_NAMING = frozenset(
    {
        "no-personal-data-sent",
        "overview-external-calls",
        "ai-processing-listed",
        "no-tracking",
        "no-additional-processors",
        "byok-customer-configured",
    }
)
"""Kinds whose sentences say that a service is used, when they name one."""


def understand(name: str, data: bytes, *, hosts: Iterable[Host] = (), apps: Iterable[str] = ()) -> Document:
    """What a document says.

    `hosts`: those of piiguard.yaml, whose names the document may use. `apps`: names of apps that were scanned.
    Raises UsageError when the document cannot be read.
    """
    arranged = read(name, data)
    parts = arranged.parts
    names = names_of(parts, apps)
    places = Places(arranged.headings)
    directory = Directory(hosts)
    tables = tuple(take(part, names, directory, places) for part in parts if isinstance(part, Table))
    said = _read_all(parts, iter(tables), names, places)
    updated, reviewed = dates(_texts(parts))
    document = Document(
        name=name,
        title=next((heading.title for heading in arranged.headings), ""),
        vendor=names.vendor[0] if names.vendor else "",
        apps=names.apps,
        updated=updated[1] if updated else None,
        reviewed=reviewed[1] if reviewed else None,
        statements=said.statements,
        unrecognised=said.loose,
        overview=tuple(row for table in tables for row in table.overview),
        providers=(*(row for table in tables for row in table.providers), *_named(said.statements, directory)),
        tables=tuple(table.read for table in tables),
        headings=places.mapped(),
        dates=tuple(each for each in (updated, reviewed) if each),
    )
    foreign = unread(part for part in parts if isinstance(part, Block))
    gaps = (*foreign, *unread_lines(said.endless), *_nothing_found(document))
    blank = not (parts or arranged.headings)
    return msgspec.structs.replace(document, contradictions=contradictions(document), gaps=gaps, blank=blank)


def with_text(document: Document) -> Document:
    """The document. Raises UsageError when there is nothing in it to read."""
    if document.blank:
        todo = "Give the page as a reader sees it: what scripts or pictures show is not read"
        raise UsageError("the document holds no text", where=document.name, todo=todo)
    return document


def _nothing_found(document: Document) -> Iterator[Remark]:
    """A page without any promise is more likely one that was not read as it is meant."""
    if not (document.statements or document.unrecognised or document.overview or document.providers):
        yield Remark(0, "no promise was found in the document, which is not the same as that it makes none")


class _Said(NamedTuple):
    statements: tuple[Statement, ...]
    loose: tuple[Loose, ...]
    endless: tuple[int, ...]
    """Lines of the sentences that are too long to be read."""


def _read_all(parts: tuple[Block | Table, ...], tables: Iterator[Taken], names: Names, places: Places) -> _Said:
    """Claims and what else reads like one, in document order."""
    said: list[Statement] = []
    loose: list[Loose] = []
    endless: list[int] = []
    rows: set[tuple[int, str, str]] = set()
    """What the row of a table has said, so that another of its cells does not say it again."""
    for part in parts:
        taken = next(tables) if isinstance(part, Table) else None
        said += taken.statements if taken else ()
        for block in taken.blocks if taken else (part,) if isinstance(part, Block) else ():
            for sentence in sentences(block) if not tongue_of(block.body.text) else ():
                if is_endless(sentence):
                    endless.append(sentence.body.line)
                    continue
                found, rest = statements(sentence, names, places)
                said += [each for each in found if not block.quote or (each.line, each.kind, each.polarity) not in rows]
                rows.update((each.line, each.kind, each.polarity) for each in found)
                loose += [rest] if rest else []
    return _Said(tuple(said), tuple(loose), tuple(endless))


def _named(said: tuple[Statement, ...], directory: Directory) -> Iterator[ProviderRow]:
    """Services that sentences name as used."""
    for each in said:
        if (
            each.pattern == "table"
            or each.kind not in _NAMING
            or (each.polarity == "promise" and each.kind != "byok-customer-configured")
        ):
            continue
        cell = directory.cell(each.quote)
        hosts = tuple(host for host in cell.hosts if not is_atlassian(host))
        known = msgspec.structs.replace(cell, unknown=(), none=False, hosts=hosts)
        if known.providers or known.hosts:
            kind = "customer-configured" if cell.customer or each.kind == "byok-customer-configured" else "subprocessor"
            yield ProviderRow(each.line, each.apps, known, kind, quote=each.quote)


def _texts(parts: tuple[Block | Table, ...]) -> Iterator[Text]:
    for part in parts:
        if isinstance(part, Block):
            yield Text(f"{part.label}: {part.body.text}", ((0, part.body.line),)) if part.label else part.body
            if part.headings:
                yield Text(part.headings[-1].title, ((0, part.headings[-1].line),))
        else:
            yield from (Text(": ".join(row.cells), ((0, row.line),)) for row in part.rows)

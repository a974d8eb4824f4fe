"""Tables: what each is taken for by the words of its header, and what its cells say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from piiguard.claims.document.clauses import reply
from piiguard.claims.document.normal import Names
from piiguard.claims.document.place import Places
from piiguard.claims.document.providers import Directory, is_atlassian_name
from piiguard.claims.document.rows import header_read, kind_of_rows, rows_read
from piiguard.trustcenter import AppRow, Block, ProviderRow, Row, Statement, Table, TableRead

_COLUMNS = {
    "app": r"^(?:the )?(?:apps?|app name|applications?|products?|used by|add-?ons?|plugins?|which app|name of app)$",
    "platform": r"platform|host product|^product$|atlassian product",
    "pii": r"\bpii\b|personal (?:data|info\w*)|user data|stores? data|end-user data",
    "calls": (
        r"external (?:calls?|services?|connections?|hosts?|apis?|requests?|endpoints?|systems?)|outbound"
        r"|egress|network|third[- ]party (?:calls?|services?|apis?)|calls out|connects to|talks to"
    ),
    "provider": (
        r"sub-?processors?|providers?|^services?$|^vendors?$|compan(?:y|ies)|third[- ]part(?:y|ies)"
        r"|^entity|^name$|partners?|recipients?|processors?"
    ),
    "purpose": r"purpose|what for|^use$|reason|role|function|why|description|activity",
    "type": r"^type|category|who holds|relationship|configured|status|^account|mandatory|basis",
    "location": r"data cent|region|location|countr|^where|residency|hosted|jurisdiction",
}
_ALL_APPS = re.compile(r"^\W*(?:all|every|both|any|each)\b", re.I)
_MINE = re.compile(r"^\W*(?:we|us|our)\b", re.I)


class Taken(msgspec.Struct, frozen=True):
    """What a table says."""

    read: TableRead
    overview: tuple[AppRow, ...] = ()
    providers: tuple[ProviderRow, ...] = ()
    statements: tuple[Statement, ...] = ()
    blocks: tuple[Block, ...] = ()
    """Rows that stand for sentences, and what the first row says, to be read as such."""


def take(table: Table, names: Names, directory: Directory, places: Places) -> Taken:
    """What a table is taken for. A table of no known kind is read as sentences."""
    written, table = table, _turned(table, names)
    columns = _columns(table.header)
    kind = _kind(columns, table)
    place = places.of(table.headings)
    first = tuple(header_read(written))
    read = TableRead(table.line, kind, place.section, columns if table is written else {}, len(table.rows))
    if kind == "overview":
        overview = tuple(_overview(table, columns, names, directory))
        said = tuple(each for row in overview for each in _overview_claims(row, place.section or "4", place.path))
        return Taken(read, overview=overview, statements=said, blocks=first)
    if kind == "subprocessors":
        claim = Statement(
            table.line,
            place.section or "8",
            place.path,
            " | ".join(table.header),
            "subprocessors-listed",
            "promise",
            pattern="table",
        )
        return Taken(
            read, providers=tuple(_providers(table, columns, names, directory)), statements=(claim,), blocks=first
        )
    return Taken(read, blocks=(*first, *rows_read(kind, table)))


def _columns(header: tuple[str, ...]) -> dict[str, int]:
    """Meaning -> column; each column and each meaning once, the first meaning that fits."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        words = cell.lower().strip(" :*?")
        name = next(
            (name for name, words_of in _COLUMNS.items() if name not in found and re.search(words_of, words)), None
        )
        if name:
            found[name] = index
    return found


def _kind(columns: dict[str, int], table: Table) -> str:
    if (
        "provider" in columns
        and columns.keys() & {"purpose", "type", "location", "app"}
        and not columns.keys() & {"pii", "calls"}
    ):
        return "subprocessors"
    if columns.keys() & {"pii", "calls"} and (columns.get("app") == 0 or "app" in columns or "platform" in columns):
        return "overview"
    return kind_of_rows(table.header) or ("answers" if len(table.header) == 2 else "other")


def _turned(table: Table, names: Names) -> Table:
    """A table with an app in each column, turned so that each has a row."""
    heads = table.header[1:]
    if not heads or not all(names.apps_in(cell) for cell in heads):
        return table
    labels = tuple(row.cells[0] for row in table.rows if row.cells)
    if not _columns(labels).keys() & {"pii", "calls"}:
        return table
    rows = tuple(
        Row(table.line, (head, *(row.cells[index] if index < len(row.cells) else "" for row in table.rows)))
        for index, head in enumerate(heads, 1)
    )
    return Table(table.line, ("App", *labels), rows, table.headings)


def _cell(row: Row, columns: dict[str, int], name: str) -> str:
    index = columns.get(name)
    return row.cells[index] if index is not None and index < len(row.cells) else ""


def _overview(table: Table, columns: dict[str, int], names: Names, directory: Directory) -> Iterator[AppRow]:
    for row in table.rows:
        first = _cell(row, columns, "app") or (row.cells[0] if row.cells else "")
        stores, calls = _cell(row, columns, "pii"), _cell(row, columns, "calls")
        answer = reply(stores) if stores else None
        yield AppRow(
            row.line,
            _app_named(first, names),
            _cell(row, columns, "platform"),
            (bool(stores.strip(" -—–")) or None) if answer is None else answer,
            directory.cell(calls) if "calls" in columns else None,
            " | ".join(row.cells),
        )


def _overview_claims(row: AppRow, section: str, path: tuple[str, ...]) -> Iterator[Statement]:
    apps = () if _ALL_APPS.match(row.app) else (row.app,)
    if row.stores_pii is not None:
        polarity = "disclosure" if row.stores_pii else "promise"
        yield Statement(row.line, section, path, row.quote, "overview-stores-no-pii", polarity, apps, pattern="table")  # type: ignore[arg-type]
    if row.calls is not None:
        polarity = "promise" if row.calls.none else "disclosure"
        yield Statement(row.line, section, path, row.quote, "overview-external-calls", polarity, apps, pattern="table")  # type: ignore[arg-type]


def _app_named(text: str, names: Names) -> str:
    found = names.apps_in(text)
    return found[0] if len(found) == 1 else text.strip(" *.")


def _providers(table: Table, columns: dict[str, int], names: Names, directory: Directory) -> Iterator[ProviderRow]:
    for row in table.rows:
        name, kind, purpose = (_cell(row, columns, each) for each in ("provider", "type", "purpose"))
        cell, type_ = directory.cell(name), directory.cell(kind)
        cell = msgspec.structs.replace(cell, open=type_.open)
        customer = cell.customer or directory.cell(f"{kind} {purpose}").customer
        whose = "atlassian" if is_atlassian_name(name) else "customer-configured" if customer else "subprocessor"
        apps = _cell(row, columns, "app")
        named = names.apps_in(apps) or ((apps.strip(),) if apps.strip(" -—–") and not _ALL_APPS.match(apps) else ())
        yield ProviderRow(row.line, named, cell, whose, purpose, _cell(row, columns, "location"), " | ".join(row.cells))

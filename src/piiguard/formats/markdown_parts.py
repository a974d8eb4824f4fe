"""Parts of a Markdown document that are written anew while everything around them stays byte for byte.

A part stands between two comments, `<!-- piiguard:ID -->` and `<!-- /piiguard:ID -->`. Where the document has none
yet, its table is found by the words of the header, or its place by the heading (markdown_parts.yaml), and the comments
are added.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.errors import UsageError
from piiguard.facts import providers
from piiguard.formats.markdown_outline import Outline, Section, outline
from piiguard.trustcenter import OPEN

Cells = dict[str, str]
"""Meaning of a column -> Markdown of the cell."""

_BAR = re.compile(r"(?<!\\)\|")
_SEVERAL = re.compile(r"\s*(?:/|,|;|&|\band\b)\s*")
_FOR_PRODUCT = re.compile(
    r"\s+(?:for|in|on)\s+(?:atlassian|jira|jsm|confluence|bitbucket|compass|trello|rovo)\b.*$", re.IGNORECASE
)
"""What the short form of an app's name leaves out."""
_NAME_ALONE = re.compile(r"^\*\*(.+)\*\*$")
"""The line on which an app's drawing begins."""


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a part: where it stands, and the columns of its table."""

    title: str
    heading: str
    columns: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    """Columns by which its table is known."""
    names: dict[str, str] = {}
    """Headers of a new table."""
    asked: tuple[str, ...] = ()
    """Columns whose cells are a person's: what is there stays."""


class Table(msgspec.Struct, frozen=True):
    """What the code says, a row for each service. In the document, those that differ in no other cell share one."""

    rows: tuple[Cells, ...]


class Drawing(msgspec.Struct, frozen=True):
    """What is drawn and said of one app. `lines` begin with its name, in bold, alone on the first."""

    app: str
    lines: tuple[str, ...]
    offset: int = 0
    """Where it stands in its region: number of lines before it."""


class Part(msgspec.Struct, frozen=True):
    """A part with what it should hold: a table, or a drawing of each app."""

    id: str
    body: Table | tuple[Drawing, ...]


class KnownTable(msgspec.Struct, frozen=True):
    """A table that is known to be the one of a part, whatever its header says: by its first line, from 0."""

    line: int
    columns: dict[str, int] = {}
    """Meaning -> column."""


class Region(msgspec.Struct, frozen=True):
    """A part between its markers. Lines are numbered from 1, those of the markers included."""

    first: int
    last: int
    inside: tuple[str, ...]
    """The lines between the markers."""


class Found(msgspec.Struct, frozen=True):
    """Lines of the document that a part replaces; none where both are equal. `end` is the first one after."""

    start: int
    end: int
    inside: tuple[str, ...] = ()
    """What is to be merged: the old table, or what stood between the markers."""
    columns: dict[str, int] = {}
    """Of the old table, where they are known: meaning -> column."""
    heading: bool = False
    """The part needs a heading of its own."""


@functools.cache
def _kinds() -> dict[str, Kind]:
    text = resources.files("piiguard.formats").joinpath("markdown_parts.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), dict[str, Kind])


PARTS = _kinds()


def patch(document: str, parts: Iterable[Part], known: Mapping[str, KnownTable] | None = None) -> str:
    """The document with the parts as they should be. `known`: id of a part -> the table that the document has for it.

    Raises UsageError for a marker without its other half, and for a code block or comment that is never closed.
    """
    ending = "\r" if "\r\n" in document else ""
    lines = document.split("\n")
    seen = outline(lines)
    places = [(part, _find(part, lines, seen, (known or {}).get(part.id))) for part in parts]
    in_order = sorted(places, key=lambda each: (each[1].start, each[1].heading))
    for part, found in reversed(in_order):  # from below, so that the lines above stay where they are
        block = [f"<!-- piiguard:{part.id} -->", "", *_merged(part, found), "", f"<!-- /piiguard:{part.id} -->"]
        if found.heading:
            block = [f"## {PARTS[part.id].title}", "", *block]
        if found.start == found.end:
            before, after = lines[: found.start][-1:], lines[found.end :][:1]
            block = [*("" for line in before if line.strip()), *block, *("" for line in after if line.strip())]
        lines[found.start : found.end] = [line if line.endswith("\r") else line + ending for line in block]
    return "\n".join(lines)


def region(document: str, id_: str) -> Region | None:
    """The part that stands between its markers; None where there is no such pair, or none can be told."""
    lines = document.split("\n")
    try:
        marked = _between_markers(id_, lines, outline(lines).literal)
    except UsageError:
        return None
    return Region(marked[0] + 1, marked[1], tuple(lines[marked[0] + 1 : marked[1] - 1])) if marked else None


def drawings(inside: Iterable[str]) -> tuple[Drawing, ...]:
    """The drawings of a region, without the blank lines around them; what stands before the first belongs to none."""
    lines = [line.rstrip("\r") for line in inside]
    literal = outline(lines).literal
    found = [(number, _NAME_ALONE.match(line)) for number, line in enumerate(lines) if number not in literal]
    begins = [(number, match[1]) for number, match in found if match]
    ends = [*(number for number, _ in begins), len(lines)][1:]
    return tuple(
        Drawing(name, tuple("\n".join(lines[start:end]).rstrip().split("\n")), start)
        for (start, name), end in zip(begins, ends, strict=True)
    )


def is_name(line: str) -> bool:
    """Whether a line is nothing but a name in bold: an app's drawing begins on it."""
    return _NAME_ALONE.match(line) is not None


# ---------------------------------------------------------------- where a part stands


def _find(part: Part, lines: list[str], seen: Outline, known: KnownTable | None) -> Found:
    """Between its markers, else its table or only drawing, else the end of its section or of the document."""
    kind = PARTS[part.id]
    marked = _between_markers(part.id, lines, seen.literal)
    if marked:
        return _found(part, lines, *marked, _first_table(seen, *marked), known)
    sections = [each for each in seen.sections if re.search(kind.heading, each.title, re.IGNORECASE)]
    if kind.columns:
        table = _table(kind, lines, seen, sections, known)
        return _found(part, lines, *table, table, known) if table else _at_the_end(sections, lines)
    old = [each for section in sections for each in seen.drawings if section.start <= each[0] < section.end]
    mine = len(old) == 1 and _may_be_ours(part, old[0][0], sections[0], seen)
    return Found(*old[0]) if mine else _at_the_end(sections, lines)


def _table(
    kind: Kind, lines: list[str], seen: Outline, sections: list[Section], known: KnownTable | None
) -> tuple[int, int] | None:
    """The table that is known to be the part's, else the first that looks so, first of all in its section."""
    for each in seen.tables:
        if known and each[0] == known.line:
            return each
    fitting = [each for each in seen.tables if _fits(kind, lines[each[0]])]
    there = [each for each in fitting if any(section.start <= each[0] < section.end for section in sections)]
    return next(iter(there or fitting), None)


def _found(
    part: Part, lines: list[str], start: int, end: int, table: tuple[int, int] | None, known: KnownTable | None
) -> Found:
    """A place with what is merged into the part."""
    if isinstance(part.body, Table):
        inside = tuple(lines[slice(*table)]) if table else ()
        return Found(start, end, inside, known.columns if known and table and known.line == table[0] else {})
    return Found(start, end, tuple(lines[start + 1 : end - 1]))


def _first_table(seen: Outline, start: int, end: int) -> tuple[int, int] | None:
    return next((each for each in seen.tables if start <= each[0] < end), None)


def _may_be_ours(part: Part, line: int, section: Section, seen: Outline) -> bool:
    """Whether no heading of its own says that a drawing is another app's."""
    titles = [each.title for each in seen.sections if section.start <= each.start <= line < each.end]
    apps = [] if isinstance(part.body, Table) else [each.app for each in part.body]
    return all(any(_same_app(title, app) for app in apps) for title in titles if title != section.title)


def _at_the_end(sections: list[Section], lines: list[str]) -> Found:
    """Behind the last line of the section; a document without one gets it."""
    end = sections[0].end if sections else len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return Found(end, end, heading=not sections)


def _between_markers(id_: str, lines: list[str], literal: frozenset[int]) -> tuple[int, int] | None:
    places = [
        [number for number, line in enumerate(lines) if line.strip() == marker and number not in literal]
        for marker in (f"<!-- piiguard:{id_} -->", f"<!-- /piiguard:{id_} -->")
    ]
    if places == [[], []]:
        return None
    if [len(each) for each in places] != [1, 1] or places[0] > places[1]:
        raise UsageError(f"the markers of piiguard:{id_} are not one pair", todo="Correct them, or take both out")
    return places[0][0], places[1][0] + 1


# ---------------------------------------------------------------- what it holds


def _merged(part: Part, found: Found) -> list[str]:
    if isinstance(part.body, Table):
        kind = PARTS[part.id]
        return list(_merged_table(kind, part.body, found) if found.inside else _new_table(kind, part.body))
    return list(_drawn(_merged_drawings(part.body, drawings(found.inside))))


def _drawn(each_app: Iterable[Drawing]) -> Iterator[str]:
    for number, each in enumerate(each_app):
        yield from ([""] if number else [])
        yield from each.lines


def _merged_drawings(new: tuple[Drawing, ...], old: tuple[Drawing, ...]) -> list[Drawing]:
    """Ours in the place of the old ones, behind them those that are new; those of other apps as they are."""
    merged: list[Drawing] = []
    for each in old:
        mine = [ours for ours in new if _same_app(ours.app, each.app)]
        merged += [ours for ours in mine if ours not in merged] if mine else [each]
    return merged + [ours for ours in new if ours not in merged]


def _new_table(kind: Kind, table: Table) -> Iterator[str]:
    yield _row(kind.names.values())
    yield _row("---" for _ in kind.names)
    yield from (_row(_in_table(row[name]) for name in kind.names) for row in _shared(table.rows))


def _merged_table(kind: Kind, table: Table, found: Found) -> Iterator[str]:
    """The old table's own columns and order; rows of apps that are not ours as they are."""
    old = found.inside
    columns = _columns(kind, old[0], found.columns)
    width = len(_cells(old[0]))
    kept, open_rows = [], list(table.rows)
    apps = {row["app"] for row in table.rows}
    for line in old[2:]:
        cells = (_cells(line) + [""] * width)[:width]
        told = {"app": "", **{name: cells[index] for name, index in columns.items()}}
        if _is_only_for(told["app"], apps):
            if matching := _matching(told, open_rows):
                open_rows = [row for row in open_rows if row not in matching]
                kept.append((told, _row(_updated(kind, columns, cells, matching))))
        else:
            kept.append((told, line))
            open_rows = [row for row in open_rows if not _covers(told, row)]
    yield from old[:2]
    yield from _placed(kept, [(row, _row(_fresh(columns, width, row, kept))) for row in _shared(open_rows)])


def _covers(told: Cells, row: Cells) -> bool:
    """Whether a row that stays, because it is about several apps or does not say about which, names the services."""
    about = not told["app"] or _is_for_all(told["app"]) or any(_same_app(app, row["app"]) for app in _apps(told["app"]))
    return about and "service" in row and _services(row) <= _services(told)


def _matching(told: Cells, rows: list[Cells]) -> list[Cells]:
    """The rows whose services an old row of the app names; of several types, those of the first."""
    mine = [row for row in rows if _same_app(told["app"], row["app"]) and _services(row) <= _services(told)]
    return [row for row in mine if row.get("type") == mine[0].get("type")]


def _shared(rows: Iterable[Cells]) -> list[Cells]:
    """Rows that differ in the service only as one."""
    groups: dict[tuple[str, ...], list[Cells]] = {}
    for row in rows:
        groups.setdefault(tuple(cell for name, cell in row.items() if name != "service"), []).append(row)
    return [
        group[0] | {"service": " / ".join(row["service"] for row in group)} if "service" in group[0] else group[0]
        for group in groups.values()
    ]


def _placed(kept: list[tuple[Cells, str]], fresh: list[tuple[Cells, str]]) -> list[str]:
    """The fresh rows behind those of the same app, or at the end."""
    lines = list(kept)
    for row in fresh:
        mine = [number for number, (told, _) in enumerate(lines) if _same_app(told["app"], row[0]["app"])]
        lines.insert(mine[-1] + 1 if mine else len(lines), row)
    return [line for _, line in lines]


def _updated(kind: Kind, columns: dict[str, int], cells: list[str], rows: list[Cells]) -> list[str]:
    """The old row's cells, with what the code knows better."""
    names = {index: name for name, index in columns.items()}
    return [_cell(kind, names.get(index, ""), cell, rows) for index, cell in enumerate(cells)]


def _cell(kind: Kind, name: str, old: str, rows: list[Cells]) -> str:
    new = " / ".join(dict.fromkeys(_in_table(row.get(name, "")) for row in rows))
    same = (
        (name == "service" and _services({name: old}) == frozenset().union(*map(_services, rows)))
        or (name == "type" and _folded(old).startswith(_folded(new)))
        or (old != "" and (name in kind.asked or new == OPEN))
        or _folded(old) == _folded(new.removeprefix(f"{OPEN}: "))
    )
    return old if same or name in ("", "app") else new


def _fresh(columns: dict[str, int], width: int, row: Cells, kept: list[tuple[Cells, str]]) -> list[str]:
    """A new row; the app is called as its other rows call it."""
    app = next((told["app"] for told, _ in kept if _same_app(told["app"], row["app"])), row["app"])
    cells = [""] * width
    for name, index in columns.items():
        cells[index] = _in_table(app if name == "app" else row.get(name, ""))
    return cells


def _is_for_all(app: str) -> bool:
    return bool(re.match(r"\W*(all|every|each|both)\b", app, re.IGNORECASE))


def _is_only_for(cell: str, apps: Iterable[str]) -> bool:
    """Whether a cell names one of the apps, and no other."""
    return any(_same_app(cell, app) for app in apps)


def _apps(cell: str) -> list[str]:
    return _SEVERAL.split(cell)


def _same_app(one: str, other: str) -> bool:
    return _folded_app(one) == _folded_app(other)


def _folded_app(name: str) -> str:
    """`Doc Helper for Jira` and `Doc Helper` are one app; `Doc Helper Pro` is another."""
    bare = html.unescape(_bare(name))
    return _folded(_FOR_PRODUCT.sub("", bare)) or bare


def _services(row: Cells) -> frozenset[str]:
    """The services that a row names; none in the overview, where the app alone tells a row."""
    cell = row.get("service", "")
    return frozenset(_folded_service(each) for each in _SEVERAL.split(_bare(cell) or cell) if each)


def _folded_service(name: str) -> str:
    provider = providers.by_name(name)
    return _folded(provider.name if provider else name) or name


def _bare(cell: str) -> str:
    """Without what stands in parentheses, and without marks of emphasis and code."""
    return re.sub(r"\([^()]*\)|[*_`\\]", "", cell).strip()


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


# ---------------------------------------------------------------- rows


def _fits(kind: Kind, header: str) -> bool:
    return set(kind.needs) <= _columns(kind, header).keys()


def _columns(kind: Kind, header: str, known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Meaning -> column; each once. `known`: those that need not be told by the words of the header."""
    found = {name: index for name, index in (known or {}).items() if name in kind.columns}
    for index, cell in enumerate(_cells(header)):
        words = cell.lower().strip(" :*_?")
        for name, expression in kind.columns.items():
            if name not in found and index not in found.values() and re.search(expression, words):
                found[name] = index
    return found


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip() for cell in _BAR.split(inner)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _in_table(cell: str) -> str:
    """A bar would end the cell, even one in a code span."""
    return re.sub(r"(?<!\\)\|", r"\\|", cell.strip())

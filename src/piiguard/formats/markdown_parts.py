"""Parts of a Markdown document that are written anew while everything around them stays byte for byte.

A part stands between two comments, `<!-- piiguard:ID -->` and `<!-- /piiguard:ID -->`. Where the document has none
yet, its table is found by the words of the header, or its place by the heading (markdown_parts.yaml), and the comments
are added.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.errors import UsageError
from piiguard.facts import providers

Cells = dict[str, str]
"""Meaning of a column -> Markdown of the cell."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_NUMBERED = re.compile(r"^\d{1,2}\.[ \t]+(\S[^.:!?]{0,60})$")
"""A heading of a document that has no other kind."""
_NUMBER = re.compile(r"^[\d.]+[.)]?\s+")
_RULER = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_BAR = re.compile(r"(?<!\\)\|")
_SEVERAL = re.compile(r"\s*(?:/|,|;|&|\band\b)\s*")
_SHORTEST_NAME = 5
"""Letters from which on a name that is part of another may mean the same app."""


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


class Part(msgspec.Struct, frozen=True):
    """A part with what it should hold: a table, or Markdown."""

    id: str
    body: Table | str

    def text(self) -> str:
        """The part as it stands in a document that has nothing of it yet."""
        return self.body if isinstance(self.body, str) else "\n".join(_new_table(PARTS[self.id], self.body))


class Found(msgspec.Struct, frozen=True):
    """Lines of the document that a part replaces; none where both are equal. `end` is the first one after."""

    start: int
    end: int
    table: tuple[str, ...] = ()


@functools.cache
def _kinds() -> dict[str, Kind]:
    text = resources.files("piiguard.formats").joinpath("markdown_parts.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), dict[str, Kind])


PARTS = _kinds()


def patch(document: str, parts: Iterable[Part]) -> str:
    """The document with the parts as they should be. Raises UsageError for a marker without its other half."""
    newline = "\r\n" if "\r\n" in document else "\n"
    for part in parts:
        lines = document.split(newline)
        found = _find(part, lines)
        body = _merged(part, found).split("\n")
        block = [f"<!-- piiguard:{part.id} -->", "", *body, "", f"<!-- /piiguard:{part.id} -->"]
        if found.start == found.end:
            block = [*([] if found.start and not lines[found.start - 1].strip() else [""]), *block, ""]
        document = newline.join([*lines[: found.start], *block, *lines[found.end :]])
    return document


# ---------------------------------------------------------------- where a part stands


def _find(part: Part, lines: list[str]) -> Found:
    """Between its markers, else its table or only drawing, else the end of its section or of the document."""
    kind, code = PARTS[part.id], _fenced(lines)
    marked = _between_markers(part.id, lines, code)
    if marked:
        inside = next(_tables(lines[marked[0] : marked[1]], set()), None)
        return Found(*marked, tuple(lines[marked[0] + inside[0] : marked[0] + inside[1]]) if inside else ())
    sections = [each for each in _sections(lines, code) if re.search(kind.heading, each[0], re.IGNORECASE)]
    if kind.columns:
        tables = [each for each in _tables(lines, code) if _fits(kind, lines[each[0]])]
        there = [each for each in tables if any(start <= each[0] < end for _, start, end in sections)]
        if chosen := (there or tables)[:1]:
            return Found(*chosen[0], tuple(lines[chosen[0][0] : chosen[0][1]]))
        return _at_the_end(kind, sections, lines)
    blocks = [each for _, start, end in sections for each in _drawings(lines[:end], start)]
    return Found(*blocks[0]) if len(blocks) == 1 else _at_the_end(kind, sections, lines)


def _drawings(lines: list[str], start: int) -> Iterator[tuple[int, int]]:
    """First line and the line after each Mermaid block from a line on."""
    begin = -1
    for number, line in enumerate(lines[start:], start):
        if begin < 0 and re.match(r" {0,3}```+ *mermaid\b", line):
            begin = number
        elif begin >= 0 and _FENCE.match(line):
            yield begin, number + 1
            begin = -1


def _at_the_end(kind: Kind, sections: list[tuple[str, int, int]], lines: list[str]) -> Found:
    """Behind the last line of the section; a document without one gets it."""
    end = sections[0][2] if sections else len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if not sections:
        lines[end:] = ["", f"## {kind.title}", ""]
        end = len(lines) - 1
    return Found(end, end)


def _between_markers(id_: str, lines: list[str], code: set[int]) -> tuple[int, int] | None:
    places = [
        [number for number, line in enumerate(lines) if line.strip() == marker and number not in code]
        for marker in (f"<!-- piiguard:{id_} -->", f"<!-- /piiguard:{id_} -->")
    ]
    if places == [[], []]:
        return None
    if [len(each) for each in places] != [1, 1] or places[0] > places[1]:
        raise UsageError(f"the markers of piiguard:{id_} are not one pair", todo="Correct them, or take both out")
    return places[0][0], places[1][0] + 1


def _fenced(lines: list[str]) -> set[int]:
    """Lines of code blocks."""
    inside, fence = set(), ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if fence:
            inside.add(number)
            if found and found[1].startswith(fence) and not line.strip(" `~\t"):
                fence = ""
        elif found:
            inside.add(number)
            fence = found[1]
    return inside


def _sections(lines: list[str], code: set[int]) -> Iterator[tuple[str, int, int]]:
    """Title, first line after the heading, first line after the section."""
    heads = [
        (number, len(found[1]), found[2])
        for number, line in enumerate(lines)
        if number not in code and (found := _ATX.match(line))
    ] or [(number, 1, found[1]) for number, line in enumerate(lines) if (found := _NUMBERED.match(line))]
    for place, (number, level, title) in enumerate(heads):
        end = next((other for other, deep, _ in heads[place + 1 :] if deep <= level), len(lines))
        yield _NUMBER.sub("", title.strip(" *_")), number + 1, end


def _tables(lines: list[str], code: set[int]) -> Iterator[tuple[int, int]]:
    """First line and the line after each pipe table."""
    for number in range(len(lines) - 1):
        if number not in code and "|" in lines[number] and "|" in lines[number + 1] and _RULER.match(lines[number + 1]):
            end = number + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
            yield number, end


# ---------------------------------------------------------------- what it holds


def _merged(part: Part, found: Found) -> str:
    if isinstance(part.body, str) or not found.table:
        return part.text()
    return "\n".join(_merged_table(PARTS[part.id], part.body, found.table))


def _new_table(kind: Kind, table: Table) -> Iterator[str]:
    yield _row(kind.names.values())
    yield _row("---" for _ in kind.names)
    yield from (_row(_in_table(row[name]) for name in kind.names) for row in _shared(table.rows))


def _merged_table(kind: Kind, table: Table, old: tuple[str, ...]) -> Iterator[str]:
    """The old table's own columns and order; rows of apps that are not ours as they are."""
    columns = _columns(kind, old[0])
    width = len(_cells(old[0]))
    kept, open_rows = [], list(table.rows)
    apps = {row["app"] for row in table.rows}
    for line in old[2:]:
        cells = (_cells(line) + [""] * width)[:width]
        told = {name: cells[index] for name, index in columns.items()}
        if not any(_same_app(told["app"], app) for app in apps) or _is_for_all(told["app"]):
            kept.append((told, line))
            open_rows = [
                row for row in open_rows if not (_is_for_all(told["app"]) and _services(row) <= _services(told))
            ]
        elif matching := _matching(told, open_rows):
            open_rows = [row for row in open_rows if row not in matching]
            kept.append((told, _row(_updated(kind, columns, cells, matching))))
    yield from old[:2]
    yield from _placed(kept, [(row, _row(_fresh(columns, width, row, kept))) for row in _shared(open_rows)])


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
        or (name in kind.asked and old != "")
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


def _same_app(one: str, other: str) -> bool:
    short, long = sorted((_folded(_bare(name)) or name for name in (one, other)), key=len)
    return short == long or (len(short) >= _SHORTEST_NAME and short in long)


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


def _columns(kind: Kind, header: str) -> dict[str, int]:
    """Meaning -> column; each once."""
    found: dict[str, int] = {}
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

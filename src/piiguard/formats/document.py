"""The Trust Center document's report: `piiguard-document/1` as JSON, and text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from itertools import groupby
from typing import Any, Literal

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.text import Text

from piiguard.formats.plain import plural, printable
from piiguard.formats.serialise import dump
from piiguard.formats.text import STYLES, View
from piiguard.trustcenter import CellFinding, Checked, Contradiction, Judged, Match, ProviderRow, Remark, Reply

SCHEMA = "piiguard-document/1"
_MARKS = {
    "contradicted": "✗",
    "not-shown": "?",
    "missing": "!",
    "attested": "✓",
    "supported": "✓",
    "not-applicable": "·",
}
_AS_DISCLOSED = "as disclosed"
_DISCLOSED = {
    "supported": "as disclosed: the code does so",
    "not-applicable": "disclosed, and not seen in the code",
    "not-shown": "disclosed; whether all of it is so could not be told",
    "contradicted": "disclosed, but not all of it: contradicted",
    "missing": "disclosed: a person must say",
    "attested": "disclosed: attested",
}
"""Answer -> what it means for something that the page discloses."""
_ALLOWED = "; allowed by "
"""How the judge adds a line that makes something acceptable to a reason."""
_SHORT = 100


def to_json(checked: Checked) -> str:
    """Same document and code, same bytes."""
    document = checked.document
    return dump(
        {
            "schema": SCHEMA,
            "claims": [_claim(each) for each in checked.judged],
            "unrecognised": [
                {"line": each.line, "section": each.section, "quote": each.quote} for each in document.unrecognised
            ],
            "apps": _apps(checked),
            "providers": [_provider(each) for each in document.providers if each.names.providers or each.names.unknown],
            "tables": [_table(checked, index) for index in range(len(document.tables))],
            "contradictions": [_contradiction(each) for each in document.contradictions],
            "gaps": [{"line": each.line or None, "why": each.says} for each in (*document.gaps, *checked.gaps)],
            "notes": [{"line": each.line or None, "says": each.says} for each in checked.notes],
        }
    )


def _claim(judged: Judged) -> dict[str, Any]:
    each = judged.statement
    return {
        "line": each.line,
        "section": each.section,
        "path": list(each.path),
        "quote": each.quote,
        "kind": each.kind,
        "polarity": each.polarity,
        "apps": list(each.apps) or "all",
        "exceptions": list(each.exceptions),
        "checkable": each.checkable,
        "pattern": each.pattern,
        "answer": judged.answer,
        "answers": [
            {"app": reply.app, "answer": reply.answer, "reason": reply.reason, "observations": list(reply.observations)}
            for reply in judged.replies
        ],
    }


def _apps(checked: Checked) -> list[dict[str, Any]]:
    ids = {match.name: match for match in checked.matches}
    told: list[dict[str, Any]] = []
    for name in checked.document.apps:
        match = ids.get(name)
        told.append({"name": name, "id": match.app or None if match else None, "match": match.how if match else None})
    named = {match.app for match in checked.matches}
    told += [
        {"name": None, "id": app, "match": "the document does not name this app"}
        for app in checked.scanned
        if app not in named
    ]
    for each in told:
        each["predictions"] = [
            {"topic": one.topic, "answer": one.answer, "reason": one.reason}
            for one in checked.predictions
            if one.app == each["id"] and each["id"] is not None
        ]
    return told


def _provider(row: ProviderRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "apps": list(row.apps) or "all",
        "names": [*row.names.providers, *row.names.unknown],
        "unmapped": list(row.names.unknown),
        "type": row.kind,
        "purpose": row.purpose,
        "location": row.location,
    }


def _table(checked: Checked, index: int) -> dict[str, Any]:
    tables = checked.document.tables
    table = tables[index]
    end = tables[index + 1].line if index + 1 < len(tables) else 1 << 60
    findings = [each for each in checked.cells if table.line <= each.line < end]
    return {
        "line": table.line,
        "kind": table.kind,
        "section": table.section,
        "columns": table.columns,
        "rows": table.rows,
        "findings": [
            {
                "line": each.line,
                "app": each.app,
                "column": each.column,
                "state": each.state,
                "reason": each.reason,
                "observations": list(each.observations),
            }
            for each in findings
        ],
    }


def _contradiction(each: Contradiction) -> dict[str, Any]:
    return {
        "lines": list(each.lines),
        "why": each.why,
        "quotes": list(each.quotes),
        "apps": list(each.apps) or "all",
        "rule": each.rule,
    }


def to_text(checked: Checked, view: View) -> str:
    """The verdict table: by section, in the document's order, with quotes."""
    file = StringIO()
    color: Literal["standard"] | None = "standard" if view.color else None
    console = Console(
        file=file, width=view.width, force_terminal=view.color, color_system=color, no_color=not view.color,
        highlight=False, emoji=False, markup=False, legacy_windows=False,
    )  # fmt: skip
    for part in _parts(checked, view):
        console.print(part)
    lines = (line.rstrip() for line in file.getvalue().splitlines())
    return "\n".join(lines) + "\n"


def _parts(checked: Checked, view: View) -> Iterator[Any]:
    document = checked.document
    yield Text(f"{printable(document.name)}: {printable(document.title)}".rstrip(": "), STYLES["heading"])
    yield Text(_facts(checked), STYLES["quiet"])
    shown = ""
    for together in _sentences(checked):
        heading = _heading(together[0])
        if heading != shown:
            yield Text("")
            yield Line(Text(heading, STYLES["heading"]), align="left", style=STYLES["quiet"], characters="─")
            shown = heading
        yield from _sentence(together, view, checked)
    yield from _block("The tables and drawings", [_cell(each, checked) for each in checked.cells])
    yield from _block("The document contradicts itself", [_pair(each) for each in document.contradictions])
    yield from _block(
        "Reads like a promise and was not recognised",
        [f"line {each.line}: {printable(each.quote)}" for each in document.unrecognised],
    )
    yield from _block("What the platform will probably say (predicted)", [
        f"{_named(each.app, checked)}, {each.topic}: {each.answer}. {printable(each.reason)}"
        for each in checked.predictions
    ])  # fmt: skip
    yield from _block("Apps", [f"{printable(each.name)}: {_folder(each)} ({each.how})" for each in checked.matches])
    yield from _block("Not looked at", [_remark(each) for each in (*document.gaps, *checked.gaps)])
    yield from _block("Worth knowing", [_remark(each) for each in checked.notes])
    yield Text("")
    yield Text(_last(checked), STYLES["heading"])


def _remark(each: Remark) -> str:
    return f"line {each.line}: {printable(each.says)}" if each.line else printable(each.says)


def _facts(checked: Checked) -> str:
    document = checked.document
    parts = [
        f"vendor: {printable(document.vendor)}" if document.vendor else "",
        f"apps: {', '.join(printable(name) for name in document.apps)}" if document.apps else "names no app",
        f"updated {document.updated}" if document.updated else "",
        f"reviewed {document.reviewed}" if document.reviewed else "",
    ]
    return ", ".join(part for part in parts if part)


def _heading(judged: Judged) -> str:
    each = judged.statement
    title = each.path[1] if len(each.path) > 1 else each.path[-1] if each.path else ""
    return " ".join(part for part in (f"{each.section}." if each.section else "", printable(title)) if part)


def _sentences(checked: Checked) -> Iterator[tuple[Judged, ...]]:
    """The claims of each sentence together."""
    for _, together in groupby(checked.judged, key=lambda each: (each.statement.line, each.statement.quote)):
        yield tuple(together)


def _sentence(together: tuple[Judged, ...], view: View, checked: Checked) -> Iterator[Any]:
    first = together[0].statement
    quote = printable(first.quote)
    if view.detail != "everything" and len(quote) > _SHORT:
        quote = quote[:_SHORT].rstrip() + "…"
    head = Text()
    head.append(f"line {first.line} ", STYLES["place"])
    head.append(f"“{quote}”")
    if first.apps:
        head.append(f" [{', '.join(printable(name) for name in first.apps)}]", STYLES["quiet"])
    yield Padding(head, (0, 0, 0, 1))
    for judged in together:
        each, answer = judged.statement, judged.answer
        disclosed = each.polarity == "disclosure"
        said = _DISCLOSED.get(answer or "", "disclosed") if disclosed else answer or ""
        mark = "·" if disclosed and answer == "supported" else _MARKS.get(answer or "", "-")
        style = STYLES.get("not-applicable" if mark == "·" else answer or "", "")
        yield Padding(Text(f"{mark} {each.kind}{f': {said}' if said else ''}", style), (0, 0, 0, 3))
        for reply in judged.replies:
            if view.detail == "everything" or _telling(judged, reply):
                who = f"{_named(reply.app, checked)}: " if reply.app and len(judged.replies) > 1 else ""
                reason = reply.reason if view.detail == "everything" else _short(reply.reason)
                yield Padding(Text(f"{who}{printable(reason)}"), (0, 0, 0, 5))


def _telling(judged: Judged, reply: Reply) -> bool:
    """Whether the reason says more than the answer."""
    person = reply.answer == "missing" and judged.statement.checkable == "person"
    unscanned = reply.answer == "not-shown" and not reply.app  # told once, below "Apps"
    return reply.answer not in ("supported", "not-applicable") and not person and not unscanned


def _short(reason: str) -> str:
    """Without the lines that allow other places: they are many, and say nothing against the sentence."""
    first, *allowing = reason.split(_ALLOWED)
    return f"{first}; {plural(len(allowing), 'other place')} allowed (-v says by what)" if allowing else first


def _named(app: str, checked: Checked) -> str:
    """An app as the document calls it."""
    name = next((match.name for match in checked.matches if match.app == app), "" if app == "." else app)
    return printable(name) or "the app"


def _folder(match: Match) -> str:
    return "not scanned" if not match.app else "the scanned folder" if match.app == "." else printable(match.app)


def _cell(each: CellFinding, checked: Checked) -> str:
    who = f", {_named(each.app, checked)}" if each.app else ""
    return f"line {each.line}, {each.column}{who}: {each.state}. {printable(each.reason)}"


def _pair(each: Contradiction) -> str:
    first, second = each.lines
    places = f"line {first}: “{printable(each.quotes[0])}”"
    other = (
        f"the platform: {printable(each.quotes[1])}"
        if each.with_platform
        else f"line {second}: “{printable(each.quotes[1])}”"
    )
    return f"{each.why}\n  {places}\n  {other}"


def _block(title: str, lines: list[str]) -> Iterator[Any]:
    if lines:
        yield Text("")
        yield Line(Text(title, STYLES["heading"]), align="left", style=STYLES["quiet"], characters="─")
        for line in lines:
            yield Padding(Text(line), (0, 0, 0, 1))


def _counted(judged: Judged) -> str:
    told = judged.statement.polarity == "disclosure" and judged.answer == "supported"
    return _AS_DISCLOSED if told else judged.answer or ""


def _last(checked: Checked) -> str:
    document = checked.document
    known = len({(each.statement.line, each.statement.quote) for each in checked.judged})
    listed = len(document.unrecognised)
    share = f"{listed} listed as unrecognised ({document.recognised:.0%} recognised)"
    told = f"{plural(known, 'promising sentence')} recognised, {share}" if known or listed else "no promise found"
    answers = [_counted(each) for each in checked.judged if each.answer]
    counts = [f"{answers.count(name)} {name}" for name in (*_MARKS, _AS_DISCLOSED) if name in answers]
    cells = f"{plural(len(checked.cells), 'table finding')}" if checked.cells else ""
    pairs = plural(len(document.contradictions), "inner contradiction") if document.contradictions else ""
    return "; ".join(part for part in (told, ", ".join(counts), cells, pairs) if part)

"""The data flow that `trust-center render` drew into a document: held against what it would draw now.

It says what the code does, and promises nothing, so its lines are not read as sentences. To keep a promise from hiding
there, only lines of the form that `render` writes are left out, and the whole is compared: what differs is a finding,
and what cannot be compared a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import PurePath

import msgspec

from piiguard.formats.markdown import escape
from piiguard.formats.markdown_parts import Drawing, Region, drawings, region
from piiguard.formats.plain import printable
from piiguard.formats.trust_center import drawn, has_form_of_drawing
from piiguard.model import Report
from piiguard.trustcenter import CellFinding, Checked, Remark, TableRead

_MARKDOWN = frozenset({".md", ".markdown", ".mdx"})
_QUOTED = 100


def apart(name: str, data: bytes) -> tuple[bytes, Region | None]:
    """The document without the lines that `render` drew (they are blank, so that all lines keep their numbers)."""
    if PurePath(name).suffix.lower() not in _MARKDOWN:
        return data, None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return data, None
    found = region(text, "data-flow")
    if found is None:
        return data, None
    lines = text.split("\n")
    for each in drawings(found.inside):
        first = found.first + each.offset
        for number, line in enumerate(each.lines, first):
            lines[number] = "" if has_form_of_drawing(line) else lines[number]
    return "\n".join(lines).encode(), found


def not_compared(checked: Checked, found: Region | None) -> Checked:
    """The document alone: what is drawn in it stays as it is."""
    if found is None:
        return checked
    why = f"lines {found.first} to {found.last} are marked as drawn by piiguard: --app holds them against the code"
    return msgspec.structs.replace(_listed(checked, found), gaps=(*checked.gaps, Remark(found.first, why)))


def compared(checked: Checked, found: Region | None, report: Report, given: Mapping[str, str]) -> Checked:
    """The document with what is not drawn as the code is. `given`: names of apps in the document -> ids."""
    if found is None:
        return checked
    names = _names(checked, report, given)
    old = drawings(found.inside)
    findings = [*_before(found, old)]
    gaps = []
    for each in old:
        if each.app in names:
            app, name = names[each.app]
            findings += _differing(each, drawn(report, app, name), app, found.first + 1 + each.offset)
        else:
            line = found.first + 1 + each.offset
            gaps.append(Remark(line, f"the drawing of {printable(each.app)}: no scanned app is called like this"))
    there = {names[each.app][0] for each in old if each.app in names}
    for one in report.subject.apps:
        if one.id not in there:
            findings.append(_finding(found.first, one.id, "missing", "the app is not drawn"))
    told = () if findings or gaps else (_same(found),)
    return msgspec.structs.replace(
        _listed(checked, found),
        cells=tuple(sorted((*checked.cells, *findings))),
        gaps=(*checked.gaps, *gaps),
        notes=(*checked.notes, *told),
    )


def _names(checked: Checked, report: Report, given: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """How a drawing may be headed -> the app's id, and its name."""
    names = {app.name or app.id: app.id for app in report.subject.apps}
    names |= {match.name: match.app for match in checked.matches if match.app} | dict(given)
    return {escape(name): (id_, name) for name, id_ in names.items()}


def _before(found: Region, old: tuple[Drawing, ...]) -> Iterator[CellFinding]:
    """Text that stands before the first drawing."""
    inside = found.inside[: old[0].offset] if old else found.inside
    for number, line in enumerate(inside, found.first + 1):
        if line.strip():
            yield _finding(number, "", "stale", f"{_quoted(line)} belongs to no drawing")
            return


def _differing(old: Drawing, new: Drawing, app: str, first: int) -> Iterator[CellFinding]:
    """The first line that differs."""
    for number, (says, should) in enumerate(zip_longest(old.lines, new.lines, fillvalue=""), first):
        if says != should:
            told = f"the document says {_quoted(says)}, from the code comes {_quoted(should)}"
            yield _finding(number, app, "stale", told)
            return


def _quoted(line: str) -> str:
    return f"“{printable(line.strip())[:_QUOTED]}”" if line.strip() else "nothing"


def _finding(line: int, app: str, state: str, reason: str) -> CellFinding:
    told = f"{reason}: the drawing is stale or was edited by hand; `piiguard trust-center render` draws it anew"
    return CellFinding(line, app, "data flow", state, told)  # type: ignore[arg-type]


def _same(found: Region) -> Remark:
    return Remark(found.first, f"lines {found.first} to {found.last} are drawn by piiguard, as the code is now")


def _listed(checked: Checked, found: Region) -> Checked:
    """The drawing among the tables of the document, so that its findings have a place."""
    document = checked.document
    section = next((number for heading, number in reversed(document.headings) if heading.line < found.first), None)
    own = next((each.number for each, _ in reversed(document.headings) if each.line < found.first), "")
    read = TableRead(found.first, "data-flow", own or str(section or ""), rows=len(drawings(found.inside)))
    tables = tuple(sorted((*document.tables, read), key=lambda table: table.line))
    return msgspec.structs.replace(checked, document=msgspec.structs.replace(document, tables=tables))

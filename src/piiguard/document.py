"""A Trust Center document, held against itself, against the code and against time; and written as the code is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from piiguard import drawings
from piiguard.app import history
from piiguard.app.files import MB, Unreadable, read_text
from piiguard.claims.config import document_path, load_policy
from piiguard.claims.document import aging
from piiguard.claims.document.drafting import draft_from
from piiguard.claims.document.judging import Code, against_code, alone
from piiguard.claims.document.matching import match_apps
from piiguard.claims.document.reading import load
from piiguard.claims.document.understand import understand
from piiguard.claims.policy import Policy
from piiguard.errors import UsageError
from piiguard.formats import trust_center
from piiguard.formats.markdown_parts import KnownTable
from piiguard.model import Report
from piiguard.scan import Options, scan
from piiguard.trustcenter import Checked, Document, Remark

_PARTS = {
    "overview": ("app-overview", {"app": "app", "platform": "platform", "pii": "stores", "calls": "calls"}),
    "subprocessors": (
        "subprocessors",
        {"app": "app", "provider": "service", "purpose": "purpose", "type": "type", "location": "place"},
    ),
}
"""Kind of a table, as the reader calls it -> the part that it is, and the reader's columns -> the part's."""


def check(file: Path | None, folder: Path | None, options: Options) -> Checked:
    """A Trust Center document held against itself and, where `folder` is given, against the apps in it.

    `file` None: the one that the folder's piiguard.yaml names. Raises PiiguardError as `scan` does, and UsageError when
    there is no document or it cannot be read.
    """
    if folder is None:
        if file is None:
            raise UsageError(
                "no document is given", todo="Name one, or --app PATH with `trust-center.document` in its piiguard.yaml"
            )
        data, region = drawings.apart(file.name, load(file))
        return drawings.not_compared(alone(understand(file.name, data)), region)
    policy = load_policy(folder, options.config) if options.use_config else Policy()
    path = file or document_path(policy, folder)
    if path is None:
        raise UsageError("no document is given", todo="Name one, or set `trust-center.document` in piiguard.yaml")
    data, region = drawings.apart(path.name, load(path))
    document = understand(path.name, data, hosts=policy.hosts)
    report = scan(folder, options)
    today = options.today or date.today()
    code = Code(report.subject, report.observations, report.gaps, policy, today, policy.document_apps)
    checked = drawings.compared(against_code(document, code), region, report, policy.document_apps)
    return _held_against_time(checked, report, folder)


def _held_against_time(checked: Checked, report: Report, folder: Path) -> Checked:
    """The same with what is younger than the document's review date; without a history, that is a gap."""
    if not (checked.document.reviewed or checked.document.updated):
        note = Remark(0, "the page does not say when it was last reviewed or updated")
        return msgspec.structs.replace(checked, notes=(*checked.notes, note))
    found = aging.places(checked, report.subject, report.observations)
    paths = {place.path for place in found}
    try:
        came = history.lines_came(folder, paths)
        texts = {path: tuple(read_text(folder, path, 4 * MB).splitlines()) for path in came}
    except (history.NoHistory, Unreadable) as error:
        gap = Remark(0, f"whether the code is younger than the document: {error}")
        return msgspec.structs.replace(checked, gaps=(*checked.gaps, gap))
    return aging.aged(checked, found, came, texts)


def render(report: Report, policy: Policy, names: Mapping[str, str], page: tuple[str, str] | None) -> str:
    """The parts of a document as the code says they are; with a `page` (name and text), its text with them.

    `names`: app id -> how the document calls it, before `trust-center.apps` of piiguard.yaml and the page itself.
    Raises UsageError for an id that is no app's, and for a page that cannot be changed.
    """
    ids = {app.id for app in report.subject.apps}
    for id_ in names:
        if id_ not in ids:
            raise UsageError(f"there is no app {id_!r} to name", todo=f"ID is one of {', '.join(sorted(ids))}")
    given = policy.document_apps
    called = {**{id_: name for name, id_ in given.items()}, **names}
    if page is None:
        return trust_center.render(report, called)
    document = understand(page[0], page[1].encode())
    on_page = {each.app: each.name for each in match_apps(document, report.subject, given) if each.app}
    return trust_center.patch(page[1], trust_center.parts(report, {**on_page, **called}), _tables(document))


def _tables(document: Document) -> dict[str, KnownTable]:
    """The first table of each kind that a part is made from."""
    found: dict[str, KnownTable] = {}
    for table in document.tables:
        if table.kind in _PARTS and "app" in table.columns:
            part, meanings = _PARTS[table.kind]
            columns = {meanings[name]: index for name, index in table.columns.items() if name in meanings}
            found.setdefault(part, KnownTable(table.line - 1, columns))
    return found


def draft(file: Path, folder: Path) -> str:
    """The text of a piiguard.yaml for `folder`, from what a document says. Raises UsageError when it cannot be read."""
    document = understand(file.name, load(file))
    inside = file.resolve().is_relative_to(folder.resolve())
    return draft_from(document, file.resolve().relative_to(folder.resolve()).as_posix() if inside else "")

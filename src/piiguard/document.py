"""A Trust Center document, held against itself, against the code and against time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from piiguard.app import history
from piiguard.app.files import MB, Unreadable, read_text
from piiguard.claims.config import document_path, load_policy
from piiguard.claims.document import aging
from piiguard.claims.document.drafting import draft_from
from piiguard.claims.document.judging import Code, against_code, alone
from piiguard.claims.document.reading import load
from piiguard.claims.document.understand import understand
from piiguard.claims.policy import Policy
from piiguard.errors import UsageError
from piiguard.model import Report
from piiguard.scan import Options, scan
from piiguard.trustcenter import Checked


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
        return alone(understand(file.name, load(file)))
    policy = load_policy(folder, options.config) if options.use_config else Policy()
    path = file or document_path(policy, folder)
    if path is None:
        raise UsageError("no document is given", todo="Name one, or set `trust-center.document` in piiguard.yaml")
    data = load(path)
    hosts = tuple(host for each in (policy.everyone, *policy.apps.values()) for host in each.hosts)
    document = understand(path.name, data, hosts=hosts)
    report = scan(folder, options)
    today = options.today or date.today()
    code = Code(report.subject, report.observations, report.gaps, policy, today, policy.document_apps)
    return _held_against_time(against_code(document, code), report, folder)


def _held_against_time(checked: Checked, report: Report, folder: Path) -> Checked:
    """The same with what is younger than the document's review date; without a history, a note says so."""
    found = aging.places(checked, report.subject, report.observations)
    paths = {place.path for place in found}
    try:
        dates = history.line_dates(folder, paths)
        texts = {path: tuple(read_text(folder, path, 4 * MB).splitlines()) for path in dates}
    except (history.NoHistory, Unreadable) as error:
        note = f"whether the code is younger than the document: {error}"
        return msgspec.structs.replace(checked, notes=(*checked.notes, note))
    return aging.aged(checked, found, dates, texts)


def draft(file: Path, folder: Path) -> str:
    """The text of a piiguard.yaml for `folder`, from what a document says. Raises UsageError when it cannot be read."""
    document = understand(file.name, load(file))
    inside = file.resolve().is_relative_to(folder.resolve())
    return draft_from(document, file.resolve().relative_to(folder.resolve()).as_posix() if inside else "")

"""`piiguard baseline`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from piiguard import baseline as baselines
from piiguard.cli.options import day
from piiguard.cli.output import emit, write_files
from piiguard.cli.scanning import scanned, scanned_report
from piiguard.errors import UsageError
from piiguard.formats.plain import plural


@click.command()
@scanned
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"The file (default: PATH/{baselines.FILE_NAME}). What it accepts already, it keeps.",
)
@click.option("--by", metavar="NAME", help="Who accepts the findings: first and last name, role.")
@click.option("--reason", metavar="TEXT", help="Why, in a sentence.")
@click.option("--until", type=day, metavar="YYYY-MM-DD", help="The last day on which they are accepted.")
@click.option("--prune", is_flag=True, help="Take out the entries that match nothing any more.")
def baseline(
    path: Path,
    today: datetime.datetime | None,
    target: Path | None,
    by: str | None,
    reason: str | None,
    until: datetime.datetime | None,
    prune: bool,
    **scan: Any,
) -> int:
    """Write the findings in PATH that are known and accepted for a while. `piiguard scan --baseline FILE` reads them.

    Without --by, --reason and --until nothing is added: that is for --prune.
    """
    now = today.date() if today else datetime.date.today()
    word = _word(by, reason, until, now)
    if word is None and not prune:
        raise click.UsageError("Who accepts the findings, why and until when? Give --by, --reason and --until.")
    target = target or path / baselines.FILE_NAME
    listed = baselines.read(target) if target.exists() else ()
    report = baselines.hold(scanned_report(path, today=today, **scan), listed, now)
    entries = baselines.updated(report, word, prune=prune)
    write_files([(target, baselines.render(entries))])
    emit(f"{target}: {plural(len(entries), 'known finding')} ({plural(len(listed), 'entry', 'entries')} before).\n")
    held = report.baseline
    for line in baselines.notes(held) if held and not prune else ():
        click.echo(f"baseline: {line}", err=True)
    return 0


def _word(
    by: str | None, reason: str | None, until: datetime.datetime | None, today: datetime.date
) -> baselines.Word | None:
    """Raises UsageError for a word that is not complete, or over already."""
    if by is None and reason is None and until is None:
        return None
    if not by or not reason or until is None or not by.strip() or not reason.strip():
        raise UsageError("a finding is accepted with a name, a reason and an end: --by, --reason and --until")
    if not (by + reason).isprintable():
        raise UsageError("--by and --reason are a line of text each, without control characters")
    if until.date() < today:
        raise UsageError(f"--until {until.date()} is past: nothing would be accepted")
    return baselines.Word(by.strip(), reason.strip(), until.date())

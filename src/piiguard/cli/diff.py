"""`piiguard diff`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click
import msgspec

from piiguard import cache
from piiguard.cli.options import file, folder, rule_folders
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit
from piiguard.cli.progress import Progress


@click.command()
@click.argument("old")
@click.argument("new")
@click.argument("path", type=folder, default=".")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="What is printed (default: text).",
)
@click.option("--config", type=file, help="Judge both by this file, not each by its own piiguard.yaml.")
@click.option("--baseline", type=file, help="Known findings: they are shown, and are no failure.")
@rule_folders
@today_option
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever changes.")
def diff(
    old: str,
    new: str,
    path: Path,
    format_: str,
    config: Path | None,
    baseline: Path | None,
    rules: tuple[Path, ...],
    today: datetime.datetime | None,
    exit_zero: bool,
) -> int:
    """What changes from OLD to NEW: git revisions of PATH, folders, or reports (FILE.json).

    New and gone findings, hosts, scopes and classes of data, claims with another answer, and the sections of the Trust
    Center that this changes. Ends with 1 when something new contradicts a claim,
    and with 3 when a claim can no longer be shown.
    """
    from piiguard import scan as scanning  # the engines load slowly: --help does without
    from piiguard.changes.compare import compare, exit_code
    from piiguard.changes.states import state
    from piiguard.changes.write import FORMATS

    with Progress(shown=sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            rules=rules,
            today=today.date() if today else None,
            progress=progress.say,
            cache=cache.of_user(path),
        )
        before = state(old, path, options)
        after = state(new, path, msgspec.structs.replace(options, baseline=baseline))
    changes = compare(before, after, (old, new))
    emit(FORMATS[format_](changes))
    return 0 if exit_zero else exit_code(changes)

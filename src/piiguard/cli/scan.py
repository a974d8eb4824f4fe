"""`piiguard scan`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from piiguard.baseline import notes
from piiguard.claims.exits import exit_code, expiring
from piiguard.cli.options import (
    FailOnParam,
    Output,
    OutputParam,
    caching,
    file,
    folder,
    included_kinds,
    kept,
    relative_to,
    rule_folders,
)
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit, view, write_files
from piiguard.cli.progress import Progress
from piiguard.errors import UsageError
from piiguard.formats import FORMATS, TO_FILE, text
from piiguard.formats.plain import printable
from piiguard.model import Baseline

CONTRADICTED = 1


@click.command()
@click.argument("path", type=folder, default=".")
@click.argument("files", type=click.Path(path_type=Path, exists=True), nargs=-1)
@click.option(
    "--changed", is_flag=True, help="Trace everything, but report only what a change of FILES touches or causes."
)
@click.option(
    "--format", "format_", type=click.Choice(list(FORMATS)), default="text", help="What is printed (default: text)."
)
@click.option(
    "--output",
    "outputs",
    type=OutputParam(),
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write a file as well, also as pdf. May be repeated.",
)
@click.option("--only", multiple=True, metavar="RULE_OR_CATEGORY", help="Look for these only. May be repeated.")
@click.option(
    "--fail-on",
    "fail_within",
    type=FailOnParam(),
    metavar="expiring:DAYSd",
    help="End with 1 as well if an attestation, waiver or known finding ends within so many days, as expiring:30d.",
)
@click.option(
    "--baseline", type=file, help="Known findings (`piiguard baseline` writes them): shown as known, and no failure."
)
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the answers are.")
@click.option("--config", type=file, help="Another file than PATH/piiguard.yaml.")
@click.option("--no-config", is_flag=True, help="Ignore piiguard.yaml: judge by the strict default.")
@included_kinds
@rule_folders
@today_option
@caching
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.option("--verbose", "-v", is_flag=True, help="Show every finding in full.")
@click.option("--quiet", "-q", is_flag=True, help="No progress; of the text only the last line.")
def scan(
    path: Path,
    files: tuple[Path, ...],
    changed: bool,
    format_: str,
    outputs: tuple[Output, ...],
    only: tuple[str, ...],
    fail_within: int | None,
    baseline: Path | None,
    exit_zero: bool,
    config: Path | None,
    no_config: bool,
    include: tuple[str, ...],
    rules: tuple[Path, ...],
    today: datetime.datetime | None,
    no_cache: bool,
    no_color: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Scan the Forge app, or apps, in PATH and answer every claim."""
    from piiguard import scan as scanning  # the engines load slowly: --help does without

    if config and no_config:
        raise click.UsageError("--config and --no-config exclude each other.")
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    if files and not changed:
        raise click.UsageError(f"{files[0]}: files are given after PATH and with --changed only.")
    inside = relative_to(path, files)
    if changed and not inside:
        return 0
    with Progress(shown=not quiet and sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            use_config=not no_config,
            include=frozenset(include),
            rules=rules,
            only=frozenset(only),
            baseline=baseline,
            changed=inside if changed else None,
            today=today.date() if today else None,
            progress=progress.say,
            cache=kept(path, no_cache=no_cache),
        )
        report = scanning.scan(path, options)
    held = report.baseline or Baseline()
    code = exit_code(report.judgement, held.known)
    now = today.date() if today else datetime.date.today()
    ending = () if fail_within is None else expiring(report.judgement, now, fail_within, held.known.values())
    if ending and code != UsageError.exit_code:
        code = CONTRADICTED
    if exit_zero and code != UsageError.exit_code:
        code = 0
    write_files([(target, TO_FILE[name](report)) for name, target in outputs])
    if format_ == "text":
        emit(text.render(report, view(code, no_color=no_color, verbose=verbose, quiet=quiet)))
    else:
        emit(FORMATS[format_](report))
    for line in ending:
        click.echo(f"expiring: {printable(line)}", err=True)
    for line in notes(held):
        click.echo(f"baseline: {printable(line)}", err=True)
    return code

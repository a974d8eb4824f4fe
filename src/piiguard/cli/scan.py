"""`piiguard scan`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from piiguard.app.skips import INCLUDABLE
from piiguard.claims.exits import exit_code
from piiguard.cli.options import Output, OutputParam, file, folder, rule_folders
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit, view, write_files
from piiguard.cli.progress import Progress
from piiguard.errors import UsageError
from piiguard.formats import FORMATS, TO_FILE, text


@click.command()
@click.argument("path", type=folder, default=".")
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
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the answers are.")
@click.option("--config", type=file, help="Another file than PATH/piiguard.yaml.")
@click.option("--no-config", is_flag=True, help="Ignore piiguard.yaml: judge by the strict default.")
@click.option(
    "--include", type=click.Choice(list(INCLUDABLE)), multiple=True, help="Scan files that are left out by default."
)
@rule_folders
@today_option
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.option("--verbose", "-v", is_flag=True, help="Show every finding in full.")
@click.option("--quiet", "-q", is_flag=True, help="No progress; of the text only the last line.")
def scan(
    path: Path,
    format_: str,
    outputs: tuple[Output, ...],
    only: tuple[str, ...],
    exit_zero: bool,
    config: Path | None,
    no_config: bool,
    include: tuple[str, ...],
    rules: tuple[Path, ...],
    today: datetime.datetime | None,
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
    with Progress(shown=not quiet and sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            use_config=not no_config,
            include=frozenset(include),
            rules=rules,
            only=frozenset(only),
            today=today.date() if today else None,
            progress=progress.say,
        )
        report = scanning.scan(path, options)
    code = exit_code(report.judgement)
    if exit_zero and code != UsageError.exit_code:
        code = 0
    write_files([(target, TO_FILE[name](report)) for name, target in outputs])
    if format_ == "text":
        emit(text.render(report, view(code, no_color=no_color, verbose=verbose, quiet=quiet)))
    else:
        emit(FORMATS[format_](report))
    return code

"""`piiguard trust-center check`."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from piiguard.cli.options import caching, file, folder, kept
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit, view


@click.command()
@click.argument("document", type=file, required=False, metavar="[DOC]")
@click.option("--app", "path", type=folder, help="Folder of the app, or apps, to hold the document against.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="What is printed (default: text)."
)
@click.option("--config", type=file, help="Another file than PATH/piiguard.yaml.")
@today_option
@caching
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.option("--verbose", "-v", is_flag=True, help="Quote every sentence in full, with every reason.")
def check(
    document: Path | None,
    path: Path | None,
    format_: str,
    config: Path | None,
    today: datetime.datetime | None,
    no_cache: bool,
    no_color: bool,
    verbose: bool,
) -> int:
    """Read DOC, and hold what it promises against itself and against the code.

    DOC is Markdown, HTML, text, DOCX or PDF. Without --app the document is judged alone. Without DOC, the
    piiguard.yaml of the app says which it is (`trust-center.document`).
    """
    from piiguard import document as documents  # loads slowly: --help does without
    from piiguard import scan as scanning
    from piiguard.cache import OFF
    from piiguard.formats.document import to_json, to_text

    options = scanning.Options(
        config=config,
        today=today.date() if today else None,
        cache=kept(path, no_cache=no_cache) if path else OFF,
    )
    checked = documents.check(document, path, options)
    if format_ == "json":
        emit(to_json(checked))
    else:
        emit(to_text(checked, view(checked.exit_code, no_color=no_color, verbose=verbose, quiet=False)))
    return checked.exit_code

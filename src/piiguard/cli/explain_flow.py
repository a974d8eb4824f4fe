"""`piiguard explain-flow`."""

from __future__ import annotations

from pathlib import Path

import click

from piiguard.app.skips import INCLUDABLE
from piiguard.cli.options import Place, PlaceParam, caching, folder, kept, rule_folders
from piiguard.cli.output import emit
from piiguard.formats import lineflow


@click.command("explain-flow")
@click.argument("place", type=PlaceParam(), metavar="FILE:LINE")
@click.argument("path", type=folder, default=".")
@click.option(
    "--include", type=click.Choice(list(INCLUDABLE)), multiple=True, help="Look at files that are left out by default."
)
@rule_folders
@caching
def explain_flow(place: Place, path: Path, include: tuple[str, ...], rules: tuple[Path, ...], no_cache: bool) -> int:
    """Say why data reaches a line, or does not. FILE is relative to PATH, the folder that is scanned."""
    from piiguard import scan as scanning
    from piiguard import tools

    options = scanning.Options(
        use_config=False, include=frozenset(include), rules=rules, cache=kept(path, no_cache=no_cache)
    )
    emit(lineflow.render(tools.explain_flow(path, *place, options)))
    return 0

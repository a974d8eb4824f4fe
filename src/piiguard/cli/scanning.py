"""A scan for commands that print something other than the report of `piiguard scan`."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from piiguard.cli.options import caching, file, folder, kept, rule_folders, today
from piiguard.cli.progress import Progress
from piiguard.model import Report


def scanned(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument PATH and the options that `scanned_report` takes."""
    for option in (
        caching,
        today,
        rule_folders,
        click.option("--config", type=file, help="Another file than PATH/piiguard.yaml."),
        click.argument("path", type=folder, default="."),
    ):
        function = option(function)
    return function


def scanned_report(
    path: Path, *, config: Path | None, rules: tuple[Path, ...], today: datetime.datetime | None, no_cache: bool
) -> Report:
    """Scan the folder; on a terminal, say what is being done meanwhile."""
    from piiguard import scan as scanning  # the engines load slowly: --help does without

    with Progress(shown=sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            rules=rules,
            today=today.date() if today else None,
            progress=progress.say,
            cache=kept(path, no_cache=no_cache),
        )
        return scanning.scan(path, options)

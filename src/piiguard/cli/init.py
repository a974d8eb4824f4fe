"""`piiguard init`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from piiguard.claims.config import FILE_NAMES
from piiguard.claims.init import draft
from piiguard.cli.options import folder
from piiguard.cli.output import emit, write_files
from piiguard.errors import UsageError


@click.command()
@click.argument("path", type=folder, default=".")
def init(path: Path) -> int:
    """Write a commented piiguard.yaml for the app in PATH, from what a scan sees."""
    from piiguard import scan as scanning

    for name in FILE_NAMES:
        if os.path.lexists(path / name):
            raise UsageError("the file is there already", where=str(path / name), todo="Nothing was changed")
    report = scanning.scan(path, scanning.Options(use_config=False))
    target = path / FILE_NAMES[0]
    write_files([(target, draft(report.subject, report.observations))])
    emit(f"{target} written. It changes nothing yet: read it, and take the # off what you promise.\n")
    return 0

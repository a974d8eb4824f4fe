"""`piiguard init`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from piiguard.claims.config import FILE_NAMES
from piiguard.claims.init import draft
from piiguard.cli.options import caching, file, folder, kept
from piiguard.cli.output import emit, write_files
from piiguard.errors import UsageError


@click.command()
@click.argument("path", type=folder, default=".")
@click.option("--from", "document", type=file, metavar="DOC", help="Take it from a Trust Center document instead.")
@caching
def init(path: Path, document: Path | None, no_cache: bool) -> int:
    """Write a piiguard.yaml for the app in PATH: commented, from what a scan sees, or from what a document says."""
    for name in FILE_NAMES:
        if os.path.lexists(path / name):
            raise UsageError("the file is there already", where=str(path / name), todo="Nothing was changed")
    target = path / FILE_NAMES[0]
    if document is not None:
        from piiguard import document as documents  # loads slowly, as the scan does

        write_files([(target, documents.draft(document, path))])
        emit(f"{target} written, from {document.name}. Read it: hosts and switches hold as they stand.\n")
        return 0
    from piiguard import scan as scanning

    report = scanning.scan(path, scanning.Options(use_config=False, cache=kept(path, no_cache=no_cache)))
    write_files([(target, draft(report.subject, report.observations))])
    emit(f"{target} written. It changes nothing yet: read it, and take the # off what you promise.\n")
    return 0

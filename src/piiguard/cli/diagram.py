"""`piiguard diagram`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from piiguard.cli.output import emit
from piiguard.cli.scanning import scanned, scanned_report
from piiguard.errors import UsageError


@click.command()
@scanned
@click.option("--app", "app", metavar="ID", help="Which app, where PATH holds several: the folder of its manifest.")
@click.option("--format", "format_", type=click.Choice(["mermaid", "svg"]), default="mermaid", help="Default: mermaid.")
def diagram(
    path: Path,
    app: str | None,
    format_: str,
    **scan: Any,
) -> int:
    """Draw where the data of the app in PATH comes from, and whom it reaches."""
    from piiguard.formats import diagram as drawing

    report = scanned_report(path, **scan)
    ids = [each.id for each in report.subject.apps]
    if app is None and len(ids) > 1:
        raise UsageError(f"there are {len(ids)} apps in {str(path)!r}", todo=f"Give --app one of {', '.join(ids)}")
    flow = drawing.graph(report, app if app is not None else ids[0])
    emit(drawing.svg(flow) if format_ == "svg" else drawing.mermaid(flow))
    return 0

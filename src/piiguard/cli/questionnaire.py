"""`piiguard questionnaire`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from piiguard.cli.output import emit
from piiguard.cli.scanning import scanned, scanned_report


@click.command()
@scanned
@click.option(
    "--format", "format_", type=click.Choice(["markdown", "json"]), default="markdown", help="Default: markdown."
)
def questionnaire(path: Path, format_: str, **scan: Any) -> int:
    """Fill in Atlassian's privacy and security forms for the app in PATH, as far as the code shows."""
    from piiguard.formats import questionnaire as forms

    report = scanned_report(path, **scan)
    emit(forms.json(report) if format_ == "json" else forms.markdown(report))
    return 0

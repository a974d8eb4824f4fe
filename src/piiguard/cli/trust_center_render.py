"""`piiguard trust-center render`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from piiguard.cli.options import file
from piiguard.cli.output import emit, write_files
from piiguard.cli.scanning import scanned, scanned_report
from piiguard.errors import UsageError


@click.command()
@scanned
@click.option("--document", type=file, help="Markdown to put the parts into. Printed, unless --write is given.")
@click.option("--write", is_flag=True, help="Change the document itself.")
@click.option(
    "--name", "names", multiple=True, metavar="ID=NAME", help="How the document calls an app. May be repeated."
)
def render(
    path: Path,
    document: Path | None,
    write: bool,
    names: tuple[str, ...],
    **scan: Any,
) -> int:
    """Write the app overview, the data flow and the subprocessors as the code in PATH says they are.

    With --document only these parts of it change: between their markers, or where the document has its own table. Rows
    and drawings of other apps stay. What a person must say is marked "To be stated".
    """
    if write and document is None:
        raise click.UsageError("--write needs --document.")
    page = (document.name, _read(document)) if document else None
    called = _called(names)
    report = scanned_report(path, **scan)

    from piiguard import document as documents  # loads slowly: --help does without
    from piiguard.claims.config import load_policy

    text = documents.render(report, load_policy(path, scan["config"]), called, page)
    if document is None or page is None or not write:
        emit(text)
    elif text == page[1]:
        emit(f"{document} says it already.\n")
    else:
        write_files([(document, text)])
        emit(f"{document} changed: read the difference before you publish it.\n")
    return 0


def _read(document: Path) -> str:
    try:
        return document.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the document is no UTF-8 text", where=str(document), todo="Give a Markdown file") from None
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(document)) from error


def _called(names: tuple[str, ...]) -> dict[str, str]:
    called = dict(name.partition("=")[::2] for name in names)
    for id_, name in called.items():
        if not id_ or not name:
            raise UsageError(f"--name {id_}={name}", todo="Give it as ID=NAME, both not empty")
    return called

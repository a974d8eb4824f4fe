"""A state of an app, by what the user calls it: a JSON report, a folder, or a git revision -> its report."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from piiguard import scan as scanning
from piiguard.app.files import MB, Unreadable, read_bytes
from piiguard.app.revisions import write_revision
from piiguard.errors import UsageError
from piiguard.formats.contract import Document
from piiguard.formats.json import document

MAX_BYTES = 256 * MB


def state(name: str, folder: Path, options: scanning.Options) -> Document:
    """The report of a state. A `.json` file is a report, a folder is scanned, and all else is a revision of `folder`.

    Raises PiiguardError as a scan does, UsageError for what is none of the three.
    """
    place = Path(name)
    if place.suffix == ".json" and place.is_file():
        return _report(place)
    if place.is_dir():
        return document(scanning.scan(place, options))
    with TemporaryDirectory(prefix="piiguard-") as temporary:
        target = Path(temporary).resolve() / "revision"
        write_revision(folder, name, target)
        return document(scanning.scan(target, options))


def _report(file: Path) -> Document:
    try:
        return msgspec.json.decode(read_bytes(file.parent, file.name, MAX_BYTES), type=Document)
    except Unreadable as problem:
        raise UsageError(f"the report {problem}", where=str(file)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        todo = "`piiguard scan --output json=FILE` writes one"
        raise UsageError(f"this is no report: {problem}", where=str(file), todo=todo) from None

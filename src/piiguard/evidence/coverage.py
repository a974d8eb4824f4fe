"""coverage.json: every file of the scanned folder, what became of it, and its digest if it was read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from piiguard.app.contents import MAX_BYTES, contents, digest
from piiguard.app.files import Unreadable, read_bytes
from piiguard.errors import EngineError
from piiguard.model import FileStatus, Subject


class CoveredFile(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One file. `size` in bytes; both are null for what was skipped or could not be read."""

    path: str
    status: Literal["scanned", "skipped", "gap"]
    why: str
    size: int | None
    sha256: str | None


class CoverageList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All files, by path."""

    schema: Literal["piiguard-coverage/1"]
    files: list[CoveredFile]

    @property
    def looked_at(self) -> dict[str, str | None]:
        """Path -> SHA-256 of each file that was scanned, or that could not be."""
        return {file.path: file.sha256 for file in self.files if file.status != "skipped"}


def coverage_list(root: Path, subject: Subject) -> CoverageList:
    """The list for what was read of `root`. Raises EngineError when files changed since."""
    texts = contents(root, subject.apps)
    if digest(texts) != subject.digest:
        raise EngineError(
            "files changed while they were looked at", todo="Run it again on a folder that stays as it is"
        )
    statuses = {status for app in subject.apps for status in app.files}
    return CoverageList("piiguard-coverage/1", sorted(_covered(root, status, texts) for status in statuses))


def _covered(root: Path, status: FileStatus, texts: dict[str, bytes]) -> CoveredFile:
    text = texts.get(status.path) if status.status != "skipped" else None
    if status.status == "gap":
        try:
            text = read_bytes(root, status.path, MAX_BYTES)
        except Unreadable:
            text = None
    if text is None:
        return CoveredFile(status.path, status.status, status.why, None, None)
    return CoveredFile(status.path, status.status, status.why, len(text), hashlib.sha256(text).hexdigest())

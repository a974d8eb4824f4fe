"""Answers that are kept between runs.

A question is everything that its answer depends on: the text of a file, the rules, the facts of the app. An entry is a
file named after the hash of a question and of the program that answers it, so it can only hold what a fresh run would
find out, and never gets stale. Nothing is locked: entries appear whole, by renaming, and equal questions have equal
answers, whoever writes last. An entry that is damaged is no entry.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import platformdirs

Answer = TypeVar("Answer")

VARIABLE = "PIIGUARD_CACHE_DIR"
SHARD_BYTES = 1024 * 1024
"""Disk space of each of the 256 folders of entries, before the entries that were not used for longest go."""
_OTHERS_MAY_WRITE = 0o022
_CHECKSUM_BYTES = 32
_NAME = re.compile(r"[\w.-]+")


class Cache:
    """Kept answers. Without a folder, or in one that cannot be used, every answer is found out anew."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def remember(self, question: tuple[object, ...], form: type[Answer], find_out: Callable[[], Answer]) -> Answer:
        """The answer to a question: kept from an earlier run, or found out now and kept."""
        known = self.recall(question, form)
        if known is None:
            known = find_out()
            self.keep(question, known)
        return known

    def recall(self, question: tuple[object, ...], form: type[Answer]) -> Answer | None:
        """The kept answer, None where there is none that can be read."""
        entry = self._entry(question)
        if entry is None:
            return None
        try:
            content = entry.read_bytes()
            packed = content[_CHECKSUM_BYTES:]
            if content[:_CHECKSUM_BYTES] != _checksum(entry, packed):
                return None
            answer = msgspec.msgpack.decode(zlib.decompress(packed), type=form)
        except (OSError, zlib.error, msgspec.MsgspecError):
            return None
        with contextlib.suppress(OSError):
            os.utime(entry)  # used just now: among the last to be dropped
        return answer

    def keep(self, question: tuple[object, ...], answer: object) -> None:
        """Keep an answer. One that cannot be written is not kept, which costs time and nothing else."""
        entry = self._entry(question)
        packed = _encoded(answer)
        if entry is None or packed is None:
            return
        packed = zlib.compress(packed, level=1)
        if len(packed) > SHARD_BYTES:
            return
        with contextlib.suppress(OSError):
            entry.parent.mkdir(mode=0o700, exist_ok=True)
            _write(entry, _checksum(entry, packed) + packed)
            _drop_unused(entry.parent)

    def _entry(self, question: tuple[object, ...]) -> Path | None:
        program = _program() if self._folder is not None else None
        asked = _encoded(question) if program is not None else None
        if self._folder is None or program is None or asked is None:
            return None
        name = hashlib.sha256(program + asked).hexdigest()
        return self._folder / name[:2] / name


OFF = Cache()


def of_user(scanned: Path) -> Cache:
    """The cache of this user, for scans of the folder `scanned`.

    Its folder is `PIIGUARD_CACHE_DIR`, or that of the platform. It is not used where someone else could have put
    entries: inside the scanned repository, or where others may write.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named).absolute() if named else platformdirs.user_cache_path("piiguard")
    try:
        folder = folder.resolve()
        if not folder.is_absolute() or folder.is_relative_to(_repository(scanned.resolve())) or not _ours(folder):
            return OFF
    except (OSError, RuntimeError, ValueError):
        return OFF
    return Cache(folder)


def _repository(scanned: Path) -> Path:
    """The repository that a folder belongs to; without one, the folder."""
    return next((folder for folder in (scanned, *scanned.parents) if (folder / ".git").exists()), scanned)


def _ours(folder: Path) -> bool:
    """Make the folder, if need be. Whether it belongs to this user, and nobody else may write to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & _OTHERS_MAY_WRITE


@lru_cache(maxsize=1)
def _program() -> bytes | None:
    """Hash over all that answers questions: this package with its tables, the packages that it needs, and Python.

    The version number alone would not do: a checkout changes without it. None where piiguard is not installed, and
    so nothing says what it needs.
    """
    whole = hashlib.sha256(f"{sys.version}\0{sys.platform}".encode())
    try:
        for name in _needed():
            whole.update(f"{name} {_version(name)}\0".encode())
    except metadata.PackageNotFoundError:
        return None
    package = Path(__file__).parent
    for file in _files(package):
        content = file.read_bytes()
        whole.update(f"{file.relative_to(package)}\0{len(content)}\0".encode() + content)
    return whole.digest()


def _needed() -> list[str]:
    """The names of the packages that piiguard requires."""
    names = (_NAME.match(requirement) for requirement in metadata.requires("piiguard") or ())
    return sorted(name[0] for name in names if name)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _files(package: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(set(folders) - {"__pycache__"})
        yield from (Path(folder, name) for name in sorted(files))


def _encoded(value: Any) -> bytes | None:
    """As bytes; None for what has no such form: a name that is not UTF-8, a number of more than 64 bits."""
    try:
        return msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def _checksum(entry: Path, packed: bytes) -> bytes:
    """Of the name as well: an entry under another's name is damaged."""
    return hashlib.sha256(entry.name.encode() + packed).digest()


def _write(entry: Path, content: bytes) -> None:
    """A file for this user alone, which is there as a whole or not at all."""
    from tempfile import mkstemp

    handle, name = mkstemp(dir=entry.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(entry)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _drop_unused(shard: Path) -> None:
    """Drop the entries of a full folder that were not used for longest, and what an interrupted run left."""
    room = SHARD_BYTES
    with os.scandir(shard) as found:
        entries = sorted(((entry.stat(), entry.path) for entry in found), key=lambda each: -each[0].st_mtime_ns)
    for status, path in entries:
        room -= max(status.st_size, status.st_blocks * 512)
        if room < 0:
            Path(path).unlink(missing_ok=True)

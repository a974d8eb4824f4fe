"""Reading single files of a folder that is not trusted: no link is followed, nothing is read beyond a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MB = 1024 * 1024


class Unreadable(Exception):
    """A file that was not read; the text says why, in words for a report."""


def read_bytes(root: Path, path: str, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Unreadable when it is anything else."""
    try:
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read ({getattr(error, 'strerror', None) or 'odd name'})") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise Unreadable("is not a regular file")
    with os.fdopen(handle, "rb") as file:
        if status.st_size > limit:
            raise Unreadable(f"is larger than {limit // 1024} KB")
        return file.read(limit)


def read_text(root: Path, path: str, limit: int) -> str:
    """The text of a UTF-8 file, without its byte order mark. Unreadable when it is anything else."""
    return decode(read_bytes(root, path, limit))


def decode(data: bytes) -> str:
    """UTF-8 to text, without a byte order mark. Unreadable for binary data and other encodings."""
    if b"\0" in data:
        raise Unreadable("is binary, or not UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8") from None


def inside(root: Path, path: Path) -> bool:
    """Whether a path, after following links, lies in the folder `root` (which is resolved already)."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):
        return False

"""A bundle as a folder or a zip. What is read may come from anybody: nothing is unpacked to disk, and no link followed.

The zip stores its files without compression, by name, with fixed times and permissions: the same files give the same
bytes whatever made them, a zip that is read can be compared with the one that its files must make, and none can unfold
to more than its own size.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import msgspec

from piiguard.app.files import MB, Unreadable, read_bytes
from piiguard.errors import UsageError

MAX_BYTES = 256 * MB
MAX_FILES = 100
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""
_HEADER = 30
"""Bytes of a local file header before the name (APPNOTE.TXT, 4.3.7)."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, OverflowError, RuntimeError, struct.error)
"""What zipfile raises for bytes that are no zip."""


class Contents(msgspec.Struct, frozen=True):
    """What was read: the files, and a line for whatever no bundle may hold."""

    files: dict[str, bytes]
    faults: tuple[str, ...] = ()


def pack(files: dict[str, bytes]) -> bytes:
    """The zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, also where this runs on Windows
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()


def check_target(target: Path, scanned: Path) -> None:
    """Raise UsageError for a place where a bundle about `scanned` cannot be written: before a scan, not after it."""
    if target.suffix != ".zip" and target.is_dir() and any(target.iterdir()):
        raise UsageError("this folder is not empty", where=str(target), todo="Give a new one, or FILE.zip")
    if not target.parent.is_dir():
        raise UsageError("cannot be written: the folder above it is not there", where=str(target))
    if target.resolve().is_relative_to(scanned.resolve()):
        why = "lies in the scanned folder, where the next scan would look at it"
        raise UsageError(why, where=str(target), todo="Give a place outside of it")


def write(target: Path, files: dict[str, bytes]) -> None:
    """Write a zip if the name ends in `.zip`, else a folder. Raises UsageError when that cannot be done."""
    try:
        if target.suffix == ".zip":
            _replace(target, pack(files))
            return
        target.mkdir(exist_ok=True)
        for name, data in files.items():
            (target / name).write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(target)) from error


def read(path: Path) -> Contents:
    """The files of a bundle. Raises UsageError when it is neither a folder nor a zip, or too large."""
    if path.is_dir():
        return _read_folder(path)
    try:
        data = read_bytes(path.resolve().parent, path.resolve().name, MAX_BYTES)
    except Unreadable as problem:
        raise UsageError(f"this {problem}", where=str(path)) from None
    if not data.startswith(b"PK") and not zipfile.is_zipfile(io.BytesIO(data)):
        raise UsageError("this is neither a folder nor a zip", where=str(path), todo="Give an evidence bundle")
    return _read_zip(path.name, data)


def _read_folder(path: Path) -> Contents:
    files: dict[str, bytes] = {}
    faults: list[str] = []
    room = MAX_BYTES
    entries = sorted(entry.name for entry in path.iterdir())
    if len(entries) > MAX_FILES:
        raise UsageError(f"this holds more than {MAX_FILES} files: it is no bundle", where=str(path))
    for name in entries:
        try:
            files[name] = read_bytes(path, name, room)
            room -= len(files[name])
        except Unreadable as problem:
            faults.append(f"{name}: {'is a link' if (path / name).is_symlink() else problem}")
    return Contents(files, tuple(faults))


def _read_zip(zip_name: str, data: bytes) -> Contents:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except _BROKEN as error:
        return Contents({}, (f"{zip_name}: damaged, its list of files cannot be read ({error})",))
    if len(entries) > MAX_FILES:
        return Contents({}, (f"{zip_name}: holds more than {MAX_FILES} files: it is no bundle",))
    if sum(entry.file_size for entry in entries) > len(data):
        return Contents({}, (f"{zip_name}: its files are said to be larger than the zip itself",))
    files: dict[str, bytes] = {}
    faults: list[str] = []
    for entry in entries:
        if fault := _fault(entry, files):
            faults.append(f"{entry.filename}: {fault}")
            continue
        start = entry.header_offset + _HEADER + len(entry.filename)
        files[entry.filename] = data[start : start + entry.file_size]
    if not faults and (place := _difference(pack(files), data, entries)):
        faults.append(f"{zip_name}: {place} is not as piiguard writes it")
    return Contents(files, tuple(faults))


def _fault(entry: zipfile.ZipInfo, files: dict[str, bytes]) -> str:
    """Why an entry of a zip is not read; empty for one that is."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.filename in files:
        return "stands in the zip twice"
    if not _NAME.fullmatch(entry.filename):
        return "is no name that a file of a bundle can have"
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind != stat.S_IFREG:
        return "is not a regular file"
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        return "is compressed, which files of a bundle never are"
    return ""


def _difference(expected: bytes, data: bytes, entries: list[zipfile.ZipInfo]) -> str:
    """Where the zip first differs from the one that its files make; empty if it does not."""
    if expected == data:
        return ""
    same, end = 0, min(len(expected), len(data))
    while same < end:
        middle = (same + end + 1) // 2
        if expected[same:middle] == data[same:middle]:
            same = middle
        else:
            end = middle - 1
    inside = next((e.filename for e in entries if e.header_offset <= same < _end(e)), None)
    return f"byte {same} ({f'at {inside}' if inside else 'in its list of files'})"


def _end(entry: zipfile.ZipInfo) -> int:
    return entry.header_offset + _HEADER + len(entry.filename) + entry.file_size


def _replace(target: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        written.chmod(0o644)
        written.replace(target)
    except BaseException:
        written.unlink(missing_ok=True)
        raise

"""The bytes of the scanned files, and the one digest over all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from piiguard.app.files import MB, Unreadable, read_bytes
from piiguard.model import App

MAX_BYTES = 64 * MB


def contents(root: Path, apps: Iterable[App]) -> dict[str, bytes]:
    """Path -> bytes of each file whose status is `scanned`. Sources are taken as they were read, not read again."""
    apps = tuple(apps)
    texts = {source.path: source.text for app in apps for source in app.sources}
    for app in apps:
        for path in (status.path for status in app.files if status.status == "scanned"):
            if path not in texts:
                texts[path] = _bytes(root, path)
    return texts


def digest(texts: Mapping[str, bytes]) -> str:
    """sha256 over name, length and bytes of each file, in the order of the names."""
    seen = hashlib.sha256()
    for path in sorted(texts):
        seen.update(f"{path}\0{len(texts[path])}\0".encode("utf-8", "surrogateescape"))
        seen.update(texts[path])
    return f"sha256:{seen.hexdigest()}"


def _bytes(root: Path, path: str) -> bytes:
    try:
        return read_bytes(root, path, MAX_BYTES)
    except Unreadable:
        return b""

"""Strings of the scanned repository, made fit to print.

File names, code lines and hosts are chosen by whoever wrote the repository. Shown as they are, they could move the
cursor, recolour the terminal, hide text or reverse its direction.
"""

from __future__ import annotations

import unicodedata
from typing import Any

UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories without a picture of their own: controls, direction marks, surrogates, unassigned, line breaks."""

TAB = "    "


def printable(text: str) -> str:
    """One line without control characters: those become `\\x1b`, `\\u202e` ..., a tab becomes four spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if unicodedata.category(character) in UNPRINTABLE:
        return character.encode("unicode_escape").decode("ascii")
    return character


def encodable(value: Any) -> Any:
    """The same plain value (dict, list, scalars) in which every string can be encoded as UTF-8.

    A file name that is not UTF-8 arrives with lone surrogates; they become `\\udcff`.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(item) for item in value]
    return value


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `1,204 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

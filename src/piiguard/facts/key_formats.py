"""Shapes of credentials (key_formats.yaml)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources

import msgspec
from ruamel.yaml import YAML


class KeyFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of one kind of key."""

    kind: str
    pattern: str
    words: tuple[str, ...]
    likely: bool = False
    unless: tuple[str, ...] = ()
    public: bool = False
    vendor: str = ""

    def find(self, text: str, lower: str) -> Iterator[re.Match[str]]:
        """The places in `text` that have the shape; `lower` is the text in lower case."""
        if any(word in lower for word in self.words) and not any(word in lower for word in self.unless):
            yield from _compiled(self.pattern).finditer(text)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{pattern})(?![A-Za-z0-9_-])")


@functools.cache
def all_formats() -> tuple[KeyFormat, ...]:
    """Every format of the table, in its order."""
    text = resources.files("piiguard.facts").joinpath("key_formats.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe", pure=True).load(text)["formats"], tuple[KeyFormat, ...])

"""Which parts of a document are in another language than English, the one that the patterns know."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.trustcenter import Block, Remark

_FEW = 2
"""Small words of another language that a text must have, and more of them than English ones."""
_ENOUGH = 2000
"""Characters of a text that are looked at."""
_LATIN = 0.5
"""Share of Latin letters below which a text is in no language that has small words here."""


class _Tongues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    english: frozenset[str]
    others: dict[str, frozenset[str]]


@cache
def _tongues() -> _Tongues:
    text = resources.files(__package__).joinpath("tongues.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), _Tongues)


def tongue_of(text: str) -> str:
    """The other language that a text is in, or empty: it is English, or too short to tell.

    `another language` where the script alone tells.
    """
    text = text[:_ENOUGH]
    letters = [each for each in text if each.isalpha()]
    latin = sum("LATIN" in unicodedata.name(each, "") for each in letters)
    if letters and latin < _LATIN * len(letters):
        return "another language"
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    english = sum(words[each] for each in _tongues().english)
    found = {name: sum(words[each] for each in small) for name, small in _tongues().others.items()}
    best = max(found, key=lambda name: found[name])
    return best if found[best] >= _FEW and found[best] > english else ""


def unread(blocks: Iterable[Block]) -> Iterable[Remark]:
    """One remark for each other language, at the first line in it."""
    lines: dict[str, list[int]] = {}
    for block in blocks:
        name = tongue_of(block.body.text)
        if name:
            lines.setdefault(name, []).append(block.body.line)
    for name, at in lines.items():
        many = f"{len(at)} paragraphs, the first of them here, are" if len(at) > 1 else "this paragraph is"
        yield Remark(at[0], f"{many} in {name}: only English is read")

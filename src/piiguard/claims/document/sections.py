"""Which of the catalogue's sections a heading is about, by its words."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import msgspec
from ruamel.yaml import YAML


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    words: tuple[str, ...]
    phrases: tuple[str, ...] = ()


@cache
def _sections() -> tuple[_Section, ...]:
    text = resources.files(__package__).joinpath("sections.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), tuple[_Section, ...])


def section_of(title: str, *, strict: bool = False) -> int | None:
    """Number of the section that a title is about, or None. `strict`: every word must be one of the section's."""
    said = " ".join(re.findall(r"[a-z0-9-]+", title.lower().replace("&", " and ")))
    best: tuple[int, int] = (0, 0)
    for section in _sections():
        words = set(said.split())
        score = len(words & set(section.words)) + 3 * sum(f" {phrase} " in f" {said} " for phrase in section.phrases)
        if score > best[0] and (
            not strict or score > 2 or words <= {*section.words, "and", "of", "the", "our", "security"}
        ):
            best = (score, section.number)
    return best[1] or None

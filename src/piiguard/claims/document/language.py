"""The words of promises: `promises.yaml`, which explains its own format, and how a clause is held against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.trustcenter import Checkable, Polarity


class DocumentKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of promise that the catalogue of claims does not have."""

    title: str
    section: int
    checkable: Checkable = "person"


class Exception_(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Something that a promise excepts, and what that means for the judge."""

    words: str
    says: str
    switches: tuple[str, ...] = ()
    """Switches of piiguard.yaml that it amounts to."""
    stores: tuple[str, ...] = ()
    """Stores whose observations it covers."""
    hosts: tuple[str, ...] = ()
    """Who runs the hosts that it covers, as the document and piiguard.yaml list them."""
    data: tuple[str, ...] = ()
    """Data classes, or groups of them, that it covers."""
    categories: tuple[str, ...] = ()
    """Categories of observations whose data it covers; none: all."""

    @property
    def is_shown(self) -> bool:
        """Whether code and policy show what it covers; else a person must say."""
        return bool(self.switches or self.stores or self.hosts or self.data)


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a clause with certain words claims."""

    id: str
    kind: str
    polarity: Polarity
    needs: tuple[str, ...]
    about: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    negated: bool | None = None
    otherwise: Polarity | None = None
    exceptions: tuple[str, ...] = ()


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of promises.yaml."""

    kinds: dict[str, DocumentKind]
    exceptions: dict[str, Exception_]
    promising: dict[str, tuple[str, ...]]
    classes: dict[str, str]
    patterns: tuple[Pattern, ...]


@cache
def language() -> Language:
    """The shipped words."""
    text = resources.files(__package__).joinpath("promises.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), Language)


@cache
def _classes() -> Mapping[str, re.Pattern[str]]:
    parts = {name: _alternatives(text) for name, text in language().classes.items()}
    filled = {name: re.sub(r"\{([a-z-]+)\}", lambda inner: parts[inner[1]], text) for name, text in parts.items()}
    return {name: re.compile(text) for name, text in filled.items()}


def _alternatives(text: str) -> str:
    return "|".join(_whole_words(each) for each in text.split(" / "))


def _whole_words(alternative: str) -> str:
    before = "" if alternative.startswith("^") else r"(?<!\w)"
    after = "" if alternative.endswith((r"\w+", r"\w*")) else r"(?!\w)"
    return f"{before}(?:{alternative}){after}"


def has(text: str, name: str) -> bool:
    """Whether a lower-case text has words of the class; `a|b`: of one of the classes."""
    return any(_has_one(text, each) for each in name.split("|"))


@lru_cache(maxsize=4096)
def _has_one(text: str, name: str) -> bool:
    """Many patterns ask the same of a clause."""
    return _classes()[name].search(text) is not None


def has_all(text: str, names: Iterable[str]) -> bool:
    """Whether a text has words of every class."""
    return all(has(text, name) for name in names)

"""A document held against itself: `contradictions.yaml`, which explains its own format."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Literal

import msgspec
from ruamel.yaml import YAML

from piiguard.claims.document.language import has, has_all
from piiguard.claims.document.normal import Names, normal
from piiguard.facts.providers import providers
from piiguard.facts.trackers import trackers
from piiguard.trustcenter import Contradiction, Document, Polarity, Statement

_TableSide = Literal["stores-pii", "external-calls", "subprocessor", "service", "ai", "tracker"]
_NOBODY = Names()


class _Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[str, ...] = ()
    polarity: Polarity | tuple[Polarity, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    table: tuple[_TableSide, ...] = ()
    platform: str = ""
    same: bool = False
    """The kind of the first side."""
    differs: bool = False
    """A claim of the first side's kind must have the other polarity."""


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    first: _Side
    second: _Side
    why: str


class _Place(msgspec.Struct, frozen=True):
    line: int
    quote: str
    apps: tuple[str, ...]
    kind: str = ""


@cache
def _rules() -> tuple[_Rule, ...]:
    text = resources.files(__package__).joinpath("contradictions.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), tuple[_Rule, ...])


def contradictions(document: Document) -> tuple[Contradiction, ...]:
    """Every pair, in the order of the first place. A pair of lines is told once."""
    found: dict[tuple[int, int, str], Contradiction] = {}
    for rule in _rules():
        for each in document.statements:
            if not _meets(each, rule.first, None) or each.exceptions:
                continue
            other = next(_others(document, rule.second, each), None)
            if other:
                lines = each.line, other.line
                kinds, apps = (each.kind, other.kind), _common(each.apps, other.apps)
                pair = Contradiction(lines, rule.why, (each.quote, other.quote), kinds, apps, rule.id)
                found.setdefault((min(lines), max(lines), rule.id if lines[0] == lines[1] else ""), pair)
    return tuple(sorted(found.values(), key=lambda pair: pair.lines))


def _meets(each: Statement, side: _Side, first: Statement | None) -> bool:
    polarities = (side.polarity,) if isinstance(side.polarity, str) else side.polarity
    kinds = (first.kind,) if side.same and first else side.kinds
    if each.kind not in kinds or each.polarity not in polarities:
        return False
    if side.differs and first and each.kind == first.kind and each.polarity == first.polarity:
        return False
    words = normal(each.quote, _NOBODY)
    return has_all(words, side.words) and not any(has(words, name) for name in side.without)


def _others(document: Document, side: _Side, first: Statement) -> Iterator[_Place]:
    """The places that meet the second side for an app that the first is about."""
    if side.platform:
        yield _Place(first.line, side.platform, first.apps)
        return
    for place in (*_table_places(document, side), *_sentence_places(document, side, first)):
        if (place.line, place.quote) != (first.line, first.quote) and _overlap(first.apps, place.apps):
            yield place


def _sentence_places(document: Document, side: _Side, first: Statement) -> Iterator[_Place]:
    for each in document.statements:
        if each.pattern != "table" and _meets(each, side, first):
            yield _Place(each.line, each.quote, each.apps, each.kind)


def _table_places(document: Document, side: _Side) -> Iterator[_Place]:
    for row in document.overview:
        stores = "stores-pii" in side.table and row.stores_pii
        calls = "external-calls" in side.table and row.calls is not None and (row.calls.providers or row.calls.unknown)
        if stores or calls:
            yield _Place(row.line, row.quote, (row.app,))
    for each in document.providers:
        service = each.kind != "atlassian" and not each.names.none
        meets = {
            "service": service,
            "subprocessor": service and each.kind == "subprocessor",
            "ai": any(name in _ai() for name in each.names.providers),
            "tracker": any(name in _trackers() for name in each.names.providers),
        }
        if any(meets.get(name) for name in side.table):
            yield _Place(each.line, each.quote, each.apps)


@cache
def _ai() -> frozenset[str]:
    return frozenset(each.name for each in providers() if each.kind == "ai")


@cache
def _trackers() -> frozenset[str]:
    """Services that follow people. Error monitoring does not by itself."""
    return frozenset(
        each.vendor for each in trackers() if each.kind in ("analytics", "session-recording", "pixel", "tag-manager")
    )


def _overlap(these: tuple[str, ...], those: tuple[str, ...]) -> bool:
    return not these or not those or bool(set(these) & set(those))


def _common(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(app for app in these if app in those) if these and those else these or those

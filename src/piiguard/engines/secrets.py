"""Credentials typed into text: by the shape of the key, and by a telling name before a random value.

Every text source is read, comments and data files included. A mark carries the kind and a short hash, never the value.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from piiguard.cache import OFF, Cache
from piiguard.facts import key_formats, names
from piiguard.model import EngineReport, Location, Mark, Rule, Source, Subject

_FIX = "Revoke the key, then read it from an encrypted variable (`forge variables set --encrypt`) or from getSecret()."
_WHY = "Everybody who can read the repository or the bundle has the key, and it stays in the history."

BY_SHAPE = Rule(
    id="secret-by-shape",
    role="observation",
    engine="text",
    topic="secrets",
    title="Key of a known service typed into a file",
    category="hardcoded-secret",
    data=("secret",),
    why=_WHY,
    fix=_FIX,
)
LIKELY_BY_SHAPE = Rule(
    id="secret-likely-by-shape",
    role="observation",
    engine="text",
    topic="secrets",
    title="Token, password or capability URL typed into a file",
    category="hardcoded-secret",
    confidence="likely",
    data=("secret",),
    why=_WHY,
    fix=_FIX,
)
BY_NAME = Rule(
    id="secret-by-name",
    role="observation",
    engine="text",
    topic="secrets",
    title="Random value under the name of a credential",
    category="hardcoded-secret",
    confidence="likely",
    data=("secret",),
    why=_WHY,
    fix=_FIX,
)
CLIENT_KEY = Rule(
    id="tracker-client-key",
    role="observation",
    engine="text",
    topic="secrets",
    title="Public key of an analytics or error-monitoring service",
    category="tracking",
    confidence="likely",
    why="The key is meant to be public; that it is here says that the app reports to the service.",
    fix="Remove the service, or name it in the published promises.",
)
RULES: tuple[Rule, ...] = (BY_SHAPE, LIKELY_BY_SHAPE, BY_NAME, CLIENT_KEY)

_VALUE = r"(?:(?P<scheme>Bearer|Basic|Token|GenieKey) )?(?P<value>[A-Za-z0-9_+/=.~!@#%^&*-]{16,200})"
_QUOTED = re.compile(rf"(?P<quote>[\"'`]){_VALUE}(?P=quote)")
_BARE = re.compile(
    rf"^[ \t]*(?:export[ \t]+|-[ \t]+)?(?P<name>[A-Za-z][\w.-]{{0,60}})[ \t]*[=:][ \t]*{_VALUE}[ \t]*(?:#.*)?$", re.M
)
_QUERY = re.compile(r"[?&](?P<name>[A-Za-z_-]{3,30})=(?P<value>[A-Za-z0-9_-]{16,200})")
_NAME_BEFORE = re.compile(
    r"(?:(?P<assigned>[\w$-]+)[\"'\])]*\s*(?::\s*[\w<>|\[\]. ]{1,40})?\s*(?:=|:|:=|[=!]==?|\|\||\?\?)"
    r"|[\"'](?P<argument>[\w-]+)[\"']\s*,)\s*[rbuf]?$"
)
_FALLBACK = re.compile(r"(?P<assigned>[\w$-]+)[\"'\])]*\s*[=:]\s*[\w$.?]{1,60}\s*(?:\|\||\?\?)\s*$")
"""`apiKey = given || '…'`: the name that takes the value, beyond the one that it stands in for."""
_LOOK_BACK = 120

_TOKEN_NAME = re.compile(r" (token|secret|password)$")
_OTHER_TOKEN = re.compile(
    r"(page|paging|next|prev|previous|cursor|continuation|sync|resume|start|design|cancel|csrf|xsrf|device) token$"
)
"""Words of a name. Beside a random value, any `… token` is one, save for those that only mark a place."""

_MADE_UP = re.compile(
    r"x{5}|\*{3}|\.{3}|example|placeholder|your|changeme|(.)\1{6}|1234567890|0123456789|abcdefghij", re.IGNORECASE
)
_MADE_UP_WORD = re.compile(
    r"test|dummy|sample|fake|mock|replace|insert|secret|password|token|apikey|demo", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_FRAGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class _Hit(NamedTuple):
    start: int
    end: int
    rule: Rule
    kind: str
    value: str
    vendor: str = ""


def run(subject: Subject, cache: Cache = OFF) -> EngineReport:
    """The marks of every source of every app."""
    sources = (source for app in subject.apps for source in app.sources)
    return EngineReport(marks=tuple(mark for source in sources for mark in _kept(source, cache)))


def _kept(source: Source, cache: Cache) -> list[Mark]:
    return cache.remember(("secrets", source), list[Mark], lambda: list(_marks(source)))


def _marks(source: Source) -> Iterator[Mark]:
    text = source.text.decode("utf-8", errors="replace")
    hits = list(_by_shape(text))
    hits += _outside(hits, _by_name(text, bare=source.language == "text"))
    line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
    bytes_before, reached = 0, 0
    for hit in sorted(set(hits), key=lambda hit: (hit.start, hit.end, hit.rule.id, hit.kind)):
        bytes_before += len(text[reached : hit.start].encode())
        reached = hit.start
        yield Mark(
            location=_location(source.path, line_starts, hit),
            rule=hit.rule.id,
            app=source.app,
            start=bytes_before,
            end=bytes_before + len(text[hit.start : hit.end].encode()),
            message=f"{hit.kind} of {hit.vendor}" if hit.vendor else f"{hit.kind} typed into the file",
            attributes=_attributes(hit),
        )


def _attributes(hit: _Hit) -> dict[str, str]:
    about = {"kind": hit.kind, "hash": hashlib.sha256(hit.value.encode()).hexdigest()[:12]}
    return about | {"vendor": hit.vendor} if hit.vendor else about


def _location(path: str, line_starts: list[int], hit: _Hit) -> Location:
    first, last = bisect_right(line_starts, hit.start), bisect_right(line_starts, hit.end - 1)
    return Location(path, first, hit.start - line_starts[first - 1] + 1, last, hit.end - line_starts[last - 1] + 1)


def _by_shape(text: str) -> Iterator[_Hit]:
    """What has the shape of a known key and is not made up."""
    lower = text.lower()
    for shape in key_formats.all_formats():
        for found in shape.find(text, lower):
            if shape.public:
                rule = CLIENT_KEY
            elif _MADE_UP.search(found[0]) or entropy(found[0]) < 2.5:
                continue
            else:
                rule = LIKELY_BY_SHAPE if shape.likely else BY_SHAPE
            yield _Hit(found.start(), found.end(), rule, shape.kind, found[0], shape.vendor)


def _by_name(text: str, *, bare: bool) -> Iterator[_Hit]:
    """Random values after the name of a credential; `bare` values without quotes as in .env and YAML files."""
    for found in _QUOTED.finditer(text):
        if not is_random(found["value"]):
            continue
        before = _NAME_BEFORE.search(text, max(0, found.start() - _LOOK_BACK), found.start())
        name = (before["assigned"] or before["argument"]) if before else ""
        fallback = _FALLBACK.search(text, max(0, found.start() - _LOOK_BACK), found.start())
        if fallback and not _telling(name):
            name = fallback["assigned"]
        yield from _named(found, name, found["scheme"])
    for found in _BARE.finditer(text) if bare else ():
        yield from _named(found, found["name"].rsplit(".", 1)[-1], found["scheme"])
    for found in _QUERY.finditer(text):
        yield from _named(found, found["name"], None)


def _named(found: re.Match[str], name: str, scheme: str | None) -> Iterator[_Hit]:
    if (scheme is not None or _telling(name)) and is_random(found["value"]):
        kind = f"{scheme} credential" if scheme else names.words(name)
        yield _Hit(found.start("value"), found.end("value"), BY_NAME, kind, found["value"])


def _telling(name: str) -> bool:
    words = names.words(name)
    token = _TOKEN_NAME.search(words) and not _OTHER_TOKEN.search(words)
    return bool(token) or names.data_class(name) == "credential"


def _outside(hits: list[_Hit], others: Iterator[_Hit]) -> Iterator[_Hit]:
    """Those of `others` that overlap none of `hits`: a shape says more than a name."""
    spans = sorted((hit.start, hit.end) for hit in hits)
    for other in others:
        before = bisect_left(spans, (other.end, 0))
        if before == 0 or spans[before - 1][1] <= other.start:
            yield other


def is_random(value: str) -> bool:
    """Whether a value looks drawn by a machine: no word, path, identifier, constant, UUID or placeholder."""
    if _MADE_UP.search(value) or _MADE_UP_WORD.search(value) or _UUID.fullmatch(value) or _CONSTANT.fullmatch(value):
        return False
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    fragments = _FRAGMENT.findall(value)
    if sum(map(len, fragments)) / len(fragments) > 3.2:
        return False
    return entropy(value) >= (2.8 if _HEX.fullmatch(value) else 3.4)


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())

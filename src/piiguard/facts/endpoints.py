"""Which scopes a product's REST endpoint asks for (endpoint_scopes.csv).

The table restates method, path and scopes of the products' public API descriptions: Jira platform (December 2025),
Jira Software (2022), Confluence v2 (January 2025) and v1 (2021); Jira Service Management and Bitbucket from general
knowledge.
`complete` = n where a set of scopes may exist that the table does not have, so that nothing can be called missing.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources

import msgspec


class Endpoint(msgspec.Struct, frozen=True):
    """A row of the table. A call is allowed with all classic scopes, or with all granular ones."""

    product: str
    method: str
    segments: tuple[str, ...]
    """Parts of the path; `{name}` stands for any one part."""
    alternatives: tuple[frozenset[str], ...]
    """Sets of scopes, each of which is enough. None where the table lists no scope."""
    complete: bool


class Match(msgspec.Struct, frozen=True):
    """The endpoints that a call may mean, and whether its path leaves no choice."""

    endpoints: tuple[Endpoint, ...]
    literal: bool
    """The path holds no part that only running the program would tell."""


@functools.cache
def _by_length() -> dict[int, tuple[Endpoint, ...]]:
    text = resources.files("piiguard.facts").joinpath("endpoint_scopes.csv").read_text(encoding="utf-8")
    table: dict[int, list[Endpoint]] = {}
    for row in csv.DictReader(text.splitlines()):
        sets = (frozenset(row["classic_scopes"].split()), frozenset(row["granular_scopes"].split()))
        segments = tuple(row["path"].strip("/").split("/"))
        endpoint = Endpoint(
            product=row["product"],
            method=row["method"],
            segments=segments,
            alternatives=tuple(scopes for scopes in sets if scopes),
            complete=row["complete"] == "y",
        )
        table.setdefault(len(segments), []).append(endpoint)
    return {length: tuple(endpoints) for length, endpoints in table.items()}


@functools.cache
def known_scopes() -> frozenset[str]:
    """Every scope that some endpoint of the table asks for."""
    return frozenset(
        scope
        for endpoints in _by_length().values()
        for endpoint in endpoints
        for scopes in endpoint.alternatives
        for scope in scopes
    )


def _segments(path: str) -> tuple[str, ...]:
    """`/rest/api/2/issue/{}?fields=x` -> the parts of the Jira v3 path, which has the same scopes."""
    plain = re.split(r"[?#]", path, maxsplit=1)[0].strip("/")
    plain = re.sub(r"^rest/api/(2|latest)(?=/|$)", "rest/api/3", plain)
    plain = re.sub(r"^jira/(?=(builds|deployments|devinfo|featureflags|remotelinks)/)", "", plain)
    # `search{}` is mostly a query put behind the last part.
    plain = re.sub(r"(?<=[\w}])\{\}$", "", plain)
    return tuple(plain.split("/"))


def _fits(endpoint: Endpoint, segments: tuple[str, ...], method: str) -> bool:
    if method and endpoint.method != method:
        return False
    return all(
        known.startswith("{") or known == part or "{}" in part
        for known, part in zip(endpoint.segments, segments, strict=True)
    )


def _exactness(endpoint: Endpoint, segments: tuple[str, ...]) -> int:
    """Parts that are the same word in both: `/issue/createmeta` is not an issue of that key."""
    return sum(known == part for known, part in zip(endpoint.segments, segments, strict=True))


@functools.lru_cache(maxsize=4096)
def match(method: str, path: str) -> Match:
    """The endpoints that `path` may mean: a path template with `{}` for interpolations; method "" = not known.

    Of several, those with most parts in common win, and an interpolation is taken for a parameter before it is taken
    for a word of the path.
    """
    segments = _segments(path)
    literal = "{}" not in "/".join(segments)
    fitting = [each for each in _by_length().get(len(segments), ()) if _fits(each, segments, method.upper())]
    best = max((_exactness(each, segments) for each in fitting), default=0)
    closest = [each for each in fitting if _exactness(each, segments) == best]
    as_parameter = [
        each
        for each in closest
        if all(known.startswith("{") for known, part in zip(each.segments, segments, strict=True) if "{}" in part)
    ]
    return Match(endpoints=tuple(as_parameter or closest), literal=literal)

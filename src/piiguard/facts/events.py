"""Product events: what they hold and which scopes they ask for (event_scopes.csv).

The table names families of events (`*` stands for one part). Marker `v`: read in the platform's own material;
`k`: general knowledge, good enough to say that a scope is in use, not that one is missing.
"""

from __future__ import annotations

import csv
import functools
from fnmatch import fnmatchcase
from importlib import resources

import msgspec


class Event(msgspec.Struct, frozen=True):
    """A family of events."""

    pattern: str
    scopes: frozenset[str]
    """Scopes, classic and granular, that an app may declare for the event's sake."""
    data: tuple[str, ...]
    """Data classes in the payload."""
    certain: bool
    """Whether every event of the family holds them."""


@functools.cache
def _families() -> tuple[Event, ...]:
    text = resources.files("piiguard.facts").joinpath("event_scopes.csv").read_text(encoding="utf-8")
    return tuple(
        Event(
            pattern=row["event"],
            scopes=frozenset(f"{row['classic_scopes']} {row['granular_scopes']}".split()),
            data=tuple(row["data"].split()),
            certain=row["certain"] == "y",
        )
        for row in csv.DictReader(text.splitlines())
    )


@functools.cache
def family(event: str) -> Event | None:
    """The first family that the event belongs to, or None for an event that the table does not know."""
    return next((known for known in _families() if fnmatchcase(event, known.pattern)), None)

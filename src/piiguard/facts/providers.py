"""Names of services, as documents write them, and the hosts that they are called at (providers.csv, trackers.csv).

The hosts are those of the vendors' own API documentation; `sdk_hosts.csv` has the source of each that it names as well.
A self-hosted product has no host of its own: whoever runs it chooses one.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources

import msgspec

from piiguard.facts.trackers import trackers

_COMMON_WORDS = frozenset(
    {
        "June",
        "Heap",
        "Gist",
        "Drift",
        "Iterable",
        "Cabin",
        "Scarf",
        "Split",
        "Beamer",
        "Segment",
        "analytics (abstraction library)",
    }
)
"""Trackers that are named like a word or a month: recognised in tables only."""


class Provider(msgspec.Struct, frozen=True):
    """A service with the hosts that stand for it; `*.` at the start stands for every name below."""

    name: str
    kind: str
    """ai, git, ci, cloud, mail, chat, api, logs or tracker."""
    hosts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    self_hosted: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names."""
        return (self.name, *self.aliases)

    @property
    def telling(self) -> bool:
        """Whether the name in running text can mean nothing else."""
        return self.name not in _COMMON_WORDS


@functools.cache
def providers() -> tuple[Provider, ...]:
    """All services, those of providers.csv first."""
    text = resources.files("piiguard.facts").joinpath("providers.csv").read_text(encoding="utf-8")
    listed = [
        Provider(
            row["name"],
            row["kind"],
            tuple(row["hosts"].split(";")) if row["hosts"] else (),
            tuple(row["aliases"].split(";")) if row["aliases"] else (),
            row["self_hosted"] == "yes",
        )
        for row in csv.DictReader(text.splitlines())
    ]
    known = {name for each in listed for name in each.spellings}
    seen = [
        Provider(each.vendor, "tracker", tuple(pattern for host in each.hosts for pattern in (host, f"*.{host}")))
        for each in trackers()
        if each.vendor not in known
    ]
    return (*listed, *seen)

"""Who offers the service behind a host, and which hosts a name in a document means (providers.csv, trackers.csv).

A host tells whose service it is, not who the customer of that service is: that stands in piiguard.yaml.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib import resources

import msgspec

from piiguard.facts import trackers

TRACKER_PURPOSES: dict[trackers.Kind, str] = {
    "analytics": "Measures how the app is used",
    "session-recording": "Records what people do on the screen",
    "error-monitoring": "Collects errors",
    "pixel": "Counts visits for advertising",
    "chat": "Talks with users",
    "feature-flag": "Switches features on and off",
    "tag-manager": "Loads scripts of others",
}
_WORD = re.compile(r"[a-z0-9]+")


class Provider(msgspec.Struct, frozen=True):
    """Somebody who offers a service."""

    name: str
    aliases: tuple[str, ...]
    """Other names, and names of products that documents use for it."""
    hosts: tuple[str, ...]
    """Lower-case host names; `*` in one stands for any text. Empty: it has only variants of its customers' own."""
    self_hosted: tuple[str, ...]
    """Names of variants that customers run themselves, at hosts of their own."""
    category: str
    """ai, git, mail, logs, hosting ..., or the kind of a tracker."""
    purpose: str
    """What it does, as a table of subprocessors says it."""


@functools.cache
def providers() -> tuple[Provider, ...]:
    """All rows of providers.csv, with the hosts of their trackers; then the trackers that are not among them."""
    text = resources.files("piiguard.facts").joinpath("providers.csv").read_text(encoding="utf-8")
    tracking = {_folded(each.vendor): each for each in trackers.trackers()}
    listed = [_provider(row, tracking) for row in csv.DictReader(text.splitlines())]
    named = {name for each in listed for name in _names(each)}
    return (*listed, *(_of_tracker(each) for name, each in tracking.items() if name not in named))


def by_host(host: str) -> Provider | None:
    """Whose service answers at a host, or at every host of a pattern such as `*.openai.com`.

    >>> by_host("api.github.com").name, by_host("*.openai.azure.com").name, by_host("example.org")
    ('GitHub', 'Azure OpenAI', None)
    """
    wanted = host.lower().rstrip(".")
    found = [
        (len(pattern.replace("*", "")), each)
        for each in providers()
        for pattern in each.hosts
        if fnmatchcase(wanted, pattern)
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def by_name(name: str) -> Provider | None:
    """The provider that a name, an alias or a self-hosted variant means, whatever its case and punctuation."""
    return _by_name().get(_folded(name))


def runs_anywhere(name: str) -> bool:
    """Whether a name means a variant that customers run themselves, at hosts that no table knows."""
    provider = by_name(name)
    return provider is not None and _folded(name) in map(_folded, provider.self_hosted)


@functools.cache
def _by_name() -> dict[str, Provider]:
    return {name: each for each in reversed(providers()) for name in _names(each)}


def _names(provider: Provider) -> tuple[str, ...]:
    return tuple(map(_folded, (provider.name, *provider.aliases, *provider.self_hosted)))


def _folded(name: str) -> str:
    """`OpenAI, L.P.` and `openai lp` differ in nothing that matters."""
    return "".join(_WORD.findall(name.lower()))


def _provider(row: dict[str, str], tracking: Mapping[str, trackers.Tracker]) -> Provider:
    provider = Provider(
        row["provider"],
        tuple(filter(None, row["aliases"].split("|"))),
        tuple(row["hosts"].split()),
        tuple(filter(None, row["self_hosted"].split("|"))),
        row["category"],
        row["purpose"],
    )
    tracked = [host for name in _names(provider) if name in tracking for host in _patterns(tracking[name])]
    return msgspec.structs.replace(provider, hosts=tuple(dict.fromkeys((*provider.hosts, *tracked))))


def _of_tracker(tracker: trackers.Tracker) -> Provider:
    return Provider(tracker.vendor, (), _patterns(tracker), (), tracker.kind, TRACKER_PURPOSES[tracker.kind])


def _patterns(tracker: trackers.Tracker) -> tuple[str, ...]:
    return tuple(pattern for host in tracker.hosts for pattern in (host, f"*.{host}"))

"""Whose service a host is, and which hosts a name in a document means (providers.csv, trackers.csv).

A host tells whose service it is, not who the customer of that service is: that stands in piiguard.yaml.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Mapping
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
_COMMON = frozenset(
    {"analytics (abstraction library)", "Beamer", "Cabin", "Drift", "Gist", "Heap"}
    | {"Iterable", "June", "Scarf", "Segment", "Split"}
)
"""Trackers that are named like a word or a month."""
_WORD = re.compile(r"[a-z0-9]+")


class Provider(msgspec.Struct, frozen=True):
    """A service that somebody offers."""

    name: str
    kind: str
    """ai, git, mail, logs, cloud (runs other people's servers and data), tracker ..."""
    hosts: tuple[str, ...] = ()
    """Patterns of lower-case host names: `*` stands for any text, `[*]` for the star of a manifest's own pattern."""
    aliases: tuple[str, ...] = ()
    """Other names, and names of products that documents use for it."""
    self_hosted: bool = False
    """Customers run it themselves, at hosts that no table knows."""
    purpose: str = ""
    """What it does, as a table of subprocessors says it."""
    telling: bool = True
    """Whether the name can mean nothing else in running text."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names."""
        return (self.name, *self.aliases)


@functools.cache
def providers() -> tuple[Provider, ...]:
    """The services of providers.csv, each followed by its self-hosted variant; then the trackers not among them."""
    text = resources.files("piiguard.facts").joinpath("providers.csv").read_text(encoding="utf-8")
    tracking = {_folded(each.vendor): each for each in trackers.trackers()}
    listed = [each for row in csv.DictReader(text.splitlines()) for each in _of_row(row, tracking)]
    named = {_folded(name) for each in listed for name in each.spellings}
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
    """The service that a name or an alias means, whatever its case and punctuation."""
    return _by_name().get(_folded(name))


@functools.cache
def _by_name() -> dict[str, Provider]:
    return {_folded(name): each for each in reversed(providers()) for name in each.spellings}


def _folded(name: str) -> str:
    """`Open-AI` and `openai` differ in nothing that matters."""
    return "".join(_WORD.findall(name.lower()))


def _of_row(row: dict[str, str], tracking: Mapping[str, trackers.Tracker]) -> Iterator[Provider]:
    """The service, if it has hosts, and the variant that customers run themselves, if there is one."""
    name, kind, purpose = row["name"], row["kind"], row["purpose"]
    aliases, variants = (tuple(filter(None, row[column].split("|"))) for column in ("aliases", "self_hosted"))
    tracked = [host for each in (name, *aliases) for host in _patterns(tracking.get(_folded(each)))]
    hosts = tuple(dict.fromkeys((*row["hosts"].split(), *tracked)))
    if hosts:
        yield Provider(name, kind, hosts, aliases, purpose=purpose, telling=not row["common"])
    if variants:
        yield Provider(variants[0], kind, (), variants[1:], True, purpose)


def _of_tracker(tracker: trackers.Tracker) -> Provider:
    purpose = TRACKER_PURPOSES[tracker.kind]
    return Provider(
        tracker.vendor, "tracker", _patterns(tracker), purpose=purpose, telling=tracker.vendor not in _COMMON
    )


def _patterns(tracker: trackers.Tracker | None) -> tuple[str, ...]:
    return tuple(pattern for host in (tracker.hosts if tracker else ()) for pattern in (host, f"*.{host}"))

"""What a sentence excepts: which observations are just that, and what is left of the others.

An exception is a row of promises.yaml. Only what the evidence shows to be excepted is: a host by who runs it, a value
by its class, a place by its store. What nothing of the code shows (consent, the law) is for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from piiguard.claims.document.clauses import excepted_words
from piiguard.claims.document.language import Exception_, language
from piiguard.claims.document.providers import Directory
from piiguard.claims.hosts import bare_host, owners
from piiguard.claims.policy import AppPolicy
from piiguard.model import DATA_CLASSES, Observation
from piiguard.trustcenter import Statement

_CALLS = frozenset(
    {"egress-host", "undeclared-egress", "pii-egress", "navigation-egress", "remote-backend", "ai-processing"}
)
_WIDER = re.compile(
    r"third[- ]part|,|/|\b(?:or|and|nor|any(?:one|body|where|thing)?|others?|outside|elsewhere|external)\b",
    re.IGNORECASE,
)
"""Words by which a sentence may be about more than the one service that it names."""
_NAMED = "the named service"
"""How a service stands in an exception that no row of promises.yaml knows."""


class Excepted(msgspec.Struct, frozen=True):
    """What one sentence excepts. Hosts are patterns."""

    known: tuple[str, ...] = ()
    """Names of exceptions in promises.yaml."""
    unclear: tuple[str, ...] = ()
    """What a person must weigh: words that no exception has, and those that no code shows."""
    but: tuple[str, ...] = ()
    """Hosts of services that it names as the exception."""
    only: tuple[str, ...] = ()
    """Hosts of the services that it is about; it says nothing of the others."""

    def rows(self) -> Iterator[Exception_]:
        """The rows of promises.yaml."""
        return (language().exceptions[name] for name in self.known)

    def switches(self) -> Iterator[str]:
        """Switches of piiguard.yaml that it amounts to."""
        return (switch for row in self.rows() for switch in row.switches)

    def left(self, observation: Observation, policy: AppPolicy) -> Observation | None:
        """What is left of an observation of an app; None when all of it is excepted."""
        host = bare_host(observation.host or "")
        if host and (_is_one(host, self.but) or (self.only and _is_readable(host) and not _is_one(host, self.only))):
            return None
        for row in self.rows():
            if row.stores and observation.attributes.get("store") in row.stores:
                return None
            if row.hosts and observation.category in _CALLS and _all_run_by(observation, policy, row.hosts):
                return None
            if row.categories and observation.category not in row.categories:
                continue
            kept = _without(observation.data, row.data)
            if observation.data and not kept:
                return None
            if kept != observation.data:
                observation = msgspec.structs.replace(observation, data=kept)
        return observation

    def says(self) -> str:
        """What is excepted and can be told by the code, in words."""
        services = [f"the services at {', '.join(self.but)}"] if self.but else []
        others = [f"services other than those at {', '.join(self.only)}"] if self.only else []
        return ", ".join([row.says for row in self.rows()] + services + others)


def excepted(statement: Statement, directory: Directory) -> Excepted:
    """What a sentence excepts, with the hosts of the services that it names."""
    rows = language().exceptions
    known = [name for name in statement.exceptions if name in rows and rows[name].is_shown]
    unclear = [rows[name].says if name in rows else name for name in statement.exceptions if name not in known]
    but: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    for name in statement.exceptions:
        if _NAMED in name and _is_only_names(name):
            but = _hosts(directory, excepted_words(statement.quote), name.count(_NAMED))
            unclear = [each for each in unclear if not but or each != name]
        if name == "named-service":
            only = () if _WIDER.search(statement.quote) else _hosts(directory, statement.quote, 1)
            unclear = [each for each in unclear if not only or each != rows[name].says]
    return Excepted(tuple(known), tuple(unclear), but, only)


def _hosts(directory: Directory, text: str, number: int) -> tuple[str, ...]:
    """Hosts of the first `number` services that a text names; none where there are fewer, or one has no known host."""
    named = directory.named(text)[:number]
    if not named or len(named) < number or not all(each.hosts for each in named):
        return ()
    return tuple(dict.fromkeys(pattern for each in named for pattern in each.hosts))


def _is_only_names(words: str) -> bool:
    """Whether an exception names services and says nothing else about them."""
    between = r"except(?:ing)?|other than|apart from|aside from|besides|for|to|with|and|or|by"
    return not re.search(r"\w", re.sub(rf"{_NAMED}|\b(?:{between})\b", "", words))


def _is_one(host: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(host, pattern) for pattern in patterns)


def _is_readable(host: str) -> bool:
    return not host.startswith("<") and "*" not in host


def _all_run_by(observation: Observation, policy: AppPolicy, who: Iterable[str]) -> bool:
    return bool(observation.host) and all(owner in who for owner, _ in owners(observation, policy))


def _without(data: tuple[str, ...], classes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in data if each not in classes and DATA_CLASSES.get(each) not in classes)

"""Who runs the host that an observation names."""

from __future__ import annotations

from fnmatch import fnmatchcase

from piiguard.claims.catalogue import catalogue
from piiguard.claims.policy import AppPolicy, Host
from piiguard.model import Observation, Owner

_WITH_HOST = frozenset(
    {"egress-host", "undeclared-egress", "pii-egress", "navigation-egress", "remote-backend", "ai-processing"}
)
_TYPED_IN = frozenset({"settings", "user-input"})
_READABLE = frozenset({"", "constant", "manifest"})


def bare_host(address: str) -> str:
    """`https://User@API.example.com:443/v1` -> `api.example.com`; a host stays what it is."""
    authority = address.split("://", 1)[-1].replace("\\", "/").split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    host = authority.rsplit("@", 1)[-1]
    return host.rsplit(":", 1)[0].rstrip(".").lower() if host.count(":") == 1 else host.rstrip(".").lower()


def owners(observation: Observation, policy: AppPolicy) -> tuple[tuple[Owner, Host | None], ...]:
    """Who may run the host, each with the entry of piiguard.yaml that says so.

    A host that the code fixes counts as what it is listed as. Where the code may choose another at run time, a fixed
    part is a default: then it counts as well if it is one of the vendor's, so that listing a host never helps there.
    """
    kind = observation.attributes.get("host_kind", "")
    if not observation.host or observation.host.startswith("<"):
        return ((_unread(observation, kind), None),)
    found = _listed(bare_host(observation.host), policy)
    if kind in _READABLE:
        return (found,)
    chosen: tuple[Owner, None] = (_unread(observation, kind), None)
    return (chosen, found) if found[0] == "vendor" else (chosen,)


def _unread(observation: Observation, kind: str) -> Owner:
    """The owner of a host that stands nowhere in the code."""
    if kind in _TYPED_IN:
        return "typed-in"
    return "unknown" if kind or observation.host or observation.category in _WITH_HOST else "none"


def _listed(host: str, policy: AppPolicy) -> tuple[Owner, Host | None]:
    entries = [entry for entry in policy.hosts if fnmatchcase(host, entry.pattern)]
    if entries:
        entry = min(entries, key=lambda entry: (entry.kind != "vendor", -len(entry.pattern)))
        if entry.kind != "atlassian" or not is_atlassian(host):
            return entry.kind, entry
    if is_atlassian(host):
        return "atlassian", None
    return ("unlisted" if policy.lists_hosts else "unnamed"), None


def is_atlassian(host: str) -> bool:
    """Whether Atlassian runs this host, by the catalogue's list."""
    return any(fnmatchcase(host, pattern) for pattern in catalogue().atlassian_hosts)

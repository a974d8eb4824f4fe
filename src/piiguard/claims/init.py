"""A first piiguard.yaml, from what a scan saw. Everything in it is commented out: nothing is claimed unread."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from piiguard.claims.catalogue import catalogue
from piiguard.claims.hosts import bare_host, is_atlassian
from piiguard.claims.judge import judge
from piiguard.claims.policy import Policy
from piiguard.model import Observation, Subject

_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")
_HEAD = """\
# What we claim about our apps. Without this file, or with all of it commented out, every claim is made and nothing is
# relaxed. Whatever is relaxed here is named in the verdict that rests on it. docs/piiguard-yaml.md explains each key.
version: 1
"""


def draft(subject: Subject, observations: tuple[Observation, ...]) -> str:
    """The text of the file. It reads as the strict default until lines are uncommented."""
    parts = (_claims(subject, observations), _hosts(subject, observations), _switches(), _attestations(), _waivers())
    return _HEAD + "".join("\n" + "".join(f"{line}\n" for line in part) for part in parts)


def _claims(subject: Subject, observations: tuple[Observation, ...]) -> Iterator[str]:
    yield "# Claims that we do not make. The code speaks against those listed here, as things stand."
    yield "claims:"
    against = Counter(
        verdict.claim
        for verdict in judge(subject, observations, (), Policy(), today=None).verdicts
        if verdict.answer == "contradicted"
    )
    for claim in catalogue().claims.values():
        if claim.id in against:
            yield f"  # {claim.id}: false  # {claim.statement}"


def _hosts(subject: Subject, observations: tuple[Observation, ...]) -> Iterator[str]:
    yield "# Servers that we run ourselves."
    yield "vendor-hosts:"
    yield "  # - api.example.com"
    yield ""
    yield "# Services that the apps call, as the code and the manifest name them. Say of each who runs it:"
    yield "# customer-configured (the customer's account and key), subprocessor (ours), vendor (we run it), atlassian."
    yield "hosts:"
    for host, places in sorted(_seen(subject, observations).items()):
        yield f"  # - host: {host}  # {places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}"
        yield "  #   kind: customer-configured"
        yield "  #   purpose: what it is called for"


def _seen(subject: Subject, observations: tuple[Observation, ...]) -> dict[str, list[str]]:
    """Host -> the places that name it, without those of Atlassian and those that cannot be listed."""
    named = [(each.host, each.location.path, each.location.start_line) for each in observations]
    for app in subject.apps:
        path = app.manifest.path
        named += [(entry.address, path, entry.line) for entry in app.manifest.egress]
        named += [(address, path, remote.line) for remote in app.manifest.remotes for address in remote.base_urls]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for address, path, line in named:
        host = bare_host(address or "")
        if _HOST.fullmatch(host) and not is_atlassian(host):
            found[host].append(ascii(f"{path}:{line}")[1:-1])
    return {host: list(dict.fromkeys(places)) for host, places in found.items()}


def _switches() -> Iterator[str]:
    for group, head in (("allow", "What our published text lets the apps do."), ("count", "What does not count.")):
        yield f"# {head}"
        yield f"{group}:"
        for switch, meaning in catalogue().switches.items():
            kind, name = switch.split(".", 1)
            if kind == group:
                yield f"  # {name}: {'true' if group == 'allow' else 'false'}  # {meaning}"
        if group == "allow":
            yield ""


def _attestations() -> Iterator[str]:
    yield "# What code cannot show: who says so, and until when it holds."
    yield "attestations:"
    for claim in catalogue().claims.values():
        if claim.proof == "word":
            yield f"  # - claim: {claim.id}"
            yield "  #   by: First and last name, role"
            yield "  #   on: 2000-01-01"
            yield "  #   until: 2000-12-31"
            yield f"  #   statement: {claim.statement}"


def _waivers() -> Iterator[str]:
    yield "# Findings that we accept, with the reason. A waiver that matches nothing is an error."
    yield "waivers:"
    yield "  # - rule: rule-id"
    yield "  #   path: src/example.js"
    yield "  #   reason: why this is fine"
    yield "  #   until: 2000-12-31"

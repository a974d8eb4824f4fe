"""A first piiguard.yaml: what the scan saw, as commented entries that only need a decision.

Every line that can be switched on is `#` followed by YAML; explanations are `# ` followed by words. As written, the
file changes nothing: the strict default holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit

from piiguard.formats.plain import printable
from piiguard.model import App, Report

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")

_HEAD = """# piiguard.yaml: what your Trust Center promises, and what it allows.
# As it stands nothing is switched on: every claim is made, and judged by the strict default.
# Take the first # off a line to use it. `piiguard explain CLAIM` says what a claim is about.
version: 1
"""
_HOSTS = """
# Hosts that the manifest declares or the code calls. Say who runs each:
# customer-configured, subprocessor, vendor or atlassian. Once `hosts` is given, any other host stands against it."""
_ALLOW = """
# What your published text lets the app do. Everything is false unless set."""
_COUNT = """
# What counts. Everything is true unless set."""
_CLAIMS = """
# Claims that you do not make."""
_ATTESTATIONS = """
# Code cannot show these: a named person's word, with its dates."""
_WAIVERS = """
# Findings that you accept. In the code itself: // piiguard: allow RULE -- reason, until DATE"""


def starter(report: Report, switches: Mapping[str, str], day: date) -> str:
    """The file's text.

    `switches`: `allow.name` or `count.name` -> what it says. `day`: the first day of the attestations.
    """
    hosts = _hosts(report)
    parts = [_HEAD]
    if hosts:
        parts += [_HOSTS, "#hosts:", *(line for host, where in hosts.items() for line in _host(host, where))]
    parts += [_ALLOW, "#allow:", *_switches(switches, "allow", "true")]
    parts += [_COUNT, "#count:", *_switches(switches, "count", "false")]
    parts += [_CLAIMS, "#claims:", *_contradicted(report)]
    if missing := list(_attestations(report, day)):
        parts += [_ATTESTATIONS, "#attestations:", *missing]
    parts += [_WAIVERS, "#waivers:", *_waiver(report)]
    return "\n".join(parts) + "\n"


def _hosts(report: Report) -> dict[str, str]:
    """Host -> where it was seen first: a call says more than a manifest line."""
    called = {
        o.host.lower(): f"{o.location.path}:{o.location.start_line}" for o in reversed(report.observations) if o.host
    }
    declared = {host: app.manifest.path for app in report.subject.apps for host in _declared(app)}
    return {host: where for host, where in sorted({**declared, **called}.items()) if _HOST.fullmatch(host)}


def _declared(app: App) -> Iterator[str]:
    addresses = [entry.address or "" for entry in app.manifest.egress]
    addresses += [url for remote in app.manifest.remotes for url in remote.base_urls]
    for address in addresses:
        bare = address.partition("://")[2] or address
        try:
            yield urlsplit(f"//{bare}").hostname or ""
        except ValueError:
            continue


def _host(host: str, where: str) -> Iterator[str]:
    yield f'#  - host: "{host}"  # {printable(where)}'
    yield "#    kind: subprocessor"


def _switches(switches: Mapping[str, str], group: str, value: str) -> Iterator[str]:
    for name, says in switches.items():
        if name.startswith(group + "."):
            yield f"#  {name.removeprefix(group + '.')}: {value}  # {says}"


def _contradicted(report: Report) -> Iterable[str]:
    claims = {v.claim: v.title for v in report.judgement.verdicts if v.answer == "contradicted"}
    shown = claims or {v.claim: v.title for v in report.judgement.verdicts[:1]}
    return [f"#  {claim}: false  # {title}" for claim, title in shown.items()]


def _attestations(report: Report, day: date) -> Iterator[str]:
    claims = {v.claim: v.title for v in report.judgement.verdicts if v.answer == "missing"}
    year_later = date.fromordinal(day.toordinal() + 365)
    for claim, title in claims.items():
        yield f"#  - claim: {claim}  # {title}"
        yield "#    by: NAME"
        yield f"#    on: {day.isoformat()}"
        yield f"#    until: {year_later.isoformat()}"
        yield "#    statement: WHAT YOU CHECKED"


def _waiver(report: Report) -> Iterable[str]:
    rule = min((observation.rule for observation in report.observations), default="RULE")
    return [f"#  - rule: {rule}", '#    path: "src/**"', "#    reason: WHY IT IS ACCEPTED"]

"""The document's tables against the code, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.providers import Directory
from piiguard.claims.hosts import bare_host, is_atlassian
from piiguard.claims.policy import AppPolicy
from piiguard.claims.weigh import weigh
from piiguard.model import App, Gap, Observation, Subject
from piiguard.trustcenter import CellFinding, Document, Match

_CALLS = frozenset(
    {
        "egress-host",
        "undeclared-egress",
        "pii-egress",
        "remote-backend",
        "ai-processing",
        "tracking",
        "session-recording",
    }
)
_AT_RUN_TIME = "chosen at run time"


def reconcile(
    document: Document,
    subject: Subject,
    observations: tuple[Observation, ...],
    gaps: tuple[Gap, ...],
    matches: tuple[Match, ...],
    directory: Directory,
) -> tuple[CellFinding, ...]:
    """Everything that is wrong with a cell, in the order of the document."""
    ids = {match.name: match.app for match in matches if match.app}
    found: list[CellFinding] = []
    for app in subject.apps:
        seen = [each for each in observations if each.app == app.id and each.category in _CALLS]
        open_ended = [each for each in seen if not each.host or each.host.startswith("<")]
        blind = any(gap.app in ("", app.id) for gap in (*gaps, *app.gaps)) or bool(open_ended)
        found += _overview(document, app, observations, ids)
        found += _services(document, app, seen, blind, ids, directory)
    return tuple(sorted(set(found)))


def _overview(
    document: Document, app: App, observations: Iterable[Observation], ids: dict[str, str]
) -> Iterator[CellFinding]:
    stored = [each for each in observations if each.app == app.id and _is_stored_pii(each)]
    products = {module.kind.split(":", 1)[0] for module in app.manifest.modules if ":" in module.kind}
    for row in document.overview:
        if ids.get(row.app) != app.id:
            continue
        if row.stores_pii is False and stored:
            yield CellFinding(
                row.line,
                app.id,
                "stores PII",
                "contradicted",
                f"the table says no, and {_place(stored[0])} stores some",
                _ids(stored),
            )
        named = {name for name in ("jira", "confluence", "bitbucket", "compass") if name in row.platform.lower()}
        if named and products & {"jira", "confluence", "bitbucket", "compass"} and not named & products:
            told = " and ".join(sorted(products))
            yield CellFinding(
                row.line, app.id, "platform", "contradicted", f"the table says {row.platform}, the manifest {told}"
            )


def _is_stored_pii(observation: Observation) -> bool:
    claim = catalogue().claims["overview-stores-no-pii"]
    return observation.category in claim.needs and weigh(claim, observation, AppPolicy()).effect == "contradicts"


def _services(
    document: Document, app: App, seen: list[Observation], blind: bool, ids: dict[str, str], directory: Directory
) -> Iterator[CellFinding]:
    rows = [row for row in document.providers if not row.apps or app.id in {ids.get(name) for name in row.apps}]
    overview = [row for row in document.overview if ids.get(row.app) == app.id]
    tables = [table for table in document.tables if table.kind == "subprocessors"]
    named = {name for row in rows for name in (*row.names.providers, *row.names.hosts)}
    for entry in overview:
        if entry.calls and not entry.calls.none:
            given = {*entry.calls.providers, *entry.calls.hosts}
            yield from _unlisted(entry.line, "external calls", given, seen, app, directory)
            yield from _unreached(entry.line, "external calls", entry.calls.providers, seen, app, blind, directory)
        elif entry.calls:
            yield from _unlisted(entry.line, "external calls", set(), seen, app, directory)
    table_lines = {table.line for table in tables}
    listed = [row for row in rows if row.kind != "atlassian" and " | " in row.quote]
    for row in listed:
        yield from _unreached(row.line, "subprocessor", row.names.providers, seen, app, blind, directory)
        for name in row.names.unknown:
            reason = f"no host is known for {name}: `hosts` in piiguard.yaml can name it"
            yield CellFinding(row.line, app.id, "subprocessor", "open", reason)
    if table_lines:
        yield from _unlisted(min(table_lines), "subprocessor", named, seen, app, directory)


def _unlisted(
    line: int, column: str, names: set[str], seen: list[Observation], app: App, directory: Directory
) -> Iterator[CellFinding]:
    """Hosts that the code calls and the cells do not name. `names`: services, and hosts written out."""
    missing: dict[str, list[Observation]] = {}
    for each in seen:
        host = bare_host(each.host or "")
        if not host or host.startswith("<") or is_atlassian(host):
            continue
        of_provider = any(provider.name in names for provider in directory.of_host(host))
        if not of_provider and not any(fnmatchcase(host, name) for name in names):
            missing.setdefault(host, []).append(each)
    for host, places in sorted(missing.items()):
        if host == "*":
            reason = f"every host is allowed ({_place(places[0])}): which are called cannot be told"
            yield CellFinding(line, app.id, column, "open", reason, _ids(places))
            continue
        reason = f"{host} is called at {_place(places[0])} and not named"
        none = column == "external calls" and not names
        yield CellFinding(line, app.id, column, "contradicted" if none else "missing", reason, _ids(places))


def _unreached(
    line: int, column: str, names: Iterable[str], seen: list[Observation], app: App, blind: bool, directory: Directory
) -> Iterator[CellFinding]:
    """Services that the cells name and no code reaches."""
    hosts = {bare_host(each.host) for each in seen if each.host and not each.host.startswith("<")}
    hosts |= {bare_host(entry.address) for entry in app.manifest.egress if entry.address}
    for name in names:
        provider = directory.get(name)
        if provider is None or not provider.hosts:
            continue
        if any(
            fnmatchcase(host, pattern) or fnmatchcase(pattern, host) for host in hosts for pattern in provider.hosts
        ):
            continue
        if blind:
            yield CellFinding(
                line,
                app.id,
                column,
                "open",
                f"no code was found that reaches {name}, and not everything could be looked at",
            )
        else:
            yield CellFinding(line, app.id, column, "stale", f"no code reaches {name}")


def _place(observation: Observation) -> str:
    return f"{observation.location.path}:{observation.location.start_line}"


def _ids(observations: Iterable[Observation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.id for each in observations))

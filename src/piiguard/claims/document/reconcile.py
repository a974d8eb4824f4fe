"""The document's tables against the code, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.providers import Directory
from piiguard.claims.hosts import bare_host, is_atlassian
from piiguard.claims.policy import AppPolicy
from piiguard.claims.weigh import weigh
from piiguard.model import App, Gap, Observation, Subject
from piiguard.trustcenter import AppRow, Cell, CellFinding, Document, Match

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
_PRODUCTS = frozenset({"jira", "confluence", "bitbucket", "compass"})
_ALL_APPS = re.compile(r"\W*(?:all|every|both|any|each)\b(?:\W*$|.*\b(?:apps?|products?|of them)\b)", re.IGNORECASE)
_TOLD = 3
"""So many of a service's hosts are named."""


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
        if not _is_about(row, app, ids):
            continue
        if row.stores_pii is False and stored:
            data = ", ".join(sorted({name.replace("-", " ") for each in stored for name in each.data}))
            reason = f"the table says no, and {data or 'personal data'} is stored at {_places(stored)}"
            yield CellFinding(row.line, app.id, "stores PII", "contradicted", reason, _ids(stored))
        named = {name for name in _PRODUCTS if name in row.platform.lower()}
        if named and products & _PRODUCTS and not named & products:
            module = next(each for each in app.manifest.modules if each.kind.split(":", 1)[0] in products)
            told = f"the manifest has modules of {' and '.join(sorted(products & _PRODUCTS))}"
            reason = f"the table says {row.platform}, and {told} ({app.manifest.path}:{module.line})"
            yield CellFinding(row.line, app.id, "platform", "contradicted", reason)


def _is_about(row: AppRow, app: App, ids: dict[str, str]) -> bool:
    return ids.get(row.app) == app.id or bool(_ALL_APPS.match(row.app))


def _is_stored_pii(observation: Observation) -> bool:
    claim = catalogue().claims["overview-stores-no-pii"]
    return observation.category in claim.needs and weigh(claim, observation, AppPolicy()).effect == "contradicts"


def _services(
    document: Document, app: App, seen: list[Observation], blind: bool, ids: dict[str, str], directory: Directory
) -> Iterator[CellFinding]:
    code = _Code(app, seen, blind, directory)
    for row in document.overview:
        if row.calls is not None and _is_about(row, app, ids):
            given = {*row.calls.providers, *row.calls.hosts}
            yield from code.unlisted(row.line, "external calls", given, row.quote)
            yield from code.unreached(row.line, "external calls", row.calls)
    rows = [row for row in document.providers if not row.apps or app.id in {ids.get(name) for name in row.apps}]
    for each in rows:
        if each.kind != "atlassian" and " | " in each.quote:
            yield from code.unreached(each.line, "subprocessor", each.names)
            for name in each.names.unknown:
                reason = (
                    f"no host is known for {name}, so whether code reaches it cannot be told: `hosts` in piiguard.yaml"
                )
                yield CellFinding(each.line, app.id, "subprocessor", "open", f"{reason} can name it")
    tables = [table.line for table in document.tables if table.kind == "subprocessors"]
    if tables:
        named = {name for row in rows for name in (*row.names.providers, *row.names.hosts)}
        quote = " ".join(row.quote for row in rows)
        yield from code.unlisted(min(tables), "subprocessor", named, quote)


class _Code(msgspec.Struct, frozen=True):
    """What the code of an app calls."""

    app: App
    seen: list[Observation]
    blind: bool
    """Whether something could not be looked at, or a host is chosen at run time."""
    directory: Directory

    def unlisted(self, line: int, column: str, names: set[str], quote: str) -> Iterator[CellFinding]:
        """What the code calls and the cells do not name. `names`: services, and hosts written out."""
        missing: dict[str, list[Observation]] = {}
        for each in self.seen:
            host = bare_host(each.host or "")
            service = host if host and not host.startswith("<") else each.attributes.get("vendor", "")
            if service and not is_atlassian(service) and not self._is_named(host, service, names):
                missing.setdefault(service, []).append(each)
        for service, places in sorted(missing.items()):
            if service == "*":
                if "any host" not in quote.lower():
                    reason = f"every host is allowed ({_places(places)}): which are called cannot be told"
                    yield CellFinding(line, self.app.id, column, "open", reason, _ids(places))
                continue
            none = column == "external calls" and not names
            says = "the table says that there are none" if none else "the table does not name it"
            used = "is called" if "." in service else "is used"
            reason = f"{service} {used} at {_places(places)}, and {says}"
            yield CellFinding(line, self.app.id, column, "contradicted" if none else "missing", reason, _ids(places))

    def _is_named(self, host: str, service: str, names: set[str]) -> bool:
        mine = (*self.directory.of_host(host), *self.directory.named(service))
        return any(each.name in names for each in mine) or any(fnmatchcase(host, name) for name in names)

    def unreached(self, line: int, column: str, cell: Cell) -> Iterator[CellFinding]:
        """Services and hosts that a cell names and no code reaches."""
        hosts = {bare_host(each.host) for each in self.seen if each.host and not each.host.startswith("<")}
        hosts |= {bare_host(entry.address) for entry in self.app.manifest.egress if entry.address}
        vendors = {each.attributes["vendor"] for each in self.seen if "vendor" in each.attributes}
        used = {provider.name for vendor in vendors for provider in self.directory.named(vendor)}
        for name, patterns in self._named(cell):
            reached = any(fnmatchcase(host, one) or fnmatchcase(one, host) for host in hosts for one in patterns)
            if not patterns or reached or name in used:
                continue
            looked = f"no code calls {', '.join(patterns[:_TOLD])}, and {self.app.manifest.path} does not allow it"
            if self.blind:
                reason = f"{name} was not found: {looked}; but not everything could be looked at"
                yield CellFinding(line, self.app.id, column, "open", reason)
            else:
                yield CellFinding(line, self.app.id, column, "stale", f"{name} is not reached: {looked}")

    def _named(self, cell: Cell) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each service with its hosts; a host of its own that is written out stands for itself."""
        known = [provider for name in cell.providers if (provider := self.directory.get(name))]
        yield from ((provider.name, provider.hosts) for provider in known)
        for host in cell.hosts:
            if not any(fnmatchcase(host, pattern) for provider in known for pattern in provider.hosts):
                yield host, (host,)


def _places(observations: list[Observation]) -> str:
    first, *rest = dict.fromkeys(_place(each) for each in observations)
    return f"{first} and {len(rest)} more" if rest else first


def _place(observation: Observation) -> str:
    return f"{observation.location.path}:{observation.location.start_line}"


def _ids(observations: Iterable[Observation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.id for each in observations))

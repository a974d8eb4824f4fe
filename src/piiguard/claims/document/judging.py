"""A document held against the code: each sentence is answered by the verdict of its claim, under its policy.

What a sentence excepts becomes a relaxation of the policy, and the pure judge is asked again with that policy, so that
an exception of the text means exactly what the same line of piiguard.yaml would mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.excepting import Excepted, excepted
from piiguard.claims.document.language import language
from piiguard.claims.document.matching import match_apps
from piiguard.claims.document.prediction import predictions, residency
from piiguard.claims.document.providers import Directory
from piiguard.claims.document.reconcile import reconcile
from piiguard.claims.document.understand import with_text
from piiguard.claims.judge import judge
from piiguard.claims.manifest_facts import from_manifest, manifest_facts
from piiguard.claims.policy import AppPolicy, Host, HostKind, Policy
from piiguard.model import Answer, App, Gap, Observation, Subject, Verdict
from piiguard.trustcenter import Checked, Document, Judged, Match, Remark, Reply, Statement

_WORST: tuple[Answer, ...] = ("contradicted", "not-shown", "missing", "attested", "supported", "not-applicable")
_UNLISTED = "piiguard.yaml does not list this host"
"""What the catalogue says of a host without an entry; here the document is the list."""
_DESCRIBING = frozenset({"configuration-data-only", "byok-customer-configured"})
"""Kinds whose disclosures describe what the app does and admit nothing."""
_UNSEEN = "nothing of the kind was found in the code: the page discloses more than the code shows"
_NOTHING = Excepted()
_LISTING = frozenset({"overview-external-calls", "ai-processing-listed"})
"""Kinds whose disclosures are lists: whether they are complete can be judged."""


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[str, ...]
    effect: Answer
    because: str
    facts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    says: str = ""
    """A regular expression: only sentences that have it are meant."""


@cache
def _rules() -> tuple[_Rule, ...]:
    text = resources.files(__package__).joinpath("platform.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), tuple[_Rule, ...])


class Code(msgspec.Struct, frozen=True):
    """What a scan found."""

    subject: Subject
    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    policy: Policy
    """That of piiguard.yaml."""
    today: date | None = None
    apps: Mapping[str, str] = {}
    """Names of the document -> app ids, as piiguard.yaml maps them."""


def alone(document: Document) -> Checked:
    """The document held against itself only. Raises UsageError for one without text."""
    told = with_text(document).statements
    return Checked(document, tuple(_with_itself(Judged(each), document) for each in told))


def against_code(document: Document, code: Code) -> Checked:
    """The document held against itself and the code. Raises UsageError for one without text."""
    matches = match_apps(with_text(document), code.subject, code.apps)
    asked = _Judge(document, code, matches)
    judged = tuple(_with_itself(asked.judged(each), document) for each in document.statements)
    return Checked(
        document=document,
        judged=judged,
        cells=reconcile(document, code.subject, code.observations, code.gaps, matches, asked.directory),
        predictions=predictions(code.subject, asked.verdicts(_NOTHING, calls_nothing=False)),
        matches=matches,
        scanned=tuple(app.id for app in code.subject.apps),
        notes=tuple(_unseen(judged)),
    )


def _with_itself(judged: Judged, document: Document) -> Judged:
    """A promise that another line of the document denies is contradicted, whatever the code does."""
    each = judged.statement
    if each.polarity != "promise":
        return judged
    reasons = tuple(_denials(each, document))
    if not reasons:
        return judged
    replies = (*(Reply("", "contradicted", reason) for reason in reasons), *judged.replies)
    return Judged(each, replies, "contradicted")


def _denials(each: Statement, document: Document) -> Iterator[str]:
    for pair in document.contradictions:
        here, there = pair.lines
        if (pair.quotes[0], pair.kinds[0], here) == (each.quote, each.kind, each.line):
            told = f"line {there} of this document says otherwise"
            yield f"{pair.why}: {pair.quotes[1]}" if pair.with_platform else told
        elif (pair.quotes[1], pair.kinds[1], there) == (each.quote, each.kind, each.line):
            yield f"line {here} of this document says otherwise"


def _unseen(judged: Iterable[Judged]) -> Iterator[Remark]:
    """What the page admits and no app does."""
    for each in judged:
        if each.replies and all(reply.reason == _UNSEEN for reply in each.replies):
            kind = each.statement.kind
            says = f"the page discloses what no code was found to do ({kind}): it may be out of date"
            yield Remark(each.statement.line, says)


class _Judge:
    """Answers, each policy judged once."""

    def __init__(self, document: Document, code: Code, matches: tuple[Match, ...]) -> None:
        self._document = document
        self._code = code
        self._ids = {match.name: match.app for match in matches if match.app}
        self._known: dict[tuple[Excepted, bool, bool], dict[tuple[str, str], Verdict]] = {}
        self._facts = {app.id: manifest_facts(app) for app in code.subject.apps}
        self.directory = Directory(code.policy.hosts)

    def judged(self, statement: Statement) -> Judged:
        apps = self._apps(statement)
        replies = tuple(self._reply(statement, app) for app in apps)
        if statement.apps and not apps:
            replies = (Reply("", "not-shown", f"no scanned app is {' or '.join(statement.apps)}"),)
        answers = [reply.answer for reply in replies]
        return Judged(statement, replies, min(answers, key=_WORST.index) if answers else None)

    def _apps(self, statement: Statement) -> tuple[App, ...]:
        ids = {self._ids.get(name) for name in statement.apps}
        return tuple(app for app in self._code.subject.apps if not statement.apps or app.id in ids)

    def _reply(self, statement: Statement, app: App) -> Reply:
        if statement.kind in language().kinds:
            reply = self._of_document_kind(statement, app)
        elif statement.polarity == "disclosure" and statement.kind not in _LISTING:
            return self._of_disclosure(statement, app)
        else:
            none = statement.kind == "overview-external-calls" and statement.polarity == "promise"
            verdict = self.verdicts(self._excepted(statement), calls_nothing=none)[statement.kind, app.id]
            reason = verdict.reason.replace(_UNLISTED, "the document does not name this host")
            reply = Reply(app.id, verdict.answer, reason, verdict.observations)
        if statement.polarity == "promise":
            reply = self._excepting(statement, self._with_platform(statement, app, reply))
        return reply

    def _of_disclosure(self, statement: Statement, app: App) -> Reply:
        """What a page admits holds where the code would break the promise of the contrary."""
        if statement.kind in _DESCRIBING:
            return Reply(app.id, "not-applicable", "the sentence describes what the app does, and promises nothing")
        verdict = self.verdicts(_NOTHING, calls_nothing=False, strict=True)[statement.kind, app.id]
        if catalogue().claims[statement.kind].proof == "word":
            return Reply(app.id, verdict.answer, verdict.reason, verdict.observations)
        if verdict.answer == "contradicted":
            return Reply(app.id, "supported", f"the code does so: {verdict.reason}", verdict.observations)
        if verdict.answer in ("not-shown", "missing"):
            return Reply(app.id, "not-shown", verdict.reason, verdict.observations)
        return Reply(app.id, "not-applicable", _UNSEEN)

    def _of_document_kind(self, statement: Statement, app: App) -> Reply:
        kind = statement.kind
        if statement.polarity == "disclosure":
            return Reply(app.id, "not-applicable", "the sentence admits something, and promises nothing")
        if kind == "data-residency":
            return residency(app)
        if kind == "no-ai-processing":
            gaps = [gap for gap in self._gaps(app) if not gap.needed_for or "ai-processing" in gap.needed_for]
            if gaps:
                return Reply(app.id, "not-shown", f"not everything could be looked at: {gaps[0].path}: {gaps[0].why}")
            return Reply(
                app.id, "supported", f"the listed checks ran on {len(app.sources)} source files and found no AI"
            )
        for given in self._code.policy.attestations:
            if given.claim == kind and given.app in ("", app.id) and self._valid(given.on, given.until):
                return Reply(
                    app.id, "attested", f"{given.by} said on {given.on}, until {given.until}: {given.statement}"
                )
        return Reply(app.id, "missing", "code cannot show this, and nobody has attested it in piiguard.yaml")

    def _valid(self, first: str, last: str) -> bool:
        today = self._code.today
        return today is None or first <= today.isoformat() <= last

    def _gaps(self, app: App) -> tuple[Gap, ...]:
        ids = {each.id for each in self._code.subject.apps}
        return tuple(gap for gap in (*self._code.gaps, *app.gaps) if gap.app == app.id or gap.app not in ids)

    def _with_platform(self, statement: Statement, app: App, reply: Reply) -> Reply:
        """The reply, or a worse one where the manifest alone speaks against the sentence."""
        seen = (*(each for each in self._code.observations if each.app == app.id), *self._facts[app.id])
        for rule in _rules():
            if statement.kind not in rule.kinds or _WORST.index(rule.effect) >= _WORST.index(reply.answer):
                continue
            if rule.says and not re.search(rule.says, statement.quote):
                continue
            found = [
                each for each in seen if each.attributes.get("fact") in rule.facts or each.category in rule.categories
            ]
            places = [(each.location.path, each.location.start_line) for each in found]
            places += [(app.manifest.path, each.line) for each in app.manifest.modules if each.kind in rule.modules]
            if places:
                reported = tuple(each.id for each in found if not from_manifest(each))
                reply = Reply(app.id, rule.effect, f"{rule.because} ({places[0][0]}:{places[0][1]})", reported)
        return reply

    def _excepted(self, statement: Statement) -> Excepted:
        """What the sentence excepts. One that says `configuration only, and credentials` excepts these."""
        given = excepted(statement, self.directory)
        told = statement.kind == "configuration-data-only" and any(
            each.kind == "no-credential-storage" and each.polarity == "disclosure" and each.quote == statement.quote
            for each in self._document.statements
            if each.line == statement.line
        )
        known = tuple(dict.fromkeys((*given.known, *(["customer-credentials"] if told else []))))
        return msgspec.structs.replace(given, known=known)

    def _excepting(self, statement: Statement, reply: Reply) -> Reply:
        """The reply with what the text excepts. What cannot be told to be the exception is left to a person."""
        given = self._excepted(statement)
        if reply.answer == "contradicted" and given.unclear:
            says = "; ".join(given.unclear)
            reason = f"the text excepts {says}, and a person must say whether this is that: {reply.reason}"
            return msgspec.structs.replace(reply, answer="not-shown", reason=reason)
        if reply.answer == "contradicted" and not reply.observations and any(row.stores for row in given.rows()):
            reason = f"the manifest does not say where, and the text excepts {given.says()}: {reply.reason}"
            return msgspec.structs.replace(reply, answer="not-shown", reason=reason)
        if not given.says():
            return reply
        claim = catalogue().claims.get(statement.kind)
        seen = [each for each in self._code.observations if claim and each.category in claim.needs]
        places = [_place(each) for each in seen if each.app == reply.app and self._covers(given, each)]
        told = f" ({_places(places)})" if places else ""
        return msgspec.structs.replace(reply, reason=f"{reply.reason}; the text excepts {given.says()}{told}")

    def _covers(self, given: Excepted, observation: Observation) -> bool:
        policy = self._policy(given, calls_nothing=False).for_app(observation.app)
        return given.left(observation, policy) is not observation

    def verdicts(self, given: Excepted, *, calls_nothing: bool, strict: bool = False) -> dict[tuple[str, str], Verdict]:
        """The verdicts under the policy that the text states with these exceptions, by claim and app id."""
        key = given, calls_nothing, strict
        if key not in self._known:
            policy = self._strict() if strict else self._policy(given, calls_nothing)
            left = (given.left(each, policy.for_app(each.app)) for each in self._code.observations)
            seen = tuple(each for each in left if each is not None)
            judgement = judge(self._code.subject, seen, self._code.gaps, policy, today=self._code.today)
            self._known[key] = {(verdict.claim, verdict.app): verdict for verdict in judgement.verdicts}
        return self._known[key]

    def _strict(self) -> Policy:
        """Nothing is relaxed; whose hosts are whose still holds."""
        given = self._code.policy
        apps = {
            app.id: msgspec.structs.replace(
                given.for_app(app.id), relaxed={}, unclaimed={}, hosts=self._hosts(app.id), lists_hosts=False
            )
            for app in self._code.subject.apps
        }
        return msgspec.structs.replace(given, apps=apps)

    def _policy(self, excepting: Excepted, calls_nothing: bool) -> Policy:
        given = self._code.policy
        apps = {
            app.id: self._app_policy(app.id, given.for_app(app.id), excepting, calls_nothing)
            for app in self._code.subject.apps
        }
        return msgspec.structs.replace(given, path=given.path or self._document.name, apps=apps)

    def _app_policy(self, app: str, given: AppPolicy, excepting: Excepted, calls_nothing: bool) -> AppPolicy:
        added = {switch: 1 for switch in excepting.switches() if switch not in given.relaxed}
        self_hosted = next((row for row in self._rows(app) if self._self_hosted(row)), None)
        if self_hosted and "allow.self-hosted" not in given.relaxed:
            added["allow.self-hosted"] = self_hosted.line
        hosts = self._hosts(app)
        if calls_nothing:
            kinds = {kind for row in excepting.rows() for kind in row.hosts}
            hosts = tuple(host for host in hosts if host.kind in kinds)
        return msgspec.structs.replace(
            given,
            hosts=hosts,
            lists_hosts=given.lists_hosts or calls_nothing or self._lists(app),
            relaxed={**given.relaxed, **added},
            told_by={**given.told_by, **dict.fromkeys(added, self._document.name)},
        )

    def _rows(self, app: str) -> Iterable[ListedService]:
        """The services that the document lists for an app, and of which it says whose they are."""
        for row in self._document.providers:
            if row.names.open:
                continue
            if not row.apps or app in {self._ids.get(name) for name in row.apps}:
                yield ListedService(row.line, row.kind, row.names.providers, row.names.hosts)
        for entry in self._document.overview:
            if entry.calls and not entry.calls.open and (self._ids.get(entry.app) == app or entry.app not in self._ids):
                kind = "customer-configured" if entry.calls.customer else "subprocessor"
                yield ListedService(entry.line, kind, entry.calls.providers, entry.calls.hosts)

    def _lists(self, app: str) -> bool:
        """Whether the document has a list of services that is meant to be complete."""
        document = self._document
        listed = any(table.kind in ("subprocessors", "overview") for table in document.tables)
        cells = (*(row.names for row in document.providers), *(entry.calls for entry in document.overview))
        return listed and bool(app) and not any(cell is not None and cell.open for cell in cells)

    def _self_hosted(self, row: ListedService) -> bool:
        known = [self.directory.get(name) for name in row.names]
        return row.kind == "customer-configured" and any(each is not None and each.self_hosted for each in known)

    def _hosts(self, app: str) -> tuple[Host, ...]:
        """Hosts of piiguard.yaml first, then those of the services that the document lists for the app."""
        given = self._code.policy.for_app(app).hosts
        patterns = {host.pattern for host in given}
        listed: dict[str, Host] = {}
        for row in self._rows(app):
            kind: HostKind = "customer-configured" if row.kind == "customer-configured" else "subprocessor"
            named = [(pattern, name) for name in row.names for pattern in self._patterns(name)]
            for pattern, name in (*named, *((host, host) for host in row.hosts)):
                if pattern not in patterns and row.kind != "atlassian":
                    listed.setdefault(pattern, Host(pattern, kind, row.line, name, path=self._document.name))
        return (*given, *listed.values())

    def _patterns(self, name: str) -> tuple[str, ...]:
        provider = self.directory.get(name)
        return provider.hosts if provider else ()


def _place(observation: Observation) -> str:
    return f"{observation.location.path}:{observation.location.start_line}"


def _places(places: list[str]) -> str:
    first, *rest = dict.fromkeys(places)
    return f"{first} and {len(rest)} more" if rest else first


class ListedService(msgspec.Struct, frozen=True):
    """A line of the document that lists services."""

    line: int
    kind: str
    names: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    """Those that are written out."""

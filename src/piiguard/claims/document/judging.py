"""A document held against the code: each sentence is answered by the verdict of its claim, under its policy.

What a sentence excepts becomes a relaxation of the policy, and the pure judge is asked again with that policy, so that
an exception of the text means exactly what the same line of piiguard.yaml would mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources

import msgspec
from ruamel.yaml import YAML

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.language import language
from piiguard.claims.document.matching import match_apps
from piiguard.claims.document.prediction import predictions, residency
from piiguard.claims.document.providers import Directory
from piiguard.claims.document.reconcile import reconcile
from piiguard.claims.document.understand import with_text
from piiguard.claims.judge import judge
from piiguard.claims.manifest_facts import from_manifest, manifest_facts
from piiguard.claims.policy import AppPolicy, Host, Policy
from piiguard.model import Answer, App, Gap, Observation, Subject, Verdict
from piiguard.trustcenter import Checked, Document, Judged, Match, Reply, Statement

_WORST: tuple[Answer, ...] = ("contradicted", "not-shown", "missing", "attested", "supported", "not-applicable")
_UNLISTED = "piiguard.yaml does not list this host"
"""What the catalogue says of a host without an entry; here the document is the list."""
_DESCRIBING = frozenset({"configuration-data-only", "byok-customer-configured"})
"""Kinds whose disclosures describe what the app does and admit nothing."""
_LISTING = frozenset({"overview-external-calls", "ai-processing-listed"})
"""Kinds whose disclosures are lists: whether they are complete can be judged."""


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[str, ...]
    effect: Answer
    because: str
    facts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


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
    return Checked(document, tuple(Judged(each, answer=_itself(each, document)) for each in told))


def against_code(document: Document, code: Code) -> Checked:
    """The document held against itself and the code. Raises UsageError for one without text."""
    matches = match_apps(with_text(document), code.subject, code.apps)
    asked = _Judge(document, code, matches)
    judged = tuple(asked.judged(each) for each in document.statements)
    return Checked(
        document=document,
        judged=judged,
        cells=reconcile(document, code.subject, code.observations, code.gaps, matches, Directory(asked.base_hosts)),
        predictions=predictions(code.subject, asked.verdicts((), calls_nothing=False)),
        matches=matches,
        scanned=tuple(app.id for app in code.subject.apps),
    )


def _itself(each: Statement, document: Document) -> Answer | None:
    told = any((each.line, each.kind) in zip(pair.lines, pair.kinds, strict=True) for pair in document.contradictions)
    return "contradicted" if told else None


class _Judge:
    """Answers, each policy judged once."""

    def __init__(self, document: Document, code: Code, matches: tuple[Match, ...]) -> None:
        self._document = document
        self._code = code
        self._ids = {match.name: match.app for match in matches if match.app}
        self._known: dict[tuple[tuple[str, ...], bool, bool], dict[tuple[str, str], Verdict]] = {}
        self._facts = {app.id: manifest_facts(app) for app in code.subject.apps}
        self.base_hosts = tuple(
            host for policy in (code.policy.everyone, *code.policy.apps.values()) for host in policy.hosts
        )

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
            verdict = self.verdicts(statement.exceptions, calls_nothing=none)[statement.kind, app.id]
            reason = verdict.reason.replace(_UNLISTED, "the document does not name this host")
            reply = Reply(app.id, verdict.answer, reason, verdict.observations)
        if statement.polarity == "promise":
            reply = self._excepting(statement, self._with_platform(statement, app, reply))
        return reply

    def _of_disclosure(self, statement: Statement, app: App) -> Reply:
        """What a page admits holds where the code would break the promise of the contrary."""
        if statement.kind in _DESCRIBING:
            return Reply(app.id, "not-applicable", "the sentence describes what the app does, and promises nothing")
        verdict = self.verdicts((), calls_nothing=False, strict=True)[statement.kind, app.id]
        if catalogue().claims[statement.kind].proof == "word":
            return Reply(app.id, verdict.answer, verdict.reason, verdict.observations)
        if verdict.answer == "contradicted":
            return Reply(app.id, "supported", f"the code does so: {verdict.reason}", verdict.observations)
        if verdict.answer in ("not-shown", "missing"):
            return Reply(app.id, "not-shown", verdict.reason, verdict.observations)
        return Reply(app.id, "not-applicable", "the page admits more than was found in the code")

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
            found = [
                each for each in seen if each.attributes.get("fact") in rule.facts or each.category in rule.categories
            ]
            places = [(each.location.path, each.location.start_line) for each in found]
            places += [(app.manifest.path, each.line) for each in app.manifest.modules if each.kind in rule.modules]
            if places:
                reported = tuple(each.id for each in found if not from_manifest(each))
                reply = Reply(app.id, rule.effect, f"{rule.because} ({places[0][0]}:{places[0][1]})", reported)
        return reply

    def _excepting(self, statement: Statement, reply: Reply) -> Reply:
        """Where the text excepts what no switch stands for, a finding may be just that: a person must say."""
        known = language().exceptions
        effective = {name for name, each in known.items() if each.switches or each.stores}
        unclear = [each for each in statement.exceptions if each not in effective]
        if reply.answer == "contradicted" and unclear:
            says = "; ".join(known[each].says if each in known else each for each in unclear)
            return msgspec.structs.replace(
                reply,
                answer="not-shown",
                reason=f"the text excepts {says}, and a person must say whether this is that: {reply.reason}",
            )
        told = [known[each].says for each in statement.exceptions if each in effective]
        return (
            msgspec.structs.replace(reply, reason=f"{reply.reason}; the text excepts {', '.join(told)}")
            if told
            else reply
        )

    def verdicts(
        self, exceptions: tuple[str, ...], *, calls_nothing: bool, strict: bool = False
    ) -> dict[tuple[str, str], Verdict]:
        """The verdicts under the policy that the text states with these exceptions, by claim and app id."""
        key = exceptions, calls_nothing, strict
        if key not in self._known:
            covered = {
                store
                for name in exceptions
                if name in language().exceptions
                for store in language().exceptions[name].stores
            }
            seen = tuple(each for each in self._code.observations if each.attributes.get("store") not in covered)
            policy = self._strict() if strict else self._policy(exceptions, calls_nothing)
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

    def _policy(self, exceptions: tuple[str, ...], calls_nothing: bool) -> Policy:
        given = self._code.policy
        apps = {
            app.id: self._app_policy(app.id, given.for_app(app.id), exceptions, calls_nothing)
            for app in self._code.subject.apps
        }
        return msgspec.structs.replace(given, path=given.path or self._document.name, apps=apps)

    def _app_policy(self, app: str, given: AppPolicy, exceptions: tuple[str, ...], calls_nothing: bool) -> AppPolicy:
        switches = [
            switch
            for name in exceptions
            if name in language().exceptions
            for switch in language().exceptions[name].switches
        ]
        added = {switch: 1 for switch in switches if switch not in given.relaxed}
        self_hosted = next((row for row in self._rows(app) if self._self_hosted(row)), None)
        if self_hosted and "allow.self-hosted" not in given.relaxed:
            added["allow.self-hosted"] = self_hosted.line
        hosts = self._hosts(app)
        if calls_nothing:
            hosts = (
                tuple(host for host in hosts if host.kind == "customer-configured")
                if "customer-configured" in exceptions
                else ()
            )
        return msgspec.structs.replace(
            given,
            hosts=hosts,
            lists_hosts=given.lists_hosts or calls_nothing or self._lists(app),
            relaxed={**given.relaxed, **added},
            told_by={**given.told_by, **dict.fromkeys(added, self._document.name)},
        )

    def _rows(self, app: str) -> Iterable[ListedService]:
        """The services that the document lists for an app."""
        for row in self._document.providers:
            if not row.apps or app in {self._ids.get(name) for name in row.apps}:
                yield ListedService(row.line, row.kind, row.names.providers)
        for entry in self._document.overview:
            if entry.calls and (self._ids.get(entry.app) == app or entry.app not in self._ids):
                yield ListedService(
                    entry.line, "customer-configured" if entry.calls.customer else "subprocessor", entry.calls.providers
                )

    def _lists(self, app: str) -> bool:
        """Whether the document has a list of services that is meant to be complete."""
        return any(table.kind in ("subprocessors", "overview") for table in self._document.tables) and bool(app)

    def _self_hosted(self, row: ListedService) -> bool:
        directory = Directory(self.base_hosts)
        known = [directory.get(name) for name in row.names]
        return row.kind == "customer-configured" and any(each is not None and each.self_hosted for each in known)

    def _hosts(self, app: str) -> tuple[Host, ...]:
        """Hosts of piiguard.yaml first, then those of the services that the document lists for the app."""
        directory = Directory(self.base_hosts)
        given = self._code.policy.for_app(app).hosts
        patterns = {host.pattern for host in given}
        listed: dict[str, Host] = {}
        for row in self._rows(app):
            for name in row.names:
                provider = directory.get(name)
                for pattern in provider.hosts if provider and row.kind != "atlassian" else ():
                    if pattern not in patterns:
                        kind = "customer-configured" if row.kind == "customer-configured" else "subprocessor"
                        listed.setdefault(pattern, Host(pattern, kind, row.line, name, path=self._document.name))  # type: ignore[arg-type]
        return (*given, *listed.values())


class ListedService(msgspec.Struct, frozen=True):
    """A line of the document that lists services."""

    line: int
    kind: str
    names: tuple[str, ...]

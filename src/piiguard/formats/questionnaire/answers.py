"""From a report to answers. None goes further than the evidence: what was not looked at cannot be denied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from piiguard.formats import overview
from piiguard.formats.diagram import graph
from piiguard.formats.questionnaire.questions import Form, Question, Shown, Sign, forms
from piiguard.model import DATA_CLASSES, App, Gap, Observation, Owner, Report

State = Literal["answered", "cannot-be-shown", "a-person-must-say", "attested", "not-applicable"]
Confidence = Literal["sure", "likely", "nothing-found", ""]

_PERSONAL = frozenset({"direct", "pseudonymous", "indirect", "content"})
_STORING = frozenset({"pii-storage", "browser-storage"})
_MOVING = frozenset(
    {"pii-storage", "pii-egress", "pii-log", "pii-queue", "pii-error", "browser-storage", "public-exit"}
    | {"understated-egress"}
)
"""Categories in which data classes are seen."""


class Service(msgspec.Struct, frozen=True, rename="camel"):
    """A third party, in the words of the tab. What code cannot tell is null."""

    name: str
    purpose: str
    hosts: tuple[str, ...]
    link: str | None = None
    third_party_countries: tuple[str, ...] | None = None


class Proof(msgspec.Struct, frozen=True):
    """A place that an answer rests on."""

    path: str
    line: int
    what: str
    observation: str = ""
    """Its fingerprint; empty for a module of the manifest."""


class Answered(msgspec.Struct, frozen=True):
    """A question with all that can be said."""

    key: str
    question: str
    state: State
    answer: bool | tuple[str | Service, ...] | None
    """Null unless `state` is `answered`, `attested`: then the answer, or what was said."""
    confidence: Confidence = ""
    why: str = ""
    person: str = ""
    """What a person must say, or add."""
    observations: tuple[Proof, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Answers(msgspec.Struct, frozen=True):
    """A form, answered for an app."""

    app: str
    name: str
    form: str
    title: str
    answers: tuple[Answered, ...]


def answer(report: Report) -> tuple[Answers, ...]:
    """Every form for every app."""
    return tuple(
        Answers(app.id, app.name or app.id, form.id, form.title, tuple(_App(report, app).answers(form)))
        for app in report.subject.apps
        for form in forms()
    )


class _App:
    """What is known of one app."""

    def __init__(self, report: Report, app: App) -> None:
        self._report = report
        self._app = app
        self._observations = overview.of_app(report, app)
        self._gaps = overview.gaps_of(report, app)
        self._owners: dict[str, set[Owner]] = defaultdict(set)
        for entry in report.judgement.hosts:
            self._owners[entry.observation].add(entry.owner)

    def answers(self, form: Form) -> Iterator[Answered]:
        said: dict[str, Answered] = {}
        for question in form.questions:
            before = said.get(question.if_yes)
            if before is not None and before.state == "answered" and before.answer is False:
                said[question.key] = _made(question, "not-applicable", why=f"the answer to {question.if_yes} is no")
            else:
                said[question.key] = self._answer(question)
        yield from said.values()

    def _answer(self, question: Question) -> Answered:
        if question.shows:
            return self._list(question, question.shows)
        for value, signs in ((False, question.no), (True, question.yes)):
            if found := self._proofs(signs):
                sure = any(proof.sure for proof in found)
                why = "" if sure else "likely, not certain: a person must confirm it"
                return _made(
                    question, "answered", value, "sure" if sure else "likely", why, [proof.proof for proof in found]
                )
        bearing = [found.proof for found in self._proofs(question.maybe)]
        gaps = self._unlooked(question.needs)
        if gaps and question.absence != "person":
            why = "not everything could be looked at"
            return _made(question, "cannot-be-shown", why=why, proofs=bearing, gaps=gaps)
        if attested := self._attested(question):
            return attested
        if bearing:
            return _made(question, "a-person-must-say", why="these places bear on it", proofs=bearing)
        if question.absence == "person":
            return _made(question, "a-person-must-say")
        if doubt := self._doubt(question):
            return doubt
        why = "nothing was found that says otherwise"
        return _made(question, "answered", question.absence == "yes", "nothing-found", why)

    def _attested(self, question: Question) -> Answered | None:
        for given in self._report.judgement.attestations:
            if given.claim in question.claims and given.state == "valid" and given.app in ("", self._app.id):
                why = f"{given.by}, {given.on}, until {given.until}"
                return _made(question, "attested", (given.statement,), why=why)
        return None

    def _doubt(self, question: Question) -> Answered | None:
        """A claim on the same matter that is contradicted or could not be shown: then absence says nothing."""
        for verdict in self._report.judgement.verdicts:
            doubtful = verdict.answer in ("contradicted", "not-shown", "missing")
            if doubtful and verdict.app == self._app.id and verdict.claim in question.claims:
                proofs = [_proof(each) for each in self._observations if each.id in verdict.observations]
                why = f"{verdict.title or verdict.claim}: {verdict.reason}"
                return _made(question, "cannot-be-shown", why=why, proofs=proofs, gaps=verdict.gaps)
        return None

    def _unlooked(self, needs: frozenset[str]) -> list[Gap]:
        """Gaps that leave the absence of some categories open."""
        return [gap for gap in self._gaps if needs & set(gap.needed_for or needs)]

    # ------------------------------------------------------------ signs

    def _proofs(self, signs: Iterable[Sign]) -> list[_Found]:
        found = [each for sign in signs for each in (*self._seen(sign), *self._modules(sign))]
        return list(dict.fromkeys(found))

    def _seen(self, sign: Sign) -> Iterator[_Found]:
        for each in self._observations:
            if sign.category and self._fits(sign, each):
                yield _Found(_proof(each), each.confidence == "sure")

    def _fits(self, sign: Sign, each: Observation) -> bool:
        return (
            each.category in sign.category
            and (not sign.data or any(_is_of(name, sign.data) for name in each.data))
            and (not sign.owner or not self._owners[each.id].isdisjoint(sign.owner))
            and (not sign.rule or each.rule in sign.rule)
            and (not sign.sure or each.confidence == "sure")
            and all(each.attributes.get(name) in values for name, values in sign.where.items())
        )

    def _modules(self, sign: Sign) -> Iterator[_Found]:
        for module in self._app.manifest.modules:
            if module.kind in sign.module or (sign.module_key and sign.module_key in module.data):
                yield _Found(Proof(self._app.manifest.path, module.line, f"module {module.kind}"), True)

    # ------------------------------------------------------------ lists

    def _list(self, question: Question, shown: Shown) -> Answered:
        if shown == "scopes":
            named = [Proof(self._app.manifest.path, scope.line, scope.name) for scope in self._app.manifest.scopes]
            return _made(question, "answered", tuple(each.what for each in named), "sure", proofs=named)
        if shown in ("services", "subprocessors"):
            return self._services(question, shown)
        categories = _STORING if shown == "stored" else _MOVING
        moving = [each for each in self._observations if each.category in categories]
        seen = [each for each in moving if any(map(_is_personal, each.data))]
        classes = tuple(sorted({name for each in seen for name in each.data if _is_personal(name)}))
        proofs = [_proof(each) for each in seen]
        if shown == "accessed":
            why = f"on its way were seen: {', '.join(classes) or 'no personal data'}; what is only read is not seen"
            return _made(question, "a-person-must-say", why=why, proofs=proofs)
        likely = bool(seen) and all(each.confidence == "likely" for each in seen)
        return self._unless_open(question, categories, classes, proofs, likely=likely)

    def _services(self, question: Question, shown: Shown) -> Answered:
        flow = graph(self._report, self._app.id)
        lanes = {"subprocessor"} if shown == "subprocessors" else {"customer", "subprocessor", "vendor", "other"}
        services: dict[tuple[str, str], list[str]] = {}
        for node in flow.of_kind("destination"):
            if node.service and node.lane in lanes and node.seen:
                services.setdefault((node.service, node.purpose), []).append(node.label)
        hosts = {host for some in services.values() for host in some}
        proofs = [_proof(each) for each in self._observations if each.host in hosts and each.category in _CALLING]
        found = tuple(Service(name, purpose, tuple(some)) for (name, purpose), some in services.items())
        return self._unless_open(question, _CALLING, found, proofs, likely=False)

    def _unless_open(
        self,
        question: Question,
        needs: frozenset[str],
        found: tuple[str | Service, ...],
        proofs: list[Proof],
        *,
        likely: bool,
    ) -> Answered:
        """The list, or, where something could not be looked at, only what was seen of it."""
        if gaps := self._unlooked(needs):
            names = ", ".join(each if isinstance(each, str) else each.name for each in found) or "nothing"
            why = f"seen: {names}; not everything could be looked at"
            return _made(question, "cannot-be-shown", why=why, proofs=proofs, gaps=gaps)
        if not found and (doubt := self._doubt(question)):
            return doubt
        confidence: Confidence = "likely" if likely else "sure" if found else "nothing-found"
        return _made(question, "answered", found, confidence, proofs=proofs)


_CALLING = frozenset(
    {"egress-host", "undeclared-egress", "pii-egress", "remote-backend", "ai-processing", "tracking"}
    | {"session-recording"}
)


class _Found(msgspec.Struct, frozen=True):
    proof: Proof
    sure: bool


def _made(
    question: Question,
    state: State,
    said: bool | tuple[str | Service, ...] | None = None,
    confidence: Confidence = "",
    why: str = "",
    proofs: Iterable[Proof] = (),
    gaps: Iterable[Gap] = (),
) -> Answered:
    return Answered(
        question.key,
        question.ask,
        state,
        said,
        confidence,
        why,
        question.person if state != "not-applicable" else "",
        tuple(proofs),
        tuple(gaps),
    )


def _proof(each: Observation) -> Proof:
    return Proof(each.location.path, each.location.start_line, each.message, each.id)


def _is_of(name: str, wanted: tuple[str, ...]) -> bool:
    return name in wanted or DATA_CLASSES.get(name) in wanted


def _is_personal(name: str) -> bool:
    return DATA_CLASSES.get(name) in _PERSONAL

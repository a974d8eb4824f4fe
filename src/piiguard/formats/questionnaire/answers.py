"""From a report to answers. None goes further than the evidence: what was not looked at cannot be denied."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from piiguard.formats import overview
from piiguard.formats.diagram import Node, graph, of_atlassian_ai, part_of
from piiguard.formats.plain import plural
from piiguard.formats.questionnaire.questions import Form, Question, Shown, Sign, forms
from piiguard.model import DATA_CLASSES, App, Gap, Observation, Owner, Report, Verdict

State = Literal["answered", "cannot-be-shown", "a-person-must-say", "attested", "not-applicable"]
Confidence = Literal["sure", "likely", "nothing-found", ""]

LONGEST_LINE = 2000
"""Characters of a line of code that is searched: longer ones are no code that a person wrote."""
NAMED = 4
"""Hosts that a sentence names."""
OPEN = "Not everything that bears on it could be looked at."
UNDECIDED = "These places bear on it; the code does not decide it."
NONE_SEEN = "No personal data was seen on its way in the app."
NO_EVIDENCE = "The code cannot tell."
LIKELY = "A person must confirm it."
_UNKNOWN = {
    "environment": "the host is set by a variable when the app is deployed",
    "settings": "the host comes from stored settings",
    "user-input": "the host is entered by a user",
    "": "the host stands nowhere in the code",
}
"""Why the code does not show a host, by what it is made from."""
_COMPUTED = "the host is put together when the app runs"
_ENDED = {
    "contradicted": "the code stands against it",
    "not-shown": "it could not be shown",
    "missing": "it needs a person's word",
    "attested": "a person's word stands for it",
    "not-applicable": "piiguard.yaml does not claim it",
}
_PERSONAL = frozenset({"direct", "pseudonymous", "indirect", "content"})
_STORING = frozenset({"pii-storage", "browser-storage"})
_MOVING = frozenset(
    {"pii-storage", "pii-egress", "pii-log", "pii-queue", "pii-error", "browser-storage", "public-exit"}
    | {"understated-egress"}
)
"""Categories in which data classes are seen."""
_CALLING = frozenset(
    {"egress-host", "undeclared-egress", "pii-egress", "remote-backend", "ai-processing", "tracking"}
    | {"session-recording"}
)

_UNNAMED = frozenset({"connect-module", "external-auth", "remote-code"})
"""Categories that bring in a service which the code need not name."""


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
    """Its fingerprint; empty for what the manifest or the text of the code says by itself."""


class Answered(msgspec.Struct, frozen=True):
    """A question with all that can be said."""

    key: str
    question: str
    state: State
    answer: bool | tuple[str | Service, ...] | None
    """Null unless `state` is `answered`, `attested`: then the answer, or what was said."""
    confidence: Confidence = ""
    says: str = ""
    """The answer in sentences, which follow from the places."""
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
        self._sources = {source.path: source for source in app.sources}
        self._owners: dict[str, set[Owner]] = defaultdict(set)
        for entry in report.judgement.hosts:
            self._owners[entry.observation].add(entry.owner)
        self._verdicts = {each.claim: each for each in report.judgement.verdicts if each.app == app.id}

    def answers(self, form: Form) -> Iterator[Answered]:
        said: dict[str, Answered] = {}
        for question in form.questions:
            said[question.key] = _not_asked(question, said) or self._with_asides(question, self._answer(question))
        yield from said.values()

    def _answer(self, question: Question) -> Answered:
        if question.shows:
            return self._list(question, question.shows)
        for value, signs, says in ((False, question.no, question.says.no), (True, question.yes, question.says.yes)):
            if found := self._found(signs):
                sure = any(each.sure for each in found)
                said = [_filled(says, found), "" if sure else LIKELY]
                return _made(question, "answered", value, "sure" if sure else "likely", said, found)
        found = self._found(question.maybe)
        if question.absence == "person":
            return self._attested(question, found) or self._left_to_a_person(question, found)
        if gaps := self._unlooked(question):
            said = [OPEN, _filled(question.says.open, found) if found else ""]
            return _made(question, "cannot-be-shown", says=said, found=found, gaps=gaps)
        if attested := self._attested(question, found):
            return attested
        if found:
            return self._left_to_a_person(question, found)
        if doubt := self._doubt(question):
            return doubt
        says = question.says.yes if question.absence == "yes" else question.says.no
        return _made(question, "answered", question.absence == "yes", "nothing-found", [says])

    def _left_to_a_person(self, question: Question, found: list[Found]) -> Answered:
        says = (_filled(question.says.open, found) or UNDECIDED) if found else NO_EVIDENCE
        return _made(question, "a-person-must-say", says=[says], found=found)

    def _attested(self, question: Question, found: list[Found]) -> Answered | None:
        for given in self._report.judgement.attestations:
            if given.claim in question.claims and given.state == "valid" and given.app in ("", self._app.id):
                says = f"{given.by} said so on {given.on}; it holds until {given.until}."
                return _made(question, "attested", (given.statement,), says=[says], found=found)
        return None

    def _doubt(self, question: Question) -> Answered | None:
        """A claim on the same matter that is not supported: then that nothing was found says nothing."""
        for claim in question.claims:
            verdict = self._verdicts.get(claim)
            if verdict is None or verdict.answer != "supported" or verdict.gaps:
                found = [
                    self._as_found(each) for each in self._observations if verdict and each.id in verdict.observations
                ]
                gaps = verdict.gaps if verdict else ()
                return _made(question, "cannot-be-shown", says=[_why_open(claim, verdict)], found=found, gaps=gaps)
        return None

    def _unlooked(self, question: Question) -> list[Gap]:
        """Gaps that leave the absence of the question's categories open."""
        if question.manifest:
            return [gap for gap in self._gaps_for(question.needs) if gap.path == self._app.manifest.path]
        return self._gaps_for(question.needs)

    def _gaps_for(self, needs: frozenset[str]) -> list[Gap]:
        return [gap for gap in self._gaps if not gap.needed_for or needs & set(gap.needed_for)]

    # ------------------------------------------------------------ signs

    def _found(self, signs: Iterable[Sign]) -> list[Found]:
        found = [each for sign in signs for each in (*self._seen(sign), *self._modules(sign), *self._code(sign))]
        return list(dict.fromkeys(found))

    def _seen(self, sign: Sign) -> Iterator[Found]:
        for each in self._observations:
            if sign.category and self._fits(sign, each):
                yield self._as_found(each)

    def _fits(self, sign: Sign, each: Observation) -> bool:
        return (
            each.category in sign.category
            and (not sign.data or any(_is_of(name, sign.data) for name in each.data))
            and (not sign.owner or not self._owners[each.id].isdisjoint(sign.owner))
            and (not sign.ai or (sign.ai == "atlassian") == of_atlassian_ai(each))
            and (not sign.part or part_of(each, self._app, self._sources) in sign.part)
            and (not sign.rule or each.rule in sign.rule)
            and (not sign.host or re.fullmatch(sign.host, each.host or "") is not None)
            and (not sign.sure or each.confidence == "sure")
            and all(_has(each, name, values) for name, values in sign.where.items())
        )

    def _as_found(self, each: Observation) -> Found:
        host = each.host if each.host and not each.host.startswith("<") else ""
        what = each.message
        if self._owners[each.id] & {"unknown", "typed-in"} and not of_atlassian_ai(each):
            what += f"; {_UNKNOWN.get(each.attributes.get('host_kind', ''), _COMPUTED)}"
        data = tuple(name for name in each.data if DATA_CLASSES.get(name))
        proof = Proof(each.location.path, each.location.start_line, what, each.id)
        return Found(proof, each.confidence == "sure", data, host or self._unnamed(each))

    def _unnamed(self, each: Observation) -> str:
        """How a sentence calls a host that the code does not show; empty where the observation is about none."""
        if "typed-in" in self._owners[each.id]:
            return "hosts that the customer enters"
        return "hosts that the code does not show" if "unknown" in self._owners[each.id] else ""

    def _modules(self, sign: Sign) -> Iterator[Found]:
        for module in self._app.manifest.modules:
            if module.kind in sign.module or any(key in module.data for key in sign.module_key):
                what = f"module {module.kind} {module.key}"
                yield Found(Proof(self._app.manifest.path, module.line, what), True)

    def _code(self, sign: Sign) -> Iterator[Found]:
        """Lines of JavaScript and TypeScript that hold a text, without those that begin as a comment."""
        if not sign.code:
            return
        wanted = re.compile(sign.code)
        for source in self._app.sources:
            if source.language not in ("javascript", "typescript", "tsx"):
                continue
            for number, line in enumerate(source.text.decode("utf-8", "replace").splitlines(), 1):
                code = line[:LONGEST_LINE].strip()
                if not code.startswith(("//", "*", "/*")) and (place := wanted.search(code)):
                    yield Found(Proof(source.path, number, f"{place[0].rstrip('(').strip()}()"), True)

    def _with_asides(self, question: Question, answered: Answered) -> Answered:
        for aside in question.aside:
            if found := self._found([aside.sign]):
                says = f"{answered.says} {aside.says}".strip()
                proofs = tuple(dict.fromkeys((*answered.observations, *(each.proof for each in found))))
                answered = msgspec.structs.replace(answered, says=says, observations=proofs)
        return answered

    # ------------------------------------------------------------ lists

    def _list(self, question: Question, shown: Shown) -> Answered:
        if shown == "scopes":
            return self._scopes(question)
        if shown in ("services", "subprocessors"):
            return self._services(question, shown)
        categories = _STORING if shown == "stored" else _MOVING
        seen = [
            each for each in self._observations if each.category in categories and any(map(_is_personal, each.data))
        ]
        classes = tuple(sorted({name for each in seen for name in each.data if _is_personal(name)}))
        found = [self._as_found(each) for each in seen]
        if shown == "accessed":
            named = f"Personal data that was seen on its way in the app: {_listed(classes)}." if classes else NONE_SEEN
            rest = "What is read and goes nowhere is not seen; the scopes tell what may be read."
            return _made(question, "a-person-must-say", says=[named, rest], found=[*found, *self._scope_lines()])
        says = f"The app stores {_listed(classes)}, as far as was seen." if classes else question.says.no
        return self._unless_open(question, self._gaps_for(categories), classes, found, says)

    def _scopes(self, question: Question) -> Answered:
        found = self._scope_lines()
        says = "The manifest asks for these scopes." if found else "The manifest asks for no scope."
        return _made(question, "answered", tuple(each.proof.what for each in found), "sure", [says], found)

    def _scope_lines(self) -> list[Found]:
        manifest = self._app.manifest
        return [Found(Proof(manifest.path, scope.line, scope.name), True) for scope in manifest.scopes]

    def _services(self, question: Question, shown: Shown) -> Answered:
        """Whom the app calls outside Atlassian, by the picture of its data flow; or who of them is a sub-processor."""
        flow = graph(self._report, self._app.id)
        called = [
            node for node in flow.of_kind("destination") if node.service and node.seen and node.lane != "atlassian"
        ]
        wanted = [node for node in called if shown == "services" or node.lane == "subprocessor"]
        hosts = {node.label for node in wanted if node.is_host}
        calls = [each for each in self._observations if each.category in _CALLING and not of_atlassian_ai(each)]
        unknown = [each for each in calls if "unknown" in self._owners[each.id]]
        unknown += [each for each in self._observations if each.category in _UNNAMED and not each.host]
        found = [
            self._as_found(each)
            for each in self._observations
            if each in unknown or (each in calls and each.host in hosts)
        ]
        if called and not wanted:
            return self._left_to_a_person(question, found)
        named = _services(wanted)
        nothing = "" if unknown else question.says.no
        says = [f"Seen: {_listed([each.name for each in named])}." if named else nothing]
        says += [f"Installed, without a use that was seen: {_listed(flow.unused)}."] if flow.unused else []
        gaps = self._gaps_for(_CALLING)
        if unknown and not gaps:
            open_ = f"Whom the app reaches from {plural(len(unknown), 'place')} of the code is not shown."
            return _made(question, "cannot-be-shown", says=[open_, *says], found=found)
        return self._unless_open(question, gaps, named, found, " ".join(filter(None, says)))

    def _unless_open(
        self,
        question: Question,
        gaps: list[Gap],
        named: tuple[str | Service, ...],
        found: list[Found],
        says: str,
    ) -> Answered:
        """The list, or, where something could not be looked at, only what was seen of it."""
        if gaps:
            said = [OPEN, says if named else "Nothing was seen in the rest."]
            return _made(question, "cannot-be-shown", says=said, found=found, gaps=gaps)
        if not named and (doubt := self._doubt(question)):
            return doubt
        likely = bool(found) and not any(each.sure for each in found)
        confidence: Confidence = "likely" if likely else "sure" if named else "nothing-found"
        return _made(question, "answered", named, confidence, [says, LIKELY if likely else ""], found)


class Found(msgspec.Struct, frozen=True):
    """A place where a sign holds, and what it shows."""

    proof: Proof
    sure: bool
    data: tuple[str, ...] = ()
    host: str = ""


def _services(nodes: Iterable[Node]) -> tuple[Service, ...]:
    """The services of boxes, each with its hosts."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        hosts.setdefault((node.service, node.purpose), []).extend([node.label] if node.is_host else [])
    return tuple(Service(name, purpose, tuple(some)) for (name, purpose), some in hosts.items())


def _not_asked(question: Question, said: dict[str, Answered]) -> Answered | None:
    """That the question is not asked, since the one before it was answered otherwise, or was not asked itself."""
    for before, wanted in ((said.get(question.if_yes), True), (said.get(question.if_no), False)):
        if before is None:
            continue
        if before.state == "not-applicable":
            return _made(question, "not-applicable", says=[f"Question {before.key} is not asked."])
        if before.state == "answered" and before.answer is not wanted:
            word = "no" if wanted else "yes"
            return _made(question, "not-applicable", says=[f"The answer to question {before.key} is {word}."])
    return None


def _made(
    question: Question,
    state: State,
    said: bool | tuple[str | Service, ...] | None = None,
    confidence: Confidence = "",
    says: Iterable[str] = (),
    found: Iterable[Found] = (),
    gaps: Iterable[Gap] = (),
) -> Answered:
    return Answered(
        key=question.key,
        question=question.ask,
        state=state,
        answer=said,
        confidence=confidence,
        says=" ".join(filter(None, says)),
        person=question.person if state not in ("not-applicable", "attested") else "",
        observations=tuple(dict.fromkeys(each.proof for each in found)),
        gaps=tuple(gaps),
    )


def _why_open(claim: str, verdict: Verdict | None) -> str:
    """That a check which the answer would rest on did not end well."""
    if verdict is None:
        return f"The check {claim}, on which the answer rests, was not made."
    ended = _ENDED.get(verdict.answer, "something it needs could not be looked at")
    return f"The answer rests on the check {claim}, and {ended}: {verdict.reason}."


def _filled(says: str, found: Iterable[Found]) -> str:
    """The sentence with the data and the hosts of the places."""
    found = list(found)
    data = dict.fromkeys(name for each in found for name in each.data)
    hosts = dict.fromkeys(each.host for each in found if each.host)
    return says.replace("{data}", _listed(data) or "data").replace("{hosts}", _listed(hosts) or "other hosts")


def _listed(names: Iterable[str]) -> str:
    names = list(map(spaced, sorted(names)))
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def spaced(name: str) -> str:
    """A data class in words; anything else as it is."""
    return name.replace("-", " ") if name in DATA_CLASSES else name


def _has(each: Observation, name: str, values: Iterable[str]) -> bool:
    """Whether an attribute is, or lists, one of the values."""
    given = each.attributes.get(name, "")
    return given in values or not set(values).isdisjoint(given.split())


def _is_of(name: str, wanted: tuple[str, ...]) -> bool:
    return name in wanted or DATA_CLASSES.get(name) in wanted


def _is_personal(name: str) -> bool:
    return DATA_CLASSES.get(name) in _PERSONAL

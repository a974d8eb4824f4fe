"""What the page shows, in the order in which it shows it. The templates only lay it out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from piiguard.formats import overview
from piiguard.formats.overview import ANSWERS, MARKERS, OPEN, Conclusion, Marker
from piiguard.model import (
    CATEGORIES,
    Answer,
    App,
    Attestation,
    Distance,
    FileStatus,
    Gap,
    Known,
    Observation,
    Report,
    Rule,
    Subject,
    Tool,
    Verdict,
    Waiver,
)

LINKED = 6
"""Observations that a claim names before the rest is folded."""
REMARKS = 2
"""Remarks of a reason that are shown before the rest is folded."""

_BETWEEN_REMARKS = re.compile(r"; (?![^()]*\))")
"""The judge joins what it has to say with semicolons; those in brackets are inside a remark."""

UNFORBIDDEN = "unforbidden"
STANDINGS: dict[str, Marker] = {
    **MARKERS,
    "waived": Marker("○", "waived", "a person accepts it"),
    UNFORBIDDEN: Marker("·", "no claim forbids it", "it stands against no claim and leaves none open"),
}
"""How an observation can stand: what it leads to."""

REACH: dict[Distance, str] = {
    "direct": "in one place",
    "intra-function": "inside one function",
    "inter-function": "across functions",
    "inter-file": "across files",
}
"""How far the data was followed, in words."""


class Tally(msgspec.Struct, frozen=True):
    """How often an answer was given."""

    answer: Answer
    count: int


class Claim(msgspec.Struct, frozen=True):
    """A verdict, with links to what it rests on. `reason` is the first thing to know, `remarks` are the others."""

    anchor: str
    verdict: Verdict
    reason: str
    remarks: tuple[str, ...]
    observations: tuple[Observation, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """Of its observations, for the filter."""
        return tuple(dict.fromkeys(each.category for each in self.observations))

    @property
    def confidences(self) -> tuple[str, ...]:
        """Of its observations, for the filter."""
        return tuple(dict.fromkeys(each.confidence for each in self.observations))


class Section(msgspec.Struct, frozen=True):
    """A section of the Trust Center document for one app."""

    anchor: str
    number: int
    title: str
    claims: tuple[Claim, ...]
    tallies: tuple[Tally, ...]


class Line(msgspec.Struct, frozen=True):
    """A line of code; `marked` where the observation is."""

    number: int
    text: str
    marked: bool


class Step(msgspec.Struct, frozen=True):
    """A step of the data's path."""

    path: str
    line: int
    note: str


class Entry(msgspec.Struct, frozen=True):
    """An observation: how it stands (a name of STANDINGS), its code and the path of its data."""

    observation: Observation
    standing: str
    claims: tuple[Claim, ...]
    code: tuple[Line, ...]
    steps: tuple[Step, ...]
    waivers: tuple[Waiver, ...]
    known: Known | None
    """Its entry in the baseline."""

    @property
    def answers(self) -> tuple[str, ...]:
        """Of its claims, for the filter."""
        return tuple(dict.fromkeys(claim.verdict.answer for claim in self.claims))


class ByRule(msgspec.Struct, frozen=True):
    """The observations of one rule. `rule` is None for one that the report does not know."""

    name: str
    rule: Rule | None
    entries: tuple[Entry, ...]


class ByCategory(msgspec.Struct, frozen=True):
    """The observations of one category."""

    anchor: str
    name: str
    meaning: str
    rules: tuple[ByRule, ...]
    count: int


class Address(msgspec.Struct, frozen=True):
    """What the manifest allows the app to call, and for what."""

    address: str
    kinds: tuple[str, ...]


class AppPart(msgspec.Struct, frozen=True):
    """All about one app. `number` counts the apps from 1 and stands for the app in anchors."""

    number: int
    app: App
    tallies: tuple[Tally, ...]
    sections: tuple[Section, ...]
    categories: tuple[ByCategory, ...]
    addresses: tuple[Address, ...]
    scopes: tuple[str, ...]


class MissedPlace(msgspec.Struct, frozen=True):
    """A gap, and the claims that it leaves open."""

    anchor: str
    gap: Gap
    claims: tuple[Claim, ...]


class LeftOut(msgspec.Struct, frozen=True):
    """Files that were left out for one reason."""

    why: str
    files: tuple[FileStatus, ...]

    @property
    def count(self) -> int:
        """Number of them."""
        return len(self.files)


class Filters(msgspec.Struct, frozen=True):
    """What can be chosen."""

    answers: tuple[Answer, ...]
    categories: tuple[str, ...]
    confidences: tuple[str, ...]


class Page(msgspec.Struct, frozen=True):
    """The whole page."""

    title: str
    conclusion: Conclusion
    tallies: tuple[Tally, ...]
    apps: tuple[AppPart, ...]
    claims: int
    observations: int
    filters: Filters
    scanned: tuple[FileStatus, ...]
    unread: tuple[FileStatus, ...]
    left_out: tuple[LeftOut, ...]
    gaps: tuple[MissedPlace, ...]
    waivers: tuple[Waiver, ...]
    attestations: tuple[Attestation, ...]
    tool: Tool
    subject: Subject
    schema: str
    places: dict[str, Observation]
    """Observation id -> the observation."""
    gap_anchors: dict[Gap, str]


def page(report: Report) -> Page:
    """The page of a report."""
    known = {each.id: each for each in report.observations}
    claims = _claims(report, known)
    apps = tuple(_app(report, app, number, claims) for number, app in enumerate(report.subject.apps, start=1))
    gaps = _gaps(report, claims)
    files = overview.files(report)
    return Page(
        title=_title(report),
        conclusion=overview.conclusion(report),
        tallies=_tallies(claims),
        apps=apps,
        claims=len(claims),
        observations=len(report.observations),
        filters=_filters(report),
        scanned=tuple(file for file in files if file.status == "scanned"),
        unread=tuple(file for file in files if file.status == "gap"),
        left_out=_left_out(files),
        gaps=gaps,
        waivers=tuple(sorted(report.judgement.waivers, key=lambda waiver: (waiver.location, waiver.rule))),
        attestations=tuple(sorted(report.judgement.attestations, key=lambda given: (given.app, given.claim, given.on))),
        tool=report.tool,
        subject=report.subject,
        schema=report.schema,
        places=known,
        gap_anchors={missed.gap: missed.anchor for missed in gaps},
    )


def _title(report: Report) -> str:
    apps = report.subject.apps
    return (apps[0].name or "Forge app") if len(apps) == 1 else f"{len(apps)} apps"


def _tallies(claims: Iterable[Claim]) -> tuple[Tally, ...]:
    counts = Counter(claim.verdict.answer for claim in claims)
    return tuple(Tally(answer, counts[answer]) for answer in ANSWERS if counts[answer])


def _filters(report: Report) -> Filters:
    """Only what occurs: a choice that leaves nothing helps nobody."""
    answers = {verdict.answer for verdict in report.judgement.verdicts}
    return Filters(
        answers=tuple(answer for answer in ANSWERS if answer in answers),
        categories=tuple(sorted({each.category for each in report.observations})),
        confidences=tuple(sorted({each.confidence for each in report.observations})),
    )


# ---------------------------------------------------------------- claims


def _claims(report: Report, known: dict[str, Observation]) -> tuple[Claim, ...]:
    """All claims, by app and section, each with an anchor of its own."""
    taken: Counter[str] = Counter()
    found = []
    for number, app in enumerate(report.subject.apps, start=1):
        for section in overview.sections(report, app.id):
            for verdict in section.verdicts:
                name = f"claim-{number}-{verdict.section}-{verdict.claim}"
                taken[name] += 1
                found.append(_claim(verdict, name if taken[name] == 1 else f"{name}-{taken[name]}", known))
    return tuple(found)


def _claim(verdict: Verdict, anchor: str, known: dict[str, Observation]) -> Claim:
    reason, *remarks = _BETWEEN_REMARKS.split(verdict.reason)
    observations = tuple(known[name] for name in dict.fromkeys(verdict.observations) if name in known)
    return Claim(anchor, verdict, reason, tuple(remarks), observations)


def _sections(number: int, app: App, claims: Iterable[Claim]) -> Iterator[Section]:
    mine = (claim for claim in claims if claim.verdict.app == app.id)
    for section, group in groupby(mine, key=lambda claim: claim.verdict.section):
        members = tuple(group)
        title = members[0].verdict.section_title
        yield Section(f"section-{number}-{section}", section, title, members, _tallies(members))


# ---------------------------------------------------------------- an app and its observations


def _app(report: Report, app: App, number: int, claims: tuple[Claim, ...]) -> AppPart:
    sections = tuple(_sections(number, app, claims))
    return AppPart(
        number=number,
        app=app,
        tallies=_tallies(claim for section in sections for claim in section.claims),
        sections=sections,
        categories=tuple(_categories(report, app, number, claims)),
        addresses=_addresses(app),
        scopes=tuple(sorted({scope.name for scope in app.manifest.scopes})),
    )


def _addresses(app: App) -> tuple[Address, ...]:
    kinds: dict[str, list[str]] = {}
    for entry in app.manifest.egress:
        kinds.setdefault(entry.address or f"remote {entry.remote}", []).append(entry.kind)
    for remote in app.manifest.remotes:
        for url in remote.base_urls:
            kinds.setdefault(url, []).append(f"remote {remote.key}")
    return tuple(Address(address, tuple(sorted(set(found)))) for address, found in sorted(kinds.items()))


def _categories(report: Report, app: App, number: int, claims: tuple[Claim, ...]) -> Iterator[ByCategory]:
    """The observations of the app: categories in their own order, rules by name, places by file."""
    entries: dict[str, list[Entry]] = {}
    for entry in _entries(report, app, claims):
        entries.setdefault(entry.observation.category, []).append(entry)
    order = {name: place for place, name in enumerate(CATEGORIES)}
    for name, found in sorted(entries.items(), key=lambda item: (order.get(item[0], len(order)), item[0])):
        found.sort(key=lambda entry: (entry.observation.rule, entry.observation.location, entry.observation.id))
        rules = tuple(
            ByRule(rule, report.rules.get(rule), tuple(group))
            for rule, group in groupby(found, key=lambda entry: entry.observation.rule)
        )
        yield ByCategory(f"category-{number}-{name}", name, CATEGORIES.get(name, ""), rules, len(found))


def _entries(report: Report, app: App, claims: tuple[Claim, ...]) -> Iterator[Entry]:
    naming: dict[str, list[Claim]] = {}
    for claim in claims:
        for observation in claim.observations:
            naming.setdefault(observation.id, []).append(claim)
    waiving: dict[str, list[Waiver]] = {}
    for waiver in report.judgement.waivers:
        for name in waiver.observations:
            waiving.setdefault(name, []).append(waiver)
    findings, waived = frozenset(report.judgement.findings), frozenset(report.judgement.waived)
    for observation in report.observations:
        if observation.app == app.id:
            named = tuple(naming.get(observation.id, ()))
            yield Entry(
                observation=observation,
                standing=_standing(observation, named, findings, waived),
                claims=named,
                code=_code(observation, report.snippets.get(observation.id, ())),
                steps=tuple(Step(path, line, note) for path, line, note in overview.steps(observation)),
                waivers=tuple(waiving.get(observation.id, ())),
                known=overview.accepted(report, observation),
            )


def _standing(
    observation: Observation, claims: tuple[Claim, ...], findings: frozenset[str], waived: frozenset[str]
) -> str:
    """A name of STANDINGS."""
    if observation.id in findings:
        return "contradicted"
    if observation.id in waived:
        return "waived"
    answers = {claim.verdict.answer for claim in claims}
    return next((answer for answer in (*OPEN, "attested") if answer in answers), UNFORBIDDEN)


def _code(observation: Observation, frame: tuple[str, ...]) -> tuple[Line, ...]:
    location = observation.location
    first = max(1, location.start_line - 1)
    marked = range(location.start_line, max(location.start_line, location.end_line) + 1)
    return tuple(Line(number, text.rstrip(), number in marked) for number, text in enumerate(frame, start=first))


# ---------------------------------------------------------------- coverage


def _gaps(report: Report, claims: tuple[Claim, ...]) -> tuple[MissedPlace, ...]:
    """Everything that was not looked at, with the claims that it leaves open."""
    open_: dict[Gap, list[Claim]] = {gap: [] for gap in overview.gaps(report)}
    for claim in claims:
        for gap in claim.verdict.gaps:
            open_.setdefault(gap, []).append(claim)
    return tuple(
        MissedPlace(f"gap-{number}", gap, tuple(named)) for number, (gap, named) in enumerate(sorted(open_.items()), 1)
    )


def _left_out(files: Iterable[FileStatus]) -> tuple[LeftOut, ...]:
    """The reason with the most files comes first."""
    reasons: dict[str, list[FileStatus]] = {}
    for file in files:
        if file.status == "skipped":
            reasons.setdefault(file.why or "other", []).append(file)
    return tuple(
        LeftOut(why, tuple(group)) for why, group in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    )

"""Two reports -> what is new and what is gone, and which sections of the Trust Center that changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from piiguard.claims.catalogue import catalogue
from piiguard.formats.contract import Document, Observation, Verdict
from piiguard.matching import fingerprints, match
from piiguard.model import DATA_CLASSES, Answer

SCHEMA: Literal["piiguard-diff/1"] = "piiguard-diff/1"
TOLD_IN = {"host": (4, 6, 8), "scope": (10,), "data": (4, 6)}
"""What a document's tables and drawings tell -> the sections that do: app overview, data flow, subprocessors, security
practices (formats/trust_center.py)."""


class Finding(msgspec.Struct, frozen=True):
    """A finding that is only in one of the states. `known`: it stands in the baseline."""

    id: str
    app: str
    rule: str
    category: str
    path: str
    line: int
    message: str
    host: str | None
    data: list[str]
    claims: list[str]
    known: bool = False


class Named(msgspec.Struct, frozen=True, order=True):
    """A host, a scope, or a class of data with what is done with it (`email`, `pii-storage`), of an app."""

    app: str
    name: str
    category: str = ""


class Shift(msgspec.Struct, frozen=True):
    """A claim whose answer is another one. None: the app or claim is not in that state."""

    app: str
    section: int
    claim: str
    title: str
    before: Answer | None
    after: Answer | None


class Fact(msgspec.Struct, frozen=True, order=True):
    """What the manifest by itself newly says against a claim."""

    app: str
    claim: str
    message: str


class Affected(msgspec.Struct, frozen=True):
    """A section of the Trust Center that must be looked at, and why."""

    section: int
    title: str
    why: list[str]


class Side(msgspec.Struct, frozen=True):
    """What is only in one of the states."""

    findings: list[Finding]
    facts: list[Fact]
    hosts: list[Named]
    scopes: list[Named]
    data: list[Named]


class Changes(msgspec.Struct, frozen=True):
    """All that changes."""

    schema: Literal["piiguard-diff/1"]
    old: str
    new: str
    """How the states were named."""
    added: Side
    gone: Side
    verdicts: list[Shift]
    sections: list[Affected]
    breaks: bool
    """Whether something new, and not known, contradicts a claim."""
    blinds: bool
    """Whether a claim can no longer be shown."""


def compare(old: Document, new: Document, names: tuple[str, str] = ("old", "new")) -> Changes:
    """What `new` has that `old` has not, and the other way round."""
    pairs = match([fingerprints(each) for each in _findings(old)], [fingerprints(each) for each in _findings(new)])
    added = _side(new, old, set(range(len(_findings(new)))) - set(pairs))
    gone = _side(old, new, set(range(len(_findings(old)))) - set(pairs.values()))
    shifts = _shifts(old, new)
    return Changes(
        schema=SCHEMA,
        old=names[0],
        new=names[1],
        added=added,
        gone=gone,
        verdicts=shifts,
        sections=_sections(added, gone, shifts),
        breaks=any(not each.known for each in added.findings) or bool(added.facts) or _newly_broken(shifts, new),
        blinds=any(shift.after == "not-shown" for shift in shifts),
    )


def exit_code(changes: Changes) -> int:
    """1: something new contradicts a claim; 3: a claim can no longer be shown; else 0."""
    return 1 if changes.breaks else 3 if changes.blinds else 0


def _findings(document: Document) -> list[Observation]:
    ids = set(document.findings)
    return [each for each in document.observations if each.id in ids]


def _side(mine: Document, other: Document, own: set[int]) -> Side:
    return Side(
        findings=[_finding(each, mine) for index, each in enumerate(_findings(mine)) if index in own],
        facts=sorted(_facts(mine) - _facts(other)),
        hosts=sorted(_hosts(mine) - _hosts(other)),
        scopes=sorted(_scopes(mine) - _scopes(other)),
        data=sorted(_data(mine) - _data(other)),
    )


def _finding(each: Observation, document: Document) -> Finding:
    return Finding(
        id=each.id,
        app=each.app,
        rule=each.rule,
        category=each.category,
        path=each.location.path,
        line=each.location.start_line,
        message=each.message,
        host=each.host,
        data=list(each.data),
        claims=[verdict.claim for verdict in _broken(document) if each.id in verdict.observations],
        known=each.id in document.known,
    )


def _broken(document: Document) -> list[Verdict]:
    return [verdict for verdict in document.verdicts if verdict.answer == "contradicted"]


def _facts(document: Document) -> set[Fact]:
    known = set(document.known)
    return {
        Fact(verdict.app, verdict.claim, fact.message)
        for verdict in _broken(document)
        for fact in verdict.facts
        if fact.id not in known
    }


def _hosts(document: Document) -> set[Named]:
    """Hosts that a manifest allows, and those that the code names."""
    declared = {Named(app.id, _bare(address)) for app in document.apps for address in app.hosts}
    named = {Named(each.app, _bare(each.host)) for each in document.observations if each.host and each.host[0] != "<"}
    return declared | named


def _bare(address: str) -> str:
    return address.split("://")[-1].split("/")[0].lower()


def _scopes(document: Document) -> set[Named]:
    return {Named(app.id, scope) for app in document.apps for scope in app.scopes}


def _data(document: Document) -> set[Named]:
    return {
        Named(each.app, name, each.category)
        for each in document.observations
        for name in each.data
        if name in DATA_CLASSES
    }


def _shifts(old: Document, new: Document) -> list[Shift]:
    before = {(verdict.app, verdict.claim): verdict for verdict in old.verdicts}
    after = {(verdict.app, verdict.claim): verdict for verdict in new.verdicts}
    shifts = []
    for key in {**after, **before}:
        one, other = before.get(key), after.get(key)
        told = other or one
        if told and (one is None or other is None or one.answer != other.answer):
            answers = (one.answer if one else None, other.answer if other else None)
            shifts.append(Shift(told.app, told.section, told.claim, told.title, *answers))
    return sorted(shifts, key=lambda shift: (shift.section, shift.claim, shift.app))


def _newly_broken(shifts: Iterable[Shift], new: Document) -> bool:
    """Whether a claim is contradicted that was not, by more than what is known."""
    against = {
        (verdict.app, verdict.claim): {*verdict.observations, *(fact.id for fact in verdict.facts)}
        for verdict in _broken(new)
    }
    broken = [against[shift.app, shift.claim] for shift in shifts if shift.after == "contradicted"]
    return any(not each or each - set(new.known) for each in broken)


def _sections(added: Side, gone: Side, shifts: Collection[Shift]) -> list[Affected]:
    """By number; the reasons in the order: answers, findings, tables."""
    titles = {section.number: section.title for section in catalogue().sections}
    section_of = {claim.id: section.number for section in catalogue().sections for claim in section.claims}
    shifted = {shift.claim for shift in shifts}
    why: dict[int, dict[str, None]] = {}
    for shift in shifts:
        why.setdefault(shift.section, {})[f"the answer to {shift.claim}"] = None
    for side in (added, gone):
        found = (claim for finding in side.findings for claim in finding.claims)
        for claim in (*found, *(fact.claim for fact in side.facts)):
            if claim not in shifted:
                why.setdefault(section_of.get(claim, 0), {})[f"what stands against {claim}"] = None
        for kind, names in (("host", side.hosts), ("scope", side.scopes), ("data", side.data)):
            for number in TOLD_IN[kind] if names else ():
                why.setdefault(number, {})[f"the {kind}s it tells" if kind != "data" else "the data it tells"] = None
    return [Affected(number, titles.get(number, ""), list(why[number])) for number in sorted(why) if number]

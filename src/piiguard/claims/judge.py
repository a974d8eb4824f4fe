"""The verdicts: one answer per claim and app, from what was observed, what could not be looked at, and the policy.

An answer is `supported` only when every check that the claim needs ran on everything and nothing stood against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from piiguard.claims.catalogue import Claim, Section, catalogue
from piiguard.claims.config import check_apps
from piiguard.claims.evidence import Evidence, gather
from piiguard.claims.hosts import owners
from piiguard.claims.manifest_facts import from_manifest, manifest_facts
from piiguard.claims.policy import Policy
from piiguard.claims.reasons import reason
from piiguard.claims.waivers import inline_waivers, settle
from piiguard.model import Answer, App, Attestation, Gap, Judgement, Observation, RunBy, Subject, Verdict, Waiver


def judge(
    subject: Subject,
    observations: tuple[Observation, ...],
    gaps: tuple[Gap, ...],
    policy: Policy,
    *,
    today: date | None,
) -> Judgement:
    """Answer every claim for every app.

    `today` decides which waivers and attestations have run out; None: none has, and the verdicts say so.
    Raises UsageError when piiguard.yaml names an app that is not there, or an inline waiver is not complete.
    """
    check_apps(policy, subject)
    facts = {app.id: manifest_facts(app) for app in subject.apps}
    seen = (*observations, *(fact for each in facts.values() for fact in each))
    waivers = settle((*policy.waivers, *inline_waivers(subject)), seen, today)
    waived = frozenset(each for waiver in waivers if waiver.state == "used" for each in waiver.observations)
    attestations = tuple(_dated(attestation, today) for attestation in policy.attestations)
    findings: set[str] = set()
    verdicts: list[Verdict] = []
    for app in subject.apps:
        mine = (*(each for each in observations if _is_about(each, app, subject)), *facts[app.id])
        missed = _gaps(app, gaps, subject)
        for section, claim in _claims():
            unclaimed = policy.for_app(app.id).unclaimed.get(claim.id)
            if unclaimed is not None:
                verdicts.append(_not_made(section, claim, app, policy.place(unclaimed)))
                continue
            evidence = gather(claim, app, mine, missed, policy, waived, attestations)
            findings.update(weight.observation.id for weight in evidence.contradicting)
            verdicts.append(_verdict(section, claim, app, evidence, policy, dated=today is not None))
    return Judgement(
        verdicts=tuple(verdicts),
        waivers=tuple(_reported(waiver, observations) for waiver in waivers),
        attestations=attestations,
        findings=tuple(dict.fromkeys(each.id for each in observations if each.id in findings)),
        waived=tuple(dict.fromkeys(each.id for each in observations if each.id in waived)),
        hosts=tuple(_hosts(observations, policy)),
    )


def _hosts(observations: Iterable[Observation], policy: Policy) -> Iterator[RunBy]:
    """Who runs the host of each observation, without those that are about no host."""
    for each in observations:
        for owner, entry in owners(each, policy.for_app(each.app)):
            if owner != "none":
                yield RunBy(each.id, owner, entry.name if entry else "", entry.purpose if entry else "")


def _reported(waiver: Waiver, observations: tuple[Observation, ...]) -> Waiver:
    """The waiver without the manifest facts that it covers, which stand in no report."""
    reported = {each.id for each in observations}
    return msgspec.structs.replace(waiver, observations=tuple(each for each in waiver.observations if each in reported))


def _claims() -> Iterator[tuple[Section, Claim]]:
    return ((section, claim) for section in catalogue().sections for claim in section.claims)


def _concerns(named: str, app: App, subject: Subject) -> bool:
    """Whether something is about the app: what names no app of the subject is about all of them."""
    return named == app.id or all(named != each.id for each in subject.apps)


def _is_about(observation: Observation, app: App, subject: Subject) -> bool:
    """Whether an observation is about the app: what lies beside the apps is about all, whichever tells of it."""
    return observation.attributes.get("path_kind") == "beside" or _concerns(observation.app, app, subject)


def _gaps(app: App, gaps: Iterable[Gap], subject: Subject) -> tuple[Gap, ...]:
    """Everything that could not be looked at in this app; that no source was scanned is a gap as well."""
    found = {gap for gap in (*gaps, *app.gaps) if _concerns(gap.app, app, subject)}
    told = {gap.path for gap in found}
    found |= {Gap(each.path, each.why, app.id) for each in app.files if each.status == "gap" and each.path not in told}
    if not app.sources:
        found.add(Gap(app.root, "no source file was found to look at", app.id))
    return tuple(sorted(found))


def _dated(attestation: Attestation, today: date | None) -> Attestation:
    first, last = date.fromisoformat(attestation.on), date.fromisoformat(attestation.until)
    holds = today is None or first <= today <= last
    return msgspec.structs.replace(attestation, state="valid" if holds else "expired")


def _answer(claim: Claim, evidence: Evidence) -> Answer:
    """The first that holds, from the worst on. A person's word settles doubt, but neither a finding nor a gap."""
    attested = any(attestation.state == "valid" for attestation in evidence.attestations)
    if evidence.contradicting:
        return "contradicted"
    if evidence.gaps:
        return "not-shown"
    if attested and (claim.proof == "word" or evidence.weakening or evidence.asking):
        return "attested"
    if evidence.weakening:
        return "not-shown"
    if evidence.asking or claim.proof == "word":
        return "missing"
    return "supported"


_TELLING: dict[Answer, tuple[str, ...]] = {
    "contradicted": ("contradicting",),
    "not-shown": ("weakening",),
    "attested": ("weakening", "asking"),
    "missing": ("asking",),
    "supported": ("allowed",),
}
"""Answer -> the evidence whose observations the verdict lists."""


def _verdict(section: Section, claim: Claim, app: App, evidence: Evidence, policy: Policy, *, dated: bool) -> Verdict:
    answer = _answer(claim, evidence)
    return Verdict(
        section=section.number,
        claim=claim.id,
        app=app.id,
        answer=answer,
        reason=reason(claim, answer, evidence, policy, dated=dated),
        observations=tuple(
            dict.fromkeys(
                weight.observation.id
                for name in _TELLING[answer]
                for weight in getattr(evidence, name)
                if not from_manifest(weight.observation)
            )
        ),
        gaps=evidence.gaps,
        title=claim.title,
        section_title=section.title,
        statement=claim.statement,
        facts=tuple(weight.observation for weight in evidence.contradicting if from_manifest(weight.observation)),
    )


def _not_made(section: Section, claim: Claim, app: App, place: str) -> Verdict:
    return Verdict(
        section=section.number,
        claim=claim.id,
        app=app.id,
        answer="not-applicable",
        reason=f"the vendor does not make this claim ({place})",
        title=claim.title,
        section_title=section.title,
        statement=claim.statement,
    )

"""CycloneDX 1.6: the apps and their packages, and `declarations`: who says what about them, on what evidence.

| here | there |
| --- | --- |
| section, claim | requirement of the standard "Trust Center claims" |
| claim of an app | claim about the target |
| contradicted | counter-claim; its findings are the counter-evidence of the claim |
| allowed observation, coverage, attestation | evidence |
| gap, observation that leaves a claim open | counter-evidence |
| waiver | mitigation strategy |
| piiguard, a person who attests | assessor |

Scores are given only where piiguard grades by itself: conformance 0 or 1, confidence of a finding by its own grade.
There is no clock: the only dates are those that people gave.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from piiguard.formats import overview
from piiguard.formats.plain import plural
from piiguard.formats.serialise import dump
from piiguard.model import Answer, App, Attestation, Gap, Observation, Package, Report, Verdict, Waiver

Json = dict[str, Any]

CONFORMANCE: dict[Answer, int] = {"supported": 1, "attested": 1, "contradicted": 0}
"""Answer -> score; open claims have none."""
CONFIDENCE = {"sure": 1.0, "likely": 0.5}
"""piiguard's two grades of an observation, as CycloneDX's number."""
BEHIND: dict[Answer, str] = {
    "supported": "The checks ran on the listed files and found nothing against it. That is no proof.",
    "contradicted": "Graded by how sure the surest finding against it is.",
    "not-shown": "Something that it needs could not be looked at, or could not be decided.",
    "attested": "A named person's word, which nobody has checked.",
    "missing": "It needs a named person's word, and there is none.",
}
"""Answer -> what the confidence in it rests on."""
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pkg:generic/piiguard#cyclonedx")


def render(report: Report) -> str:
    """Same report, same bytes; the serial number is made from all the rest."""
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"tools": {"components": [_tool(report)]}, "properties": _properties(report)},
        "components": list(_components(report)),
        "dependencies": list(_dependencies(report)),
        "definitions": {"standards": [_standard(report)]},
        "declarations": _declarations(report),
    }
    digest = hashlib.sha256(dump(bom).encode("ascii")).hexdigest()
    return dump({**bom, "serialNumber": uuid.uuid5(_NAMESPACE, digest).urn})


def _tool(report: Report) -> Json:
    return {"type": "application", "name": report.tool.name, "version": report.tool.version}


def _properties(report: Report) -> list[Json]:
    said = {
        "piiguard:subjectDigest": report.subject.digest,
        "piiguard:commit": report.subject.commit or "",
        "piiguard:rulesDigest": report.tool.rules_digest,
        **{f"piiguard:engine:{name}": version for name, version in report.tool.engines.items()},
    }
    return [{"name": name, "value": value} for name, value in sorted(said.items()) if value]


# ---------------------------------------------------------------- components


def _components(report: Report) -> Iterator[Json]:
    """The apps, and each package once, whatever app wants it. Packages for development alone are `excluded`."""
    yield from (_app(app, "app") for app in report.subject.apps)
    packages: dict[str, list[Package]] = {}
    for app in report.subject.apps:
        for package in app.packages:
            packages.setdefault(_purl(package), []).append(package)
    for purl, same in sorted(packages.items()):
        version = {"version": same[0].version} if same[0].version else {}
        scope = "excluded" if all(package.dev for package in same) else "required"
        yield {"type": "library", "bom-ref": purl, "name": same[0].name, "purl": purl, "scope": scope, **version}


def _app(app: App, kind: str) -> Json:
    return {"type": "application", "bom-ref": f"{kind}:{app.id}", "name": app.name}


def _purl(package: Package) -> str:
    """A package URL (ECMA-427); for a name without a known version, one without a version."""
    name = package.name if package.ecosystem == "npm" else package.name.lower().replace("_", "-")
    version = f"@{quote(package.version, safe='')}" if package.version else ""
    return f"pkg:{package.ecosystem}/{quote(name, safe='/')}{version}"


def _dependencies(report: Report) -> Iterator[Json]:
    """What each app names itself. What its packages need in turn is not known here."""
    for app in report.subject.apps:
        direct = sorted({_purl(package) for package in app.packages if package.direct})
        yield {"ref": f"app:{app.id}", "dependsOn": direct}


# ---------------------------------------------------------------- claims


def _standard(report: Report) -> Json:
    """Sections and claims as requirements, each once."""
    sections = {verdict.section: verdict.section_title for verdict in report.judgement.verdicts}
    claims = {verdict.claim: verdict for verdict in report.judgement.verdicts}
    return {
        "bom-ref": "standard:trust-center",
        "name": "Trust Center claims",
        "description": "What the vendor's Trust Center document promises.",
        "requirements": [
            *(
                {"bom-ref": f"section:{number}", "identifier": str(number), "title": title}
                for number, title in sorted(sections.items())
            ),
            *(
                {
                    "bom-ref": f"requirement:{claim}",
                    "identifier": claim,
                    "title": verdict.title,
                    **({"text": verdict.statement} if verdict.statement else {}),
                    "parent": f"section:{verdict.section}",
                }
                for claim, verdict in sorted(claims.items())
            ),
        ],
    }


def _declarations(report: Report) -> Json:
    made = [verdict for verdict in report.judgement.verdicts if verdict.answer != "not-applicable"]
    people = sorted({attestation.by for attestation in report.judgement.attestations})
    return {
        "assessors": [
            {"bom-ref": "assessor:piiguard", "organization": {"name": f"{report.tool.name} {report.tool.version}"}},
            *({"bom-ref": f"assessor:{by}", "organization": {"contact": [{"name": by}]}} for by in people),
        ],
        "attestations": [*_by_code(report, made), *_by_word(report, made)],
        "claims": [claim for verdict in made for claim in _claims(verdict, report)],
        "evidence": list(_evidence(report)),
        "targets": {"components": [_app(app, "target") for app in report.subject.apps]},
    }


def _claims(verdict: Verdict, report: Report) -> Iterator[Json]:
    """The vendor's claim, and the counter-claim where the code speaks against it."""
    claim = {
        "bom-ref": _claim_ref(verdict),
        "target": f"target:{verdict.app}",
        "predicate": verdict.statement or verdict.title,
        "reasoning": verdict.reason,
        "evidence": list(_for(verdict, report)),
        "counterEvidence": list(_against(verdict, report)),
        "mitigationStrategies": [_waiver_ref(index) for index in _waivers(verdict, report)],
    }
    yield {key: value for key, value in claim.items() if value}
    if verdict.answer == "contradicted":
        yield {
            "bom-ref": f"counter-{_claim_ref(verdict)}",
            "target": f"target:{verdict.app}",
            "predicate": f"Not so: {verdict.title}",
            "reasoning": verdict.reason,
            "evidence": list(_against(verdict, report)),
        }


def _for(verdict: Verdict, report: Report) -> Iterator[str]:
    if verdict.answer == "supported":
        yield "coverage"
        yield from _observation_refs(verdict, report)
    elif verdict.answer == "attested":
        yield from (_word_ref(index) for index, _ in _words(verdict, report))


def _against(verdict: Verdict, report: Report) -> Iterator[str]:
    if verdict.answer != "supported":
        yield from _observation_refs(verdict, report)
    numbers = _gaps(report)
    yield from (_gap_ref(numbers[gap]) for gap in sorted(set(verdict.gaps)))


def _gaps(report: Report) -> dict[Gap, int]:
    """Everything that could not be looked at -> its number."""
    found = {*overview.gaps(report), *(gap for verdict in report.judgement.verdicts for gap in verdict.gaps)}
    return {gap: number for number, gap in enumerate(sorted(found))}


def _waivers(verdict: Verdict, report: Report) -> Iterator[int]:
    """The waivers of observations that bear on the claim, by what its rule says."""
    for index, waiver in enumerate(report.judgement.waivers):
        rule = report.rules.get(waiver.rule)
        if waiver.state == "used" and rule and verdict.claim in rule.claims:
            yield index


def _observation_refs(verdict: Verdict, report: Report) -> Iterator[str]:
    known = {observation.id for observation in report.observations}
    return (f"observation:{name}" for name in dict.fromkeys(verdict.observations) if name in known)


def _words(verdict: Verdict, report: Report) -> Iterator[tuple[int, Attestation]]:
    """The attestations that the verdict rests on, with their place in the report."""
    for index, given in enumerate(report.judgement.attestations):
        if given.state == "valid" and given.claim == verdict.claim and given.app in ("", verdict.app):
            yield index, given


# ---------------------------------------------------------------- who says so


def _by_code(report: Report, verdicts: Iterable[Verdict]) -> Iterator[Json]:
    for app in report.subject.apps:
        judged = [verdict for verdict in verdicts if verdict.app == app.id and verdict.answer != "attested"]
        if judged:
            yield {
                "summary": f"What the code of {app.name} shows",
                "assessor": "assessor:piiguard",
                "map": [_map(verdict, report) for verdict in judged],
            }


def _by_word(report: Report, verdicts: Iterable[Verdict]) -> Iterator[Json]:
    for verdict in verdicts:
        for _, given in _words(verdict, report) if verdict.answer == "attested" else ():
            yield {
                "summary": given.statement,
                "assessor": f"assessor:{given.by}",
                "map": [_map(verdict, report)],
            }


def _map(verdict: Verdict, report: Report) -> Json:
    mapped: Json = {"requirement": f"requirement:{verdict.claim}", "claims": [_claim_ref(verdict)]}
    if verdict.answer == "contradicted":
        mapped["counterClaims"] = [f"counter-{_claim_ref(verdict)}"]
    if verdict.answer in CONFORMANCE:
        mapped["conformance"] = {"score": CONFORMANCE[verdict.answer], "rationale": verdict.reason}
    mapped["confidence"] = {**_score(verdict, report), "rationale": BEHIND[verdict.answer]}
    return mapped


def _score(verdict: Verdict, report: Report) -> Json:
    """The grade of the surest finding. A fact of the manifest stands in no list of observations, and is sure."""
    if verdict.answer != "contradicted":
        return {}
    grades = [CONFIDENCE[each.confidence] for each in report.observations if each.id in verdict.observations]
    return {"score": max(grades, default=CONFIDENCE["sure"])}


# ---------------------------------------------------------------- evidence


def _evidence(report: Report) -> Iterator[Json]:
    scanned = sum(1 for file in overview.files(report) if file.status == "scanned")
    yield {
        "bom-ref": "coverage",
        "description": f"{plural(scanned, 'file')} looked at, {report.subject.digest}",
    }
    used = {name for verdict in report.judgement.verdicts for name in verdict.observations}
    used |= {name for waiver in report.judgement.waivers for name in waiver.observations}
    seen = {observation.id: observation for observation in report.observations if observation.id in used}
    yield from (_observation(observation) for _, observation in sorted(seen.items()))
    yield from (_gap(number, gap) for gap, number in _gaps(report).items())
    yield from (_word(index, given) for index, given in enumerate(report.judgement.attestations))
    yield from (_waiver(index, waiver) for index, waiver in enumerate(report.judgement.waivers))


def _observation(observation: Observation) -> Json:
    place = f"{observation.location.path}:{observation.location.start_line}"
    facts = {
        "category": observation.category,
        "confidence": observation.confidence,
        "place": place,
        "data": ", ".join(observation.data),
        "host": observation.host or "",
        "path of the data": "\n".join(f"{path}:{line} {note}" for path, line, note in overview.steps(observation)),
    }
    return {
        "bom-ref": f"observation:{observation.id}",
        "description": f"{observation.message} ({place})",
        "data": [
            {"name": name, "contents": {"attachment": {"contentType": "text/plain", "content": said}}}
            for name, said in facts.items()
            if said
        ],
    }


def _gap(number: int, gap: Gap) -> Json:
    return {"bom-ref": _gap_ref(number), "description": f"Not looked at: {gap.path}: {gap.why}"}


def _word(index: int, given: Attestation) -> Json:
    return {
        "bom-ref": _word_ref(index),
        "description": given.statement,
        "created": f"{given.on}T00:00:00Z",
        "expires": _end_of(given.until),
        "author": {"name": given.by},
    }


def _waiver(index: int, waiver: Waiver) -> Json:
    said = {"bom-ref": _waiver_ref(index), "description": f"Accepted ({waiver.rule}): {waiver.reason}"}
    return {**said, "expires": _end_of(waiver.until)} if waiver.until else said


def _end_of(day: str) -> str:
    """What holds until a day holds on it."""
    return f"{day}T23:59:59Z"


def _claim_ref(verdict: Verdict) -> str:
    return f"claim:{verdict.app}:{verdict.claim}"


def _gap_ref(number: int) -> str:
    return f"gap:{number}"


def _word_ref(index: int) -> str:
    return f"attestation:{index}"


def _waiver_ref(index: int) -> str:
    return f"waiver:{index}"

"""The sentence that says why an answer was given: what, where, and by whose leave."""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.claims.catalogue import Claim
from piiguard.claims.evidence import Evidence
from piiguard.claims.manifest_facts import from_manifest
from piiguard.claims.policy import Policy
from piiguard.claims.weigh import Weight
from piiguard.model import Answer


def reason(claim: Claim, answer: Answer, evidence: Evidence, policy: Policy, *, dated: bool) -> str:
    """One line; its parts are joined by semicolons, the most important first."""
    parts = [*_MAIN[answer](evidence), *_allowed(evidence, policy), *_waived(evidence, dated)]
    if answer == "supported" and claim.beyond:
        parts.append(f"beyond code: {claim.beyond[0].lower()}{claim.beyond[1:].rstrip('.')}")
    return ("predicted: " if claim.prediction else "") + "; ".join(parts)


def _contradicted(evidence: Evidence) -> Iterator[str]:
    labels = dict.fromkeys(weight.label for weight in evidence.contradicting if weight.label)
    yield (f"{', '.join(labels)}: " if labels else "") + _told(evidence.contradicting)
    yield from _open(evidence)


def _not_shown(evidence: Evidence) -> Iterator[str]:
    yield from _open(evidence)
    if evidence.weakening:
        yield _told(evidence.weakening)
    for attestation in evidence.attestations:
        if attestation.state == "expired":
            yield f"the word of {attestation.by} holds from {attestation.on} until {attestation.until}"


def _open(evidence: Evidence) -> Iterator[str]:
    if evidence.gaps:
        first = evidence.gaps[0]
        place = f"{first.path}:{first.line}: " if first.line else f"{first.path}: " if first.path else ""
        more = f" and {_count(len(evidence.gaps) - 1, 'more gap')}" if len(evidence.gaps) > 1 else ""
        yield f"not everything could be looked at: {place}{first.why}{more}"


def _attested(evidence: Evidence) -> Iterator[str]:
    for attestation in evidence.attestations:
        if attestation.state == "valid":
            yield f"{attestation.by} said on {attestation.on}, until {attestation.until}: {attestation.statement}"
    doubts = (*evidence.weakening, *evidence.asking)
    if doubts:
        yield f"code alone does not settle it: {_told(doubts)}"


def _missing(evidence: Evidence) -> Iterator[str]:
    if evidence.asking:
        yield _told(evidence.asking)
        return
    expired = [attestation for attestation in evidence.attestations if attestation.state == "expired"]
    for attestation in expired:
        yield f"the word of {attestation.by} holds from {attestation.on} until {attestation.until}"
    if not expired:
        yield "code cannot show this, and nobody has attested it in piiguard.yaml"


def _supported(evidence: Evidence) -> Iterator[str]:
    nothing = "nothing else" if evidence.waived else "nothing"
    yield f"the listed checks ran on {_count(evidence.scanned, 'source file')} and found {nothing} against it"


_MAIN = {
    "contradicted": _contradicted,
    "not-shown": _not_shown,
    "attested": _attested,
    "missing": _missing,
    "supported": _supported,
}


def _told(weights: tuple[Weight, ...]) -> str:
    """The first place in full, the number of the others; several facts about one line count once."""
    places = list(dict.fromkeys((w.observation.location.path, w.observation.location.start_line) for w in weights))
    first = weights[0]
    path, line = places[0]
    place = f"{path}:{line}, {first.observation.rule}" if from_manifest(first.observation) else f"{path}:{line}"
    message = f": {first.observation.message}" if first.observation.message else ""
    more = f" and {_count(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    return f"{first.because}{message} ({place}){more}"


def _allowed(evidence: Evidence, policy: Policy) -> Iterator[str]:
    for allowance in evidence.allowances:
        yield f"allowed by {policy.place(allowance.line, allowance.path)}: {allowance.says}"
    if any(not allowance.path for allowance in evidence.allowances):
        yield f"{policy.path} is sha256:{policy.sha256[:16]}"


def _waived(evidence: Evidence, dated: bool) -> Iterator[str]:
    if evidence.waived:
        yield f"waivers cover {_count(len({weight.observation.id for weight in evidence.waived}), 'finding')}"
    if not dated and (evidence.waived or evidence.attestations):
        yield "no date was given, so nothing counts as expired"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

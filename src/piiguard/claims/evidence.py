"""What bears on one claim of one app."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from piiguard.claims.catalogue import Claim
from piiguard.claims.manifest_facts import from_manifest
from piiguard.claims.policy import Policy
from piiguard.claims.weigh import STRENGTH, Allowance, Weight, weigh
from piiguard.model import App, Attestation, Gap, Observation


class Evidence(msgspec.Struct, frozen=True):
    """Observations by what they do to the claim, and whatever else the answer rests on."""

    contradicting: tuple[Weight, ...] = ()
    weakening: tuple[Weight, ...] = ()
    asking: tuple[Weight, ...] = ()
    allowed: tuple[Weight, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    """Every line of piiguard.yaml that made something acceptable, wholly or in part."""
    waived: tuple[Weight, ...] = ()
    gaps: tuple[Gap, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    scanned: int = 0
    """Number of source files that were looked at."""


def gather(
    claim: Claim,
    app: App,
    observations: tuple[Observation, ...],
    gaps: tuple[Gap, ...],
    policy: Policy,
    waived: frozenset[str],
    attestations: tuple[Attestation, ...],
) -> Evidence:
    """Weigh every observation of the app against the claim. `waived`: ids of observations that waivers cover."""
    needs, mine = claim.needs, policy.for_app(app.id)
    weights = _told_once([weigh(claim, each, mine) for each in observations if each.category in needs])
    against = [weight for weight in weights if weight.effect in ("contradicts", "weakens", "asks")]
    counted = [weight for weight in against if weight.observation.id not in waived]
    return Evidence(
        contradicting=tuple(weight for weight in counted if weight.effect == "contradicts"),
        weakening=tuple(weight for weight in counted if weight.effect == "weakens"),
        asking=tuple(weight for weight in counted if weight.effect == "asks"),
        allowed=tuple(weight for weight in weights if weight.effect == "allowed"),
        allowances=tuple(sorted({allowance for weight in weights for allowance in weight.allowances})),
        waived=tuple(weight for weight in against if weight.observation.id in waived),
        gaps=tuple(gap for gap in gaps if needs & set(gap.needed_for or needs)),
        attestations=tuple(each for each in attestations if each.claim == claim.id and each.app in ("", app.id)),
        scanned=len(app.sources),
    )


def _told_once(weights: list[Weight]) -> tuple[Weight, ...]:
    """Without the manifest facts at whose place an engine observed something that weighs as much.

    The engine's observation stands in the report and can be waived; the fact would contradict the claim all the same.
    """
    told: dict[tuple[str, int], int] = {}
    for weight in weights:
        if not from_manifest(weight.observation):
            place = weight.observation.location
            key = (place.path, place.start_line)
            told[key] = max(told.get(key, 0), STRENGTH[weight.effect])
    return tuple(weight for weight in weights if not from_manifest(weight.observation) or _adds(weight, told))


def _adds(fact: Weight, told: Mapping[tuple[str, int], int]) -> bool:
    place = fact.observation.location
    return STRENGTH[fact.effect] > told.get((place.path, place.start_line), 0)

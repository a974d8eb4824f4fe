"""What one observation means for one claim: the catalogue's clauses, read against the vendor's policy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from piiguard.claims.catalogue import Claim, Clause, Effect, Limit, catalogue
from piiguard.claims.hosts import owners
from piiguard.claims.policy import AppPolicy, Host
from piiguard.model import DATA_CLASSES, Observation, Owner

STRENGTH: dict[Effect, int] = {"contradicts": 4, "weakens": 3, "asks": 2, "allowed": 1, "nothing": 0}


class Allowance(msgspec.Struct, frozen=True, order=True):
    """A line of piiguard.yaml, or of the Trust Center, that makes something acceptable."""

    line: int
    says: str
    path: str = ""
    """The file, when it is not piiguard.yaml."""


class Weight(msgspec.Struct, frozen=True):
    """The effect of an observation on a claim, and why."""

    effect: Effect
    observation: Observation
    because: str = ""
    label: str = ""
    allowances: tuple[Allowance, ...] = ()


def weigh(claim: Claim, observation: Observation, policy: AppPolicy) -> Weight:
    """The strongest effect over all data classes of the observation, with every allowance that was needed.

    The observation's category must be one that the claim needs.
    """
    weights = [
        _weigh_one(claim, observation, data, whose, policy)
        for whose in owners(observation, policy)
        for data in observation.data or ("",)
    ]
    strongest = max(weights, key=lambda weight: STRENGTH[weight.effect])
    allowances = tuple(sorted({allowance for weight in weights for allowance in weight.allowances}))
    return msgspec.structs.replace(strongest, allowances=allowances)


def _weigh_one(
    claim: Claim, observation: Observation, data: str, whose: tuple[Owner, Host | None], policy: AppPolicy
) -> Weight:
    runs_host, entry = whose
    clause = next(clause for clause in claim.against if _fits(clause, observation, data, runs_host))
    if entry and clause.host and clause.effect in ("allowed", "nothing"):
        allowance = Allowance(entry.line, f"{entry.pattern} is {entry.kind}", entry.path)
        return Weight("allowed", observation, allowances=(allowance,))
    if clause.effect == "nothing":
        return Weight("nothing", observation)
    relaxing = [switch for switch in (*clause.unless, *_exempting(observation)) if switch in policy.relaxed]
    if relaxing:
        return Weight("allowed", observation, allowances=tuple(_allowance(switch, policy) for switch in relaxing[:1]))
    limit = next((each for each in catalogue().limits if _limits(each, observation)), None)
    if limit and STRENGTH[limit.effect] < STRENGTH[clause.effect]:
        return Weight(limit.effect, observation, f"{limit.because}, {clause.because}", clause.label)
    return Weight(clause.effect, observation, clause.because, clause.label)


def _fits(clause: Clause, observation: Observation, data: str, runs_host: Owner) -> bool:
    return (
        observation.category in clause.category
        and (not clause.data or data in clause.data or DATA_CLASSES.get(data) in clause.data)
        and (not clause.host or runs_host in clause.host)
        and (not clause.confidence or observation.confidence in clause.confidence)
        and (not clause.rule or observation.rule in clause.rule)
        and _holds(clause.where, observation)
    )


def _holds(where: Mapping[str, tuple[str, ...]], observation: Observation) -> bool:
    return all(observation.attributes.get(name) in values for name, values in where.items())


def _limits(limit: Limit, observation: Observation) -> bool:
    return observation.category not in limit.spares and _holds(limit.where, observation)


def _exempting(observation: Observation) -> list[str]:
    """The switches that would take this observation out of every claim."""
    return [
        exemption.switch
        for exemption in catalogue().exemptions
        if observation.category in (exemption.category or (observation.category,))
        and (not exemption.rule or observation.rule in exemption.rule)
        and _holds(exemption.where, observation)
    ]


def _allowance(switch: str, policy: AppPolicy) -> Allowance:
    value = "false" if switch.startswith("count.") else "true"
    return Allowance(policy.relaxed[switch], f"{switch}: {value}", policy.told_by.get(switch, ""))

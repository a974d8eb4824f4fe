"""The first piiguard.yaml: as written it changes nothing, and every entry it offers can be switched on."""

from __future__ import annotations

import re
from datetime import date

import pytest

from piiguard.claims.catalogue import catalogue
from piiguard.claims.config import parse_policy
from piiguard.claims.policy import AppPolicy
from piiguard.formats.starter import starter
from piiguard.model import Judgement, Report

from .builders import hostile_report, observation, report, rich_report, verdict

DAY = date(2026, 11, 1)


def known_claims() -> Report:
    """Like the rich report, with claims that the catalogue has."""
    claims = list(catalogue().claims)
    verdicts = (verdict(3, claims[0], "contradicted"), verdict(9, claims[1], "missing"))
    seen = observation("a1", "fetch-call", host="api.seen.example")
    return report((seen, observation("a2", host="<dynamic>")), Judgement(verdicts=verdicts))


@pytest.mark.parametrize("given", [report(), rich_report(), hostile_report(), known_claims()])
def test_as_written_it_is_the_strict_default(given: Report) -> None:
    policy = parse_policy(starter(given, catalogue().switches, DAY).encode(), "piiguard.yaml")
    assert policy.everyone == AppPolicy()
    assert not policy.waivers
    assert not policy.attestations


def test_every_offer_can_be_switched_on() -> None:
    given = known_claims()
    text = starter(given, catalogue().switches, DAY)
    policy = parse_policy(re.sub(r"^#(?! \S)", "", text, flags=re.M).encode(), "piiguard.yaml")
    assert {host.pattern for host in policy.everyone.hosts} == {"api.example.com", "api.seen.example"}
    assert set(policy.everyone.relaxed) == set(catalogue().switches)
    assert set(policy.everyone.unclaimed) == {given.judgement.verdicts[0].claim}
    assert [given.claim for given in policy.attestations] == [given.judgement.verdicts[1].claim]
    assert len(policy.waivers) == 1

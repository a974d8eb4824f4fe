"""Every claim of the catalogue, against the cases of cases.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from claims.claims_builders import TODAY, judged, observation, policy, subject, verdict
from piiguard.claims.catalogue import catalogue
from piiguard.claims.judge import judge
from piiguard.model import Attestation

CASES: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(Path(__file__).with_name("cases.yaml"))
AGAINST = {"contradicted", "missing"}
FOR = {"supported", "attested", "not-applicable"}


@pytest.mark.parametrize("claim", catalogue().claims)
def test_every_claim_has_a_case_for_and_against(claim: str) -> None:
    answers = {case["answer"] for case in CASES.get(claim, [])}
    assert answers & AGAINST
    assert answers & FOR


def test_no_case_without_a_claim() -> None:
    assert set(CASES) == set(catalogue().claims)


@pytest.mark.parametrize(
    ("claim", "case"),
    [
        pytest.param(claim, case, id=f"{claim}-{number}")
        for claim, cases in CASES.items()
        for number, case in enumerate(cases)
    ],
)
def test_answer(claim: str, case: dict[str, Any]) -> None:
    seen = tuple(observation(**each) for each in case.get("observe", ()))
    by = policy(case.get("policy", ""))
    if "attested" in case:
        word = Attestation(claim, "Ada Vendor", "2026-11-01", case["attested"], "We checked.")
        by = type(by)(path=by.path, sha256=by.sha256, everyone=by.everyone, attestations=(word,))
    found = verdict(judge(subject(manifest=case.get("manifest")), seen, (), by, today=TODAY), claim)
    assert found.answer == case["answer"], found.reason
    assert case.get("says", "") in found.reason


def test_the_same_line_supports_one_section_and_contradicts_another() -> None:
    stored = observation("credential-storage-secret", data=["credential"], attributes={"store": "secret"})
    both = judged(stored, by="allow:\n  store-encrypted-credentials: true\n")
    assert verdict(both, "configuration-data-only").answer == "supported"
    assert verdict(both, "configuration-data-only").observations == (stored.id,)
    assert verdict(both, "no-credential-storage").answer == "contradicted"
    assert both.findings == (stored.id,)

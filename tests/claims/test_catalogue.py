"""The catalogue is complete and consistent, and what is made from it is current."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from piiguard.claims.catalogue import Claim, catalogue
from piiguard.claims.generated import claims_page
from piiguard.claims.schema import SCHEMA_FILE, policy_schema
from piiguard.model import CATEGORIES, DATA_CLASSES

CLAIMS = pytest.mark.parametrize("claim", catalogue().claims.values(), ids=catalogue().claims.keys())
ROOT = Path(__file__).parents[2]


def test_sections_are_those_of_the_document() -> None:
    assert [section.number for section in catalogue().sections] == list(range(1, 15))
    assert all(section.claims for section in catalogue().sections)


def test_claim_ids_are_unique() -> None:
    assert len(catalogue().claims) == sum(len(section.claims) for section in catalogue().sections)


@CLAIMS
def test_nothing_falls_through(claim: Claim) -> None:
    for category in claim.needs:
        last = [clause for clause in claim.against if category in clause.category][-1]
        assert not last.conditional, f"{category} may fit no clause"


@CLAIMS
def test_names_are_known(claim: Claim) -> None:
    groups = set(DATA_CLASSES) | set(DATA_CLASSES.values())
    for clause in claim.against:
        assert set(clause.category) <= set(CATEGORIES)
        assert set(clause.data) <= groups
        assert set(clause.unless) <= set(catalogue().switches)
        assert clause.because or clause.effect in ("allowed", "nothing")


@CLAIMS
def test_a_claim_of_code_has_something_against_it(claim: Claim) -> None:
    assert claim.proof == "word" or any(clause.effect == "contradicts" for clause in claim.against)


@CLAIMS
def test_no_clause_is_hidden_by_an_earlier_one(claim: Claim) -> None:
    for number, clause in enumerate(claim.against):
        earlier = [each for each in claim.against[:number] if not each.conditional]
        assert not any(set(clause.category) & set(each.category) for each in earlier), clause


def test_switches_are_used_and_grouped() -> None:
    used = {switch for claim in catalogue().claims.values() for clause in claim.against for switch in clause.unless}
    used |= {exemption.switch for exemption in catalogue().exemptions}
    assert used == set(catalogue().switches)
    assert {switch.split(".")[0] for switch in used} == {"allow", "count"}


def test_every_category_bears_on_a_claim() -> None:
    idle = {"external-auth", "erasure"}
    needed = {category for claim in catalogue().claims.values() for category in claim.needs}
    assert set(CATEGORIES) - needed <= idle


def test_the_claims_page_is_current() -> None:
    assert (ROOT / "docs" / "claims.md").read_text() == claims_page(catalogue())


def test_the_schema_is_current() -> None:
    shipped = ROOT / "src" / "piiguard" / "claims" / SCHEMA_FILE
    assert shipped.read_text() == policy_schema()
    jsonschema.Draft202012Validator.check_schema(json.loads(policy_schema()))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("claims:\nhosts:\n", True),
        ("version: 1\nclaims: {no-tracking: false}\nallow: {self-hosted: true}\n", True),
        ("hosts: [{host: '*.example.com', kind: vendor}]\nvendor-hosts: [a.example]\n", True),
        ("apps: {one: {count: {logs: false}}}\n", True),
        ("claims: {no-trackin: false}\n", False),
        ("count: {self-hosted: true}\n", False),
        ("hosts: [{host: '*', kind: vendor}]\n", False),
        ("waivers: [{rule: r, path: p}]\n", False),
        ("attestations: [{claim: none, by: a, on: '2026-01-01', until: '2026-01-02', statement: s}]\n", False),
    ],
)
def test_the_schema_says_what_validation_says(text: str, fits: bool) -> None:
    schema = jsonschema.Draft202012Validator(json.loads(policy_schema()))
    assert schema.is_valid(YAML(typ="safe").load(text)) is fits

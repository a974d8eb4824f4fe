"""CycloneDX: valid by the official schema, references that lead somewhere, and no score that nobody gave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from piiguard.formats.cyclonedx import render
from piiguard.model import Package, Report

from .builders import RULES, app, hostile_report, report, rich_report

REPORTS = {"empty": report, "rich": rich_report, "hostile": hostile_report}
PACKAGES = (
    Package("@forge/api", "package.json", 3, "^4.0.0", "4.1.2"),
    Package("left-pad", "package.json", 4, "*"),
    Package("jest", "package.json", 5, "^29", "29.7.0", dev=True),
    Package("deep", "package-lock.json", 6, "", "1.0.0", direct=False),
    Package("Typing_Extensions", "requirements.txt", 1, "", "4.12.0+local", ecosystem="pypi"),
)
REFERRING = {"assessor", "claims", "counterClaims", "requirement", "parent", "target", "evidence", "counterEvidence"}
REFERRING |= {"mitigationStrategies", "ref", "dependsOn"}


def bom(given: Report) -> dict[str, Any]:
    read = json.loads(render(given))
    assert isinstance(read, dict)
    return read


def errors(text: str) -> Any:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def with_packages() -> Report:
    """Two apps that share a package: for development in one, not in the other."""
    shared = msgspec.structs.replace(PACKAGES[2], dev=False)
    return report(apps=(app(packages=PACKAGES), app(id="b", name="B", packages=(shared, PACKAGES[1]))))


@pytest.mark.parametrize("name", REPORTS)
def test_valid_by_the_official_schema(name: str) -> None:
    assert errors(render(REPORTS[name]())) is None


def test_valid_with_packages_and_every_purl_reads_as_one() -> None:
    text = render(with_packages())
    assert errors(text) is None
    libraries = {part["purl"]: part for part in json.loads(text)["components"] if part["type"] == "library"}
    assert [PackageURL.from_string(purl).to_string() for purl in libraries] == list(libraries)
    assert libraries["pkg:npm/%40forge/api@4.1.2"]["name"] == "@forge/api"
    assert "version" not in libraries["pkg:npm/left-pad"]
    assert libraries["pkg:npm/jest@29.7.0"]["scope"] == "required"
    assert "pkg:pypi/typing-extensions@4.12.0%2Blocal" in libraries


def test_a_package_for_development_alone_is_excluded() -> None:
    (jest,) = (part for part in bom(report(apps=(app(packages=PACKAGES[2:3]),)))["components"] if "purl" in part)
    assert jest["scope"] == "excluded"


def test_apps_depend_on_what_they_name_themselves() -> None:
    wanted = {each["ref"]: each["dependsOn"] for each in bom(with_packages())["dependencies"]}
    assert wanted["app:b"] == ["pkg:npm/jest@29.7.0", "pkg:npm/left-pad"]
    assert not any("deep" in purl for purl in wanted["app:."])


def test_the_schema_refuses_what_is_wrong() -> None:
    altered = bom(rich_report())
    altered["declarations"]["attestations"][0]["map"][0]["conformance"]["score"] = 2
    assert errors(json.dumps(altered)) is not None


@pytest.mark.parametrize("given", [rich_report(), hostile_report(), with_packages()])
def test_every_name_is_given_once_and_every_reference_leads_to_one(given: Report) -> None:
    read = bom(given)
    names = [value for key, value in walk(read) if key == "bom-ref"]
    assert len(names) == len(set(names))
    assert {value for key, value in walk(read) if key in REFERRING and isinstance(value, str)} <= set(names)


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value; with each entry where that is a list."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from ((key, each) for each in (below if isinstance(below, list) else [below]))
            yield from walk(below)
    elif isinstance(value, list):
        for below in value:
            yield from walk(below)


def test_answers() -> None:
    declared = bom(rich_report())["declarations"]
    claims = {claim["bom-ref"]: claim for claim in declared["claims"]}
    assert claims["claim:.:no-tracking"]["evidence"] == ["coverage"]
    assert claims["claim:.:no-subprocessors"]["counterEvidence"] == ["observation:bbbb2222"]
    assert claims["counter-claim:.:no-subprocessors"]["evidence"] == ["observation:bbbb2222"]
    assert claims["claim:.:minimal-scopes"]["counterEvidence"] == ["gap:0"]
    assert "claim:.:runs-on-atlassian" not in claims
    maps = {each["requirement"]: each for given in declared["attestations"] for each in given["map"]}
    assert maps["requirement:no-tracking"]["conformance"]["score"] == 1
    assert "score" not in maps["requirement:no-tracking"]["confidence"]
    assert maps["requirement:no-personal-data"]["conformance"]["score"] == 0
    assert maps["requirement:no-personal-data"]["confidence"]["score"] == 1
    assert maps["requirement:no-subprocessors"]["confidence"]["score"] == 0.5
    assert "conformance" not in maps["requirement:minimal-scopes"]
    assert "conformance" not in maps["requirement:no-own-certifications"]


def test_a_word_is_its_givers_and_has_an_end() -> None:
    declared = bom(rich_report())["declarations"]
    (by,) = (given for given in declared["attestations"] if given["assessor"] == "assessor:Ada L.")
    assert [each["claims"] for each in by["map"]] == [["claim:.:security-review"]]
    (word,) = (each for each in declared["evidence"] if each["bom-ref"] == "attestation:0")
    assert (word["created"], word["expires"]) == ("2026-05-01T00:00:00Z", "2027-05-01T23:59:59Z")
    assert word["author"] == {"name": "Ada L."}


def test_a_waiver_in_use_mitigates_the_claims_of_its_rule() -> None:
    given = rich_report()
    rule = msgspec.structs.replace(RULES["forge-kvs-set"], claims=("no-personal-data",))
    declared = bom(msgspec.structs.replace(given, rules={**RULES, rule.id: rule}))["declarations"]
    claims = {claim["bom-ref"]: claim for claim in declared["claims"]}
    assert claims["claim:.:no-personal-data"]["mitigationStrategies"] == ["waiver:0"]
    assert "mitigationStrategies" not in claims["claim:.:no-subprocessors"]
    (waiver,) = (each for each in declared["evidence"] if each["bom-ref"] == "waiver:0")
    assert waiver["expires"] == "2027-01-31T23:59:59Z"


def test_the_serial_number_is_made_from_the_rest() -> None:
    assert render(rich_report()) == render(rich_report())
    numbers = {bom(each())["serialNumber"] for each in REPORTS.values()}
    assert len(numbers) == len(REPORTS)


def test_no_clock_and_no_path_of_the_machine() -> None:
    text = render(rich_report())
    assert "timestamp" not in text
    assert rich_report().subject.root not in text

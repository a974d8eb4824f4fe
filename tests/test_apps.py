"""Whole apps: what is planted is found, what is clean stays clean, and the answers are those of `expected.json`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from planted import APPS, CLEAN, NAMES, PLANTED, Plant, expected, plants

from piiguard.claims.catalogue import catalogue
from piiguard.model import CATEGORIES

FORMATS = ("text", "json", "sarif", "markdown")

_LITERAL = re.compile(r"""["']([^"']{16,})["']""")


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    exit: int
    output: str
    errors: str

    @property
    def report(self) -> dict[str, Any]:
        assert self.output, self.errors
        report: dict[str, Any] = json.loads(self.output)
        return report


@cache
def scan(name: str, format: str = "json") -> Run:
    command = [sys.executable, "-m", "piiguard", "scan", str(APPS / name), "--format", format]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


def meets(observation: dict[str, Any], plant: Plant) -> bool:
    """An observation of the plant's category that starts on its line, one above or one below."""
    location = observation["location"]
    same = (observation["category"], location["path"]) == (plant.category, plant.path)
    return same and location["start_line"] in range(plant.line - 1, plant.line + 2)


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_violation_is_observed(name: str) -> None:
    observations = scan(name).report["observations"]
    missed = [str(plant) for plant in plants(name) if not any(meets(seen, plant) for seen in observations)]
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_app_has_no_finding_but_the_expected_ones(name: str) -> None:
    report = scan(name).report
    findings = {
        (seen["location"]["path"], seen["category"])
        for seen in report["observations"]
        if seen["id"] in report["findings"]
    }
    assert findings == {(entry["path"], entry["category"]) for entry in expected(name).get("findings", ())}


@pytest.mark.parametrize("name", NAMES)
def test_the_answers_are_the_expected_ones(name: str) -> None:
    told = expected(name)
    by_section = told.get("sections", {})
    decidable = {claim.id for section in catalogue().sections for claim in section.claims if claim.proof == "code"}
    wrong = []
    for verdict in scan(name).report["verdicts"]:
        of_section = by_section.get(str(verdict["section"]), by_section.get("*"))
        wanted = told["answers"].get(verdict["claim"], of_section if verdict["claim"] in decidable else None)
        if wanted and verdict["answer"] != wanted:
            wrong.append(f"{verdict['claim']}: {verdict['answer']}, not {wanted}: {verdict['reason']}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_expected_answers_name_claims_that_exist(name: str) -> None:
    claims = {claim.id for section in catalogue().sections for claim in section.claims}
    assert set(expected(name)["answers"]) <= claims


@pytest.mark.parametrize("name", [name for name in NAMES if "exit" in expected(name)])
def test_the_exit_code_is_the_expected_one(name: str) -> None:
    assert scan(name).exit == expected(name)["exit"], scan(name).errors


def test_one_line_can_support_one_section_and_contradict_another() -> None:
    """The customer's key in Forge's secret store: configuration for section 3, a stored credential for section 10."""
    by_claim = {verdict["claim"]: verdict for verdict in scan("doc-generator").report["verdicts"]}
    configuration, credentials = by_claim["configuration-data-only"], by_claim["no-credential-storage"]
    assert (configuration["answer"], credentials["answer"]) == ("supported", "contradicted")
    assert set(credentials["observations"]) & set(configuration["observations"])


def test_the_plants_are_many_and_of_all_kinds() -> None:
    categories = [plant.category for name in PLANTED for plant in plants(name)]
    assert len(categories) >= 25
    assert set(categories) <= set(CATEGORIES)
    assert set(categories) >= {
        "pii-storage", "pii-egress", "pii-log", "credential-storage-plain", "credential-egress", "hardcoded-secret",
        "undeclared-egress", "unused-host", "overbroad-egress", "insecure-transport", "tracking", "session-recording",
        "cookie", "browser-storage", "navigation-egress", "remote-backend", "unsafe-csp", "unused-scope",
        "ai-processing",
    }  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_planted_in_a_clean_app(name: str) -> None:
    assert plants(name) == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", PLANTED)
def test_no_format_prints_a_secret(name: str, format: str) -> None:
    secrets = [
        literal
        for plant in plants(name)
        if plant.category == "hardcoded-secret"
        for literal in _LITERAL.findall(plant.text)
    ]
    assert secrets
    run = scan(name, format)
    assert run.output
    assert [secret for secret in secrets if secret in run.output + run.errors] == []

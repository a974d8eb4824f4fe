"""The exported taint rules, run by plain Semgrep over fixtures/taint/ with its own marks `ruleid:` and `ok:`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engines.fixture_marks import expected
from ruamel.yaml import YAML

from piiguard import cli
from piiguard.facts import taint as table
from piiguard.formats import taint
from piiguard.model import Callee, Rule
from piiguard.scan import catalogue
from piiguard.tools import taint_rules

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "taint"
CASES = sorted(path.name for path in FIXTURES.iterdir())


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Semgrep says to all exported rules on all cases."""
    rules = tmp_path_factory.mktemp("taint") / "rules.yaml"
    rules.write_text(taint.render(taint_rules()), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "semgrep"), "scan", "--experimental", "--json", "--config", str(rules)]
    command += ["--metrics", "off", "--disable-version-check", "--no-rewrite-rule-ids", "--no-git-ignore", *CASES]
    done = subprocess.run(command, cwd=FIXTURES, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_semgrep_takes_every_rule(answer: dict[str, Any]) -> None:
    assert answer["errors"] == []
    assert sorted(answer["paths"]["scanned"]) == CASES


@pytest.mark.parametrize("case", CASES)
def test_marks(case: str, answer: dict[str, Any]) -> None:
    text = (FIXTURES / case).read_text(encoding="utf-8")
    found = {(result["start"]["line"], result["check_id"]) for result in answer["results"] if result["path"] == case}
    assert expected(text, "ruleid") == found
    assert expected(text, "ok")
    assert not expected(text, "ok") & found


def test_each_sink_is_a_rule_with_the_sources_that_count_there() -> None:
    known = catalogue().rules
    rules = {rule["metadata"]["sink"]: rule for rule in taint_rules()}
    sinks = {rule.id for rule in known.values() if rule.engine == "semgrep" and rule.role == "sink"}
    assert rules.keys() == {sink for sink in sinks if known[sink].store != "secret"}
    assert "forge-context" in rules["egress-fetch"]["metadata"]["sources"]
    assert "secret-read" not in rules["egress-fetch"]["metadata"]["sources"]
    assert "secret-read" in rules["console-log"]["metadata"]["sources"]
    assert all("form-values" not in rule["metadata"]["sources"] for rule in rules.values())  # only names tell


def test_rendered_rules_are_yaml_without_anchors_and_the_same_each_time() -> None:
    rules = [rule for rule in taint_rules() if rule["id"] == "piiguard-taint-egress-fetch"]
    text = taint.render(rules)
    assert YAML(typ="safe", pure=True).load(text) == {"rules": rules}
    assert not any(getattr(event, "anchor", None) for event in YAML().parse(text))
    assert taint.render([rule for rule in taint_rules() if rule["id"] == "piiguard-taint-egress-fetch"]) == text


def test_the_table_is_whole() -> None:
    assert {each.shape for each in table.table().forge} >= {"resolver-request", "product-event"}


@pytest.mark.parametrize(
    ("pattern", "callee", "said"),
    [
        ("$STORE.set($A)", Callee(imports=("m#kvs",)), "$STORE. ... .set($A)"),
        ("$STORE.set($A)", Callee(globals=("store",)), "^(store)\\b"),
        ("fetch($A)", Callee(imports=("m#*",)), "import {fetch} from 'm'"),
        ("fetch($A)", Callee(imports=("m#*",), globals=("fetch",)), "{'pattern': 'fetch($A)'}"),
        ("$ALIAS($A)", Callee(imports=("m#*",)), "{'pattern': '$ALIAS($A)'}"),
        ("new Client($A)", Callee(imports=("a#*", "b#*", "c#*", "d#*")), "^(a|b|c|d)$"),
    ],
)
def test_callee_conditions(pattern: str, callee: Callee, said: str) -> None:
    rule = Rule("s", "sink", "semgrep", "t", "A sink", category="pii-log", slots=("arg:0",), callee=callee)
    (made,) = taint.compose([rule], [{"id": "s", "pattern": pattern}])
    assert said.replace("\\", "\\\\") in str(made["pattern-sinks"])


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["rules", "export"]) == 0
    assert capsys.readouterr().out == taint.render(taint_rules())
    assert cli.run(["rules", "export", str(tmp_path)]) == 0
    assert {path.stem for path in tmp_path.iterdir()} == {rule["id"] for rule in taint_rules()}
    assert cli.run(["rules", "export", str(tmp_path / "missing")]) == 2
    assert "no such folder" in capsys.readouterr().err

"""Every manifest check against its fixtures, and what the checks say beyond a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.app import read
from piiguard.engines import manifest
from piiguard.model import CATEGORIES, EngineReport, Mark

from .fixture_marks import FIXTURES, actual, expected

FOLDER = FIXTURES / "manifest"
RULE_IDS = [rule.id for rule in manifest.RULES]
CASES = sorted(path.parent for path in FOLDER.rglob("manifest.yml"))


def run(folder: Path) -> EngineReport:
    return manifest.run(read(folder))


def of_text(tmp_path: Path, text: str) -> EngineReport:
    (tmp_path / "manifest.yml").write_text(text)
    return run(tmp_path)


def only(report: EngineReport, rule: str) -> Mark:
    (mark,) = (mark for mark in report.marks if mark.rule == rule)
    return mark


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_check_has_fixtures_with_both_marks(rule: str) -> None:
    texts = [path.read_text() for path in (FOLDER / rule).rglob("manifest.yml")]
    for word in ("ruleid", "ok"):
        assert any(named == rule for text in texts for _, named in expected(text, word)), f"no `{word}: {rule}`"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(FOLDER)))
def test_fixture(folder: Path) -> None:
    rule = folder.parent.name
    assert rule in RULE_IDS
    found = actual(run(folder), "manifest.yml", rule)
    text = (folder / "manifest.yml").read_text()
    assert found == expected(text, "ruleid")
    assert not found & expected(text, "ok")


def test_rules_are_complete() -> None:
    for rule in manifest.RULES:
        assert rule.category in CATEGORIES, rule.id
        assert rule.why, rule.id
        assert rule.fix, rule.id
        assert rule.references, rule.id
    assert len(set(RULE_IDS)) == len(RULE_IDS)


EVENT = """\
modules:
  trigger:
    - endpoint: hook
      key: made
      events: [{event}]
  endpoint:
    - key: hook
      remote: api
remotes:
  - key: api
    baseUrl: https://backend.weather.example
"""


@pytest.mark.parametrize(
    ("event", "rule", "data"),
    [
        ("avi:jira:created:issue", "manifest-event-to-remote", ("account-id", "user-content")),
        ("avi:confluence:updated:page", "manifest-event-to-remote", ("account-id",)),
        ("avi:jira:created:version", "manifest-other-event-to-remote", ("account-id",)),
    ],
)
def test_delivered_event_tells_its_data_and_host(tmp_path: Path, event: str, rule: str, data: tuple[str, ...]) -> None:
    mark = only(of_text(tmp_path, EVENT.format(event=event)), rule)
    assert mark.data == data
    assert mark.host == "backend.weather.example"


def test_unknown_event_to_a_remote_is_a_gap(tmp_path: Path) -> None:
    report = of_text(tmp_path, EVENT.format(event="avi:weather:changed:wind"))
    assert not [mark for mark in report.marks if "event" in mark.rule]
    assert [gap.needed_for for gap in report.gaps] == [("pii-egress",)]


def test_host_that_depends_on_a_variable_is_a_gap(tmp_path: Path) -> None:
    report = of_text(tmp_path, "app:\n  id: x\npermissions:\n  external:\n    images:\n      - ${CDN}\n")
    (gap,) = report.gaps
    assert gap.line == 6
    assert "undeclared-egress" in gap.needed_for


ANALYTICS = """\
app:
  id: x
permissions:
  external:
    scripts:
      - address: '*.posthog.com'
        category: analytics
"""


def test_analytics_entry_names_the_vendor(tmp_path: Path) -> None:
    mark = only(of_text(tmp_path, ANALYTICS), "manifest-analytics")
    assert mark.host == "*.posthog.com"
    assert mark.attributes["vendor"] == "PostHog"
    assert mark.attributes["in_scope_eud"] == "undeclared"


ODD = """\
app:
  id: x
modules:
  webtrigger:
    - key: a
      response: text
  event:
    - key: b
      allowedRecipients: '*'
  trigger:
    - key: c
      endpoint: nowhere
      events: text
  endpoint:
    - key: d
      auth: [1]
"""


def test_odd_module_data_does_no_harm(tmp_path: Path) -> None:
    assert only(of_text(tmp_path, ODD), "manifest-dynamic-web-trigger").location.start_line == 5

"""Every libcst check against its fixture: what must be found, and what must not."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from engines.fixture_marks import FIXTURES, expected, rule_of

from piiguard.checks.catalogue import RULES, TOPICS
from piiguard.engines import python
from piiguard.facts import shapes
from piiguard.model import CATEGORIES, DATA_CLASSES, App, EngineReport, Manifest, Rule, Source, Subject

IDS = sorted(rule.id for rule in RULES)
CASES = sorted((FIXTURES / "python").glob("*.py"))


@functools.cache
def report() -> EngineReport:
    """All fixtures in one run, each an app of its own."""
    return python.run(Subject(root=".", apps=tuple(map(_app, CASES))))


def _app(path: Path) -> App:
    source = Source(path=path.name, app=path.name, language="python", text=path.read_bytes())
    return App(id=path.name, name=path.name, root=".", manifest=Manifest(path="manifest.yml"), sources=(source,))


def test_all_fixtures_can_be_read() -> None:
    assert report().gaps == ()
    assert report().versions["libcst"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    rule, text = rule_of(path, "python"), path.read_text(encoding="utf-8")
    marked = {
        (mark.location.start_line, mark.rule)
        for mark in report().marks
        if mark.location.path == path.name and mark.rule == rule
    }
    assert marked == {entry for entry in expected(text, "ruleid") if entry[1] == rule}
    assert not marked & expected(text, "ok")


@pytest.mark.parametrize("rule", IDS)
def test_every_rule_has_a_fixture_with_both_marks(rule: str) -> None:
    text = (FIXTURES / "python" / f"{rule}.py").read_text(encoding="utf-8")
    assert any(named == rule for _, named in expected(text, "ruleid"))
    assert any(named == rule for _, named in expected(text, "ok"))


def test_every_fixture_has_a_rule() -> None:
    assert {rule_of(path, "python") for path in CASES} <= set(IDS)


def test_rule_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


def test_refinements_belong_to_rules_of_their_topic() -> None:
    for topic in TOPICS:
        assert set(topic.refine) <= {rule.id for rule in topic.rules}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rules_use_known_words(rule: Rule) -> None:
    assert rule.engine == "libcst"
    assert rule.title
    assert rule.why
    assert rule.fix
    assert rule.references
    assert (rule.category in CATEGORIES) == (rule.role != "source")
    if rule.role == "source":
        known = {*shapes.table(), *DATA_CLASSES, "rest-response", "env-value"}
        assert rule.shape in known
    if rule.role == "sink":
        assert rule.slots or rule.host

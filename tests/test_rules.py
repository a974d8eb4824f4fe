"""Every Semgrep rule against its fixture: what must be found, and what must not, after the callee check."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from engines.fixture_marks import FIXTURES, LANGUAGES, expected

from piiguard.engines import catalogue, semgrep
from piiguard.flow import resolve_marks
from piiguard.model import App, Language, Manifest, Source, Subject

SCRIPTS: dict[str, Language] = {**LANGUAGES, ".jsx": "javascript", ".tsx": "tsx"}
RULES = catalogue.load()
SEMGREP_RULES = sorted(rule.id for rule in RULES.rules.values() if rule.engine == "semgrep")
TOPICS = sorted({RULES.rules[rule].topic for rule in SEMGREP_RULES})
CASES = [path for topic in TOPICS for path in sorted((FIXTURES / topic).glob("*")) if path.suffix in SCRIPTS]


def rule_of(path: Path) -> str:
    return path.stem.split(".")[0]


@functools.cache
def found() -> frozenset[tuple[str, int, str]]:
    """(fixture, line, rule) of every mark that survives. One Semgrep run for all fixtures; each is an app."""
    apps = tuple(map(app_of, CASES))
    subject = Subject(root=".", apps=apps)
    marks = resolve_marks(subject, semgrep.run(subject, RULES).marks, RULES.rules)
    return frozenset((mark.location.path, mark.location.start_line, mark.rule) for mark in marks)


def app_of(path: Path) -> App:
    name = path.relative_to(FIXTURES).as_posix()
    source = Source(path=name, app=name, language=SCRIPTS[path.suffix], text=path.read_bytes())
    return App(id=name, name=name, root=name, manifest=Manifest(path="manifest.yml"), sources=(source,))


@pytest.mark.parametrize("rule", SEMGREP_RULES)
def test_every_rule_has_a_fixture_with_both_marks(rule: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in CASES if rule_of(path) == rule]
    for word in ("ruleid", "ok"):
        assert any(named == rule for text in texts for _, named in expected(text, word)), f"no `{word}: {rule}`"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_every_fixture_has_a_rule(path: Path) -> None:
    assert rule_of(path) in SEMGREP_RULES
    assert RULES.rules[rule_of(path)].topic == path.parent.name


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    rule, text = rule_of(path), path.read_text(encoding="utf-8")
    name = path.relative_to(FIXTURES).as_posix()
    marked = {(line, by) for where, line, by in found() if where == name and by == rule}
    wanted = {(line, named) for line, named in expected(text, "ruleid") if named == rule}
    refused = {(line, named) for line, named in expected(text, "ok") if named == rule}
    assert not wanted - marked, "not found"
    assert not refused & marked, "found where it must not be"
